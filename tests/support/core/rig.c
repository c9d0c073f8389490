/* SPDX-License-Identifier: BSD-2-Clause */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "digest.h"
#include "err.h"

enum { TICK_MS = 100, HEAD_SIZE = 16384 };

void rig_init(struct rig *r)
{
    memset(r, 0, sizeof *r);
    r->now_ms = 1000000;
    r->policy = (struct policy){
        .name = SPAN("relay.example.com"),
        .realm = SPAN("example.com"),
        .self = SPAN("msrps://relay.example.com:2855;tcp"),
        .ports = {2855},
        .n_ports = 1,
        .algorithms = {DIGEST_MD5},
        .n_algorithms = 1,
        .min_expires_s = 60,
        .default_expires_s = 1800,
        .max_expires_s = 86400,
        .nonce_lifetime_ms = 60000,
        .max_failures = 3,
        .max_chunk_size = 65536,
        .high_water = 262144,
        .low_water = 65536,
        .sessions_per_link = 1000,
        .transactions_per_link = 10000,
        .hold_ms = 10000,
        .transaction_ms = 30000,
    };
}

static struct policy *copy_policy(const struct rig *r)
{
    struct policy *copy = malloc(sizeof *copy);

    assert_non_null(copy);
    *copy = r->policy;
    return copy;
}

int rig_start(struct rig *r, const char *text)
{
    int err = users_parse(&r->users, span_str(text), NULL, NULL);

    if (err)
        return err;
    r->live = copy_policy(r);
    return relay_new(&r->relay, r->live, r->users, r->log, r->now_ms);
}

void rig_reload(struct rig *r, const char *text)
{
    struct policy *old_policy = r->live;
    struct users *old_users = r->users;

    r->live = copy_policy(r);
    if (text)
        assert_int_equal(users_parse(&r->users, span_str(text), NULL, NULL), 0);
    relay_clock(r->relay, r->now_ms);
    relay_configure(r->relay, r->live, r->users);
    if (text)
        users_free(old_users);
    free(old_policy);
}

int rig_start_plain(struct rig *r)
{
    char text[512];
    size_t n = 0;
    static const char *const names[] = {"alice", "bob", "carol"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct digest_hex ha1;

        assert_int_equal(digest_ha1(&ha1, DIGEST_MD5, span_str(names[i]),
                                    r->policy.realm, span_str(names[i])),
                         0);
        n += (size_t)snprintf(text + n, sizeof text - n, "%s:%.*s:%.*s\n",
                              names[i], SPAN_ARG(r->policy.realm),
                              SPAN_ARG(digest_hex_span(&ha1)));
    }
    return rig_start(r, text);
}

void rig_stop(struct rig *r)
{
    struct relay_stats stats;
    bool hosts = false;

    for (size_t i = 0; i < r->n_wires; i++) {
        struct wire *w = &r->wires[i];

        hosts |= w->fake.link.is_relay;
        if (!w->gone)
            rig_close(r, w, false);
        fake_link_fini(&w->fake);
        free(w->in);
    }
    if (r->relay) {
        relay_stats(r->relay, &stats);
        assert_int_equal(stats.transactions_now, 0);
        if (!hosts) /* what belongs to a relay outlives its link */
            assert_int_equal(stats.sessions_now, 0);
    }
    relay_free(r->relay);
    users_free(r->users);
    free(r->live);
    memset(r, 0, sizeof *r);
}

int rig_tear_down(void **state)
{
    rig_stop(*state);
    free(*state);
    return 0;
}

/* A neighbour that the relay is not told of yet. */
static struct wire *new_wire(struct rig *r, const char *name)
{
    struct wire *w;

    assert_true(r->n_wires < RIG_WIRES_MAX);
    w = &r->wires[r->n_wires++];
    fake_link_init(&w->fake, r->n_wires);
    parser_init(&w->parser, HEAD_SIZE, 16);
    (void)span_copy(w->name, sizeof w->name, span_str(name));
    return w;
}

struct wire *rig_connect(struct rig *r, const char *name)
{
    struct wire *w = new_wire(r, name);

    relay_clock(r->relay, r->now_ms);
    relay_link_opened(r->relay, &w->fake.link);
    return w;
}

/* A connection that is being dialled. `host` must outlive it. */
static struct link *new_dialled(struct rig *r, const char *name,
                                struct span host, const struct uri *uri)
{
    struct wire *w = new_wire(r, name);

