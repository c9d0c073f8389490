/* SPDX-License-Identifier: BSD-2-Clause */
#include "host_names.h"

#include <stdlib.h>

#include "err.h"
#include "uri.h"

/* The keys of uri_host_key(), one behind the other. */
struct host_names {
    size_t n;
    size_t room;
    size_t end[HOST_NAMES_MAX]; /* of each in `keys` */
    char *keys;
};

struct host_names *host_names_new(void)
{
    return calloc(1, sizeof(struct host_names));
}

void host_names_free(struct host_names *set)
{
    if (!set)
        return;
    free(set->keys);
    free(set);
}

static struct span key_at(const struct host_names *set, size_t i)
{
    size_t from = i ? set->end[i - 1] : 0;

    return span_of(set->keys + from, set->end[i] - from);
}

/* A name, as opposed to an address, that `*` is part of. */
static bool is_pattern(struct span key)
{
    return key.n && key.p[0] == URI_HOST_KEY_NAME &&
           span_find(key, '*') < key.n;
}

/* The key of the pattern that has this name: 0 if there is none. */
static size_t write_pattern(char *dst, struct span key)
{
    struct span name = span_from(key, key.n > 0), rest;
    size_t label = span_find(name, '.');

    if (key.n == 0 || key.p[0] != URI_HOST_KEY_NAME || label == 0 ||
        label == name.n || is_pattern(key))
        return 0;
    rest = span_from(name, label + 1);
    if (span_find(rest, '.') == rest.n)
        return 0;
    dst[0] = URI_HOST_KEY_NAME;
    dst[1] = '*';
    memcpy(dst + 2, name.p + label, name.n - label);
    return 2 + name.n - label;
}

static bool has_key(const struct host_names *set, struct span key)
{
    char text[URI_HOST_KEY_MAX];
    struct span pattern = span_of(text, write_pattern(text, key));

    for (size_t i = 0; i < set->n; i++) {
        struct span mine = key_at(set, i);

        if (span_eq(mine, key) || (pattern.n && span_eq(mine, pattern)))
            return true;
    }
    return false;
}

static bool has_exactly(const struct host_names *set, struct span key)
{
    for (size_t i = 0; i < set->n; i++)
        if (span_eq(key_at(set, i), key))
            return true;
    return false;
}

static int append(struct host_names *set, struct span key)
{
    size_t used = set->n ? set->end[set->n - 1] : 0;

    if (used + key.n > set->room) {
        size_t room = 2 * (used + key.n);
        char *keys = realloc(set->keys, room);

        if (!keys)
            return ERR_NOMEM;
        set->keys = keys;
        set->room = room;
    }
    memcpy(set->keys + used, key.p, key.n);
    set->end[set->n++] = used + key.n;
    return 0;
}

int host_names_add(struct host_names *set, struct span name)
{
    char text[URI_HOST_KEY_MAX];
    size_t n = name.n && name.n < sizeof text ? uri_host_key(text, name) : 0;
    struct span key = span_of(text, n);

    if (n == 0)
        return ERR_SYNTAX;
    if (has_exactly(set, key))
        return 0;
    return set->n == HOST_NAMES_MAX ? ERR_FULL : append(set, key);
}

bool host_names_have(const struct host_names *set, struct span host)
{
    char text[URI_HOST_KEY_MAX];
    struct span key;

    if (!set || set->n == 0)
        return false;
    key = span_of(text, uri_host_key(text, host));
    return !is_pattern(key) && has_key(set, key);
}

static bool has_one_of(const struct host_names *a, const struct host_names *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (has_key(a, key_at(b, i)))
            return true;
    return false;
}

bool host_names_meet(const struct host_names *a, const struct host_names *b)
{
    return has_one_of(a, b) || has_one_of(b, a);
}

size_t host_names_count(const struct host_names *set)
{
    return set ? set->n : 0;
}

struct span host_names_key(const struct host_names *set, size_t i)
{
    return key_at(set, i);
}

size_t host_names_pattern(char *dst, struct span host)
{
    char key[URI_HOST_KEY_MAX];

    return write_pattern(dst, span_of(key, uri_host_key(key, host)));
}

struct span host_names_at(const struct host_names *set, size_t i)
{
    return span_from(key_at(set, i), 1);
}
