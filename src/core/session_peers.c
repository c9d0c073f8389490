/* SPDX-License-Identifier: BSD-2-Clause */
/* session_peers - the peers of a session, and over which link each of them
 * speaks (P-10, S-2). */
#include <stdlib.h>

#include "err.h"
#include "session.h"

void session_forget_peer(struct peer *p)
{
    list_remove(&p->of_session);
    list_remove(&p->of_link);
    link_changed(p->link);
    p->session->n_peers--;
    free(p);
}

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

struct link *session_write_to(struct session *ss, const struct uri *uri)
{
    struct peer *p = find_peer(ss, uri);

    if (!p || p->link->closing)
        return NULL;
    p->written_to = true;
    return p->link;
}

/* The oldest peer that the owner never wrote to, NULL if there is none; of
 * those on `link`, unless that is NULL. *n is how many there are. */
static struct peer *oldest_unwritten(const struct session *ss,
                                     const struct link *link, size_t *n)
{
    struct peer *oldest = NULL;
    struct list *m, *next;

    *n = 0;
    LIST_EACH(m, next, &ss->peers)
    {
        struct peer *p = CONTAINER(m, struct peer, of_session);

        if (p->written_to || (link && p->link != link))
            continue;
        if (!oldest)
            oldest = p;
        ++*n;
    }
    return oldest;
}

bool session_has_room(const struct session *ss)
{
    size_t n;

    return ss->n_peers < SESSION_PEERS_MAX || oldest_unwritten(ss, NULL, &n);
}

static size_t peers_on(const struct session *ss, const struct link *link)
{
    struct list *m, *next;
    size_t n = 0;

    LIST_EACH(m, next, &ss->peers)
    n += CONTAINER(m, struct peer, of_session)->link == link;
    return n;
}

/* Room for one more peer on `link`: what nobody counts on gives way (S-2), and
 * a link that has its share makes way for itself alone. */
static int make_room(struct session *ss, const struct link *link)
{
    size_t n;
    struct peer *p = oldest_unwritten(ss, link, &n);

    if (n < SESSION_UNWRITTEN_MAX &&
        peers_on(ss, link) < SESSION_LINK_PEERS_MAX) {
        if (ss->n_peers < SESSION_PEERS_MAX)
            return 0;
        p = oldest_unwritten(ss, NULL, &n);
    }
    if (!p)
        return ERR_FULL;
    session_forget_peer(p);
    return 0;
}

/* The peer has come back over another link. */
static void peer_move(struct peer *p, struct link *link, bool written_to)
{
    list_remove(&p->of_link);
    link_changed(p->link);
    list_append(&link->sessions.peers, &p->of_link);
    link_changed(link);
    p->link = link;
    p->written_to = written_to;
}

int session_bind_peer(struct sessions *s, struct session *ss,
                      const struct uri *uri, struct link *link, bool written_to)
{
    struct peer *p = find_peer(ss, uri);
    int err;

    if (p && p->link == link)
        return 0;
    if (p && !p->link->closing)
        return ERR_EXISTS;
    s->changes++;
    if (p) {
        peer_move(p, link, written_to);
        return 0;
    }
    if (uri->text.n > SESSION_PEER_URI_MAX)
        return ERR_LIMIT;
    err = make_room(ss, link);
    if (err)
        return err;
    p = calloc(1, sizeof *p + uri->text.n);
    if (!p)
        return ERR_NOMEM;
    memcpy(p->text, uri->text.p, uri->text.n);
    (void)uri_parse(&p->uri, span_of(p->text, uri->text.n));
    p->written_to = written_to;
    p->session = ss;
    p->link = link;
    list_init(&p->of_session);
    list_init(&p->of_link);
    list_append(&ss->peers, &p->of_session);
    list_append(&link->sessions.peers, &p->of_link);
    link_changed(link);
    ss->n_peers++;
    return 0;
}