    w->held = true;
    w->fake.link.host = host;
    w->fake.link.host_port = uri->port;
    w->fake.link.secure = w->fake.link.may_auth = uri->secure;
    w->fake.link.connecting = true;
    relay_link_opened(r->relay, &w->fake.link);
    return &w->fake.link;
}

struct link *rig_dial_for_pair(struct rig *r, const char *name,
                               const struct uri *uri)
{
    return new_dialled(r, name, SPAN("peer.example"), uri);
}

static struct link *dial(void *ctx, const struct uri *uri, uint16_t *code)
{
    struct rig *r = ctx;

    *code = uri_host_equal(uri->host, SPAN("denied.example")) ? 403 : 408;
    for (size_t i = 0; i < r->n_hosts; i++) {
        struct rig_host *h = &r->hosts[i];

        if (uri_host_equal(uri->host, span_str(h->host)))
            return new_dialled(r, h->name, span_str(h->host), uri);
    }
    return NULL;
}

void rig_dials(struct rig *r, const char *name, const char *host)
{
    struct rig_host *h = &r->hosts[r->n_hosts++];

    assert_true(r->n_hosts <= RIG_HOSTS_MAX);
    (void)span_copy(h->host, sizeof h->host, span_str(host));
    (void)span_copy(h->name, sizeof h->name, span_str(name));
    relay_on_dial(r->relay, dial, r, true);
}

void rig_up(struct rig *r, struct wire *w)
{
    w->held = false;
    w->fake.link.requested_cert = w->fake.link.secure;
    if (w->fake.link.secure)
        fake_link_certify(&w->fake, w->fake.link.host.p); /* our C string */
    relay_clock(r->relay, r->now_ms);
    relay_link_known(r->relay, &w->fake.link);
    rig_settle(r);
}

void rig_down(struct rig *r, struct wire *w, uint16_t code)
{
    w->fake.link.fail_code = code;
    rig_close(r, w, false);
}

struct wire *rig_wire(struct rig *r, struct span name)
{
    for (size_t i = r->n_wires; i-- > 0;)
        if (!r->wires[i].gone && span_eq(span_str(r->wires[i].name), name))
            return &r->wires[i];
    fail_msg("nobody is called %.*s", SPAN_ARG(name));
    return NULL;
}

/* As the app does it: true if anything was consumed. */
static bool pull(struct rig *r, struct wire *w)
{
    struct span in = span_of(w->in, w->in_n);
    struct parse_event ev;

    while (relay_is_ready(r->relay, &w->fake.link)) {
        int err;

        relay_prepare(r->relay, &w->fake.link, &w->parser);
        err = parser_next(&w->parser, &in, &ev);
        if (err == ERR_AGAIN)
            break;
        if (err) {
            link_close(&w->fake.link, "bad input");
            break;
        }
        relay_on_event(r->relay, &w->fake.link, &ev);
    }
    if (in.n == w->in_n)
        return false;
    memmove(w->in, in.p, in.n);
    w->in_n = in.n;
    return true;
}

static bool settle_wire(struct rig *r, struct wire *w)
{
    bool moved = false;

    if (w->gone)
        return false;
    if (w->fake.closes > 0) {
        rig_close(r, w, false);
        return true;
    }
    if (!w->fake.paused && w->in_n > 0)
        moved = pull(r, w);
    if (!w->held && w->fake.taken < w->fake.out_n) {
        w->fake.taken = w->fake.out_n;
        relay_link_sent(r->relay, &w->fake.link, w->fake.taken);
        moved = true;
    }
    return moved;
}

void rig_settle(struct rig *r)
{
    bool moved;

    relay_clock(r->relay, r->now_ms);
    do {
        moved = false;
        for (size_t i = 0; i < r->n_wires; i++)
            moved = settle_wire(r, &r->wires[i]) || moved;
    } while (moved);
}

void rig_feed(struct rig *r, struct wire *w, struct span octets)
{
    assert_false(w->gone);
    if (w->in_n + octets.n > w->in_room) {
        w->in_room = 2 * (w->in_n + octets.n);
        w->in = realloc(w->in, w->in_room);
        assert_non_null(w->in);
    }
    if (octets.n)
        memcpy(w->in + w->in_n, octets.p, octets.n);
    w->in_n += octets.n;
    rig_settle(r);
}

