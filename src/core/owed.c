/* SPDX-License-Identifier: BSD-2-Clause */
#include "owed.h"

#include <assert.h>
#include <stdlib.h>

#include "err.h"

int owed_init(struct owed *o, const uint64_t seed[2], struct txns *txns)
{
    int err;

    memset(o, 0, sizeof *o);
    o->txns = txns;
    list_init(&o->relays);
    list_init(&o->new_links);
    err = table_init(&o->by_range, seed);
    if (err)
        return err;
    err = table_init(&o->by_authority, seed);
    if (err)
        table_fini(&o->by_range);
    return err;
}

void owed_fini(struct owed *o)
{
    struct list *m;

    while ((m = list_first(&o->relays)))
        (void)owed_expire(o, CONTAINER(m, struct owed_relay, of_all),
                          UINT64_MAX);
    assert(o->n == 0);
    table_fini(&o->by_authority);
    table_fini(&o->by_range);
}

void owed_link_init(struct link *l)
{
    l->owed = (struct link_owed){0};
    list_init(&l->owed.entries);
    list_init(&l->owed.of_new);
}

/* --- ranges of one message --- */

/* Of octet `end` of the message; the product makes the order matter. */
static uint64_t hash_range(const struct owed *o, const struct pending_send *h,
                           uint64_t end)
{
    uint64_t id = table_hash(&o->by_range, pending_send_text(h, h->message_id));
    uint64_t from = table_hash(&o->by_range, pending_send_text(h, h->received));

    return (id * 31 + from) * 31 + end;
}

static bool continues(const struct table_node *node, const void *key)
{
    const struct txn *x =
        CONTAINER((void *)(uintptr_t)node, struct txn, by_tid);
    const struct txn *next = key;

    return x->end >= x->start && x->end + 1 == next->start &&
           x->link == next->link &&
           pending_send_same_message(x->head, next->head);
}

static void enter_range(struct owed *o, struct txn *x)
{
    table_add(&o->by_range, &x->by_tid, hash_range(o, x->head, x->end));
}

/* The entry that `x` continues, or NULL. */
static struct txn *find_before(const struct owed *o, struct txn *x)
{
    struct table_node *node;

    if (x->end < x->start)
        return NULL;
    node = table_find(&o->by_range, hash_range(o, x->head, x->start - 1),
                      continues, x);
    return node ? CONTAINER(node, struct txn, by_tid) : NULL;
}

/* Makes `x` part of the entry that it continues, if there is one. */
static bool is_merged(struct owed *o, struct txn *x)
{
    struct txn *before = find_before(o, x);

    if (!before)
        return false;
    table_remove(&o->by_range, &before->by_tid);
    before->end = x->end;
    enter_range(o, before);
    txn_free(o->txns, x);
    return true;
}

static void owed_append(struct owed *o, struct list *entries, struct txn *x)
{
    list_append(entries, &x->of_link);
    enter_range(o, x);
    o->n++;
}

/* --- links --- */

static void note_link(struct owed *o, struct link *l)
{
    if (list_is_empty(&l->owed.of_new))
        list_append(&o->new_links, &l->owed.of_new);
}

void owed_to_link(struct owed *o, struct link *l, struct txn *x)
{
    x->link = l;
    note_link(o, l);
    if (is_merged(o, x))
        return;
    owed_append(o, &l->owed.entries, x);
    l->owed.n++;
    l->owed.n_new++;
}

struct txn *owed_first(const struct link *l)
{
    struct list *m = list_first(&l->owed.entries);

    return m ? CONTAINER(m, struct txn, of_link) : NULL;
}

void owed_take(struct owed *o, struct txn *x)
{
    table_remove(&o->by_range, &x->by_tid);
    list_remove(&x->of_link);
    if (x->link)
        x->link->owed.n--;
    x->link = NULL;
    o->n--;
}

void owed_drop(struct owed *o, struct txn *x)
{
    owed_take(o, x);
    txn_free(o->txns, x);
}

