/* SPDX-License-Identifier: BSD-2-Clause */
#include "route.h"

#include "err.h"
#include "identity.h"

bool route_has_port(const struct policy *policy, uint16_t port)
{
    for (size_t i = 0; i < policy->n_ports; i++)
        if (policy->ports[i] == port)
            return true;
    return false;
}

struct span route_port_name(const struct policy *policy, uint16_t port)
{
    struct span found = SPAN("");

    for (size_t i = 0; i < policy->n_port_names; i++) {
        if (policy->ports[i] != port)
            continue;
        if (found.n && !uri_host_equal(found, policy->port_names[i]))
            return policy->name;
        found = policy->port_names[i];
    }
    return found.n ? found : policy->name;
}

struct span route_realm(const struct policy *policy, struct span host)
{
    for (size_t i = 0; i < policy->n_realms; i++)
        if (uri_host_equal(host, policy->realms[i]))
            return policy->realms[i];
    return SPAN("");
}

bool route_has_name(const struct policy *policy, struct span host)
{
    if (uri_host_equal(host, policy->name))
        return true;
    for (size_t i = 0; i < policy->n_aliases; i++)
        if (uri_host_equal(host, policy->aliases[i]))
            return true;
    return false;
}

static bool is_our_host(const struct policy *policy, struct span host,
                        bool is_auth)
{
    return route_has_name(policy, host) ||
           (is_auth && (uri_host_equal(host, policy->realm) ||
                        route_realm(policy, host).n > 0));
}

/* Of an interface that anchored sessions show. */
static bool is_interface(const struct policy *policy, const struct uri *uri)
{
    for (size_t i = 0; i < policy->n_authorities; i++)
        if (uri->port == policy->authorities[i].port &&
            uri_host_equal(uri->host, policy->authorities[i].host))
            return true;
    return false;
}

static bool is_our_authority(const struct policy *policy, const struct uri *uri,
                             bool is_auth)
{
    return ((uri->port ? route_has_port(policy, uri->port) : is_auth) &&
            is_our_host(policy, uri->host, is_auth)) ||
           is_interface(policy, uri);
}

bool route_is_ours(const struct policy *policy, const struct sessions *sessions,
                   const struct uri *uri, bool is_auth, uint64_t now_ms)
{
    return is_our_authority(policy, uri, is_auth) ||
           session_find(sessions, uri, now_ms) ||
           (pair_any(sessions) && pair_is_entrance(sessions, uri));
}

/* Was the name of its listener this one when the client came? */
static bool is_name_of(const struct link *from, struct span host)
{
    return from->name.n && uri_host_equal(host, from->name);
}

/* Like route_is_ours(); but a client also means us by the name and the port of
 * its own listener if a reload has changed that: to renew its session, or to
 * check that we are alive. */
static bool is_addressed_to_us(const struct policy *policy,
                               const struct sessions *sessions,
                               const struct link *from, const struct uri *uri,
                               bool is_auth, uint64_t now_ms)
{
    return route_is_ours(policy, sessions, uri, is_auth, now_ms) ||
           (from && uri->port == from->port &&
            (is_our_host(policy, uri->host, is_auth) ||
             is_name_of(from, uri->host)));
}

/* Takes the next URI off *path: 0; ERR_EOF at the end; ERR_SYNTAX if it is
 * malformed, or has no port although it needs one (S-9). */
static int next_uri(struct uri *uri, struct span *path, bool needs_port)
{
    struct span text;

    if (!msg_path_next(&text, path))
        return ERR_EOF;
    if (uri_parse(uri, text) != 0 || (uri->port == 0 && needs_port))
        return ERR_SYNTAX;
    return 0;
}

/* Is the rest of a From-Path well-formed? */
static bool from_is_sound(struct span path)
{
    struct uri uri;
    int err;

    do
        err = next_uri(&uri, &path, true);
    while (!err);
    return err == ERR_EOF;
}

static void route_refuse(struct route *r, uint16_t code)
{
    r->kind = ROUTE_REFUSE;
    r->code = code;
}

/* How often may our own URIs come again after others'? Two users of one inner
 * relay do that once (S-8). */
enum { RETURNS_MAX = 1 };

/* Is the rest of To-Path, after `next`, well-formed, and does it leave this
 * relay alone? false if that decides the route. */
static bool route_look_ahead(struct route *r, const struct policy *policy,
                             const struct sessions *sessions, struct span path,
                             bool is_auth, uint64_t now_ms)
{
    unsigned returns = 0;
    bool was_ours = false;
    struct uri uri;
    int err;

    while ((err = next_uri(&uri, &path, !is_auth)) == 0) {
        bool is_ours = route_is_ours(policy, sessions, &uri, is_auth, now_ms);

        returns += is_ours && !was_ours;
        was_ours = is_ours;
    }
    if (err == ERR_EOF && returns <= RETURNS_MAX)
        return true;
    route_refuse(r, err == ERR_EOF ? 403 : 400);
    return false;
}

