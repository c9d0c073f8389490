/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections as the application makes them (src/hop, src/net): output that
 * waits for a window, an end after the output, the stall timer, dials. */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "digest.h"
#include "err.h"
#include "sim_world.h"

enum {
    HEAD_SIZE = 16384,
    PER_TURN = 32768,            /* octets read from a connection at once */
    EARLY_MAX = 65536,           /* output of one that is being dialled */
    RESERVE = HEAD_SIZE + 65536, /* output beyond the high-water mark */
    PORT = 2855,
};

static struct sim_end *end_of(const struct link *l)
{
    return CONTAINER((void *)(uintptr_t)l, struct sim_end, link);
}

static struct sim_pipe *out_of(const struct sim_end *e)
{
    return &e->conn->pipes[e - e->conn->ends];
}

static struct sim_pipe *in_of(const struct sim_end *e)
{
    return &e->conn->pipes[e == e->conn->ends];
}

static struct sim_end *other_end(const struct sim_end *e)
{
    return &e->conn->ends[e == e->conn->ends];
}

/* --- what a relay calls --- */

static int end_put(struct link *l, const struct frame *f)
{
    struct sim_end *e = end_of(l);
    struct sim_pipe *out = out_of(e);
    size_t limit = e->conn->state == SIM_DIALLING
                       ? EARLY_MAX
                       : e->relay->policy.high_water + RESERVE;

    if (sim_pipe_queued(out) + f->octets > limit) {
        e->full = true;
        return ERR_FULL;
    }
    for (size_t i = 0; i < f->n; i++)
        sim_pipe_put(out, f->parts[i]);
    return 0;
}

static size_t end_queued(const struct link *l)
{
    return sim_pipe_queued(out_of(end_of(l)));
}

static uint64_t end_position(const struct link *l)
{
    return out_of(end_of(l))->put;
}

static void end_pause(struct link *l)
{
    end_of(l)->paused = true;
}

static void end_resume(struct link *l)
{
    end_of(l)->paused = false;
}

static void end_close(struct link *l, const char *why)
{
    end_of(l)->why = why;
}

static void end_probe(struct link *l)
{
    (void)l;
}

static const struct link_ops end_ops = {
    .put = end_put,
    .queued = end_queued,
    .position = end_position,
    .pause = end_pause,
    .resume = end_resume,
    .close = end_close,
    .probe = end_probe,
};

/* --- beginnings --- */

static struct sim_conn *conn_new(struct sim *s)
{
    struct sim_conn *c = calloc(1, sizeof *c);

    assert_non_null(c);
    c->sim = s;
    for (unsigned i = 0; i < 2; i++) {
        c->ends[i].conn = c;
        c->ends[i].moved_ms = s->now_ms;
        parser_init(&c->ends[i].parser, HEAD_SIZE, 16);
        sim_pipe_init(&c->pipes[i], 16384u << sim_below(s, 4),
                      SIM_TICK_MS * (1 + sim_below(s, 20)));
    }
    list_init(&c->of_sim);
    list_append(&s->conns, &c->of_sim);
    return c;
}

static void begin_link(struct sim_end *e, struct sim_relay *r)
{
    e->relay = r;
    link_init(&e->link, &end_ops, ++r->links);
    e->link.secure = e->link.may_auth = true;
    e->link.port = PORT;
    e->names = NULL;
}

static void certify(struct sim_end *e, const struct sim_relay *other)
{
    e->names = host_names_new();
    assert_non_null(e->names);
    assert_int_equal(host_names_add(e->names, span_str(other->name)), 0);
    e->link.names = e->names;
}

/* Tells the relay the time. */
static struct relay *at_now(const struct sim_end *e)
{
    relay_clock(e->relay->relay, e->relay->sim->now_ms);
    return e->relay->relay;
}

struct sim_conn *sim_connect(struct sim_client *c)
{
    struct sim_conn *conn = conn_new(c->sim);

    conn->state = SIM_UP;
    conn->ends[0].client = c;
    begin_link(&conn->ends[1], c->home);
    relay_link_opened(at_now(&conn->ends[1]), &conn->ends[1].link);
    relay_link_known(at_now(&conn->ends[1]), &conn->ends[1].link);
    return conn;
}

static struct sim_relay *relay_called(struct sim *s, struct span host)
{
    for (unsigned i = 0; i < s->setup.relays; i++)
        if (span_ieq(host, span_str(s->relays[i].name)))
            return &s->relays[i];
    return NULL;
}

static struct link *dial(void *ctx, const struct uri *uri, uint16_t *code)
{
    struct sim_relay *from = ctx;
    struct sim *s = from->sim;
    struct sim_relay *to = relay_called(s, uri->host);
    struct sim_conn *c;
    struct link *l;

