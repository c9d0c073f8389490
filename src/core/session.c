/* SPDX-License-Identifier: BSD-2-Clause */
#include "session.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "err.h"
#include "host_names.h"
#include "subject.h"

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
    int err;

    memset(s, 0, sizeof *s);
    s->rnd = rnd;
    s->swept_s = now_ms / 1000;
    list_init(&s->all);
    list_init(&s->walks);
    for (size_t i = 0; i < SESSION_SLOTS; i++)
        list_init(&s->slots[i]);
    rnd_bytes(rnd, seed, sizeof seed);
    err = table_init(&s->by_token, seed);
    if (err)
        return err;
    err = holders_init(&s->users, seed);
    if (err)
        goto fail_users;
    err = holders_init(&s->relays, seed);
    if (err)
        goto fail_relays;
    list_init(&s->pairs.all);
    list_init(&s->pairs.active);
    err = table_init(&s->pairs.tokens, seed);
    if (err)
        goto fail_tokens;
    return 0;
fail_tokens:
    holders_fini(&s->relays);
fail_relays:
    holders_fini(&s->users);
fail_users:
    table_fini(&s->by_token);
    return err;
}

void sessions_fini(struct sessions *s, uint64_t now_ms)
{
    struct list *m;

    while ((m = list_first(&s->all)))
        session_end(s, CONTAINER(m, struct session, of_all), SESSION_SHUTDOWN,
                    now_ms);
    assert(s->pairs.n == 0);
    table_fini(&s->pairs.tokens);
    holders_fini(&s->users);
    holders_fini(&s->relays);
    table_fini(&s->by_token);
}

void sessions_link_init(struct link *l)
{
    l->sessions = (struct link_sessions){0};
    list_init(&l->sessions.issued);
    list_init(&l->sessions.peers);
}

static struct list *slot_of(struct sessions *s, uint64_t expires_ms)
{
    return &s->slots[(expires_ms / 1000 + 1) % SESSION_SLOTS];
}

/* Between user and realm; a line feed is in neither. */
#define ACCOUNT_GAP SPAN("\n")

static struct span keep_account(char **at, const struct session_grant *g)
{
    struct span account = span_keep(at, g->user);

    account.n += span_keep(at, ACCOUNT_GAP).n;
    account.n += span_keep(at, g->realm).n;
    return account;
}

struct span session_account(const struct session *ss)
{
    return span_of(ss->user.p,
                   (size_t)(ss->realm.p - ss->user.p) + ss->realm.n);
}

size_t session_uri_room(const struct session_uri *u)
{
    static const char around[] = "msrps://:65535/;";

    return sizeof around + u->host.n + SESSION_TOKEN_LEN + strlen(u->transport);
}

int session_uri_write(struct uri *out, char *dst, const struct session_uri *u,
                      struct span token)
{
    int n = snprintf(dst, session_uri_room(u), "%s://%.*s:%u/%.*s;%s",
                     u->secure ? "msrps" : "msrp", SPAN_ARG(u->host), u->port,
                     SPAN_ARG(token), u->transport);

    return uri_parse(out, span_of(dst, (size_t)n));
}

int session_uri_make(struct sessions *s, struct uri *out, char *dst,
                     const struct session_uri *u)
{
    unsigned char random[16];
    char token[SESSION_TOKEN_LEN];

    rnd_bytes(s->rnd, random, sizeof random);
    return session_uri_write(
        out, dst, u,
        span_of(token, base64url_text(token, random, sizeof random)));
}

static struct session_uri uri_of(const struct session_grant *g)
{
    return (struct session_uri){g->host, g->port, g->secure, "tcp"};
}

/* Writes the URI, with a new token, and after it the other texts: 0 or
 * ERR_SYNTAX. */
static int write_texts(struct sessions *s, struct session *ss,
                       const struct session_grant *g)
{
    const struct session_uri uri = uri_of(g);
    int err = session_uri_make(s, &ss->uri, ss->text, &uri);
    char *behind = ss->text + session_uri_room(&uri);
    struct span account = keep_account(&behind, g);

    ss->user = span_of(account.p, g->user.n);
    ss->realm = span_from(account, g->user.n + ACCOUNT_GAP.n);
    ss->home = span_keep(&behind, g->home);
    return err;
}

static void enter(struct sessions *s, struct session *ss)
{
    list_append(&s->all, &ss->of_all);
    if (ss->link) {
        list_append(&ss->link->sessions.issued, &ss->of_link);
        ss->link->sessions.n++;
        link_changed(ss->link);
    }
    list_append(slot_of(s, ss->expires_ms), &ss->in_slot);
    table_add(&s->by_token, &ss->by_token,
              table_hash(&s->by_token, ss->uri.session_id));
    s->ever++;
    s->changes++;
}

