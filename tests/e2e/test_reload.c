/* SPDX-License-Identifier: BSD-2-Clause */
/* A reload while everything goes on: certificate, key, users and configuration
 * are replaced under transfers, all or nothing. */
#include <signal.h>

#include "cmocka_all.h"
#include "flow.h"
#include "login.h"
#include "outside.h"
#include "renew.h"

/* --- two hundred transfers, a hundred reloads ----------------------------- */

enum {
    TRANSFERS = 200,
    RELOADS = 100,
    BROKEN_EACH = 10,
    STEP = 4096, /* octets that a transfer goes on in the time of a reload */
    TOTAL = (RELOADS + 1) * STEP,
    CHUNK = 10000, /* no multiple: most reloads meet each within a SEND */
    CHUNKS = (TOTAL + CHUNK - 1) / CHUNK,
    BASE_EXPIRES_S = 1000,
};

struct transfers {
    struct client *from[TRANSFERS], *to[TRANSFERS];
    struct flow_out out[TRANSFERS];
    struct flow_in in[TRANSFERS];
    uint64_t before;    /* octets through when they last went on */
    uint64_t meanwhile; /* octets through while it reloaded */
};

static void begin_transfers(struct transfers *t, struct scene *s)
{
    for (int i = 0; i < TRANSFERS; i++) {
        t->from[i] = login(s, "alice");
        t->to[i] = login(s, "bob");
        t->out[i].gate = STEP;
        flow_in_start(&t->in[i], t->to[i]);
        flow_out_start(&t->out[i], t->from[i], t->to[i], TOTAL, CHUNK);
    }
}

static uint64_t octets_through(const struct transfers *t)
{
    uint64_t n = 0;

    for (int i = 0; i < TRANSFERS; i++)
        n += t->in[i].at;
    return n;
}

static bool has_moved(void *ctx)
{
    const struct transfers *t = ctx;

    return octets_through(t) > t->before;
}

/* All go on, and are on their way when this returns. */
static void go_on(struct transfers *t, struct scene *s, int round)
{
    t->before = octets_through(t);
    for (int i = 0; i < TRANSFERS; i++)
        flow_out_allow(&t->out[i], (uint64_t)(round + 1) * STEP);
    scene_until(s, has_moved, t, "any of the transfers");
}

/* Whole and identical, each SEND answered 200, and not a REPORT. */
static void end_transfers(struct transfers *t, struct scene *s)
{
    unsigned char sent[FLOW_HASH], received[FLOW_HASH];

    for (int i = 0; i < TRANSFERS; i++) {
        scene_until(s, flow_in_is_done, &t->in[i], "the end of a transfer");
        assert_int_equal(t->in[i].flag, '$');
        assert_int_equal(t->in[i].at, TOTAL);
        flow_out_end(&t->out[i], sent);
        flow_in_end(&t->in[i], received);
        assert_memory_equal(sent, received, FLOW_HASH);
        for (int n = 0; n < CHUNKS; n++)
            assert_int_equal(scene_frame(t->from[i])->head.code, 200);
        talk_expect_nothing(t->from[i]);
        talk_expect_nothing(t->to[i]);
    }
}

/* What tells one round's files from another's. */
static const char *password_of(struct scene *s, int round)
{
    return scene_text(s, "of-round-%d", round);
}

static void write_users(struct scene *s, int round)
{
    /* Those of the transfers come, go, and change. */
    struct renew_user users[] = {
        {"erin", password_of(s, round)},
        {round % 2 ? "alice" : "bob", password_of(s, round)},
    };

    renew_users(s->relay, users, sizeof users / sizeof *users);
}

static void write_config(struct scene *s, int round, const char *more)
{
    const struct relay_opts opts = {
        .auth = scene_text(s, "default_expires = %d;", BASE_EXPIRES_S + round),
        .groups = more};

    relay_write_config(s->relay, &opts);
}

static void write_good_files(struct scene *s, int round)
{
    renew_certificate(s->relay);
    write_users(s, round);
    write_config(s, round, NULL);
}

