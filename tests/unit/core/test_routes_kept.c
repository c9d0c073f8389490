/* SPDX-License-Identifier: BSD-2-Clause */
/* A relay in which everything changes that a route depends on, with and without
 * what is kept of routes: it has to write the same octets to everybody.
 *
 * test-wraps: getrandom route_memo_find
 *
 * In the environment KEPT_SEEDS says with how many seeds, KEPT_SEED which is
 * the first. */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "host_names.h"
#include "kept_routes.h"
#include "operator.h"
#include "pair_bench.h"
#include "sim_world.h"

enum {
    SEEDS = 100,
    STEPS = 500,
    ISSUED_MAX = 6, /* URIs that are used, of sessions that live or not */
    REQUESTS_MAX = 12,
    WIRES_LEFT = 8, /* one step may dial several times */
};

/* Paths that were used: they are used again. */
struct request {
    char wire[RIG_NAME_MAX], to[512], from[256];
};

struct issued {
    char uri[RIG_URI_MAX], owner[RIG_NAME_MAX];
};

struct scene {
    struct pair_bench *b;
    struct sim chance; /* for sim_below() alone */
    struct issued issued[ISSUED_MAX];
    struct request requests[REQUESTS_MAX];
    unsigned n_requests, n_sent;
    struct host_names *admitted[2];
    struct anchored_pair *fork; /* of the same token; NULL: none */
};

static uint32_t below(struct scene *s, uint32_t limit)
{
    return sim_below(&s->chance, limit);
}

#define ANY(s, array) ((array)[below(s, sizeof(array) / sizeof *(array))])

/* --- who is there --- */

#define P_A2 "msrp://alice.example:7654/other;tcp"
#define P_B2 "msrp://carol.example:12763/car0l;tcp"
#define FAR "msrps://far.example:2855/f;tcp"
#define LAB "msrps://lab.example:2855/l;tcp"
#define LONE "msrps://lone.example:7777/lone;tcp"

static const char *const names[] = {"alice", "bob", "carol", "peer", "far",
                                    "lab",   "a",   "b",     "clear"};

static bool is_called(const struct wire *w, const char *name)
{
    return strcmp(w->name, name) == 0;
}

static struct wire *find_wire(struct scene *s, const char *name)
{
    struct rig *r = &s->b->rig;

    for (size_t i = r->n_wires; i-- > 0;)
        if (!r->wires[i].gone && is_called(&r->wires[i], name))
            return &r->wires[i];
    return NULL;
}

/* A relay's link that is none as it comes up would be dialled anew for each
 * SEND. */
static bool may_be_up(const struct scene *s, const char *name)
{
    return strcmp(name, "far") != 0 ||
           s->b->rig.policy.relay_names != s->admitted[1];
}

static void come(struct scene *s, const char *name)
{
    struct wire *w;

    if (find_wire(s, name) || !may_be_up(s, name))
        return;
    w = rig_connect(&s->b->rig, name);
    if (is_called(w, "a") || is_called(w, "b") || is_called(w, "clear"))
        w->fake.link.secure = false;
    if (is_called(w, "far"))
        fake_link_certify(&w->fake, "far.example");
    w->fake.link.by_address = is_called(w, "lab");
    relay_link_known(s->b->rig.relay, &w->fake.link);
    rig_settle(&s->b->rig);
}

static void log_in(struct scene *s, const char *name)
{
    const char *user = strcmp(name, "far") == 0 ? "alice" : name;
    struct wire *w = find_wire(s, name);
    struct issued *u;

    if (!w || w->fake.link.connecting || link_is_blocked(&w->fake.link) ||
        w->in_n > 0 ||
        (w->fake.link.is_relay &&
         s->b->rig.policy.relay_names == s->admitted[1]))
        return;
    (void)fake_link_new_output(&w->fake);
    rig_auth(&s->b->rig, w, user);
    u = &ANY(s, s->issued);
    (void)span_copy(u->uri, sizeof u->uri, span_str(w->uri));
    (void)span_copy(u->owner, sizeof u->owner, span_str(name));
}

static void come_back(struct scene *s, const char *name)
{
    static const char *const users[] = {"alice", "bob", "carol"};

    come(s, name);
    for (size_t i = 0; i < sizeof users / sizeof *users; i++)
        if (strcmp(users[i], name) == 0)
            log_in(s, name);
}

/* --- requests --- */