/* The name under which a relay holds sessions: the first one of its
 * certificate, whatever host of it and whatever port it speaks for; without one
 * its host. */
static struct span relay_name(char *dst, const struct session_grant *g)
{
    if (host_names_count(g->link->names) > 0)
        return host_names_key(g->link->names, 0);
    return span_of(dst, uri_host_key(dst, g->home));
}

uint32_t sessions_of_user(const struct sessions *s,
                          const struct session_grant *g)
{
    char text[2 * SESSION_NAME_MAX + 1], *behind = text;

    if (g->user.n > SESSION_NAME_MAX || g->realm.n > SESSION_NAME_MAX)
        return 0; /* session_new() refuses it */
    return holder_count(&s->users, keep_account(&behind, g));
}

uint32_t sessions_of_relay(const struct sessions *s,
                           const struct session_grant *g)
{
    char name[URI_HOST_KEY_MAX];

    return g->home.n ? holder_count(&s->relays, relay_name(name, g)) : 0;
}

/* false when out of memory. */
static bool session_hold(struct sessions *s, struct session *ss,
                         const struct session_grant *g)
{
    char name[URI_HOST_KEY_MAX];

    ss->of_user = holder_take(&s->users, session_account(ss));
    if (!ss->of_user)
        return false;
    if (g->home.n == 0)
        return true;
    ss->of_relay = holder_take(&s->relays, relay_name(name, g));
    if (ss->of_relay)
        return true;
    holder_give(&s->users, ss->of_user);
    return false;
}

static struct session *session_alloc(size_t text_n)
{
    struct session *ss = calloc(1, sizeof *ss + text_n);

    if (!ss)
        return NULL;
    list_init(&ss->of_all);
    list_init(&ss->of_link);
    list_init(&ss->in_slot);
    list_init(&ss->peers);
    list_init(&ss->parties);
    list_init(&ss->sent);
    list_init(&ss->received);
    contacts_init(&ss->contacts);
    list_init(&ss->ongoing.in);
    list_init(&ss->ongoing.last);
    return ss;
}

struct session *session_new(struct sessions *s, const struct session_grant *g)
{
    const struct session_uri uri = uri_of(g);
    struct session *ss = NULL;

    if (g->user.n <= SESSION_NAME_MAX && g->realm.n <= SESSION_NAME_MAX)
        ss = session_alloc(session_uri_room(&uri) + g->user.n + ACCOUNT_GAP.n +
                           g->realm.n + g->home.n);
    if (!ss)
        return NULL;
    if (write_texts(s, ss, g) != 0 || !session_hold(s, ss, g)) {
        free(ss);
        return NULL;
    }
    ss->link = g->home.n ? NULL : g->link;
    ss->home_port = g->home_port;
    ss->connection = g->link->number;
    ss->subject = subject_ref(g->link->subject);
    ss->began_ms = g->began_ms;
    ss->expires_ms = g->expires_ms;
    enter(s, ss);
    return ss;
}

struct session *session_new_of_pair(struct sessions *s,
                                    struct anchored_pair *pair,
                                    const struct session_uri *uri,
                                    uint64_t now_ms)
{
    struct session *ss = session_alloc(session_uri_room(uri));

    if (!ss)
        return NULL;
    if (session_uri_make(s, &ss->uri, ss->text, uri) != 0) {
        free(ss);
        return NULL;
    }
    ss->pair = pair;
    ss->began_ms = now_ms;
    ss->expires_ms = UINT64_MAX;
    s->changes++;
    list_append(&s->pairs.all, &ss->of_all);
    table_add(&s->by_token, &ss->by_token,
              table_hash(&s->by_token, ss->uri.session_id));
    return ss;
}

static void session_report_end(const struct sessions *s,
                               const struct session *ss, enum session_why why,
                               uint64_t now_ms)
{
    struct session_record record = {
        .user = ss->user,
        .realm = ss->realm,
        .connection = ss->connection,
        .subject = ss->subject,
        .began_ms = ss->began_ms,
        .ended_ms = now_ms,
        .why = why,
        .usage = ss->usage,
        .contacts = &ss->contacts,
    };

    if (!s->on_end)
        return;
    memcpy(record.short_id, ss->uri.session_id.p, SESSION_SHORT_ID_LEN);
    s->on_end(s->ctx, &record);
}

