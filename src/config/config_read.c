/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_read.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "config_expand.h"
#include "config_read_private.h"
#include "config_suggest.h"
#include "config_words.h"
#include "err.h"

enum { KEY_MAX = 128, DEFAULT_MAX = 512 };

/* ERR_CONFIG: the fault was reported, the value is left as it was. */
static int read_value(const struct reading *r, const struct setting *s,
                      const char *key, config_setting_t *from, void *at);
static int read_item(const struct reading *r, const struct setting *s,
                     const char *key, config_setting_t *from, void *at);

/* --- what values own --- */

struct config_items config_items(const void *list)
{
    struct config_items l;

    memcpy(&l.items, list, sizeof l.items);
    memcpy(&l.n, (const char *)list + sizeof l.items, sizeof l.n);
    return l;
}

static void set_items(void *list, struct config_items l)
{
    memcpy(list, &l.items, sizeof l.items);
    memcpy((char *)list + sizeof l.items, &l.n, sizeof l.n);
}

/* Frees what one item owns. */
static void undo_item(const struct setting *s, char *at)
{
    if (s->type == SETTING_TEXT) {
        free(*(char **)(void *)at);
        *(char **)(void *)at = NULL;
    }
    for (size_t i = 0; i < s->n_members; i++)
        config_read_undo(&s->members[i], at + s->members[i].at);
}

void config_read_undo(const struct setting *s, void *at)
{
    struct config_items l;

    if (!s->is_list) {
        undo_item(s, at);
        return;
    }
    l = config_items(at);
    for (size_t i = 0; i < l.n; i++)
        undo_item(s, (char *)l.items + i * setting_size(s));
    free(l.items);
    set_items(at, (struct config_items){NULL, 0});
}

/* --- defaults and groups --- */

/* Reads the default. The table is ours: it holds no faults. */
static int read_default(const struct reading *r, const struct setting *s,
                        void *at)
{
    const struct reading quiet = {.report = r->report};
    char text[DEFAULT_MAX];
    config_t tree;
    int err;

    snprintf(text, sizeof text, "v = %s;", s->initial);
    config_init(&tree);
    err = config_read_string(&tree, text) ? 0 : ERR_NOMEM;
    if (!err)
        err = read_value(&quiet, s, s->key, config_lookup(&tree, "v"), at);
    assert(err == 0 || err == ERR_NOMEM);
    config_destroy(&tree);
    return err;
}

static const struct setting *find_member(const struct setting *group,
                                         const char *name)
{
    for (size_t i = 0; i < group->n_members; i++)
        if (strcmp(group->members[i].key, name) == 0)
            return &group->members[i];
    return NULL;
}

static void refuse_member(const struct reading *r, const struct setting *group,
                          const char *key, const config_setting_t *from)
{
    const char *name = config_setting_name(from);
    const struct setting *meant = config_suggest_member(group, name);

    if (meant)
        config_report(r->report, config_read_place(r, from),
                      "unknown key %s.%s: did you mean %s.%s?", key, name, key,
                      meant->key);
    else
        config_report(r->report, config_read_place(r, from),
                      "unknown key %s.%s", key, name);
}

/* The members that the group has; `key` is the group's. */
static int read_members(const struct reading *r, const struct setting *s,
                        const char *key, config_setting_t *from, char *at)
{
    struct reading one = *r;
    int result = 0;

    for (int i = 0; i < config_setting_length(from); i++) {
        config_setting_t *child = config_setting_get_elem(from, (unsigned)i);
        const char *name = config_setting_name(child);
        const struct setting *m = find_member(s, name);
        char full[KEY_MAX];
        int err = ERR_CONFIG;

        snprintf(full, sizeof full, "%s.%s", key, name);
        one.member = m;
        if (m)
            err = read_value(&one, m, full, child, at + m->at);
        else
            refuse_member(r, s, key, child);
        if (err == ERR_NOMEM)
            return err;
        result = err ? err : result;
    }
    return result;
}

