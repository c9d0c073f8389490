/* SPDX-License-Identifier: BSD-2-Clause */
#include "txn.h"

#include <assert.h>
#include <stdlib.h>

enum { TXN_POOL_KEEP = 4096 };

struct tid_key {
    const struct link *link;
    struct span tid;
};

static bool txn_has_tid(const struct table_node *node, const void *key)
{
    const struct txn *x =
        CONTAINER((void *)(uintptr_t)node, struct txn, by_tid);
    const struct tid_key *k = key;

    return x->link == k->link && span_eq(span_of(x->tid, TID_LEN), k->tid);
}

/* Tids are this relay's own, random, and nobody else chooses which of them are
 * in the table: their octets need no more than to be mixed. */
static uint64_t hash_tid(const char *tid)
{
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t halves[2];

    _Static_assert(sizeof halves == TID_LEN, "all of it counts");
    memcpy(halves, tid, sizeof halves);
    halves[0] = (halves[0] * odd ^ halves[1]) * odd;
    return halves[0] ^ halves[0] >> 32;
}

int txns_init(struct txns *t, const uint64_t seed[2],
              struct pending_send_pool *heads, uint64_t timeout_ms)
{
    list_init(&t->fifo);
    list_init(&t->former);
    list_init(&t->auths);
    pool_init(&t->pool, sizeof(struct txn), TXN_POOL_KEEP);
    t->heads = heads;
    t->timeout_ms = timeout_ms;
    t->count = 0;
    t->ever = 0;
    return table_init(&t->by_tid, seed);
}

void txns_fini(struct txns *t)
{
    assert(t->count == 0);
    table_fini(&t->by_tid);
    pool_fini(&t->pool);
}

/* Into its place by due_ms, which is near the end. */
static void txn_queue(struct list *fifo, struct txn *x)
{
    struct list *at = fifo->prev;

    while (at != fifo && CONTAINER(at, struct txn, in_fifo)->due_ms > x->due_ms)
        at = at->prev;
    list_append(at->next, &x->in_fifo);
}

/* Merges a FIFO into the former transactions, so that both stay in order. */
static void txns_retire(struct txns *t, struct list *fifo)
{
    struct list *at = t->former.next, *m;

    while ((m = list_take_first(fifo))) {
        uint64_t due_ms = CONTAINER(m, struct txn, in_fifo)->due_ms;

        while (at != &t->former &&
               CONTAINER(at, struct txn, in_fifo)->due_ms <= due_ms)
            at = at->next;
        list_append(at, m);
    }
}

/* Transactions keep the timeout that held when they were sent. */
void txns_set_timeout(struct txns *t, uint64_t timeout_ms)
{
    if (timeout_ms == t->timeout_ms)
        return;
    t->timeout_ms = timeout_ms;
    txns_retire(t, &t->fifo);
    txns_retire(t, &t->auths);
}

/* An AUTH that is not answered elsewhere is answered here, before its sender
 * gives it up (S-33). */
static uint64_t auth_timeout_ms(const struct txns *t)
{
    enum { EARLIER_MS = 5000 };
    uint64_t quarter_ms = t->timeout_ms / 4;

    return t->timeout_ms - (quarter_ms < EARLIER_MS ? quarter_ms : EARLIER_MS);
}

void txns_link_init(struct link *l)
{
    l->txns = (struct link_txns){0};
    list_init(&l->txns.unsent);
    list_init(&l->txns.sent);
}

static struct txn *txn_new(struct txns *t, struct link *link, const char *tid)
{
    struct txn *x = pool_take(&t->pool);

    if (!x)
        return NULL;
    memset(x, 0, sizeof *x);
    x->link = link;
    memcpy(x->tid, tid, TID_LEN);
    list_init(&x->of_link);
    list_init(&x->in_fifo);
    list_init(&x->of_source);
    list_init(&x->of_sender);
    list_init(&x->of_receiver);
    list_append(&link->txns.unsent, &x->of_link);
    link->txns.n++;
    t->count++;
    t->ever++;
    table_add(&t->by_tid, &x->by_tid, hash_tid(tid));
    return x;
}

struct txn *txn_open(struct txns *t, struct link *link, const char *tid,
                     struct pending_send *head, uint64_t start)
{
    struct txn *x = txn_new(t, link, tid);

    if (!x)
        return NULL;
    x->head = pending_send_ref(head);
    x->start = start;
    x->end = start - 1;
    x->is_open = true;
    return x;
}

struct txn *txn_request(struct txns *t, struct link *link, const char *tid,
                        const struct txn_back *back)
{
    struct txn_back *copy = malloc(sizeof *copy);
    struct txn *x;

    x = copy ? txn_new(t, link, tid) : NULL;
    if (!x) {
        free(back->paths);
        free(copy);
        return NULL;
    }
    *copy = *back;
    x->back = copy;
    x->is_open = true;
    return x;
}

void txn_close(struct txn *x, uint64_t end)
{
    assert(x->is_open);
    x->is_open = false;
    x->end = end;
    source_charge_octets(x);
    x->position = x->link->ops->position(x->link);
}

