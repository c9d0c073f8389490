/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_load.h"

#include <libconfig.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "config_check.h"
#include "config_read.h"
#include "config_report.h"
#include "config_source.h"
#include "config_syntax.h"
#include "config_value.h"
#include "err.h"
#include "overlap_check.h"
#include "settings.h"

/* --- what the file said --- */

static bool is_bad(const struct config *c, const char *key)
{
    return config_key_find(c, key)->is_bad;
}

static bool is_sound(const struct config *c, const char *key)
{
    return config_is_set(c, key) && !is_bad(c, key);
}

/* --- defaults that depend on something --- */

/* The host's own name, owned by the caller, or NULL. No resolver is asked. */
static char *own_name(void)
{
    char name[HOST_NAME_MAX + 1] = "";

    if (gethostname(name, sizeof name - 1) ||
        !config_value_is_host(span_str(name)))
        return strdup("localhost");
    return strdup(name);
}

/* Adapts defaults to related values that were set. */
static void fit_numbers(struct config *c)
{
    if (!is_sound(c, "send.low_water") &&
        c->send.low_water > c->send.high_water / 4)
        c->send.low_water = c->send.high_water / 4;
    if (is_sound(c, "auth.default_expires"))
        return;
    if (c->auth.default_expires_s > c->auth.max_expires_s)
        c->auth.default_expires_s = c->auth.max_expires_s;
    if (c->auth.default_expires_s < c->auth.min_expires_s)
        c->auth.default_expires_s = c->auth.min_expires_s;
}

/* It comes from where the name comes from. */
static int make_up_realm(struct config *c)
{
    size_t realm = (size_t)(settings_find("relay.realm") - settings);
    const char *file =
        config_key_file(config_key_find(c, "relay.name"), 0, NULL);

    c->relay.realm = strdup(c->relay.name);
    if (!c->relay.realm)
        return ERR_NOMEM;
    if (!file)
        return 0;
    return config_key_keep_file(&c->origin->keys[realm], 0, NULL, file);
}

static int make_up(struct config *c)
{
    if (!is_sound(c, "relay.name") && !(c->relay.name = own_name()))
        return ERR_NOMEM;
    if (!is_sound(c, "relay.realm") && make_up_realm(c))
        return ERR_NOMEM;
    fit_numbers(c);
    return 0;
}

/* What was set, but to the default, is as good as not set. */
static int find_default(struct config *c, size_t i, struct config *scratch,
                        struct config_report *r)
{
    const struct setting *s = &settings[i];
    struct config_key *k = &c->origin->keys[i];
    int err;

    if (k->place.line == 0 || k->is_bad || !s->initial) {
        k->is_default = k->place.line == 0;
        return 0;
    }
    err = config_read_default(scratch, s, r);
    if (!err)
        err = config_same(&k->is_default, s, c, scratch);
    config_read_undo(s, (char *)scratch + s->at);
    return err;
}

static int find_defaults(struct config *c, struct config_report *r)
{
    struct config *scratch = calloc(1, sizeof *scratch);
    int err = scratch ? 0 : ERR_NOMEM;

    for (size_t i = 0; i < settings_n && !err; i++)
        err = find_default(c, i, scratch, r);
    free(scratch);
    return err;
}

/* --- checks across keys --- */

/* Reports when the number at `low` is above that at `high`, or, if they must
 * differ, as large. Either may be wrong by itself: that was reported. */
static void check_order(const struct config *c, struct config_report *r,
                        const char *low, const char *high, bool must_differ)
{
    uint64_t a, b;

    if (is_bad(c, low) || is_bad(c, high))
        return;
    memcpy(&a, (const char *)c + settings_find(low)->at, sizeof a);
    memcpy(&b, (const char *)c + settings_find(high)->at, sizeof b);
    if (a < b || (a == b && !must_differ))
        return;
    config_report(r, config_place(c, config_is_set(c, low) ? low : high),
                  must_differ ? "%s must be less than %s"
                              : "%s must not be more than %s",
                  low, high);
}

/* 0 is another setting's value. */
static bool is_chunk_size(uint64_t size)
{
    enum { LEAST = 2048 };

    return size == 0 || size >= LEAST;
}

static void check_chunk_sizes(const struct config *c, struct config_report *r)
{
    static const char what[] = "max_chunk_size must be 0 or at least 2048";

    if (!is_bad(c, "relays.max_chunk_size") &&
        !is_chunk_size(c->relays.max_chunk_size))
        config_report(r, config_place(c, "relays.max_chunk_size"), "relays.%s",
                      what);
    for (size_t i = 0; i < c->listen.n; i++)
        if (!is_chunk_size(c->listen.items[i].max_chunk_size))
            config_report(r, c->listen.items[i].place, "listen.%s", what);
}

static void check_sources(const struct config *c, struct config_report *r)
{
    const struct addr *a = c->dial.source.items;

    if (!is_bad(c, "dial.source") && c->dial.source.n == 2 &&
        a[0].sa.sa_family == a[1].sa.sa_family)
        config_report(r, config_place(c, "dial.source"),
                      "dial.source must have at most one address of IPv4 and "
                      "one of IPv6");
}

