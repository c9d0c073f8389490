/* SPDX-License-Identifier: BSD-2-Clause */
/* Two relays, one link, and somebody on it who stops himself: nobody else
 * notices (S-12, S-13, S-14; cases 2.1 to 2.4 and 3.3). But for what is tried,
 * the relays' patience is far longer than the test's: what waits for it does
 * not come in time. */
#include "chain.h"
#include "cmocka_all.h"
#include "flow.h"
#include "reach.h"
#include "request.h"

enum { RECEIVE_BUFFER = 4096 };

#define PATIENCE                                                               \
    "stall = 300.0; transaction = 300.0; connect = 300.0; handshake = 300.0; " \
    "drain = 0.2;"

/* alice and bob at one relay, carol and dave at the other; or the other way
 * round. */
struct pairs {
    struct scene *s;
    struct relay *near, *far;
    struct client *alice, *bob, *carol, *dave;
};

static struct client *log_in_at(struct scene *s, struct relay *r,
                                const char *name, int receive_buffer)
{
    const struct client_opts opts = {.tls = s->tls,
                                     .port = relay_port(r, RELAY_TLS),
                                     .relay = r,
                                     .receive_buffer = receive_buffer};
    struct client *c = scene_connect_with(s, name, &opts);

    scene_wait_open(c);
    login_on(c);
    return c;
}

/* A text from the one to the other, answered on both sides. */
static void pass_text(struct client *from, struct client *to)
{
    const char *tid = talk_text(from, to, "hello");

    talk_answer(to, talk_expect_body(to, SPAN("hello"), '$'), 200);
    talk_expect_code(from, tid, 200);
}

static void meet(struct pairs *p, void **state, bool turned,
                 const struct outside_opts *opts)
{
    p->s = chain_start(state, opts);
    p->near = p->s->relay;
    p->far = chain_add(p->s, CHAIN_EXTRA, opts);
    if (turned) {
        p->near = p->far;
        p->far = p->s->relay;
    }
    p->alice = log_in_at(p->s, p->near, "alice", 0);
    p->bob = log_in_at(p->s, p->near, "bob", 0);
    p->carol = log_in_at(p->s, p->far, "carol", RECEIVE_BUFFER);
    p->dave = log_in_at(p->s, p->far, "dave", 0);
    pass_text(p->bob, p->dave); /* there is a link now */
}

/* bob and dave talk, both ways. */
static void expect_no_wait(const struct pairs *p)
{
    for (int i = 0; i < 20; i++) {
        pass_text(p->bob, p->dave);
        pass_text(p->dave, p->bob);
    }
}

/* The link is the one that there was. */
static void expect_one_link(const struct pairs *p)
{
    assert_int_equal(chain_links(p->near), 1);
    assert_int_equal(chain_links(p->far), 1);
}

/* --- a receiver who takes nothing (2.1) ----------------------------------- */

static const struct outside_opts long_hold = {
    .relay = {.groups = "timers: { hold = 300.0; " PATIENCE " };\n"
                        "tcp: { send_buffer = 65536; receive_buffer = 65536; "
                        "};\n",
              .level = "info"}};

/* What is for him leaves the link, which goes on. */
static void pour(void **state, bool turned, const char *headers)
{
    enum { TOTAL = 8 << 20 };
    struct flow_out out = {.headers = headers};
    unsigned char sent[FLOW_HASH];
    struct pairs p;

    meet(&p, state, turned, &long_hold);
    p.carol->deaf = true;
    flow_out_start(&out, p.alice, p.carol, TOTAL, TOTAL);
    scene_until(p.s, flow_out_is_done, &out, "a message that has failed");
    expect_no_wait(&p);
    expect_one_link(&p);
    flow_out_end(&out, sent);
    assert_int_equal(p.carol->end, CLIENT_END_NONE);
}

static void who_takes_nothing_leaves_the_link(void **state)
{
    pour(state, false, "Failure-Report: no\r\n");
}

static void who_takes_nothing_leaves_the_link_the_other_way(void **state)
{
    pour(state, true, "Failure-Report: no\r\n");
}

/* Nothing of another relay's stands before the link: he has timers.stall. */
static const struct outside_opts short_stall = {
    .relay = {.groups = "timers: { hold = 300.0; stall = 3.0; "
                        "transaction = 300.0; drain = 0.2; };\n",
              .level = "info"}};

