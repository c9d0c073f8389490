#include "session.h"

#include <stdio.h>
#include <stdlib.h>

#include "err.h"

/* --- the table --- */

static bool has_token(const struct table_node *node, const void *key)
{
    const struct session *ss =
        CONTAINER((void *)(uintptr_t)node, struct session, by_token);

    return span_eq(ss->uri.session_id, *(const struct span *)key);
}

int sessions_init(struct sessions *s, struct rnd *rnd, uint64_t now_ms)
{
    uint64_t seed[2];

    s->rnd = rnd;
    s->swept_s = now_ms / 1000;
    for (size_t i = 0; i < SESSION_SLOTS; i++)
        list_init(&s->slots[i]);
    rnd_bytes(rnd, seed, sizeof seed);
    return table_init(&s->by_token, seed);
}

void sessions_fini(struct sessions *s)
{
    for (size_t i = 0; i < SESSION_SLOTS; i++) {
        struct list *m;

        while ((m = list_first(&s->slots[i])))
            session_end(s, CONTAINER(m, struct session, in_slot));
    }
    table_fini(&s->by_token);
}

static struct list *slot_of(struct sessions *s, uint64_t expires_ms)
{
    return &s->slots[(expires_ms / 1000 + 1) % SESSION_SLOTS];
}

struct session *session_new(struct sessions *s, struct link *link,
                            struct span host, uint16_t port, bool secure,
                            uint64_t expires_ms)
{
    enum { AROUND = 32 }; /* scheme, port, ";tcp" */
    size_t size = host.n + SESSION_TOKEN_LEN + AROUND;
    struct session *ss = calloc(1, sizeof *ss + size);
    unsigned char random[16];
    char token[SESSION_TOKEN_LEN + 1];
    int n;

    if (!ss)
        return NULL;
    rnd_bytes(s->rnd, random, sizeof random);
    token[base64url_text(token, random, sizeof random)] = '\0';
    n = snprintf(ss->text, size, "%s://%.*s:%u/%s;tcp",
                 secure ? "msrps" : "msrp", SPAN_ARG(host), port, token);
    if (uri_parse(&ss->uri, span_of(ss->text, (size_t)n)) != 0) {
        free(ss);
        return NULL;
    }
    ss->link = link;
    ss->expires_ms = expires_ms;
    list_init(&ss->of_link);
    list_init(&ss->in_slot);
    list_init(&ss->peers);
    list_append(&link->sessions, &ss->of_link);
    link->n_sessions++;
    list_append(slot_of(s, expires_ms), &ss->in_slot);
    table_add(&s->by_token, &ss->by_token,
              table_hash(&s->by_token, ss->uri.session_id));
    return ss;
}

static void peer_free(struct peer *p)
{
    list_remove(&p->of_session);
    list_remove(&p->of_link);
    p->session->n_peers--;
    free(p);
}

void session_end(struct sessions *s, struct session *ss)
{
    struct list *m;

    while ((m = list_first(&ss->peers)))
        peer_free(CONTAINER(m, struct peer, of_session));
    table_remove(&s->by_token, &ss->by_token);
    list_remove(&ss->of_link);
    list_remove(&ss->in_slot);
    if (ss->link)
        ss->link->n_sessions--;
    free(ss->home);
    free(ss->failed);
    free(ss);
}

int session_settle(struct session *ss, struct span host)
{
    ss->home = strndup(host.p, host.n);
    if (!ss->home)
        return ERR_NOMEM;
    list_remove(&ss->of_link);
    ss->link->n_sessions--;
    ss->link = NULL;
    return 0;
}

bool session_is_of(const struct session *ss, const struct link *from)
{
    if (ss->link)
        return ss->link == from;
    return from && from->is_host &&
           from->ops->has_name(from, span_str(ss->home));
}

struct session *session_find_token(const struct sessions *s, struct span token)
{
    struct table_node *node = table_find(
        &s->by_token, table_hash(&s->by_token, token), has_token, &token);

    return node ? CONTAINER(node, struct session, by_token) : NULL;
}