static void check_algorithms(const struct config *c, struct config_report *r)
{
    for (size_t i = 1; i < c->auth.algorithms.n; i++)
        for (size_t j = 0; j < i; j++)
            if (c->auth.algorithms.items[i] == c->auth.algorithms.items[j])
                config_report(r, config_place(c, "auth.algorithms"),
                              "duplicate algorithm in auth.algorithms");
}

static int check_across(const struct config *c, struct config_report *r)
{
    check_order(c, r, "send.low_water", "send.high_water", true);
    if (is_sound(c, "auth.default_expires")) {
        check_order(c, r, "auth.min_expires", "auth.default_expires", false);
        check_order(c, r, "auth.default_expires", "auth.max_expires", false);
    } else {
        check_order(c, r, "auth.min_expires", "auth.max_expires", false);
    }
    if (!config_is_set(c, "listen"))
        config_report(r, config_place_or_top(c, "listen"),
                      "listen is required");
    check_sources(c, r);
    check_chunk_sizes(c, r);
    check_algorithms(c, r);
    return overlap_check(c, r);
}

/* --- making --- */

/* An empty one that remembers where its keys were set, or NULL. */
static struct config *new_empty(const char *path)
{
    struct config *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->path = strdup(path);
    c->origin =
        calloc(1, sizeof *c->origin + settings_n * sizeof *c->origin->keys);
    if (c->path && c->origin)
        return c;
    config_free(c);
    return NULL;
}

static void report_unreadable(const config_t *tree,
                              const struct config_source *s, size_t part,
                              struct config_report *r)
{
    unsigned line = (unsigned)config_error_line(tree);
    const char *what = config_error_text(tree);

    if (!config_syntax_explain(r, s, part, line))
        config_report(r, config_source_place(s, part, line), "%s",
                      what ? what : "syntax error");
}

/* Reads one part of the text into c. ERR_CONFIG when that cannot be read at
 * all; values may be faulty, which is counted in r. */
static int take_part(struct config *c, const struct config_source *s,
                     size_t part, struct config_report *r)
{
    struct span text = config_source_text(s, part);
    char *copy = strndup(text.p, text.n);
    config_t tree;
    int err;

    if (!copy)
        return ERR_NOMEM;
    config_init(&tree);
    if (config_read_string(&tree, copy)) {
        err = config_read_tree(c, &tree, s, part, r);
    } else {
        report_unreadable(&tree, s, part, r);
        err = ERR_CONFIG;
    }
    config_destroy(&tree);
    free(copy);
    return err;
}

/* From the text to the struct, with all its checks. Returns as take_part(). */
static int fill(struct config *c, const struct config_source *s,
                struct config_report *r)
{
    int result = 0, err = 0;

    for (size_t i = 0; i < s->n_parts && err != ERR_NOMEM; i++) {
        err = take_part(c, s, i, r);
        result = err ? err : result;
    }
    if (result || s->lacks_file)
        return result ? result : ERR_CONFIG;
    err = config_read_defaults(c, r);
    if (!err)
        err = find_defaults(c, r);
    if (!err)
        err = make_up(c);
    return err ? err : check_across(c, r);
}

/* Makes one of the file, or of `text` when that is not NULL. Values may be
 * faulty, which is counted in r. */
static int make(struct config **out, const char *path, const struct span *text,
                struct config_report *r)
{
    struct config_source source;
    struct config *c = new_empty(path);
    int err;

    if (!c)
        return ERR_NOMEM;
    err = config_source_init(&source, path, text, r);
    if (!err)
        err = source.is_broken ? ERR_CONFIG : fill(c, &source, r);
    if (!err) { /* the places in it go on */
        c->origin->files = source.files;
        c->origin->n_files = source.n_files;
        source.files = NULL;
        source.n_files = 0;
        *out = c;
    } else {
        config_free(c);
    }
    config_source_fini(&source);
    return err;
}

/* The same, of values that are all right. */
static int make_sound(struct config **out, const char *path,
                      const struct span *text, struct config_report r)
{
    struct config *c;
    int err = make(&c, path, text, &r);

    if (err)
        return err;
    if (r.count > 0) {
        config_free(c);
        return ERR_CONFIG;
    }
    *out = c;
    return 0;
}

int config_load(struct config **out, const char *path, config_fault_fn fault,
                void *ctx)
{
    return make_sound(out, path, NULL,
                      (struct config_report){.fault = fault, .ctx = ctx});
}

int config_parse(struct config **out, const char *path, struct span text,
                 config_fault_fn fault, void *ctx)
{
    return make_sound(out, path, &text,
                      (struct config_report){.fault = fault, .ctx = ctx});
}

int config_load_checked(struct config_loaded *out, const char *path,
                        const struct config_loaded *in_use,
                        config_fault_fn fault, config_fault_fn warn, void *ctx)
{
    struct config_report r = {.fault = fault, .warn = warn, .ctx = ctx};
    struct config_loaded l = {.warnings = calloc(1, sizeof *l.warnings)};
    int err = l.warnings ? 0 : ERR_NOMEM;

    r.kept = l.warnings;
    if (!err)
        err = make(&l.config, path, NULL, &r);
    if (!err)
        err = config_check(&l, in_use, &r);
    if (!err && r.count > 0)
        err = ERR_CONFIG;
    if (err)
        config_loaded_free(&l, in_use ? in_use->users : NULL);
    else
        *out = l;
    return err;
}