    *code = 408;
    if (!to)
        return NULL;
    c = conn_new(s);
    s->result->dials++;
    c->state = SIM_DIALLING;
    c->is_internal = true;
    c->up_ms = s->now_ms + SIM_TICK_MS * (1 + sim_below(s, 40));
    c->will_fail = !s->calm && sim_hits(s, s->setup.trouble.dial_fail);
    begin_link(&c->ends[0], from);
    l = &c->ends[0].link;
    l->host = span_str(to->name);
    l->host_port = uri->port;
    l->connecting = true;
    relay_link_opened(at_now(&c->ends[0]), l);
    return l;
}

/* --- ends --- */

static void leave(struct sim_end *e, bool stalled)
{
    if (!e->relay || e->left)
        return;
    e->left = true;
    relay_link_closed(at_now(e), &e->link, stalled);
    host_names_free(e->names);
    e->names = NULL;
}

/* Both ends know of the end of the connection. */
static void conn_over(struct sim_conn *c, const struct sim_end *stalled)
{
    if (c->state == SIM_OVER)
        return;
    c->state = SIM_OVER;
    for (unsigned i = 0; i < 2; i++) {
        struct sim_end *e = &c->ends[i];

        leave(e, e == stalled);
        if (e->client)
            sim_client_lost(e->client);
    }
}

static unsigned relays_at(const struct sim_conn *c)
{
    unsigned bits = 0;

    for (unsigned i = 0; i < 2; i++)
        if (c->ends[i].relay)
            bits |= 1u << c->ends[i].relay->number;
    return bits;
}

static void cut(struct sim_conn *c, const struct sim_end *stalled)
{
    if (c->is_internal && c->state == SIM_UP)
        for (unsigned i = 0; i < 2; i++)
            sim_ledger_break(c->sim, relays_at(c),
                             sim_pipe_unread(&c->pipes[i]));
    conn_over(c, stalled);
}

void sim_break(struct sim_conn *c)
{
    cut(c, NULL);
}

/* Does the other end of this relay's connection fail to take octets? */
static bool is_stuck(const struct sim_end *e)
{
    const struct sim_client *c = other_end(e)->client;

    return c && c->stalls;
}

/* The relay wants the connection closed: after its output, or at once if the
 * other end does not take that. */
static void close_end(struct sim_end *e)
{
    struct sim_conn *c = e->conn;

    if (!is_stuck(e))
        sim_fault(c->sim, SIM_CLOSED, "%s closed one to %s: %s", e->relay->name,
                  other_end(e)->client ? other_end(e)->client->name : "a relay",
                  e->why);
    if (e->full || c->state == SIM_DIALLING) {
        cut(c, NULL);
        return;
    }
    leave(e, false);
    out_of(e)->ended = true;
}

/* --- what happens --- */

static void answer_dial(struct sim_conn *c)
{
    struct sim_end *near = &c->ends[0], *far = &c->ends[1];

    if (c->will_fail) {
        near->link.fail_code = 408;
        sim_ledger_not_dialled(c->sim, sim_pipe_unread(&c->pipes[0]));
        conn_over(c, NULL);
        return;
    }
    c->state = SIM_UP;
    begin_link(far, relay_called(c->sim, near->link.host));
    certify(far, near->relay);
    certify(near, far->relay);
    near->link.requested_cert = true;
    near->moved_ms = c->sim->now_ms;
    relay_link_opened(at_now(far), &far->link);
    relay_link_known(at_now(far), &far->link);
    relay_link_known(at_now(near), &near->link);
}

static void pull_events(struct sim_end *e)
{
    struct sim_pipe *in = in_of(e);
    struct span left = sim_pipe_input(in);
    size_t had = left.n;
    struct parse_event ev;
    int err;

    while (relay_is_ready(at_now(e), &e->link)) {
        relay_prepare(e->relay->relay, &e->link, &e->parser);
        err = parser_next(&e->parser, &left, &ev);
        if (err == ERR_AGAIN)
            break;
        if (err)
            fail_msg("%s cannot read what it was sent", e->relay->name);
        relay_on_event(e->relay->relay, &e->link, &ev);
    }
    sim_pipe_consume(in, had - left.n);
}

/* P-22: an output of which nothing was taken for too long. */
static bool has_stalled(struct sim_end *e)
{
    const struct sim_pipe *out = out_of(e);

    if (out->arrived != e->moved_to || sim_pipe_queued(out) == 0) {
        e->moved_to = out->arrived;
        e->moved_ms = e->conn->sim->now_ms;
    }
    return e->conn->sim->now_ms - e->moved_ms >= SIM_STALL_MS;
}

static void relay_end_step(struct sim_end *e)
{
    uint64_t taken = out_of(e)->taken;

    if (e->left)
        return;
    relay_link_sent(at_now(e), &e->link, taken);
    if (!e->paused && !e->why) {
        (void)sim_pipe_pull(in_of(e), PER_TURN);
        pull_events(e);
    }
    if (e->why)
        close_end(e);
    else if (has_stalled(e)) {
        e->why = "stalled";
        if (!is_stuck(e))
            sim_fault(e->conn->sim, SIM_CLOSED, "%s: a stall", e->relay->name);
        cut(e->conn, e);
    } else if (sim_pipe_is_over(in_of(e)))
        cut(e->conn, NULL);
}