static void his_sender_is_told(void **state)
{
    enum { TOTAL = 8 << 20 };
    struct flow_out out = {0};
    unsigned char sent[FLOW_HASH];
    struct got *g;
    struct pairs p;

    meet(&p, state, false, &short_stall);
    p.carol->deaf = true;
    flow_out_start(&out, p.alice, p.carol, TOTAL, TOTAL);
    expect_no_wait(&p);
    scene_until(p.s, flow_out_is_done, &out, "a message that has failed");
    flow_out_end(&out, sent);
    g = scene_frame(p.alice);
    if (g->head.code == 200) /* by the first relay, before */
        g = talk_expect(p.alice, "REPORT");
    if (g->head.method == MSG_REPORT)
        assert_string_equal(talk_header(p.alice, g, "Status"),
                            "000 408 Timeout");
    else
        assert_int_equal(g->head.code, 408);
    expect_no_wait(&p);
    expect_one_link(&p);
}

/* He takes a little now and then: the others notice nothing, and he gets it
 * whole. Nothing gives up on him. */
static void who_takes_little_gets_it_whole(void **state)
{
    enum { TOTAL = 1 << 20, LITTLE = 2000 };
    struct flow_out out = {.id = "file"};
    struct flow_in in = {.id = "file"};
    unsigned char sent[FLOW_HASH], received[FLOW_HASH];
    struct pairs p;

    meet(&p, state, false, &long_hold);
    p.carol->most = LITTLE;
    flow_in_start(&in, p.carol);
    flow_out_start(&out, p.alice, p.carol, TOTAL, TOTAL);
    while (!flow_in_is_done(&in)) {
        pass_text(p.bob, p.dave);
        pass_text(p.dave, p.bob);
    }
    flow_out_end(&out, sent);
    flow_in_end(&in, received);
    assert_memory_equal(sent, received, FLOW_HASH);
    assert_int_equal(scene_frame(p.alice)->head.code, 200);
    talk_expect_nothing(p.alice);
    expect_one_link(&p);
}

/* --- a dial under way (2.2, 3.3) ------------------------------------------ */

static const struct outside_opts patient = {
    .relay = {.groups = "timers: { hold = 300.0; " PATIENCE " };\n",
              .level = "info"}};

static bool is_dialled(void *ctx)
{
    return host_connections(ctx) > 0;
}

/* carol has a way through both relays, and sends somewhere from the far one. */
static struct client *reach_from_afar(struct pairs *p, const char *uri)
{
    struct client *carol = log_in_at(p->s, p->near, "carol", 0);

    chain_login_at(carol, p->far);
    talk_expect_code(carol, reach_uri(carol, uri, "hello"), 200);
    return carol;
}

/* Nor does what she says herself wait for that: to the relay, and to others. */
static void expect_nobody_waits(struct pairs *p, struct client *carol)
{
    expect_no_wait(p);
    talk_expect_nothing(carol);
    pass_text(carol, p->bob);
    pass_text(carol, p->dave);
    expect_one_link(p);
}

static void a_dial_by_the_far_relay_holds_nobody_up(void **state)
{
    static const struct host_opts mute = {.deaf = true};
    struct client *carol;
    struct pairs p;
    struct host *h;

    meet(&p, state, false, &patient);
    h = host_new(p.s, &mute);
    carol = reach_from_afar(
        &p, scene_text(p.s, "msrps://peer.example.org:%u/x;tcp", host_port(h)));
    scene_until(p.s, is_dialled, h, "a dial");
    expect_nobody_waits(&p, carol);
}

static void a_look_up_by_the_far_relay_holds_nobody_up(void **state)
{
    static const char name[] = "silent.example.org";
    struct pairs p;

    meet(&p, state, false, &patient);
    dns_stub_set_mood(outside_names(p.s), name, 0, DNS_STUB_SILENT);
    expect_nobody_waits(
        &p, reach_from_afar(&p, "msrps://silent.example.org:7000/x;tcp"));
}

/* Who dials all over the place has his share of it, and others theirs. */
static void look_ups_of_one_leave_others_in_peace(void **state)
{
    enum { NAMES = 30, AT_ONCE = 16 }; /* limits.dials_per_connection */
    const struct host_opts bobs = {.name = "bob.example.org", .tls = true};
    struct client *alice, *carol;
    struct scene *s = outside_start(state, &patient);
    struct host *h = host_new(s, &bobs);

    alice = login(s, "alice");
    carol = login(s, "carol");
    for (int i = 0; i < NAMES; i++) {
        const char *name = scene_text(s, "n%d.example.org", i);
        const struct request r = {
            .method = i % 2 ? "FOO" : "SEND",
            .to = scene_text(s, "%s msrps://%s:7000/x;tcp", alice->uri, name)};

        dns_stub_set_mood(outside_names(s), name, 0, DNS_STUB_SILENT);
        (void)request_say(alice, &r);
    }
    for (int i = AT_ONCE; i < NAMES; i++)
        assert_int_equal(scene_frame(alice)->head.code, 408);
    talk_expect_nothing(alice);
    reach_both_ways(h, carol);
}

