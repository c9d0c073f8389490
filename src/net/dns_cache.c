/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns_cache.h"

#include <assert.h>
#include <stdlib.h>

#include "err.h"
#include "table.h"

struct dns_cache {
    struct loop *loop;
    struct dns *dns;
    struct dns *next; /* prepared; or NULL */
    struct table table;
    struct list known;  /* the one not used for longest comes first */
    struct list asking; /* no answer yet */
    size_t n_known;
    struct dns_stats stats; /* the counters */
};

enum { KEY_MAX = 1 + DNS_NAME_MAX };

/* A question. Owned by its table; in one of the two lists. */
struct entry {
    struct table_node node;
    struct list link;
    struct dns_cache *names;
    struct list waiting;
    bool is_known;
    int err;
    struct dns_answer *answer; /* NULL on error */
    uint64_t expires_ms;
    size_t key_n;
    char key[KEY_MAX + 1]; /* the type and the name in lower case, a NUL */
};

static struct entry *names_entry_of(struct table_node *node)
{
    return CONTAINER(node, struct entry, node);
}

static bool names_has_key(const struct table_node *node, const void *key)
{
    const struct entry *e = CONTAINER(node, const struct entry, node);
    const struct span *k = key;

    return span_eq(span_of(e->key, e->key_n), *k);
}

static enum dns_type type_of(const struct entry *e)
{
    return (enum dns_type)(unsigned char)e->key[0];
}

static const char *name_of(const struct entry *e)
{
    return e->key + 1;
}

static void entry_free(struct entry *e)
{
    assert(list_is_empty(&e->waiting));
    if (e->is_known)
        e->names->n_known--;
    table_remove(&e->names->table, &e->node);
    list_remove(&e->link);
    dns_answer_unref(e->answer);
    free(e);
}

/* --- asking --- */

static uint64_t lifetime_s(int err, const struct dns_answer *answer)
{
    if (err)
        return err == ERR_NOT_FOUND ? DNS_CACHE_NONE_S : DNS_CACHE_FAILED_S;
    if (answer->ttl_s < DNS_CACHE_TTL_MIN_S)
        return DNS_CACHE_TTL_MIN_S;
    return answer->ttl_s < DNS_CACHE_TTL_MAX_S ? answer->ttl_s
                                               : DNS_CACHE_TTL_MAX_S;
}

static void count_answer(struct dns_stats *s, int err)
{
    switch (err) {
    case 0:
        s->ok++;
        break;
    case ERR_NOT_FOUND:
        s->not_found++;
        break;
    case ERR_TIMEOUT:
        s->timeout++;
        break;
    default:
        s->failed++;
        break;
    }
}

/* The receiver may ask again, which may free the entry. */
static void names_tell(struct list *waiting, int err, struct dns_answer *answer)
{
    struct list *m;

    while ((m = list_take_first(waiting))) {
        struct dns_cache_wait *w = CONTAINER(m, struct dns_cache_wait, link);

        w->fn(w->ctx, err, answer);
    }
}

static void names_on_answer(void *ctx, int err, struct dns_answer *answer)
{
    struct entry *e = ctx;
    struct list waiting;

    count_answer(&e->names->stats, err);
    e->names->n_known++;
    e->is_known = true;
    e->err = err;
    e->answer = answer;
    e->expires_ms =
        loop_now_ms(e->names->loop) + 1000 * lifetime_s(err, answer);
    list_remove(&e->link);
    list_append(&e->names->known, &e->link);
    list_init(&waiting);
    list_move_all(&waiting, &e->waiting);
    if (answer)
        dns_answer_ref(answer);
    names_tell(&waiting, err, answer);
    dns_answer_unref(answer);
}

static void ask(struct entry *e)
{
    int err =
        dns_ask(e->names->dns, name_of(e), type_of(e), names_on_answer, e);

    if (err)
        names_on_answer(e, err, NULL);
}

/* --- what is remembered --- */

static void forget_all(struct dns_cache *n)
{
    struct list *m;

    while ((m = list_first(&n->known)))
        entry_free(CONTAINER(m, struct entry, link));
}

static struct entry *names_find(struct dns_cache *n, struct span key)
{
    struct table_node *node =
        table_find(&n->table, table_hash(&n->table, key), names_has_key, &key);
    struct entry *e;

