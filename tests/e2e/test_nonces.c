/* SPDX-License-Identifier: BSD-2-Clause */
/* A nonce belongs to the connection on which it was given (S-16): nobody uses
 * up another's, and each is good for as long as it is fresh. */
#include "chain.h"
#include "cmocka_all.h"
#include "peer_relay.h"
#include "websocket.h"

enum {
#ifdef MSRP_SANITIZE
    LOGINS = 1000,
#else
    LOGINS = 5000,
#endif
    /* Challenges that a client may have open (S-15). */
    OPEN = 10,
    USERS = 4,
};

static const char *const users[USERS] = {"alice", "bob", "carol", "dave"};

/* As many sessions as one likes, no log of all of it, and time for those who
 * wait meanwhile. */
static const struct relay_opts many = {
    .level = "info",
    .auth = "nonce_lifetime = 300.0;",
    .groups = "limits: { sessions_per_connection = 0; };\n"
              "timers: { probation = 300.0; };\n"};

/* --- many logins (3.1) ---------------------------------------------------- */

static void logins_of_one_leave_others_in_peace(void **state)
{
    struct scene *s = scene_start(state, &many);
    struct client *dave = scene_connect(s, RELAY_TLS, "dave");
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login hers = {.alg = DIGEST_MD5};

    login_ask(alice, &hers);
    for (int i = 0; i < LOGINS; i++)
        login_on(dave);
    login_granted(alice, login_try(alice, &hers));
    login(s, "bob");
    login_on(dave);
}

/* AUTHs with right digests, of which nothing comes. */
static void refused_intervals_leave_others_in_peace(void **state)
{
    struct scene *s = scene_start(state, &many);
    struct client *dave = scene_connect(s, RELAY_TLS, "dave");
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login hers = {.alg = DIGEST_MD5};

    login_ask(alice, &hers);
    for (int i = 0; i < LOGINS; i++) {
        struct login l = {.alg = DIGEST_MD5, .headers = "Expires: 1\r\n"};

        if (i % (OPEN / 2) == 0)
            login_on(dave);
        login_ask(dave, &l);
        talk_expect_code(dave, login_try(dave, &l), 423);
    }
    login_granted(alice, login_try(alice, &hers));
    login(s, "bob");
}

/* Expires is judged before a nonce is spent. */
static void a_refused_interval_spends_no_nonce(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {.alg = DIGEST_MD5, .headers = "Expires: 1\r\n"};

    login_ask(alice, &l);
    talk_expect_code(alice, login_try(alice, &l), 423);
    talk_expect_code(alice, login_try(alice, &l), 423);
    l.headers = NULL;
    login_granted(alice, login_try(alice, &l));
}

/* --- each on its own connection ------------------------------------------- */

static void a_nonce_from_elsewhere_is_stale(void **state)
{
    static const struct relay_opts opts = {
        .listen = "{ transport = \"tls\"; address = \"127.0.0.1\"; port = 0; },"
                  "{ transport = \"tcp\"; address = \"127.0.0.1\"; port = 0; },"
                  "{ transport = \"wss\"; address = \"127.0.0.1\"; port = 0; }",
        .auth = "allow_tcp = true; max_failures = 1;"};
    static const enum relay_port ports[] = {RELAY_TLS, RELAY_TCP, RELAY_WSS};
    struct scene *s = scene_start(state, &opts);

    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++) {
            struct client *one = websocket_or_not(s, ports[i], "alice");
            struct client *two = websocket_or_not(s, ports[j], "alice");
            struct login l = {.alg = DIGEST_MD5}, elsewhere;

            login_ask(one, &l);
            elsewhere = l;
            login_refused(two, &elsewhere, login_try(two, &l));
            assert_true(elsewhere.stale); /* which is no failure */
            login_granted(two, login_try(two, &elsewhere));
            login_granted(one, login_try(one, &l));
        }
}

/* Not even when the first connection is gone. */
static void a_nonce_dies_with_its_connection(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *one = scene_connect(s, RELAY_TLS, "alice"), *two;
    struct login l = {.alg = DIGEST_MD5};

    login_ask(one, &l);
    client_close(one);
    scene_wait_closed(one);
    two = scene_connect(s, RELAY_TLS, "alice");
    login_refused(two, &l, login_try(two, &l));
    assert_true(l.stale);
    login_granted(two, login_try(two, &l));
}

/* Nor a client's over the link of a relay, or the other way round. */
static void a_relays_link_is_another_connection(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *link = peer_relay_connect(s, NULL);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login hers = {.alg = DIGEST_MD5}, theirs = hers, l;

    login_ask(alice, &hers);
    peer_relay_ask(link, &theirs, "alice");
    l = hers;
    assert_int_equal(peer_relay_attempt(link, &l, "alice"), 401);
    assert_true(l.stale);
    assert_int_equal(peer_relay_attempt(link, &theirs, "alice"), 200);
    l = theirs;
    l.user = NULL;
    login_refused(alice, &l, login_try(alice, &l));
    assert_true(l.stale);
    login_granted(alice, login_try(alice, &hers));
}

/* The link between two relays breaks between challenge and credentials: the
 * client is asked again, and it does not count against it. */