/* What follows may have come first: a transaction that was prolonged (P-23)
 * ends after its successors. */
static void join_new(struct owed *o, struct link *l)
{
    struct list *m = l->owed.entries.prev, *earlier;

    for (; l->owed.n_new > 0 && m != &l->owed.entries; l->owed.n_new--) {
        struct txn *x = CONTAINER(m, struct txn, of_link);

        earlier = m->prev;
        if (find_before(o, x)) {
            owed_take(o, x);
            x->link = l;
            (void)is_merged(o, x);
        }
        m = earlier;
    }
    l->owed.n_new = 0;
}

struct link *owed_next_link(struct owed *o)
{
    struct list *m = list_take_first(&o->new_links);
    struct link *l;

    if (!m)
        return NULL;
    l = CONTAINER(m, struct link, owed.of_new);
    join_new(o, l);
    return l;
}

/* --- relays without a link --- */

static bool has_authority(const struct table_node *node, const void *key)
{
    const struct owed_relay *r =
        CONTAINER((void *)(uintptr_t)node, struct owed_relay, by_authority);
    char mine[URI_AUTHORITY_KEY_MAX];

    return span_eq(span_of(mine, uri_authority_key(mine, &r->uri)),
                   *(const struct span *)key);
}

static struct owed_relay *relay_new(struct owed *o, const struct uri *uri,
                                    uint64_t tried_ms, uint64_t hash)
{
    struct owed_relay *r = calloc(1, sizeof *r + uri->text.n);

    if (!r)
        return NULL;
    r->tried_ms = tried_ms;
    r->text_n = uri->text.n;
    memcpy(r->text, uri->text.p, uri->text.n);
    (void)uri_parse(&r->uri, span_of(r->text, r->text_n));
    list_init(&r->entries);
    list_init(&r->of_all);
    if (tried_ms)
        list_append(&o->relays, &r->of_all);
    else
        list_prepend(&o->relays, &r->of_all);
    table_add(&o->by_authority, &r->by_authority, hash);
    return r;
}

static void relay_drop(struct owed *o, struct owed_relay *r)
{
    table_remove(&o->by_authority, &r->by_authority);
    list_remove(&r->of_all);
    free(r);
}

int owed_to_relay(struct owed *o, const struct uri *uri, uint64_t tried_ms,
                  struct txn *x)
{
    char text[URI_AUTHORITY_KEY_MAX];
    struct span key = span_of(text, uri_authority_key(text, uri));
    uint64_t hash = table_hash(&o->by_authority, key);
    struct table_node *node =
        table_find(&o->by_authority, hash, has_authority, &key);
    struct owed_relay *r =
        node ? CONTAINER(node, struct owed_relay, by_authority) : NULL;

    if (key.n == 0)
        return ERR_SYNTAX;
    x->link = NULL;
    if (is_merged(o, x))
        return 0;
    if (!r)
        r = relay_new(o, uri, tried_ms, hash);
    if (!r)
        return ERR_NOMEM;
    owed_append(o, &r->entries, x);
    return 0;
}

void owed_move(struct owed *o, struct owed_relay *r, struct link *l)
{
    struct list *m;

    while ((m = list_take_first(&r->entries))) {
        list_append(&l->owed.entries, m);
        CONTAINER(m, struct txn, of_link)->link = l;
        l->owed.n++;
    }
    note_link(o, l);
    relay_drop(o, r);
}

uint64_t owed_expire(struct owed *o, struct owed_relay *r, uint64_t now_ms)
{
    uint64_t n = 0;
    struct list *m, *next;

    LIST_EACH(m, next, &r->entries)
    {
        struct txn *x = CONTAINER(m, struct txn, of_link);

        if (x->due_ms > now_ms)
            break;
        owed_drop(o, x);
        n++;
    }
    if (list_is_empty(&r->entries))
        relay_drop(o, r);
    return n;
}