static void end_step(struct sim_end *e)
{
    if (e->conn->state == SIM_OVER)
        return;
    if (e->relay)
        relay_end_step(e);
    else if (e->client)
        sim_inbox_read(e->client);
    if (e->conn->state != SIM_OVER && e->client && sim_pipe_is_over(in_of(e)))
        cut(e->conn, NULL);
}

static bool conn_step(struct sim_conn *c)
{
    bool moved = false;

    if (c->state == SIM_DIALLING) {
        if (c->ends[0].why)
            close_end(&c->ends[0]);
        else if (c->up_ms <= c->sim->now_ms)
            answer_dial(c);
        return true;
    }
    for (unsigned i = 0; i < 2; i++)
        moved |= sim_pipe_move(&c->pipes[i], c->sim->now_ms);
    for (unsigned i = 0; i < 2; i++)
        end_step(&c->ends[i]);
    return moved;
}

static void conn_free(struct sim_conn *c)
{
    list_remove(&c->of_sim);
    sim_pipe_fini(&c->pipes[0]);
    sim_pipe_fini(&c->pipes[1]);
    free(c);
}

bool sim_conns_step(struct sim *s)
{
    struct list *m, *next;
    bool moved = false;

    LIST_EACH(m, next, &s->conns)
    moved |= conn_step(CONTAINER(m, struct sim_conn, of_sim));
    LIST_EACH(m, next, &s->conns)
    {
        struct sim_conn *c = CONTAINER(m, struct sim_conn, of_sim);

        if (c->state == SIM_OVER)
            conn_free(c);
    }
    return moved;
}

void sim_conns_free(struct sim *s)
{
    struct list *m, *next;

    LIST_EACH(m, next, &s->conns)
    conn_over(CONTAINER(m, struct sim_conn, of_sim), NULL);
    LIST_EACH(m, next, &s->conns)
    conn_free(CONTAINER(m, struct sim_conn, of_sim));
}

/* --- relays --- */

static void set_policy(struct sim_relay *r)
{
    const struct sim_setup *setup = &r->sim->setup;

    r->policy = (struct policy){
        .name = span_str(r->name),
        .realm = SPAN("example.com"),
        .self = span_str(r->self),
        .ports = {PORT},
        .n_ports = 1,
        .tls_port = PORT,
        .algorithms = {DIGEST_MD5},
        .n_algorithms = 1,
        .min_expires_s = 60,
        .default_expires_s = 1800,
        .max_expires_s = 86400,
        .nonce_lifetime_ms = 60000,
        .max_failures = 3,
        .max_chunk_size = SIM_CHUNK_MAX,
        .high_water = setup->high_water,
        .low_water = setup->high_water / 4,
        .sessions_per_link = 1000,
        .transactions_per_link = setup->transactions,
        .hold_ms = 10000,
        .transaction_ms = SIM_TRANSACTION_MS,
    };
}

/* Everybody may log in everywhere: the password is the name. */
static void make_users(struct sim_relay *r)
{
    char text[SIM_CLIENTS_MAX * 64];
    size_t n = 0;

    for (unsigned i = 0; i < r->sim->setup.clients; i++) {
        char name[24];
        struct digest_hex ha1;

        (void)snprintf(name, sizeof name, "client%u", i);
        assert_int_equal(digest_ha1(&ha1, DIGEST_MD5, span_str(name),
                                    r->policy.realm, span_str(name)),
                         0);
        n += (size_t)snprintf(text + n, sizeof text - n, "%s:%.*s:%.*s\n", name,
                              SPAN_ARG(r->policy.realm),
                              SPAN_ARG(digest_hex_span(&ha1)));
    }
    assert_int_equal(users_parse(&r->users, span_of(text, n), NULL, NULL), 0);
}

void sim_relay_start(struct sim *s, unsigned number)
{
    struct sim_relay *r = &s->relays[number - 1];

    *r = (struct sim_relay){.sim = s, .number = number};
    (void)snprintf(r->name, sizeof r->name, "r%u.test", number);
    (void)snprintf(r->self, sizeof r->self, "msrps://r%u.test:%u;tcp", number,
                   (unsigned)PORT);
    set_policy(r);
    make_users(r);
    assert_int_equal(
        relay_new(&r->relay, &r->policy, r->users, NULL, s->now_ms), 0);
    relay_on_dial(r->relay, dial, r, true);
}

void sim_relay_stop(struct sim_relay *r)
{
    struct relay_stats stats;

    relay_clock(r->relay, r->sim->now_ms);
    relay_tick(r->relay);
    relay_stats(r->relay, &stats);
    if (stats.sessions_now || stats.transactions_now || stats.relay_links_now ||
        stats.links_waiting_now)
        sim_fault(
            r->sim, SIM_LEFT_OVER,
            "%s: sessions %u transactions %u links %u waiting %u", r->name,
            (unsigned)stats.sessions_now, (unsigned)stats.transactions_now,
            (unsigned)stats.relay_links_now, (unsigned)stats.links_waiting_now);
    relay_free(r->relay);
    users_free(r->users);
}