    if (!node)
        return NULL;
    e = names_entry_of(node);
    if (!e->is_known)
        return e;
    if (e->expires_ms <= loop_now_ms(n->loop)) {
        entry_free(e);
        return NULL;
    }
    list_remove(&e->link);
    list_append(&n->known, &e->link);
    return e;
}

static int names_add(struct entry **out, struct dns_cache *n, struct span key)
{
    struct list *oldest = list_first(&n->known);
    struct entry *e;

    if (n->table.count >= DNS_CACHE_MAX) {
        if (!oldest)
            return ERR_LIMIT;
        entry_free(CONTAINER(oldest, struct entry, link));
    }
    e = calloc(1, sizeof *e);
    if (!e)
        return ERR_NOMEM;
    e->names = n;
    list_init(&e->waiting);
    list_init(&e->link);
    e->key_n = span_copy(e->key, sizeof e->key, key);
    table_add(&n->table, &e->node, table_hash(&n->table, key));
    list_append(&n->asking, &e->link);
    *out = e;
    return 0;
}

/* --- public --- */

void names_wait_init(struct dns_cache_wait *w, names_known_fn fn, void *ctx)
{
    list_init(&w->link);
    w->fn = fn;
    w->ctx = ctx;
}

void names_wait_end(struct dns_cache_wait *w)
{
    list_remove(&w->link);
}

int dns_cache_new(struct dns_cache **out, struct loop *loop,
                  const uint64_t seed[2], const struct dns_settings *s)
{
    struct dns_cache *n = calloc(1, sizeof *n);
    int err;

    if (!n)
        return ERR_NOMEM;
    n->loop = loop;
    list_init(&n->known);
    list_init(&n->asking);
    err = table_init(&n->table, seed);
    if (!err)
        err = dns_new(&n->dns, loop, s);
    if (err) {
        dns_cache_free(n);
        return err;
    }
    *out = n;
    return 0;
}

void dns_cache_free(struct dns_cache *n)
{
    struct list *m;

    if (!n)
        return;
    dns_free(n->dns);
    dns_cache_abandon(n);
    forget_all(n);
    while ((m = list_first(&n->asking)))
        entry_free(CONTAINER(m, struct entry, link));
    table_fini(&n->table);
    free(n);
}

int dns_cache_prepare(struct dns_cache *n, const struct dns_settings *s)
{
    struct dns *next;
    int err = dns_new(&next, n->loop, s);

    if (err)
        return err;
    dns_cache_abandon(n);
    n->next = next;
    return 0;
}

void dns_cache_commit(struct dns_cache *n)
{
    struct list again, *m;

    assert(n->next);
    dns_free(n->dns);
    n->dns = n->next;
    n->next = NULL;
    forget_all(n);
    list_init(&again);
    list_move_all(&again, &n->asking);
    while ((m = list_take_first(&again))) {
        list_append(&n->asking, m);
        ask(CONTAINER(m, struct entry, link));
    }
}

void dns_cache_abandon(struct dns_cache *n)
{
    dns_free(n->next);
    n->next = NULL;
}

int dns_cache_ask(struct dns_cache *n, struct dns_cache_wait *w,
                  struct span name, enum dns_type type,
                  struct dns_answer **answer)
{
    char key[KEY_MAX];
    struct entry *e;
    int err;

    assert(name.n <= DNS_NAME_MAX);
    key[0] = (char)type;
    for (size_t i = 0; i < name.n; i++)
        key[1 + i] = char_lower(name.p[i]);
    e = names_find(n, span_of(key, 1 + name.n));
    if (e && e->is_known) {
        n->stats.hits++;
    } else if (e) {
        n->stats.joined++;
    } else {
        err = names_add(&e, n, span_of(key, 1 + name.n));
        if (err)
            return err;
        ask(e);
    }
    if (!e->is_known) {
        list_append(&e->waiting, &w->link);
        return ERR_AGAIN;
    }
    if (!e->err)
        *answer = e->answer;
    return e->err;
}

size_t names_hosts_file(struct dns_cache *n, const char *name,
                        struct addr *list, size_t room)
{
    return dns_hosts_file(n->dns, name, list, room);
}

void dns_cache_stats(const struct dns_cache *n, struct dns_stats *out)
{
    *out = n->stats;
    out->known = n->n_known;
    out->asking = n->table.count - n->n_known;
}