static int read_group(const struct reading *r, const struct setting *s,
                      const char *key, config_setting_t *from, char *at)
{
    struct config_place place = config_read_place(r, from);
    int err;

    if (!config_setting_is_group(from))
        return config_read_refuse_type(r, s, key, from);
    for (size_t i = 0; i < s->n_members; i++) {
        const struct setting *m = &s->members[i];

        if (config_setting_get_member(from, m->key))
            continue;
        err = read_default(r, m, at + m->at);
        if (err)
            return err;
    }
    memcpy(at + s->place_at, &place, sizeof place);
    return read_members(r, s, key, from, at);
}

/* --- values from elsewhere --- */

/* A list in a group would need another index to be remembered by. */
static bool may_be_in_file(const struct reading *r, const struct setting *s)
{
    return s->type == SETTING_TEXT && !(r->member && s->is_list);
}

/* The value that a string stands for; never to be expanded again. */
static int read_expanded(const struct reading *r, const struct setting *s,
                         const char *key, const config_setting_t *from,
                         void *at)
{
    struct config_place place = config_read_place(r, from);
    struct reading inner = *r;
    struct config_expanded e;
    char why[CONFIG_EXPAND_WHY];
    config_t tree;
    int err = config_expand(&e, why, config_read_text_of(from), place.file);

    if (err) {
        config_report(r->report, place, "%s: %s", key, why);
        return err;
    }
    if (e.is_file && !may_be_in_file(r, s)) {
        config_report(r->report, place, "%s: only strings can be in a file",
                      key);
        return ERR_CONFIG;
    }
    inner.from = &place;
    inner.file = e.is_file ? e.file : NULL;
    config_init(&tree);
    err = config_words_scalar(&tree, s->type, e.text);
    if (!err)
        err = read_item(&inner, s, key, config_lookup(&tree, "v"), at);
    if (!err && e.is_file)
        err = config_key_keep_file(r->into, r->item, r->member, e.file);
    config_destroy(&tree);
    explicit_bzero(&e, sizeof e);
    return err;
}

static bool is_elsewhere(const struct reading *r, const config_setting_t *from)
{
    return r->into && !r->from &&
           config_setting_type(from) == CONFIG_TYPE_STRING &&
           config_expand_is_due(config_read_text_of(from));
}

/* One value, or one item of a list. */
static int read_item(const struct reading *r, const struct setting *s,
                     const char *key, config_setting_t *from, void *at)
{
    if (is_elsewhere(r, from))
        return read_expanded(r, s, key, from, at);
    if (s->type == SETTING_GROUP)
        return read_group(r, s, key, from, at);
    return config_read_scalar(r, s, key, from, at);
}

/* --- lists --- */

/* Can this be the list that the setting wants? */
static bool is_list(const struct reading *r, const struct setting *s,
                    const char *key, const config_setting_t *from)
{
    bool is_group = s->type == SETTING_GROUP;
    size_t n = (size_t)config_setting_length(from);

    if (!config_setting_is_list(from) &&
        (is_group || !config_setting_is_array(from)))
        config_report(r->report, config_read_place(r, from),
                      "%s must be %s, not %s", key,
                      is_group ? "a list of groups: ( { ... }, { ... } )"
                               : "an array of strings: [ \"...\", \"...\" ]",
                      config_words_type(config_setting_type(from)));
    else if (n < s->min || n > s->max)
        config_report(r->report, config_read_place(r, from),
                      "%s must have from %" PRIu64 " to %" PRIu64 " items", key,
                      s->min, s->max);
    else
        return true;
    return false;
}

static int read_list(const struct reading *r, const struct setting *s,
                     const char *key, config_setting_t *from, void *at)
{
    struct config_items l = {NULL, 0};
    size_t n = (size_t)config_setting_length(from);
    size_t size = setting_size(s);
    int result = 0;

    if (!is_list(r, s, key, from))
        return ERR_CONFIG;
    if (n == 0)
        return 0;
    l.items = calloc(n, size);
    if (!l.items)
        return ERR_NOMEM;
    for (size_t i = 0; i < n && result != ERR_NOMEM; i++) {
        char *item = (char *)l.items + l.n * size;
        struct reading one = *r;
        int err;

        if (!r->member)
            one.item = l.n;
        err = read_item(&one, s, key,
                        config_setting_get_elem(from, (unsigned)i), item);
        if (err) {
            undo_item(s, item);
            result = err;
        } else {
            l.n++;
        }
    }
    set_items(at, l);
    return result;
}