static const char *choose_from(struct scene *s, const struct wire *w)
{
    static const char *const of_far[] = {
        FAR, FAR " " LONE, "msrps://far.example:9/far;tcp", LAB " " LONE};
    static const char *const of_lab[] = {LAB, LAB " " LONE, FAR " " LONE, LONE};
    static const char *const of_a[] = {P_A, P_A2}, *const of_b[] = {P_B, P_B2};
    static char text[256];

    if (is_called(w, "far"))
        return ANY(s, of_far);
    if (is_called(w, "lab"))
        return ANY(s, of_lab);
    if (is_called(w, "a"))
        return ANY(s, of_a);
    if (is_called(w, "b") || is_called(w, "dialled"))
        return ANY(s, of_b);
    if (is_called(w, "clear"))
        return "msrp://clear.example:9/clear;tcp";
    (void)snprintf(text, sizeof text, "msrps://%s.example:9/%s;tcp",
                   below(s, 10) ? w->name : "peer", w->name);
    return text;
}

/* Mostly as clients do it: out through their own session, or to somebody's. */
static void choose_to(struct scene *s, const struct wire *w, char *dst,
                      size_t size)
{
    static const char *const lasts[] = {"msrps://alice.example:9/alice;tcp",
                                        "msrps://bob.example:9/bob;tcp",
                                        "msrps://peer.example:9/peer;tcp",
                                        "msrp://clear.example:9/clear;tcp",
                                        "msrps://far.example:9/far;tcp",
                                        FAR,
                                        LAB,
                                        LONE};
    bool is_side =
        is_called(w, "a") || is_called(w, "b") || is_called(w, "dialled");
    const struct issued *u = &ANY(s, s->issued);
    const char *last = ANY(s, lasts);
    bool is_odd = below(s, 6) == 0;

    if (below(s, 10) < (is_side ? 8 : 1))
        (void)snprintf(dst, size, "%s", below(s, 2) ? s->b->u_a : s->b->u_b);
    else if (!*w->uri || is_odd || below(s, 3) == 0)
        (void)snprintf(dst, size, "%s msrps://%s.example:9/%s;tcp", u->uri,
                       u->owner, is_odd ? "odd" : u->owner);
    else if (below(s, 3))
        (void)snprintf(dst, size, "%s %s", w->uri, last);
    else
        (void)snprintf(dst, size, "%s %s %s", w->uri,
                       below(s, 3) ? u->uri : s->b->u_a, last);
}

static struct request *choose_request(struct scene *s)
{
    struct rig *r = &s->b->rig;
    struct request *q;
    struct wire *w;

    if (s->n_requests > 0 && below(s, 3))
        return &s->requests[below(s, s->n_requests)];
    w = &r->wires[below(s, (uint32_t)r->n_wires)];
    if (w->gone)
        return NULL;
    q = s->n_requests < REQUESTS_MAX ? &s->requests[s->n_requests++]
                                     : &ANY(s, s->requests);
    (void)span_copy(q->wire, sizeof q->wire, span_str(w->name));
    choose_to(s, w, q->to, sizeof q->to);
    (void)span_copy(q->from, sizeof q->from, span_str(choose_from(s, w)));
    return q;
}

/* A SEND as it may be, or a REPORT. */
static void ask(struct scene *s)
{
    static const char *const bodies[] = {
        "", "Content-Type: a/b\r\n\r\nhello\r\n",
        "Byte-Range: 1-5/10\r\nContent-Type: a/b\r\n\r\nhello\r\n"};
    static const char *const wishes[] = {"", "Failure-Report: no\r\n",
                                         "Failure-Report: partial\r\n"};
    struct request *q = choose_request(s);
    struct wire *w = q ? find_wire(s, q->wire) : NULL;
    const char *body = ANY(s, bodies);
    bool is_report = below(s, 12) == 0;
    char start[32], rest[256];

    if (!w || w->fake.link.connecting)
        return;
    s->n_sent++;
    (void)snprintf(start, sizeof start, "tid%u %s", s->n_sent,
                   is_report ? "REPORT" : "SEND");
    (void)snprintf(rest, sizeof rest,
                   "Message-ID: m%u\r\n%s%s-------tid%u%c\r\n", s->n_sent,
                   is_report ? "Status: 000 200 OK\r\n" : ANY(s, wishes),
                   is_report ? "" : body, s->n_sent,
                   "$$#"[is_report || !*body ? 0 : below(s, 3)]);
    for (unsigned n = 1 + below(s, 3); n > 0 && !w->gone; n--)
        pair_bench_ask(s->b, w, start, q->to, q->from, rest);
}

/* --- what changes --- */

static void kick(struct scene *s)
{
    struct relay *r = s->b->rig.relay;
    struct session_view v;
    struct relay_walk walk;
    bool found = true;

    relay_walk_begin(r, &walk);
    for (uint32_t n = 1 + below(s, 3); n > 0 && found; n--)
        found = relay_walk_next(&walk, &v);
    if (found)
        relay_walk_kick(r, &walk);
    relay_walk_end(&walk);
    rig_settle(&s->b->rig);
}