void rig_send(struct rig *r, struct wire *w, const char *text)
{
    rig_feed(r, w, span_str(text));
}

void rig_close(struct rig *r, struct wire *w, bool stalled)
{
    relay_clock(r->relay, r->now_ms);
    w->gone = true;
    relay_link_closed(r->relay, &w->fake.link, stalled);
    rig_settle(r);
}

void rig_wait(struct rig *r, uint64_t ms)
{
    uint64_t until_ms = r->now_ms + ms;

    while (r->now_ms < until_ms) {
        uint64_t left_ms = until_ms - r->now_ms;

        r->now_ms += left_ms < TICK_MS ? left_ms : TICK_MS;
        relay_clock(r->relay, r->now_ms);
        relay_tick(r->relay);
        rig_settle(r);
    }
}

/* The value between `before` and the next quote or CR in what w was sent. */
static struct span between(struct span in, const char *before)
{
    const char *at = memmem(in.p, in.n, before, strlen(before));
    struct span rest;

    assert_non_null(at);
    rest = span_from(in, (size_t)(at - in.p) + strlen(before));
    for (size_t n = 0; n < rest.n; n++)
        if (rest.p[n] == '"' || rest.p[n] == '\r')
            return span_of(rest.p, n);
    fail();
    return rest;
}

void rig_credentials(struct rig *r, struct wire *w, const char *user, char *dst,
                     size_t size)
{
    struct digest_input in = {.alg = DIGEST_MD5,
                              .nc = SPAN("00000001"),
                              .cnonce = SPAN("c0ffee"),
                              .method = SPAN("AUTH"),
                              .uri = r->policy.self};
    struct digest_hex ha1, response;
    char paths[256], text[512];

    (void)snprintf(
        paths, sizeof paths,
        "To-Path: %.*s\r\nFrom-Path: msrps://%s.example:9/%s;tcp\r\n",
        SPAN_ARG(r->policy.self), w->name, w->name);
    (void)snprintf(text, sizeof text, "MSRP auth1 AUTH\r\n%s-------auth1$\r\n",
                   paths);
    rig_send(r, w, text);
    in.nonce = between(fake_link_new_output(&w->fake), "nonce=\"");
    assert_int_equal(digest_ha1(&ha1, DIGEST_MD5, span_str(user),
                                r->policy.realm, span_str(user)),
                     0);
    in.ha1 = digest_hex_span(&ha1);
    assert_int_equal(digest_response(&response, &in), 0);
    (void)snprintf(dst, size,
                   "MSRP auth2 AUTH\r\n%sAuthorization: Digest "
                   "username=\"%s\", realm=\"%.*s\", nonce=\"%.*s\", "
                   "response=\"%.*s\", cnonce=\"c0ffee\", qop=auth, "
                   "nc=00000001\r\n-------auth2$\r\n",
                   paths, user, SPAN_ARG(r->policy.realm), SPAN_ARG(in.nonce),
                   SPAN_ARG(digest_hex_span(&response)));
}

void rig_auth(struct rig *r, struct wire *w, const char *user)
{
    char text[1024];

    rig_credentials(r, w, user, text, sizeof text);
    rig_send(r, w, text);
    (void)span_copy(w->uri, sizeof w->uri,
                    between(fake_link_new_output(&w->fake), "Use-Path: "));
}

struct wire *rig_client(struct rig *r, const char *name)
{
    struct wire *w = rig_connect(r, name);

    rig_auth(r, w, name);
    return w;
}

void rig_speak(struct rig *r, struct wire *w, const char *uri)
{
    char text[512];

    (void)snprintf(text, sizeof text,
                   "MSRP bind SEND\r\nTo-Path: %s msrps://client.example:9/c;"
                   "tcp\r\nFrom-Path: %s://%s.example:9/%s;tcp\r\n"
                   "Message-ID: bind\r\nFailure-Report: no\r\n"
                   "-------bind$\r\n",
                   uri, w->fake.link.secure ? "msrps" : "msrp", w->name,
                   w->name);
    rig_send(r, w, text);
    assert_int_equal(fake_link_new_output(&w->fake).n, 0);
}

void rig_pattern(char *dst, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i <= to; i++)
        *dst++ = (char)('a' + (i + i / 26 + i / 1000) % 26);
}
