/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_suggest.h"

#include <string.h>

/* The best candidate so far. */
struct suggestion {
    struct span name; /* what was written */
    size_t max;       /* a distance beyond it is no slip of the fingers */
    size_t distance;
    const struct setting *best;
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The edits from `a` to `b`, each of fewer than CONFIG_SUGGEST_MAX octets:
 * octets that are added, dropped or changed, and neighbours that are
 * swapped. */
static size_t edits(struct span a, struct span b)
{
    size_t rows[3][CONFIG_SUGGEST_MAX];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];

    for (size_t j = 0; j <= b.n; j++)
        last[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t *oldest = before;

        now[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            bool same = a.p[i - 1] == b.p[j - 1];

            now[j] = least(last[j - 1] + !same, least(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
                a.p[i - 2] == b.p[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
        before = last;
        last = now;
        now = oldest;
    }
    return last[b.n];
}

static struct suggestion suggestion_begin(struct span name)
{
    size_t max = 1 + least(name.n / 4, 2);

    return (struct suggestion){name, max, max + 1, NULL};
}

static void suggestion_try(struct suggestion *s, const struct setting *one,
                           struct span name)
{
    size_t distance;

    if (s->name.n >= CONFIG_SUGGEST_MAX || name.n >= CONFIG_SUGGEST_MAX)
        return;
    distance = edits(s->name, name);
    if (distance >= s->distance)
        return;
    s->distance = distance;
    s->best = one;
}

/* Splits "GROUP.NAME"; a name at the top has no group. */
static struct span split_key(struct span *name, const char *key)
{
    struct span text = span_str(key);
    size_t dot = span_find(text, '.');

    if (dot == text.n) {
        *name = text;
        return span_of(text.p, 0);
    }
    *name = span_from(text, dot + 1);
    return span_of(text.p, dot);
}

static bool write_suggestion(char *dst, struct span text)
{
    span_copy(dst, CONFIG_SUGGEST_MAX, text);
    return true;
}

/* Among the names at the top of the file: groups, and keys without one. */
static bool suggest_top(char *dst, struct span wanted)
{
    struct suggestion s = suggestion_begin(wanted);
    struct span name, group;

    for (size_t i = 0; i < settings_n; i++) {
        group = split_key(&name, settings[i].key);
        suggestion_try(&s, &settings[i], group.n ? group : name);
    }
    if (!s.best)
        return false;
    group = split_key(&name, s.best->key);
    return write_suggestion(dst, group.n ? group : name);
}

static bool suggest_in_group(char *dst, struct span wanted_group,
                             struct span wanted)
{
    struct suggestion s = suggestion_begin(wanted);

    for (size_t i = 0; i < settings_n; i++) {
        struct span name, group = split_key(&name, settings[i].key);

        if (span_eq(group, wanted_group))
            suggestion_try(&s, &settings[i], name);
    }
    return s.best && write_suggestion(dst, span_str(s.best->key));
}

/* The right name in the wrong place. */
static bool suggest_elsewhere(char *dst, struct span wanted)
{
    const struct setting *found = NULL;

    for (size_t i = 0; i < settings_n; i++) {
        struct span name, group = split_key(&name, settings[i].key);

        if (!group.n || !span_eq(name, wanted))
            continue;
        if (found)
            return false;
        found = &settings[i];
    }
    return found && write_suggestion(dst, span_str(found->key));
}

bool config_suggest(char *dst, const char *key)
{
    struct span name, group = split_key(&name, key);

    return suggest_elsewhere(dst, name) ||
           (group.n ? suggest_in_group(dst, group, name)
                    : suggest_top(dst, name));
}

const struct setting *config_suggest_member(const struct setting *group,
                                            const char *name)
{
    struct suggestion s = suggestion_begin(span_str(name));

    for (size_t i = 0; i < group->n_members; i++)
        suggestion_try(&s, &group->members[i], span_str(group->members[i].key));
    return s.best;
}