/* Does the sender say who it is, as far as that is known (S-3), and may it
 * speak at all (S-35)? */
static bool sender_is_admitted(struct relay_links *links, struct link *from,
                               const struct msg *m, const struct uri *speaker)
{
    if (!from)
        return true;
    if (from->needs_session && from->sessions.n == 0 && from->pairs.n == 0 &&
        !(m->method == MSG_AUTH && m->n_to == 1))
        return false;
    return from->is_relay ? relay_links_claim(links, from, speaker)
                          : m->n_from == 1;
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
    return r->session->link ? r->to.n == r->next.text.n
                            : session_is_home(r->session, &r->next);
}

/* The peer that speaks to our client is known by its URI from now on, over this
 * link (P-10). false if that decides the route. */
static bool route_bind(struct route *r, const struct policy *policy,
                       struct sessions *sessions, struct link *from,
                       const struct uri *speaker)
{
    const struct identity_use use = {.is_bound = true};
    struct link *holder = session_peer(r->session, speaker);

    if (holder && holder != from) {
        r->rival = holder;
        route_refuse(r, 506);
        return false;
    }
    if (!identity_may_carry(from, policy, speaker, use))
        return true; /* it may speak, but nothing goes back to it */
    if (session_bind_peer(sessions, r->session, speaker, from, false) !=
        ERR_FULL)
        return true;
    route_refuse(r, 403);
    return false;
}

/* The last session on the way so far: one that was the last before is between
 * others now, which is a pair's. */
static void route_set_receiver(struct route *r, struct pair_side *x)
{
    struct session *former = r->receiver;

    if (former)
        r->middle[r->n_middle++] = &former->pair->side[r->receiver_is_b];
    r->receiver = r->session;
    r->receiver_is_b = x && pair_which(x) == ANCHORED_B;
}

/* Somebody speaks to our client: forward over the client's connection and
 * nowhere else (R4976-9.3-a). */