void txns_sent(struct txns *t, struct link *link, uint64_t position,
               uint64_t now_ms)
{
    struct list *m;

    while ((m = list_first(&link->txns.unsent))) {
        struct txn *x = CONTAINER(m, struct txn, of_link);
        bool is_auth;

        if (x->is_open || x->position > position)
            return;
        list_remove(&x->of_link);
        list_append(&link->txns.sent, &x->of_link);
        is_auth = x->back && x->back->is_auth;
        x->timeout_ms =
            (uint32_t)(is_auth ? auth_timeout_ms(t) : t->timeout_ms);
        x->due_ms = now_ms + x->timeout_ms / 2;
        x->unread_ms = (uint32_t)link_unread_ms(link, now_ms);
        list_append(is_auth ? &t->auths : &t->fifo, &x->in_fifo);
    }
}

uint64_t txn_took_ms(const struct txn *x, uint64_t now_ms)
{
    uint64_t sent_ms = x->due_ms - x->prolonged_ms -
                       (x->is_halfway ? x->timeout_ms : x->timeout_ms / 2);

    if (list_is_empty(&x->in_fifo) || now_ms < sent_ms)
        return 0;
    return now_ms - sent_ms;
}

struct txn *txn_find(const struct txns *t, const struct link *link,
                     struct span tid)
{
    struct tid_key key = {link, tid};
    struct table_node *node;

    if (tid.n != TID_LEN)
        return NULL;
    node = table_find(&t->by_tid, hash_tid(tid.p), txn_has_tid, &key);
    return node ? CONTAINER(node, struct txn, by_tid) : NULL;
}

void txns_move(struct link *from, struct link *to, uint64_t base)
{
    struct list *m;

    assert(list_is_empty(&from->txns.sent));
    while ((m = list_take_first(&from->txns.unsent))) {
        struct txn *x = CONTAINER(m, struct txn, of_link);

        x->link = to;
        x->position += base;
        list_append(&to->txns.unsent, m);
        from->txns.n--;
        to->txns.n++;
    }
}

void txn_end(struct txns *t, struct txn *x)
{
    table_remove(&t->by_tid, &x->by_tid);
    list_remove(&x->of_link);
    list_remove(&x->in_fifo);
    list_remove(&x->of_sender);
    list_remove(&x->of_receiver);
    x->link->txns.n--;
    if (x->link->sendq.open && x->link->sendq.open->txn == x)
        x->link->sendq.open->txn = NULL;
    x->link = NULL;
    t->count--;
}

void txn_free(struct txns *t, struct txn *x)
{
    source_discharge(x);
    pending_send_unref(t->heads, x->head);
    if (x->back)
        free(x->back->paths);
    free(x->back);
    pool_give(&t->pool, x);
}

void txn_drop(struct txns *t, struct txn *x)
{
    txn_end(t, x);
    txn_free(t, x);
}

/* How many octets up to the end of the request the other end's kernel lacks. On
 * the wire there are a few more, so that it seems later than it is. */
static uint32_t txn_unacked(const struct txn *x)
{
    const struct link *l = x->link;
    size_t unacked = l->ops->unacked ? l->ops->unacked(l) : 0;
    uint64_t later = l->ops->position(l) - l->ops->queued(l) - x->position;

    return unacked > later ? (uint32_t)(unacked - later) : 0;
}

/* Half of x's time is over. */
static void txn_pass_half(struct txn *x)
{
    x->is_halfway = true;
    x->unacked = txn_unacked(x);
    x->due_ms += x->timeout_ms - x->timeout_ms / 2;
}

/* Moves the end of x's time by what its link was not read since the last look,
 * and by a timeout if octets arrived, within its bound. */
static void txn_prolong(struct txn *x, uint64_t now_ms)
{
    uint32_t unread_ms = (uint32_t)link_unread_ms(x->link, now_ms);
    uint32_t unacked = txn_unacked(x);
    uint32_t more_ms = unread_ms - x->unread_ms;
    uint32_t left_ms = TXN_PROLONGED_MAX * x->timeout_ms - x->prolonged_ms;

    if (unacked < x->unacked)
        more_ms += x->timeout_ms;
    if (more_ms > left_ms)
        more_ms = left_ms;
    x->unread_ms = unread_ms;
    x->unacked = unacked;
    x->prolonged_ms += more_ms;
    x->due_ms += more_ms;
}

static struct txn *first_expired(struct list *fifo, uint64_t now_ms)
{
    struct list *m;

    while ((m = list_first(fifo))) {
        struct txn *x = CONTAINER(m, struct txn, in_fifo);

        if (x->due_ms > now_ms)
            return NULL;
        if (!x->is_halfway)
            txn_pass_half(x);
        if (x->due_ms <= now_ms)
            txn_prolong(x, now_ms);
        if (x->due_ms <= now_ms)
            return x;
        list_remove(&x->in_fifo);
        txn_queue(fifo, x);
    }
    return NULL;
}

struct txn *txns_expired(struct txns *t, uint64_t now_ms)
{
    struct txn *x = first_expired(&t->former, now_ms);

    if (!x)
        x = first_expired(&t->auths, now_ms);
    return x ? x : first_expired(&t->fifo, now_ms);
}
