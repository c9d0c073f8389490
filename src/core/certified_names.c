/* SPDX-License-Identifier: BSD-2-Clause */
#include "certified_names.h"

#include <assert.h>
#include <stdlib.h>

#include "err.h"
#include "host_names.h"
#include "uri.h"

/* One name of one link. */
struct certified_name {
    struct table_node by_name;
    struct span key; /* the link's */
};

int certified_names_init(struct certified_names *c, const uint64_t seed[2])
{
    return table_init(&c->by_name, seed);
}

void certified_names_fini(struct certified_names *c)
{
    assert(c->by_name.count == 0);
    table_fini(&c->by_name);
}

int certified_names_enter(struct certified_names *c, struct link *l)
{
    size_t n = host_names_count(l->names);
    struct certified_name *all;

    if (n == 0)
        return 0;
    all = calloc(n, sizeof *all);
    if (!all)
        return ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        all[i].key = host_names_key(l->names, i);
        table_add(&c->by_name, &all[i].by_name,
                  table_hash(&c->by_name, all[i].key));
    }
    l->relay_links.certified = all;
    l->relay_links.n_certified = n;
    return 0;
}

void certified_names_leave(struct certified_names *c, struct link *l)
{
    for (size_t i = 0; i < l->relay_links.n_certified; i++)
        table_remove(&c->by_name, &l->relay_links.certified[i].by_name);
    free(l->relay_links.certified);
    l->relay_links.certified = NULL;
    l->relay_links.n_certified = 0;
}

static bool has_key(const struct table_node *node, const void *key)
{
    const struct certified_name *name =
        CONTAINER((void *)(uintptr_t)node, struct certified_name, by_name);

    return span_eq(name->key, *(const struct span *)key);
}

static bool is_there(const struct certified_names *c, struct span key)
{
    return key.n > 0 &&
           table_find(&c->by_name, table_hash(&c->by_name, key), has_key, &key);
}

bool certified_names_have(const struct certified_names *c, struct span host)
{
    char key[URI_HOST_KEY_MAX], pattern[URI_HOST_KEY_MAX];

    return is_there(c, span_of(key, uri_host_key(key, host))) ||
           is_there(c, span_of(pattern, host_names_pattern(pattern, host)));
}