/* New files, of which one is no good: what the relay has to say of it. */
static const char *write_bad_files(struct scene *s, int round, int kind)
{
    struct relay *r = s->relay;
    char *key;

    write_good_files(s, round);
    switch (kind % 5) {
    case 0:
        write_config(s, round, "limits: {\n nonsense = 1;\n};");
        return "relay.conf line=9 fault=";
    case 1:
        write_config(s, round, "limits: {\n head_size = ;\n};");
        return "relay.conf line=9 fault=";
    case 2:
        renew_file(r, "pem", "this is no certificate\n");
        return "relay.conf line=4 fault=";
    case 3:
        renew_file(r, "users", "# users\nmallory\n");
        return "relay.users line=2 fault=";
    default:
        key = renew_read(r, "key");
        renew_certificate(r);
        renew_file(r, "key", key);
        free(key);
        return "relay.conf line=4 fault=";
    }
}

/* A newcomer sees the files of the last good round: certificate, users and a
 * setting; not those of another one. */
static void assert_in_force(struct scene *s, int in_force, int other,
                            uint64_t serial)
{
    struct client *c = scene_connect(s, RELAY_TLS, "erin");
    struct login l = {.alg = DIGEST_MD5};
    const char *expires;

    assert_true(renew_serial_seen(c) == serial);
    login_ask(c, &l);
    l.password = password_of(s, other);
    login_refused(c, &l, login_try(c, &l));
    l.password = password_of(s, in_force);
    expires = talk_header(c, login_granted(c, login_try(c, &l)), "Expires");
    assert_string_equal(expires,
                        scene_text(s, "%d", BASE_EXPIRES_S + in_force));
    l.user = in_force % 2 ? "bob" : "alice";
    login_ask(c, &l);
    login_refused(c, &l, login_try(c, &l));
    client_close(c);
}

/* The relay is told to take the files of the round, one of them broken or none,
 * while the transfers go on. */
static void renew_under(struct transfers *t, struct scene *s, int round,
                        bool broken)
{
    const char *fault =
        broken ? write_bad_files(s, round, round / BROKEN_EACH) : NULL;
    uint64_t before;

    if (!broken)
        write_good_files(s, round);
    go_on(t, s, round);
    before = octets_through(t);
    if (broken)
        renew_in_vain(s, fault);
    else
        renew_well(s);
    t->meanwhile += octets_through(t) - before;
}

static void two_hundred_transfers_live_through_a_hundred_reloads(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct transfers *t = calloc(1, sizeof *t);
    uint64_t serial = renew_serial(s->relay);
    size_t descriptors;
    int last_good = 0;

    assert_non_null(t);
    begin_transfers(t, s);
    descriptors = relay_descriptors(s->relay);
    for (int round = 1; round <= RELOADS; round++) {
        bool broken = round % BROKEN_EACH == 0;

        renew_under(t, s, round, broken);
        if (broken) {
            assert_in_force(s, last_good, round, serial);
            continue;
        }
        serial = renew_serial(s->relay);
        assert_in_force(s, round, last_good, serial);
        last_good = round;
    }
    print_message("%llu of %llu octets went through while it reloaded\n",
                  (unsigned long long)t->meanwhile,
                  (unsigned long long)TOTAL * TRANSFERS);
    assert_true(t->meanwhile > 0);
    /* The last newcomer may still be there. */
    assert_in_range(relay_descriptors(s->relay), descriptors, descriptors + 1);
    end_transfers(t, s);
    free(t);
}

/* The writer of a FIFO would be waited for, by the loop. */
static void a_fifo_in_the_place_of_a_file_is_a_fault(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    renew_fifo(s->relay, "users");
    renew_in_vain(s, "relay.users: not a regular file");
    renew_fifo(s->relay, "key");
    renew_in_vain(s, "relay.key: not a regular file");
    flow_pass(alice, bob, CHUNK, CHUNK, CHUNK);
}

/* --- at bad times --------------------------------------------------------- */

static void a_thousand_at_once_do_no_harm(void **state)
{
    enum { STORM = 1000, LARGE = 1 << 20 };
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    for (int i = 0; i < STORM; i++)
        relay_signal(s->relay, SIGHUP);
    flow_pass(alice, bob, LARGE, CHUNK, CHUNK);
    renew_well(s);
    talk_expect_nothing(login(s, "carol"));
}

/* Each handshake goes on with the certificate that it began with, whichever
 * that is. */
