#include "route.h"

#include "err.h"

bool route_has_port(const struct policy *policy, uint16_t port)
{
    for (size_t i = 0; i < policy->n_ports; i++)
        if (policy->ports[i] == port)
            return true;
    return false;
}

static bool is_our_host(const struct policy *policy, struct span host,
                        bool is_auth)
{
    if (uri_host_equal(host, policy->name))
        return true;
    for (size_t i = 0; i < policy->n_aliases; i++)
        if (uri_host_equal(host, policy->aliases[i]))
            return true;
    return is_auth && uri_host_equal(host, policy->realm);
}

static bool is_our_authority(const struct policy *policy, const struct uri *uri,
                             bool is_auth)
{
    return (uri->port ? route_has_port(policy, uri->port) : is_auth) &&
           is_our_host(policy, uri->host, is_auth);
}

bool route_is_ours(const struct policy *policy, const struct sessions *sessions,
                   const struct uri *uri, bool is_auth, uint64_t now_ms)
{
    return is_our_authority(policy, uri, is_auth) ||
           session_find(sessions, uri, now_ms);
}

/* Like route_is_ours(); but a client also means us by the port of its own
 * listener if a reload has closed that: to renew its session, or to check that
 * we are alive. */
static bool is_addressed_to_us(const struct policy *policy,
                               const struct sessions *sessions,
                               const struct link *from, const struct uri *uri,
                               bool is_auth, uint64_t now_ms)
{
    return route_is_ours(policy, sessions, uri, is_auth, now_ms) ||
           (from && uri->port == from->port &&
            is_our_host(policy, uri->host, is_auth));
}

/* Takes the next URI off *path: 0; ERR_EOF at the end; ERR_SYNTAX if it is
 * malformed, or has no port, which only AUTH may have (R4976-8-a). */
static int next_uri(struct uri *uri, struct span *path, const struct msg *m)
{
    struct span text;

    if (!msg_path_next(&text, path))
        return ERR_EOF;
    if (uri_parse(uri, text) != 0 || (uri->port == 0 && m->method != MSG_AUTH))
        return ERR_SYNTAX;
    return 0;
}

/* Is the rest of the path well-formed? */
static bool path_is_sound(struct span path, const struct msg *m)
{
    struct uri uri;
    int err;

    do
        err = next_uri(&uri, &path, m);
    while (!err);
    return err == ERR_EOF;
}

static void route_refuse(struct route *r, uint16_t code)
{
    r->kind = ROUTE_REFUSE;
    r->code = code;
}

static void lead_to(struct route *r, struct link *out)
{
    r->kind = ROUTE_LINK;
    r->out = out;
}

/* Does the rest of To-Path lead to the owner of the session? For a client that
 * is its own URI and no further (P-9), for a relay its host and whatever
 * follows. */
static bool leads_home(const struct route *r)
{
    struct span home = r->session->home;

    return home.n ? uri_host_equal(home, r->next.host)
                  : r->to.n == r->next.text.n;
}

/* Somebody speaks to our client: forward over the client's connection and
 * nowhere else (R4976-9.3-a). */
static void route_inbound(struct route *r, struct link *from,
                          const struct uri *speaker)
{
    r->receiver = r->session;
    if (!leads_home(r)) {
        route_refuse(r, 403);
        return;
    }
    if (from && !from->is_relay &&
        session_bind_peer(r->session, speaker, from) == ERR_EXISTS) {
        route_refuse(r, 506);
        return;
    }
    if (r->session->link)
        lead_to(r, r->session->link);
    else
        r->kind = ROUTE_DIAL;
}

/* Consumes the URI `u`, which is ours, from the front of To-Path. false if that
 * decides the route. */
static bool route_pass(struct route *r, struct sessions *sessions,
                       const struct uri *u, bool is_auth, uint64_t now_ms)
{
    r->session = u->session_id.n ? session_find(sessions, u, now_ms) : NULL;
    if (r->to.n == 0 && (r->session || is_auth || u->session_id.n == 0)) {
        r->kind = ROUTE_LOCAL;
        return false;
    }
    if (!r->session) {
        route_refuse(r, 481);
        return false;
    }
    if (r->n_own == PENDING_SEND_OWN_MAX) {
        route_refuse(r, 403);
        return false;
    }
    r->own[r->n_own++] = u->text;
    return true;
}

static struct span rest_behind(struct span path)
{
    while (path.n > 0 && path.p[0] == ' ')
        path = span_from(path, 1);
    return path;
}

void route_find(struct route *r, const struct policy *policy,
                struct sessions *sessions, struct link *from,
                const struct msg *m, uint64_t now_ms)
{
    bool is_auth = m->method == MSG_AUTH;
    struct link *previous = from;
    struct span path = msg_text(m, m->to), back = msg_text(m, m->from);
    struct uri speaker;

    memset(r, 0, sizeof *r);
    if (next_uri(&r->next, &path, m) || next_uri(&speaker, &back, m) ||
        !path_is_sound(back, m)) {
        route_refuse(r, 400);
        return;
    }
    if (!is_addressed_to_us(policy, sessions, from, &r->next,
                            is_auth && m->n_to == 1, now_ms)) {
        r->kind = ROUTE_FOREIGN;
        return;
    }
    for (;;) {
        r->to = rest_behind(path);
        if (!route_pass(r, sessions, &r->next, is_auth, now_ms))
            return;
        if (next_uri(&r->next, &path, m)) {
            route_refuse(r, 400);
            return;
        }
        if (!session_is_of(r->session, previous))
            break;
        r->sender = r->session;
        if (!route_is_ours(policy, sessions, &r->next, false, now_ms))
            break;
        previous = NULL; /* from here on this relay itself */
    }
    if (!path_is_sound(path, m)) {
        route_refuse(r, 400);
        return;
    }
    if (!session_is_of(r->session, previous)) {
        route_inbound(r, previous, &speaker);
        return;
    }
    r->out = session_peer(r->session, &r->next);
    r->kind = r->out ? ROUTE_LINK : ROUTE_DIAL;
}

bool route_answer(const struct policy *policy, const struct sessions *sessions,
                  const struct msg *m, struct span *to, struct span *own,
                  size_t *n_own, uint64_t now_ms)
{
    struct span path = msg_text(m, m->to), text;
    struct uri uri;

    *n_own = 0;
    *to = path;
    while (*n_own < PENDING_SEND_OWN_MAX && msg_path_next(&text, &path) &&
           uri_parse(&uri, text) == 0 &&
           route_is_ours(policy, sessions, &uri, false, now_ms)) {
        own[(*n_own)++] = text;
        *to = rest_behind(path);
    }
    return *n_own > 0 && to->n > 0;
}