void session_end(struct sessions *s, struct session *ss, enum session_why why,
                 uint64_t now_ms)
{
    struct list *m;

    s->changes++;
    if (s->on_ending)
        s->on_ending(s->ending_ctx, ss);
    while ((m = list_first(&ss->peers)))
        session_forget_peer(CONTAINER(m, struct peer, of_session));
    while ((m = list_first(&ss->parties)))
        session_leave(CONTAINER(m, struct party, of_session));
    while (list_take_first(&ss->sent) || list_take_first(&ss->received))
        continue;
    walks_leave(&s->walks, &ss->of_all);
    if (!ss->pair) { /* the pair's end is reported elsewhere */
        s->ended[why]++;
        session_report_end(s, ss, why, now_ms);
    }
    table_remove(&s->by_token, &ss->by_token);
    list_remove(&ss->of_all);
    list_remove(&ss->of_link);
    list_remove(&ss->in_slot);
    if (ss->link) {
        ss->link->sessions.n--;
        link_changed(ss->link);
    }
    holder_give(&s->users, ss->of_user);
    holder_give(&s->relays, ss->of_relay);
    subject_unref(ss->subject);
    contacts_fini(&ss->contacts);
    free(ss->failed);
    free(ss);
}

bool session_is_of(const struct session *ss, const struct link *from,
                   const struct uri *speaker)
{
    if (ss->link)
        return ss->link == from;
    return from && from->is_relay && session_is_home(ss, speaker);
}

bool session_is_home(const struct session *ss, const struct uri *uri)
{
    return ss->home.n > 0 && uri->port == ss->home_port &&
           uri_host_equal(ss->home, uri->host);
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

/* Each second has a slot, which also holds sessions of later rounds. */
static void sweep_slot(struct sessions *s, struct list *slot, uint64_t now_ms)
{
    struct list *m, *next;

    LIST_EACH(m, next, slot)
    {
        struct session *ss = CONTAINER(m, struct session, in_slot);

        if (ss->expires_ms <= now_ms)
            session_end(s, ss, SESSION_EXPIRED, now_ms);
    }
}

void sessions_sweep(struct sessions *s, uint64_t now_ms)
{
    uint64_t now_s = now_ms / 1000;

    if (now_s - s->swept_s > SESSION_SLOTS)
        s->swept_s = now_s - SESSION_SLOTS;
    while (s->swept_s < now_s)
        sweep_slot(s, &s->slots[++s->swept_s % SESSION_SLOTS], now_ms);
}

void sessions_sweep_all(struct sessions *s, uint64_t now_ms)
{
    sessions_sweep(s, now_ms);
    sweep_slot(s, slot_of(s, now_ms), now_ms);
}

void sessions_link_closed(struct sessions *s, struct link *link,
                          enum session_why why, uint64_t now_ms)
{
    struct list *m;

    s->changes++;
    while ((m = list_first(&link->sessions.issued)))
        session_end(s, CONTAINER(m, struct session, of_link), why, now_ms);
    while ((m = list_first(&link->sessions.peers)))
        session_forget_peer(CONTAINER(m, struct peer, of_link));
}

/* --- walks --- */

void session_walk_begin(struct sessions *s, struct session_walk *w)
{
    walk_begin(&w->at, &s->walks, &s->all);
}

void session_walk_pairs(struct sessions *s, struct session_walk *w)
{
    walk_begin(&w->at, &s->walks, &s->pairs.all);
}

static struct session *session_or_null(struct list *m)
{
    return m ? CONTAINER(m, struct session, of_all) : NULL;
}

struct session *session_walk_next(struct session_walk *w)
{
    return session_or_null(walk_next(&w->at));
}

struct session *session_walk_shown(const struct session_walk *w)
{
    return session_or_null(w->at.shown);
}

void session_walk_end(struct session_walk *w)
{
    walk_end(&w->at);
}

/* --- streams --- */

void session_join(struct session *ss, struct party *p)
{
    if (!ss)
        return;
    assert(!p->session);
    p->session = ss;
    list_append(&ss->parties, &p->of_session);
}

void session_await(struct stream *s, struct list *of_sender,
                   struct list *of_receiver)
{
    if (s->sender.session)
        list_append(&s->sender.session->sent, of_sender);
    if (s->receiver.session)
        list_append(&s->receiver.session->received, of_receiver);
}

/* Adds what a stream has carried through a session so far. */
static void add_party(struct usage *a, const struct party *p)
{
    const struct stream *s = p->stream;
    struct usage_flow *flow = p->sends ? &a->sent : &a->received;

    flow->octets += s->next - s->first;
}

struct usage session_usage(const struct session *ss)
{
    struct usage a = ss->usage;
    struct list *m, *next;

    LIST_EACH(m, next, &ss->parties)
    add_party(&a, CONTAINER(m, struct party, of_session));
    return a;
}

void session_leave(struct party *p)
{
    if (!p->session)
        return;
    add_party(&p->session->usage, p);
    list_remove(&p->of_session);
    p->session = NULL;
}