static void handshakes_meanwhile_succeed(void **state)
{
    enum { HANDSHAKES = 50 };
    struct scene *s = scene_start(state, NULL);
    const struct client_opts to = {.tls = s->tls,
                                   .port = relay_port(s->relay, RELAY_TLS)};
    uint64_t before = renew_serial(s->relay), after, seen;
    struct client *clients[HANDSHAKES];

    renew_certificate(s->relay);
    after = renew_serial(s->relay);
    for (int i = 0; i < HANDSHAKES; i++)
        clients[i] = scene_connect_with(s, "alice", &to);
    for (int i = 0; i < HANDSHAKES / 2; i++)
        scene_turn(s, now_ms());
    renew_well(s);
    for (int i = 0; i < HANDSHAKES; i++) {
        scene_wait_open(clients[i]);
        seen = renew_serial_seen(clients[i]);
        assert_true(seen == before || seen == after);
        login_on(clients[i]);
    }
}

static const char *send_to(struct client *c, const struct host *h)
{
    const struct send s = {
        .to = scene_text(c->scene, "%s %s", c->uri, host_uri(h)),
        .body = SPAN("to a host")};

    return talk_send(c, NULL, &s);
}

/* Each time the relay is about to dial, or does. */
static void dials_meanwhile_succeed(void **state)
{
    enum { HOSTS = 5 };
    static const struct outside_opts opts = {.dial = OUTSIDE_OPEN};
    struct scene *s = outside_start(state, &opts);
    struct client *alice = login(s, "alice"), *peer;

    for (int i = 0; i < HOSTS; i++) {
        const struct host_opts at = {
            .name = scene_text(s, "host%d.example.org", i), .tls = true};
        struct host *h = host_new(s, &at);
        const char *tid = send_to(alice, h);

        for (int turns = 0; turns < i; turns++)
            scene_turn(s, now_ms());
        renew_certificate(s->relay);
        relay_signal(s->relay, SIGHUP);
        peer = host_accept(h);
        talk_answer(peer, talk_expect_body(peer, SPAN("to a host"), '$'), 200);
        talk_expect_code(alice, tid, 200);
    }
    renew_well(s);
    talk_expect_nothing(alice);
}

static bool was_asked(void *ctx)
{
    const struct scene *s = ctx;

    return dns_stub_asked(outside_names(s), "slow.example.org", DNS_A) > 0;
}

/* A question that the name server has not answered yet is asked on. */
static void questions_to_name_servers_outlive_it(void **state)
{
    static const struct outside_opts opts = {.dial = OUTSIDE_OPEN};
    struct scene *s = outside_start(state, &opts);
    struct client *alice = login(s, "alice"), *peer;
    const struct host_opts at = {.name = "slow.example.org"};
    struct host *h = host_new(s, &at);
    const char *tid;

    dns_stub_set_mood(outside_names(s), at.name, 0, DNS_STUB_SILENT);
    tid = send_to(alice, h);
    scene_until(s, was_asked, s, "a question");
    renew_well(s);
    dns_stub_set_mood(outside_names(s), at.name, 0, DNS_STUB_ANSWER);
    peer = host_accept(h);
    talk_answer(peer, talk_expect_body(peer, SPAN("to a host"), '$'), 200);
    talk_expect_code(alice, tid, 200);
}

/* The file may be gone by then: it is not looked at. */
static void none_happens_during_the_end(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct client *carol = login(s, "carol");
    const struct send message = {.body = SPAN("wait for me")};
    const char *tid = talk_send(alice, bob, &message);
    struct got *g = talk_expect_body(bob, message.body, '$');

    talk_expect_code(alice, tid, 200);
    relay_signal(s->relay, SIGTERM);
    scene_wait_end(carol);
    renew_file(s->relay, "conf", "this is no configuration");
    relay_signal(s->relay, SIGHUP);
    relay_signal(s->relay, SIGUSR2);
    scene_wait_log(s, "table=connection c=1 ");
    talk_answer(bob, g, 200);
    assert_int_equal(scene_wait_exit(s), 0);
    assert_null(strstr(relay_log(s->relay), "reload"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(two_hundred_transfers_live_through_a_hundred_reloads),
        E2E_TEST(a_fifo_in_the_place_of_a_file_is_a_fault),
        E2E_TEST(a_thousand_at_once_do_no_harm),
        E2E_TEST(handshakes_meanwhile_succeed),
        E2E_TEST(dials_meanwhile_succeed),
        E2E_TEST(questions_to_name_servers_outlive_it),
        E2E_TEST(none_happens_during_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