/* --- what nobody answers (2.3, 2.4) --------------------------------------- */

static const struct outside_opts few = {
    .relay = {.groups = "timers: { hold = 300.0; " PATIENCE " };\n"
                        "limits: { transactions_per_connection = 50; };\n",
              .level = "info"}};

/* `n` requests of a method that carol is mute about. */
static void say_often(struct pairs *p, const char *method, unsigned n)
{
    const struct request r = {.method = method,
                              .to = talk_path(p->alice, p->carol)};

    for (unsigned i = 0; i < n; i++)
        (void)request_say(p->alice, &r);
}

static void requests_without_answers_hold_nobody_up(void **state)
{
    static const char *const methods[] = {"FOO", "NICKNAME", "SEND"};

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        for (int turned = 0; turned < 2; turned++) {
            struct pairs p;

            meet(&p, state, turned, &few);
            say_often(&p, methods[i], 600);
            (void)talk_expect(p.carol, methods[i]);
            expect_no_wait(&p);
            expect_one_link(&p);
            assert_int_equal(scene_end(state), 0);
        }
}

/* Nor does carol get less of others. */
static void a_mute_receiver_is_still_reached(void **state)
{
    const struct send quiet = {.headers = "Failure-Report: no\r\n",
                               .body = SPAN("quiet")};
    struct pairs p;

    meet(&p, state, false, &few);
    say_often(&p, "SEND", 50);
    for (int i = 0; i < 50; i++)
        (void)talk_expect(p.carol, "SEND");
    for (int i = 0; i < 100; i++) {
        (void)talk_send(p.bob, p.carol, &quiet);
        (void)talk_expect_body(p.carol, SPAN("quiet"), '$');
        (void)talk_send(p.alice, p.carol, &quiet);
        (void)talk_expect_body(p.carol, SPAN("quiet"), '$');
    }
    pass_text(p.bob, p.carol);
    expect_no_wait(&p);
}

/* 2.5: those that carol answers later than they come all reach her. */
static void a_burst_waits_for_its_answers(void **state)
{
    enum { AT_ONCE = 25, ALL = 500 }; /* half of the limit */
    const struct got *open[AT_ONCE];
    struct pairs p;

    for (int turned = 0; turned < 2; turned++) {
        meet(&p, state, turned, &few);
        say_often(&p, "SEND", ALL);
        for (int i = 0; i < ALL + AT_ONCE; i++) {
            if (i >= AT_ONCE)
                talk_answer(p.carol, open[i % AT_ONCE], 200);
            if (i < ALL)
                open[i % AT_ONCE] = talk_expect(p.carol, "SEND");
        }
        for (int i = 0; i < ALL; i++)
            assert_int_equal(scene_frame(p.alice)->head.code, 200);
        talk_expect_nothing(p.alice);
        expect_no_wait(&p);
        expect_one_link(&p);
        assert_int_equal(scene_end(state), 0);
    }
}

/* They need no answer, and are no load (P-4). */
static void partial_ones_wait_for_no_answer(void **state)
{
    const struct send partial = {.headers = "Failure-Report: partial\r\n",
                                 .body = SPAN("partial")};

    for (int turned = 0; turned < 2; turned++) {
        struct pairs p;

        meet(&p, state, turned, &few);
        (void)talk_text(p.alice, p.carol, "yes");
        (void)talk_expect_body(p.carol, SPAN("yes"), '$');
        for (int i = 0; i < 300; i++)
            (void)talk_send(p.alice, p.carol, &partial);
        for (int i = 0; i < 300; i++)
            (void)talk_expect_body(p.carol, SPAN("partial"), '$');
        assert_int_equal(scene_end(state), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(who_takes_nothing_leaves_the_link),
        E2E_TEST(who_takes_nothing_leaves_the_link_the_other_way),
        E2E_TEST(his_sender_is_told),
        E2E_TEST(who_takes_little_gets_it_whole),
        E2E_TEST(a_dial_by_the_far_relay_holds_nobody_up),
        E2E_TEST(a_look_up_by_the_far_relay_holds_nobody_up),
        E2E_TEST(look_ups_of_one_leave_others_in_peace),
        E2E_TEST(requests_without_answers_hold_nobody_up),
        E2E_TEST(a_mute_receiver_is_still_reached),
        E2E_TEST(a_burst_waits_for_its_answers),
        E2E_TEST(partial_ones_wait_for_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
