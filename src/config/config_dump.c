/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "config_read.h"
#include "config_value.h"
#include "err.h"
#include "settings.h"

/* What is written, and where it came from. */
struct dumping {
    FILE *to;
    const struct config_key *key; /* NULL: it does not matter */
    size_t item;                  /* of its list, the one at hand */
    const struct setting *member; /* of the group that the item is; or NULL */
};

/* Writes the value at `at` of the setting, as a file would say it. What came
 * from a file, which may be a secret, is written as the name of that, unless it
 * does not matter. */
static void dump_value(const struct dumping *d, const struct setting *s,
                       const void *at);

/* A string with whatever is not plain ASCII as an escape. */
static void dump_text(FILE *to, const char *text)
{
    putc('"', to);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            fprintf(to, "\\%c", c);
        else if (c == '$' &&
                 text[1] == '{') /* no variable of the environment */
            fputs("$$", to);
        else if (c >= ' ' && c < 0x7f)
            putc(c, to);
        else
            fprintf(to, "\\x%02X", c);
    }
    putc('"', to);
}

/* A number with a unit, or past 32 bits, is a string. */
static void dump_size(FILE *to, uint64_t octets)
{
    char text[CONFIG_VALUE_MAX];
    const char *end;

    config_value_size_text(text, octets);
    end = text + strlen(text) - 1;
    if (*end > '9' || octets > INT32_MAX)
        dump_text(to, text);
    else
        fputs(text, to);
}

static void dump_group(const struct dumping *d, const struct setting *s,
                       const char *at)
{
    struct dumping one = *d;

    fputs("{ ", d->to);
    for (size_t i = 0; i < s->n_members; i++) {
        one.member = &s->members[i];
        fprintf(d->to, "%s = ", one.member->key);
        dump_value(&one, one.member, at + one.member->at);
        fputs("; ", d->to);
    }
    putc('}', d->to);
}

static void dump_text_or_file(const struct dumping *d, const char *text)
{
    const char *file =
        d->key ? config_key_file(d->key, d->item, d->member) : NULL;
    char *name;

    if (!file) {
        dump_text(d->to, text);
    } else if (asprintf(&name, "@file:%s", file) < 0) {
        fputs("\"@file:\"", d->to); /* rather than what is in it */
    } else {
        dump_text(d->to, name);
        free(name);
    }
}

static void dump_item(const struct dumping *d, const struct setting *s,
                      const void *at)
{
    char text[CONFIG_VALUE_MAX];

    switch (s->type) {
    case SETTING_BOOL:
        fputs(*(const bool *)at ? "true" : "false", d->to);
        return;
    case SETTING_COUNT:
    case SETTING_SECONDS:
        fprintf(d->to, "%" PRIu64, *(const uint64_t *)at);
        return;
    case SETTING_SIZE:
        if (settings_may_be_empty(s) && *(const uint64_t *)at == 0)
            dump_text(d->to, "");
        else
            dump_size(d->to, *(const uint64_t *)at);
        return;
    case SETTING_TIME:
        fputs(config_value_time_text(text, *(const uint64_t *)at), d->to);
        return;
    case SETTING_TEXT:
        dump_text_or_file(d, *(char *const *)at);
        return;
    case SETTING_CHOICE:
        dump_text(d->to, s->choices[*(const unsigned *)at]);
        return;
    case SETTING_ADDRESS:
        dump_text(d->to, config_value_address_text(text, at));
        return;
    case SETTING_SERVER:
        dump_text(d->to, addr_text(text, at));
        return;
    case SETTING_CIDR:
        dump_text(d->to, config_value_cidr_text(text, at));
        return;
    case SETTING_GROUP:
        dump_group(d, s, at);
        return;
    }
}