static void reload(struct scene *s)
{
    struct policy *p = &s->b->rig.policy;

    p->relay_names = below(s, 3) ? s->admitted[below(s, 2)] : NULL;
    p->share_peers = below(s, 2);
    p->name = SPAN("relay.example.com");
    p->self = SPAN("msrps://relay.example.com:2855;tcp");
    if (below(s, 4) == 0) {
        p->name = SPAN("new.example");
        p->self = SPAN("msrps://new.example:2855;tcp");
    }
    rig_reload(&s->b->rig, NULL);
}

/* A dial ends, or a connection. */
static void change_wire(struct scene *s)
{
    struct rig *r = &s->b->rig;
    struct wire *w = &r->wires[below(s, (uint32_t)r->n_wires)];

    if (w->gone)
        come_back(s, ANY(s, names));
    else if (!w->fake.link.connecting)
        rig_close(r, w, below(s, 4) == 0);
    else if (below(s, 4) && may_be_up(s, w->name))
        rig_up(r, w);
    else
        rig_down(r, w, 408);
}

static void say_again(struct scene *s)
{
    static const char *const of_a[] = {P_A, P_A2}, *const of_b[] = {P_B, P_B2};
    struct pair_bench *b = s->b;
    bool is_b = below(s, 2);

    if (b->pair)
        pair_bench_say(b, b->pair, is_b, is_b ? ANY(s, of_b) : ANY(s, of_a),
                       below(s, 3) == 0);
}

static void give_again(struct scene *s)
{
    struct anchored_grant g = pair_bench_grant();
    enum anchored_side side = below(s, 2);
    struct pair_bench *b = s->b;
    struct anchored_uri *u;

    g.ws = below(s, 2);
    if (!b->pair || anchored_uri_new(&u, b->pair, side, &g) != 0)
        return;
    anchored_uri_use(b->rig.relay, b->pair, side, u);
    (void)span_copy(side == ANCHORED_A ? b->u_a : b->u_b, sizeof b->u_a,
                    anchored_uri_text(u));
    rig_settle(&b->rig);
}

static void fork_or_join(struct scene *s)
{
    struct pair_bench *b = s->b;

    if (s->fork) {
        anchored_pair_end(b->rig.relay, s->fork, ANCHORED_DELETE);
        s->fork = NULL;
    } else {
        s->fork = pair_bench_pair(b, b->token);
        pair_bench_say(b, s->fork, ANCHORED_A, P_A, false);
        pair_bench_say(b, s->fork, ANCHORED_B, P_B2, false);
    }
    rig_settle(&b->rig);
}

static void end_or_begin(struct scene *s)
{
    struct pair_bench *b = s->b;

    if (b->pair) {
        anchored_pair_end(b->rig.relay, b->pair, ANCHORED_DELETE);
        b->pair = NULL;
        rig_settle(&b->rig);
    } else {
        pair_bench_answer(b, below(s, 2));
    }
}

static void wait_a_while(struct scene *s)
{
    rig_wait(&s->b->rig, below(s, 12) ? below(s, 500) : 1000 * below(s, 61));
}

static void step(struct scene *s)
{
    static const char *const users[] = {"alice", "bob", "carol", "far"};

    relay_clock(s->b->rig.relay, s->b->rig.now_ms);
    switch (below(s, 60)) {
    case 0:
        kick(s);
        break;
    case 1:
        reload(s);
        break;
    case 2:
    case 3:
        change_wire(s);
        break;
    case 4:
    case 14:
    case 15:
        come_back(s, ANY(s, names));
        break;
    case 5:
    case 6:
    case 12:
    case 13:
        log_in(s, ANY(s, users));
        break;
    case 7:
        say_again(s);
        break;
    case 8:
        give_again(s);
        break;
    case 9:
        fork_or_join(s);
        break;
    case 10:
        end_or_begin(s);
        break;
    case 11:
        wait_a_while(s);
        break;
    default:
        ask(s);
        break;
    }
}

/* --- a run --- */

static struct host_names *admit(const char *name)
{
    struct host_names *admitted = host_names_new();

    assert_non_null(admitted);
    assert_int_equal(host_names_add(admitted, span_str(name)), 0);
    return admitted;
}