struct session *session_find(const struct sessions *s, const struct uri *uri,
                             uint64_t now_ms)
{
    struct session *ss = session_find_token(s, uri->session_id);

    if (!ss || now_ms >= ss->expires_ms || (ss->link && ss->link->closing))
        return NULL;
    return uri_equal(&ss->uri, uri) ? ss : NULL;
}

/* Each second has its slot, which also holds sessions of later rounds. */
void sessions_sweep(struct sessions *s, uint64_t now_ms)
{
    uint64_t now_s = now_ms / 1000;

    if (now_s - s->swept_s > SESSION_SLOTS)
        s->swept_s = now_s - SESSION_SLOTS;
    while (s->swept_s < now_s) {
        struct list *slot = &s->slots[++s->swept_s % SESSION_SLOTS];
        struct list *m, *next;

        LIST_EACH(m, next, slot)
        {
            struct session *ss = CONTAINER(m, struct session, in_slot);

            if (ss->expires_ms <= now_ms)
                session_end(s, ss);
        }
    }
}

/* --- peers --- */

static struct peer *find_peer(const struct session *ss, const struct uri *uri)
{
    struct list *m, *next;

    LIST_EACH(m, next, &ss->peers)
    {
        struct peer *p = CONTAINER(m, struct peer, of_session);

        if (uri_equal(&p->uri, uri))
            return p;
    }
    return NULL;
}

struct link *session_peer(const struct session *ss, const struct uri *uri)
{
    struct peer *p = find_peer(ss, uri);

    return p && !p->link->closing ? p->link : NULL;
}

int session_bind_peer(struct session *ss, const struct uri *uri,
                      struct link *link)
{
    struct peer *p = find_peer(ss, uri);

    if (p && p->link == link)
        return 0;
    if (p && !p->link->closing)
        return ERR_EXISTS;
    if (p)
        peer_free(p);
    p = calloc(1, sizeof *p + uri->text.n);
    if (!p)
        return ERR_NOMEM;
    memcpy(p->text, uri->text.p, uri->text.n);
    (void)uri_parse(&p->uri, span_of(p->text, uri->text.n));
    if (ss->n_peers == SESSION_PEERS_MAX)
        peer_free(CONTAINER(list_first(&ss->peers), struct peer, of_session));
    p->session = ss;
    p->link = link;
    list_init(&p->of_session);
    list_init(&p->of_link);
    list_append(&ss->peers, &p->of_session);
    list_append(&link->peers, &p->of_link);
    ss->n_peers++;
    return 0;
}

void sessions_link_closed(struct sessions *s, struct link *link)
{
    struct list *m;

    while ((m = list_first(&link->sessions)))
        session_end(s, CONTAINER(m, struct session, of_link));
    while ((m = list_first(&link->peers)))
        peer_free(CONTAINER(m, struct peer, of_link));
}

/* --- failed messages --- */

/* Both hashes are under the table's secret; a product mixes them so that the
 * two texts do not change places. */
static uint64_t hash_message(const struct sessions *s, struct session_message m)
{
    return table_hash(&s->by_token, m.id) * 31 +
           table_hash(&s->by_token, m.from);
}

void session_fail(struct sessions *s, struct session *ss,
                  struct session_message m, uint16_t code)
{
    struct session_failed *f;

    if (session_failed(s, ss, m))
        return;
    if (!ss->failed)
        ss->failed = calloc(SESSION_FAILED_MAX, sizeof *ss->failed);
    if (!ss->failed)
        return;
    f = &ss->failed[ss->n_failed++ % SESSION_FAILED_MAX];
    f->hash = hash_message(s, m);
    f->code = code;
}

uint16_t session_failed(const struct sessions *s, const struct session *ss,
                        struct session_message m)
{
    uint64_t hash;

    if (!ss->failed)
        return 0;
    hash = hash_message(s, m);
    for (size_t i = 0; i < SESSION_FAILED_MAX; i++)
        if (ss->failed[i].code && ss->failed[i].hash == hash)
            return ss->failed[i].code;
    return 0;
}
