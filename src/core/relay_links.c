/* SPDX-License-Identifier: BSD-2-Clause */
#include "relay_links.h"

#include <assert.h>
#include <stdlib.h>

#include "err.h"
#include "host_names.h"
#include "identity.h"

/* The port in URIs of clients that cannot be dialled (RFC 6135, 4.2.2). */
enum { DISCARD_PORT = 9 };

/* One entry: where a link leads. */
struct authority {
    struct table_node by_authority;
    struct list of_link;
    struct link *link;
    bool is_dialled; /* the link was dialled for it, or to it by name */
    size_t key_n;
    char key[]; /* host, port, scheme */
};

/* What is looked for; empty if the URI has no host. */
struct wanted {
    size_t n;
    char key[URI_AUTHORITY_KEY_MAX];
};

static void want(struct wanted *w, const struct uri *uri)
{
    w->n = uri_authority_key(w->key, uri);
}

static bool has_authority(const struct table_node *node, const void *key)
{
    const struct authority *a =
        CONTAINER((void *)(uintptr_t)node, struct authority, by_authority);
    const struct wanted *w = key;

    return span_eq(span_of(a->key, a->key_n), span_of(w->key, w->n));
}

static struct authority *relay_links_entry(const struct relay_links *n,
                                           const struct wanted *w)
{
    struct table_node *node = table_find(
        &n->by_authority, table_hash(&n->by_authority, span_of(w->key, w->n)),
        has_authority, w);

    return node ? CONTAINER(node, struct authority, by_authority) : NULL;
}

/* --- the table --- */

int relay_links_init(struct relay_links *n, const struct policy *policy,
                     const uint64_t seed[2])
{
    int err;

    memset(n, 0, sizeof *n);
    n->policy = policy;
    err = table_init(&n->by_authority, seed);
    if (err)
        return err;
    err = certified_names_init(&n->certified, seed);
    if (err)
        table_fini(&n->by_authority);
    return err;
}

void relay_links_fini(struct relay_links *n)
{
    assert(n->by_authority.count == 0);
    table_fini(&n->by_authority);
    certified_names_fini(&n->certified);
}

void relay_links_link_init(struct link *l)
{
    l->relay_links = (struct link_relays){0};
    list_init(&l->relay_links.authorities);
}

static void relay_links_drop(struct relay_links *n, struct authority *a)
{
    n->changes++;
    table_remove(&n->by_authority, &a->by_authority);
    list_remove(&a->of_link);
    a->link->relay_links.n--;
    n->dialled -= a->is_dialled;
    free(a);
}

void relay_links_link_closed(struct relay_links *n, struct link *l)
{
    struct list *m;

    while ((m = list_first(&l->relay_links.authorities)))
        relay_links_drop(n, CONTAINER(m, struct authority, of_link));
    certified_names_leave(&n->certified, l);
    host_names_free(l->relay_links.claimed);
    l->relay_links.claimed = NULL;
}

int relay_links_known(struct relay_links *n, struct link *l)
{
    return l->by_address ? 0 : certified_names_enter(&n->certified, l);
}

static void relay_links_add(struct relay_links *n, struct link *l,
                            const struct wanted *w, bool is_dialled)
{
    struct authority *a = malloc(sizeof *a + w->n);

    if (!a)
        return;
    *a = (struct authority){.link = l, .is_dialled = is_dialled, .key_n = w->n};
    n->changes++;
    n->dialled += is_dialled;
    memcpy(a->key, w->key, w->n);
    list_init(&a->of_link);
    list_append(&l->relay_links.authorities, &a->of_link);
    l->relay_links.n++;
    table_add(&n->by_authority, &a->by_authority,
              table_hash(&n->by_authority, span_of(w->key, w->n)));
}

/* The holder has come up and is no relay's, `l` was dialled to be one: with the
 * place kept, each request would be dialled for. */
static bool is_no_relay(const struct link *holder, const struct link *l)
{
    return !holder->connecting && !holder->is_relay && l->connecting &&
           l->relay_links.to_relay;
}

/* Does the entry stay, although `l` wants its place? */
static bool stays(const struct authority *a, const struct link *l,
                  bool is_dialled)
{
    if (a->link == l)
        return true;
    if (a->link->closing || is_no_relay(a->link, l))
        return false;
    if (a->link->by_address != l->by_address)
        return l->by_address;
    return a->is_dialled || !is_dialled;
}

/* `l` would have the place of another link, if that is there no longer. */
static void relay_links_probe(struct link *l, struct link *holder)
{
    if (holder == l || holder->connecting ||
        l->relay_links.probed == holder->number)
        return;
    l->relay_links.probed = holder->number;
    holder->ops->probe(holder);
}

void relay_links_enter(struct relay_links *n, struct link *l,
                       const struct uri *uri)
{
    bool is_dialled = l->host.n > 0 && uri_host_equal(l->host, uri->host);
    struct authority *a;
    struct wanted w;

    want(&w, uri);
    a = relay_links_entry(n, &w);
    if (w.n == 0)
        return;
    if (a && stays(a, l, is_dialled)) {
        relay_links_probe(l, a->link);
        return;
    }
    if (a)
        relay_links_drop(n, a);
    if (l->relay_links.n < RELAY_LINKS_AUTHORITIES_MAX)
        relay_links_add(n, l, &w, is_dialled);
}

/* --- claims --- */

/* A link that is known by its address alone names a host for the first time: as
 * a relay's link it may take what went to a lone peer before. */