static void begin(struct scene *s, uint64_t seed)
{
    void *bench;

    *s = (struct scene){.chance.random = seed * 2 + 1};
    sim_seed_system(seed);
    assert_int_equal(pair_bench_set_up(&bench), 0);
    s->b = bench;
    s->b->dials = true;
    s->b->rig.policy.default_expires_s = 120;
    rig_dials(&s->b->rig, "far", "far.example");
    rig_dials(&s->b->rig, "lone", "lone.example");
    rig_reload(&s->b->rig, NULL);
    s->admitted[0] = admit("far.example");
    s->admitted[1] = admit("other.example");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        come(s, names[i]);
    for (size_t i = 0; i < 2 * ISSUED_MAX; i++)
        log_in(s, names[i % 3]);
    pair_bench_answer(s->b, false);
}

/* What everybody was sent; the caller owns it. */
static char *transcript(const struct rig *r, size_t *n)
{
    size_t at = 0;
    char *all;

    *n = 0;
    for (size_t i = 0; i < r->n_wires; i++)
        *n += r->wires[i].fake.out_n + 1;
    all = malloc(*n + 1);
    assert_non_null(all);
    for (size_t i = 0; i < r->n_wires; i++) {
        const struct fake_link *f = &r->wires[i].fake;

        if (f->out_n)
            memcpy(all + at, f->out, f->out_n);
        at += f->out_n;
        all[at++] = '\n';
    }
    return all;
}

static char *run(uint64_t seed, size_t *n)
{
    struct scene *s = malloc(sizeof *s);
    void *bench;
    char *all;

    assert_non_null(s);
    begin(s, seed);
    for (unsigned i = 0; i < STEPS; i++)
        if (s->b->rig.n_wires < RIG_WIRES_MAX - WIRES_LEFT)
            step(s);
    all = transcript(&s->b->rig, n);
    bench = s->b;
    (void)pair_bench_tear_down(&bench);
    host_names_free(s->admitted[0]);
    host_names_free(s->admitted[1]);
    free(s);
    return all;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void what_is_kept_is_what_would_be_found(void **state)
{
    uint64_t first = number_of("KEPT_SEED", 1),
             end = first + number_of("KEPT_SEEDS", SEEDS);

    (void)state;
    for (uint64_t seed = first; seed < end; seed++) {
        size_t n, other_n;
        char *one, *other;

        kept_routes_hide(false);
        one = run(seed, &n);
        kept_routes_hide(true);
        other = run(seed, &other_n);
        if (n != other_n || memcmp(one, other, n) != 0)
            fail_msg("they differ with KEPT_SEED=%llu",
                     (unsigned long long)seed);
        free(one);
        free(other);
    }
    assert_true(kept_routes_take() > 1000);
}

/* --- a lone peer, and a relay of the same name that comes later --- */

#define GREETING                                                               \
    "Message-ID: 1\r\nContent-Type: a/b\r\n\r\nhello\r\n-------g$\r\n"

static void greet(struct rig *r, struct wire *w, const char *to,
                  const char *last, const char *from)
{
    char text[512];

    (void)snprintf(text, sizeof text,
                   "MSRP g SEND\r\nTo-Path: %s %s\r\nFrom-Path: %s\r\n%s", to,
                   last, from, GREETING);
    rig_send(r, w, text);
}

/* From the moment on in which the relay says who it is, nothing goes to the
 * peer (S-1 b). */
static void a_relay_takes_what_went_to_a_lone_peer(void **state)
{
    static const char me[] = "msrps://alice.example:9/alice;tcp";
    struct wire *alice, *lone, *far;
    struct rig r;

    (void)state;
    kept_routes_hide(false);
    rig_init(&r);
    assert_int_equal(rig_start_plain(&r), 0);
    rig_dials(&r, "lone", "far.example");
    alice = rig_client(&r, "alice");
    greet(&r, alice, alice->uri, FAR, me);
    lone = rig_wire(&r, SPAN("lone"));
    rig_up(&r, lone);
    far = rig_connect(&r, "far");
    fake_link_certify(&far->fake, "far.example");
    relay_link_known(r.relay, &far->fake.link);
    greet(&r, alice, alice->uri, FAR, me);
    (void)kept_routes_take();
    (void)fake_link_new_output(&lone->fake);
    greet(&r, alice, alice->uri, FAR, me);
    assert_int_equal(kept_routes_take(), 1);
    assert_true(fake_link_new_output(&lone->fake).n > 0);
    greet(&r, far, alice->uri, me, FAR);
    (void)fake_link_new_output(&far->fake);
    greet(&r, alice, alice->uri, FAR, me);
    assert_int_equal(fake_link_new_output(&lone->fake).n, 0);
    assert_true(fake_link_new_output(&far->fake).n > 0);
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_is_what_would_be_found),
        cmocka_unit_test(a_relay_takes_what_went_to_a_lone_peer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