static void dump_list(const struct dumping *d, const struct setting *s,
                      const void *at)
{
    const struct config_items l = config_items(at);
    bool is_group = s->type == SETTING_GROUP;
    struct dumping one = *d;

    fputs(is_group ? "(\n" : "[ ", d->to);
    for (size_t i = 0; i < l.n; i++) {
        if (!d->member)
            one.item = i;
        if (is_group)
            fputs("    ", d->to);
        dump_item(&one, s, (const char *)l.items + i * setting_size(s));
        fputs(i + 1 == l.n ? "" : is_group ? "," : ", ", d->to);
        fputs(is_group ? "\n" : "", d->to);
    }
    fputs(is_group ? ")" : l.n ? " ]" : "]", d->to);
}

static void dump_value(const struct dumping *d, const struct setting *s,
                       const void *at)
{
    if (s->is_list)
        dump_list(d, s, at);
    else
        dump_item(d, s, at);
}

/* A group's name without its last part; groups may lie in groups. */
static struct span outer_group(struct span group)
{
    while (group.n && group.p[group.n - 1] != '.')
        group.n--;
    return span_of(group.p, group.n ? group.n - 1 : 0);
}

static bool lies_in(struct span group, struct span outer)
{
    return outer.n == 0 || (span_starts(group, outer) &&
                            (group.n == outer.n || group.p[outer.n] == '.'));
}

static void indent(FILE *to, struct span group)
{
    for (; group.n; group = outer_group(group))
        fputs("    ", to);
}

/* Closes groups and opens others, from *group to `next`. */
static void dump_move(FILE *to, struct span *group, struct span next)
{
    while (!lies_in(next, *group)) {
        *group = outer_group(*group);
        indent(to, *group);
        fputs("};\n", to);
    }
    while (group->n < next.n) {
        size_t from = group->n + (group->n > 0);
        struct span name = span_from(next, from);

        name.n = span_find(name, '.');
        indent(to, *group);
        fprintf(to, "%.*s: {\n", SPAN_ARG(name));
        *group = span_of(next.p, from + name.n);
    }
}

int config_dump(const struct config *c, FILE *to)
{
    struct span group = SPAN("");

    for (size_t i = 0; i < settings_n; i++) {
        const struct setting *s = &settings[i];
        const struct dumping d = {.to = to, .key = &c->origin->keys[i]};
        struct span key = span_str(s->key), own = outer_group(key);

        dump_move(to, &group, own);
        indent(to, group);
        fprintf(to, "%s = ", s->key + own.n + (own.n > 0));
        dump_value(&d, s, (const char *)c + s->at);
        fputs(";\n", to);
    }
    dump_move(to, &group, SPAN(""));
    return fflush(to) || ferror(to) ? ERR_IO : 0;
}

/* --- comparing --- */

/* The value as text, to be freed, or NULL without memory. */
static char *value_text(const struct setting *s, const struct config *c)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    const struct dumping d = {.to = f};
    bool failed;

    if (!f)
        return NULL;
    dump_value(&d, s, (const char *)c + s->at);
    failed = ferror(f);
    if (fclose(f) || failed) {
        free(text);
        return NULL;
    }
    return text;
}

int config_same(bool *out, const struct setting *s, const struct config *a,
                const struct config *b)
{
    char *one = value_text(s, a), *other = value_text(s, b);
    bool done = one && other;

    if (done)
        *out = strcmp(one, other) == 0;
    free(one);
    free(other);
    return done ? 0 : ERR_NOMEM;
}

static void swap_values(const struct setting *s, struct config *a,
                        struct config *b)
{
    char *one = (char *)a + s->at, *other = (char *)b + s->at;

    for (size_t i = 0; i < setting_size(s); i++) {
        char octet = one[i];

        one[i] = other[i];
        other[i] = octet;
    }
}

int config_keep_fixed(struct config *now, struct config *old,
                      config_changed_fn changed, void *ctx)
{
    for (size_t i = 0; i < settings_n; i++) {
        const struct setting *s = &settings[i];
        bool same = true;
        int err = s->is_fixed ? config_same(&same, s, now, old) : 0;

        if (err)
            return err;
        if (same)
            continue;
        changed(ctx, s->key);
        swap_values(s, now, old);
    }
    return 0;
}