static int read_value(const struct reading *r, const struct setting *s,
                      const char *key, config_setting_t *from, void *at)
{
    return s->is_list ? read_list(r, s, key, from, at)
                      : read_item(r, s, key, from, at);
}

/* --- the tree --- */

static int read_key(const struct reading *r, struct config *c,
                    const struct setting *s, config_setting_t *from)
{
    struct config_key *k = &c->origin->keys[s - settings];
    struct config_place place = config_read_place(r, from);
    const struct config_place *before = config_key_find_file(k, place.file);
    struct reading one = *r;
    int err;

    if (before) {
        config_report(r->report, place,
                      "duplicate key %s: %s:%u has it already", s->key,
                      before->file, before->line);
        return 0;
    }
    config_read_undo(s, (char *)c + s->at);
    err = config_key_set(k, place);
    if (err)
        return err;
    one.into = k;
    err = read_value(&one, s, s->key, from, (char *)c + s->at);
    k->is_bad = err != 0;
    return err == ERR_CONFIG ? 0 : err;
}

static void refuse_key(const struct reading *r, const char *key,
                       const config_setting_t *from)
{
    char meant[CONFIG_SUGGEST_MAX];

    if (config_suggest(meant, key))
        config_report(r->report, config_read_place(r, from),
                      "unknown key %s: did you mean %s?", key, meant);
    else
        config_report(r->report, config_read_place(r, from), "unknown key %s",
                      key);
}

/* One entry of the file's top or, with its name and a dot as `prefix`, of a
 * group: a key, or a group of keys. How deep groups lie in groups is the
 * table's say. */
static int read_entry(const struct reading *r, struct config *c,
                      const char *prefix, config_setting_t *entry)
{
    const struct setting *s;
    char key[KEY_MAX];
    int err = 0;

    snprintf(key, sizeof key, "%s%s", prefix, config_setting_name(entry));
    s = settings_find(key);
    if (s)
        return read_key(r, c, s, entry);
    if (!settings_have_group(key)) {
        refuse_key(r, key, entry);
        return 0;
    }
    if (!config_setting_is_group(entry)) {
        config_report(r->report, config_read_place(r, entry),
                      "%s must be a group in braces, not %s", key,
                      config_words_type(config_setting_type(entry)));
        return 0;
    }
    (void)strncat(key, ".", sizeof key - strlen(key) - 1);
    for (int i = 0; i < config_setting_length(entry) && !err; i++)
        err =
            read_entry(r, c, key, config_setting_get_elem(entry, (unsigned)i));
    return err;
}

int config_read_default(struct config *c, const struct setting *s,
                        struct config_report *report)
{
    const struct reading r = {.report = report};

    return read_default(&r, s, (char *)c + s->at);
}

/* The default, where the file has no or no right word on the key. */
static int fill_gap(struct config *c, size_t i, struct config_report *report)
{
    const struct config_key *key = &c->origin->keys[i];

    if (key->place.line > 0 && !key->is_bad)
        return 0;
    config_read_undo(&settings[i], (char *)c + settings[i].at);
    return config_read_default(c, &settings[i], report);
}

int config_read_tree(struct config *c, const config_t *tree,
                     const struct config_source *source, size_t part,
                     struct config_report *report)
{
    const struct reading r = {.source = source, .part = part, .report = report};
    config_setting_t *root = config_root_setting(tree);
    int err = 0;

    for (int i = 0; i < config_setting_length(root) && !err; i++)
        err = read_entry(&r, c, "", config_setting_get_elem(root, (unsigned)i));
    return err;
}

int config_read_defaults(struct config *c, struct config_report *report)
{
    int err = 0;

    for (size_t i = 0; i < settings_n && !err; i++)
        if (settings[i].initial)
            err = fill_gap(c, i, report);
    return err;
}