static bool relay_links_learn(struct relay_links *n, struct link *l,
                              const struct uri *uri)
{
    struct link_relays *mine = &l->relay_links;

    if (!mine->claimed)
        mine->claimed = host_names_new();
    if (!mine->claimed || span_find(uri->host, '*') < uri->host.n ||
        host_names_count(mine->claimed) >= RELAY_LINKS_AUTHORITIES_MAX ||
        host_names_add(mine->claimed, uri->host) != 0)
        return false;
    n->changes++;
    return true;
}

/* Does the URI stay closed to a link that is known by its address alone? */
static bool is_certified(const struct relay_links *n, const struct link *l,
                         const struct uri *uri)
{
    return l->by_address && certified_names_have(&n->certified, uri->host);
}

bool relay_links_claim(struct relay_links *n, struct link *l,
                       const struct uri *uri)
{
    if (uri->secure && !l->secure) /* S-1 a */
        return false;
    if (is_certified(n, l, uri))
        return false;
    if (!identity_has_name(l, n->policy, uri->host) &&
        !(l->by_address && relay_links_learn(n, l, uri)))
        return false;
    /* A peer that was dialled as the last of a path is that and no relay. */
    if (l->host.n == 0 || l->relay_links.to_relay)
        relay_links_enter(n, l, uri);
    return true;
}

/* --- finding --- */

struct link *relay_links_find(const struct relay_links *n,
                              const struct uri *uri)
{
    struct authority *a;
    struct wanted w;

    want(&w, uri);
    a = relay_links_entry(n, &w);
    return a && !a->link->closing && !is_certified(n, a->link, uri) ? a->link
                                                                    : NULL;
}

bool relay_links_is_relay(const struct relay_links *n, const struct uri *uri)
{
    const struct host_names *names = n->policy->relay_names;
    const struct link *l;

    if (names && host_names_have(names, uri->host))
        return true;
    l = relay_links_find(n, uri);
    return l && (l->host.n == 0 || l->relay_links.to_relay) &&
           identity_has_name(l, n->policy, uri->host);
}

bool relay_links_can_be_dialled(const struct uri *uri)
{
    struct span invalid = SPAN(".invalid");
    bool is_invalid =
        span_ieq(uri->host, span_from(invalid, 1)) ||
        (uri->host.n >= invalid.n &&
         span_ieq(span_from(uri->host, uri->host.n - invalid.n), invalid));

    return !is_invalid && uri->port != DISCARD_PORT &&
           span_ieq(uri->transport, SPAN("tcp"));
}

bool relay_links_can_be_dialled_at(const struct uri *uri, struct span host,
                                   uint16_t port)
{
    struct uri there = *uri;

    if (host.n > 0) {
        there.host = host;
        there.port = port;
    }
    return relay_links_can_be_dialled(&there);
}

/* May `l` carry a request with more URIs in its path, or an AUTH (`as_relay`)?
 * Relays authenticate to each other: a link that was dialled is not used as one
 * to a relay if the other end did not ask for our certificate (R4976-9.2-e),
 * nor is one over plain TCP. A link that is still connecting is accepted and
 * remembers what it is needed for; it is judged when it is up. */
static bool relay_links_serves(struct link *l, bool as_relay)
{
    if (l->connecting)
        l->relay_links.to_relay |= as_relay;
    return l->connecting || !as_relay || l->host.n == 0 || l->requested_cert;
}

/* Another relay's link, and with dial.share_peers a lone peer's too, is there
 * for everybody. */
struct link *relay_links_dial(struct relay_links *n, const struct uri *uri,
                              bool as_relay, uint16_t *code)
{
    struct link *l;

    *code = 408;
    l = n->dial ? n->dial(n->ctx, uri, code) : NULL;
    if (!l)
        return NULL;
    (void)relay_links_serves(l, as_relay);
    if (as_relay || n->policy->share_peers)
        relay_links_enter(n, l, uri);
    return l;
}

struct link *relay_links_reach(struct relay_links *n, const struct uri *uri,
                               bool as_relay, uint16_t *code)
{
    struct link *l =
        as_relay || n->policy->share_peers ? relay_links_find(n, uri) : NULL;
    const struct identity_use use = {.as_relay = as_relay};

    *code = 403;
    if (l && identity_may_carry(l, n->policy, uri, use))
        return relay_links_serves(l, as_relay) ? l : NULL;
    if (!relay_links_can_be_dialled(uri)) {
        *code = 481;
        return NULL;
    }
    if (!uri->secure && (as_relay || !n->allow_tcp))
        return NULL;
    if (as_relay && n->policy->relay_names &&
        !host_names_have(n->policy->relay_names, uri->host))
        return NULL; /* S-4 */
    *code = 0;
    return NULL;
}

/* From the key, in which the port and the scheme come last. */
bool relay_links_next(const struct relay_links *n, const struct table_node **at,
                      struct relay_links_view *out)
{
    const struct table_node *node = table_next(&n->by_authority, *at);
    const struct authority *a;
    const unsigned char *tail;

    *at = node;
    if (!node)
        return false;
    a = CONTAINER((void *)(uintptr_t)node, struct authority, by_authority);
    tail = (const unsigned char *)a->key + a->key_n - 3;
    *out = (struct relay_links_view){
        .port = (uint16_t)(tail[0] << 8 | tail[1]),
        .secure = tail[2] == 's',
        .is_dialled = a->is_dialled,
        .link = a->link,
    };
    if (a->key[0] == URI_HOST_KEY_NAME)
        out->host = span_of(a->key + 1, a->key_n - 4);
    return true;
}