static void a_new_link_between_relays_asks_again(void **state)
{
    static const struct outside_opts strict = {.relay.auth =
                                                   "max_failures = 1;"};
    struct scene *s = chain_start(state, &strict);
    struct relay *extra;
    struct host *between = chain_add_behind(&extra, s, CHAIN_EXTRA, &strict);
    struct client *alice = login(s, "alice");
    struct login l = {.to = NULL};
    struct got *g;

    chain_ask(alice, extra, &l);
    host_cut(between);
    scene_wait_log(s, "c=2 closed");
    scene_wait_log_of(s, extra, "c=1 closed");
    g = chain_expect_code(alice, login_try(alice, &l), 401, l.to);
    assert_non_null(
        strstr(talk_header(alice, g, "WWW-Authenticate"), "stale=true"));
    chain_login(alice, extra);
}

/* --- twice ---------------------------------------------------------------- */

static void a_second_use_is_stale(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {.alg = DIGEST_MD5}, again;

    login_ask(alice, &l);
    login_granted(alice, login_try(alice, &l));
    for (int i = 0; i < 5; i++) {
        again = l;
        login_refused(alice, &again, login_try(alice, &l));
        assert_true(again.stale);
    }
    login_granted(alice, login_try(alice, &again));
    l.nc = "00000001"; /* the first is as used as ever */
    again = l;
    login_refused(alice, &again, login_try(alice, &l));
    assert_true(again.stale);
}

static void a_second_use_over_a_link_is_stale(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *link = peer_relay_connect(s, NULL);
    struct login l = {.alg = DIGEST_MD5}, again;

    peer_relay_ask(link, &l, "alice");
    again = l;
    assert_int_equal(peer_relay_attempt(link, &l, "alice"), 200);
    assert_int_equal(peer_relay_attempt(link, &again, "alice"), 401);
    assert_true(again.stale);
    assert_int_equal(peer_relay_attempt(link, &again, "alice"), 200);
}

/* Each of one's own challenges may be used, in any order, and once. */
static void challenges_may_be_asked_for_ahead(void **state)
{
    enum { ROUNDS = 50 };
    struct scene *s = scene_start(state, &many);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    const char *tids[OPEN];
    struct login l[OPEN];

    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < OPEN; i++) {
            l[i] = (struct login){.alg = DIGEST_MD5};
            login_ask(alice, &l[i]);
        }
        for (int i = 0; i < OPEN; i++)
            tids[i] = login_try(alice, &l[(7 * i + round) % OPEN]);
        for (int i = 0; i < OPEN; i++)
            login_granted(alice, tids[i]);
    }
    l[1] = l[0];
    login_refused(alice, &l[1], login_try(alice, &l[0]));
    assert_true(l[1].stale);
}

/* Requests and credentials in one stream, without waiting for answers. */
static void auths_on_one_connection_may_be_pipelined(void **state)
{
    struct scene *s = scene_start(state, &many);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    const struct request ask = {.method = "AUTH", .to = talk_relay(alice)};
    const char *tids[OPEN];
    struct login l = {.alg = DIGEST_MD5};

    for (int i = 0; i < OPEN; i++)
        tids[i] = request_say(alice, &ask);
    for (int i = 0; i < OPEN; i++) {
        login_refused(alice, &l, tids[i]);
        tids[i] = login_try(alice, &l);
    }
    for (int i = 0; i < OPEN; i++)
        login_granted(alice, tids[i]);
}

/* --- many users over one link --------------------------------------------- */

static void a_relay_may_have_many_challenges_open(void **state)
{
    enum { CHALLENGES = LOGINS / 2 };
    struct scene *s = scene_start(state, &many);
    struct client *link = peer_relay_connect(s, NULL);
    struct login *l = calloc(CHALLENGES, sizeof *l);

    assert_non_null(l);
    for (int i = 0; i < CHALLENGES; i++) {
        l[i].alg = DIGEST_MD5;
        peer_relay_ask(link, &l[i], users[i % USERS]);
    }
    for (int i = CHALLENGES - 1; i >= 0; i--)
        assert_int_equal(peer_relay_attempt(link, &l[i], users[i % USERS]),
                         200);
    l[0].nc = NULL;
    assert_int_equal(peer_relay_attempt(link, &l[0], users[0]), 401);
    assert_true(l[0].stale);
    free(l);
}

static void many_logins_over_a_link_leave_others_in_peace(void **state)
{
    struct scene *s = scene_start(state, &many);
    struct client *link = peer_relay_connect(s, NULL);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login hers = {.alg = DIGEST_MD5}, theirs = hers;

    login_ask(alice, &hers);
    peer_relay_ask(link, &theirs, "dave");
    for (int i = 0; i < LOGINS / 2; i++)
        assert_int_equal(peer_relay_login(link, users[i % USERS], NULL), 200);
    assert_int_equal(peer_relay_attempt(link, &theirs, "dave"), 200);
    login_granted(alice, login_try(alice, &hers));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(logins_of_one_leave_others_in_peace),
        E2E_TEST(refused_intervals_leave_others_in_peace),
        E2E_TEST(a_refused_interval_spends_no_nonce),
        E2E_TEST(a_nonce_from_elsewhere_is_stale),
        E2E_TEST(a_nonce_dies_with_its_connection),
        E2E_TEST(a_relays_link_is_another_connection),
        E2E_TEST(a_new_link_between_relays_asks_again),
        E2E_TEST(a_second_use_is_stale),
        E2E_TEST(a_second_use_over_a_link_is_stale),
        E2E_TEST(challenges_may_be_asked_for_ahead),
        E2E_TEST(auths_on_one_connection_may_be_pipelined),
        E2E_TEST(a_relay_may_have_many_challenges_open),
        E2E_TEST(many_logins_over_a_link_leave_others_in_peace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