static void route_inbound(struct route *r, const struct policy *policy,
                          struct sessions *sessions, struct link *from,
                          const struct uri *speaker)
{
    route_set_receiver(r, NULL);
    if (!leads_home(r)) {
        route_refuse(r, 403);
        return;
    }
    if (from && !from->is_relay &&
        !route_bind(r, policy, sessions, from, speaker))
        return;
    if (r->session->link)
        lead_to(r, r->session->link);
    else
        r->kind = ROUTE_DIAL;
    r->as_relay = !r->session->link;
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

/* --- anchored pairs --- */

/* Where the request is as it goes through this relay. */
struct route_at {
    const struct policy *policy;
    struct sessions *sessions;
    struct relay_links *links;
    struct link *from; /* NULL: this relay itself */
    const struct msg *m;
    uint64_t now_ms;
};

static bool route_forbid(struct route *r, const char *close_why)
{
    r->close_why = close_why;
    r->is_stranger = true;
    route_refuse(r, 403);
    return false;
}

/* May the link speak for this side? false if that decides the route. */
static bool route_admit_side(struct route *r, const struct route_at *at,
                             struct pair_side *x)
{
    bool is_inside =
        route_is_ours(at->policy, at->sessions, &x->first, false, at->now_ms);

    /* A relay says who it is by what it sends (S-3, S-6). */
    if (x->n_path > 1 && at->from->is_relay && !is_inside &&
        !relay_links_claim(at->links, at->from, &x->first))
        return route_forbid(r, NULL);
    switch (identity_may_speak(at->from, at->policy, x, is_inside)) {
    case IDENTITY_SPEAKS:
        r->speaker = x;
        return true;
    case IDENTITY_FORBIDDEN:
        return route_forbid(r, NULL);
    case IDENTITY_IMPOSTOR:
        r->impostor = x;
        return route_forbid(r, "certificate is not the one announced");
    case IDENTITY_RIVAL:
        r->rival = x->link;
        route_refuse(r, 506);
        return false;
    }
    return false;
}

/* Nobody is known to speak so: too early, too late, or somebody else. */
static bool route_unknown_side(struct route *r, const struct pair_entrance *e,
                               const struct link *from)
{
    if (from && e->token && !e->token->had_pairs) {
        r->kind = ROUTE_EARLY;
        r->early = e->token;
        return false;
    }
    return route_forbid(r, NULL);
}

/* The sender sees our URIs up to this one, and no other of the way. */
static void route_keep_back(struct route *r, struct span entrance)
{
    if (r->n_pairs > 0)
        return;
    memcpy(r->back, r->own, r->n_own * sizeof *r->own);
    r->n_back = r->n_own;
    r->back[r->n_back++] = entrance;
}

/* The request goes through this pair, as what `x` sends. */
static void route_replace(struct route *r, struct pair_side *x)
{
    struct pair_side *y = pair_other(x);

    route_keep_back(r, r->next.text);
    r->n_pairs++;
    r->session = x->pair->session;
    if (!r->sender) {
        r->sender = r->session;
        r->sender_is_b = pair_which(x) == ANCHORED_B;
    } else {
        route_set_receiver(r, x);
    }
    r->side = y;
    r->from = y->uri->text;
    r->n_own = 0;
    r->to = y->path;
    r->next = y->first;
}

/* Has the request gone through this pair already? */
static bool route_has_passed(const struct route *r,
                             const struct anchored_pair *pair)
{
    for (size_t i = 0; i < r->n_middle; i++)
        if (r->middle[i]->pair == pair)
            return true;
    return (r->sender && r->sender->pair == pair) ||
           (r->receiver && r->receiver->pair == pair);
}

/* As long as `next` is a URI that a side of a pair was given, the request goes
 * through that pair. false if that decides the route. */
static bool route_cross(struct route *r, struct route_at *at, struct span *rest)
{
    struct pair_entrance e;

    while (pair_any(at->sessions) &&
           pair_entrance(&e, at->sessions, &r->next)) {
        struct pair_from from = {r->own, r->n_own,
                                 r->n_pairs ? r->from
                                            : msg_text(at->m, at->m->from)};
        struct pair_side *x = pair_speaker(&e, &from);

        if (rest->n > 0 || at->m->method == MSG_AUTH ||
            r->n_pairs == ROUTE_PAIRS_MAX || r->n_own == PENDING_SEND_OWN_MAX)
            return route_forbid(r, NULL);
        if (!x || !pair_other(x)->text)
            return route_unknown_side(r, &e, at->from);
        if (at->from && !route_admit_side(r, at, x))
            return false;
        if (route_has_passed(r, x->pair))
            return route_forbid(r, NULL);
        at->from = NULL;
        route_replace(r, x);
        *rest = span_from(r->to, r->next.text.n);
        if (!route_is_ours(at->policy, at->sessions, &r->next, false,
                           at->now_ms)) {
            r->kind = ROUTE_SIDE;
            return false;
        }
    }
    return true;
}

/* Our client speaks: to whom it may, over what has proved to lead there. */
static void route_outbound(struct route *r, const struct policy *policy,
                           const struct relay_links *links, const struct msg *m)
{
    struct identity_use use = {.is_bound = true};

    r->as_relay = m->method == MSG_AUTH || r->to.n > r->next.text.n ||
                  relay_links_is_relay(links, &r->next);
    r->kind = ROUTE_DIAL;
    if (r->as_relay)
        return;
    /* Clients make success REPORTs by themselves: they show no wish to talk. */
    r->out = m->method == MSG_REPORT ? session_peer(r->session, &r->next)
                                     : session_write_to(r->session, &r->next);
    if (r->out && identity_may_carry(r->out, policy, &r->next, use))
        r->kind = ROUTE_LINK;
}

void route_find(struct route *r, const struct policy *policy,
                struct sessions *sessions, struct relay_links *links,
                struct link *from, const struct msg *m, uint64_t now_ms)
{
    bool is_auth = m->method == MSG_AUTH;
    struct route_at at = {policy, sessions, links, from, m, now_ms};
    struct span path = msg_text(m, m->to), back = msg_text(m, m->from);

    memset(r, 0, sizeof *r);
    if (next_uri(&r->next, &path, !is_auth) ||
        next_uri(&r->from_uri, &back, true) || !from_is_sound(back)) {
        route_refuse(r, 400);
        return;
    }
    if (!is_addressed_to_us(policy, sessions, from, &r->next,
                            is_auth && m->n_to == 1, now_ms)) {
        r->kind = ROUTE_FOREIGN;
        return;
    }
    if (pair_any(sessions) && pair_is_entrance(sessions, &r->next)) {
        if (!route_cross(r, &at, &path))
            return;
    } else if (!sender_is_admitted(links, from, m, &r->from_uri)) {
        r->is_unproven = true;
        route_refuse(r, 403);
        return;
    }
    for (;;) {
        r->to = rest_behind(path);
        if (!route_pass(r, sessions, &r->next, is_auth, now_ms))
            return;
        if (next_uri(&r->next, &path, !is_auth)) {
            route_refuse(r, 400);
            return;
        }
        if (!session_is_of(r->session, at.from, &r->from_uri))
            break;
        r->sender = r->session;
        if (!route_is_ours(policy, sessions, &r->next, false, now_ms))
            break;
        at.from = NULL; /* from here on this relay itself */
        if (pair_any(sessions) && !route_cross(r, &at, &path))
            return;
    }
    if (!route_look_ahead(r, policy, sessions, path, is_auth, now_ms))
        return;
    if (session_is_of(r->session, at.from, &r->from_uri))
        route_outbound(r, policy, links, m);
    else
        route_inbound(r, policy, sessions, at.from, &r->from_uri);
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
