/* SPDX-License-Identifier: BSD-2-Clause */
/* Guesses at passwords, whichever way they come, and how many sessions one may
 * have (S-5, S-32, S-33). */
#include "chain.h"
#include "cmocka_all.h"
#include "peer_relay.h"

/* The default of auth.max_failures. */
enum { FAILURES = 3 };

/* --- over a relay's link (1.6) -------------------------------------------- */

/* Guesses until the user is refused for it: the failure that reaches the limit
 * is still 401 (S-5). */
static void guess(struct client *link, const char *user)
{
    for (int i = 0; i < FAILURES; i++)
        assert_int_equal(peer_relay_login(link, user, "guess"), 401);
}

/* An AUTH without credentials may be refused as well as one with them. */
static void assert_refused(struct client *link, const char *user)
{
    struct login l = {.alg = DIGEST_MD5, .user = user};
    const struct request ask = {.method = "AUTH",
                                .to = talk_relay(link),
                                .from = peer_relay_from(link, user)};
    struct got *g = request_answer(link, request_say(link, &ask));

    if (g->head.code == 403)
        return;
    assert_int_equal(g->head.code, 401);
    login_take(link, &l, g);
    assert_int_equal(peer_relay_attempt(link, &l, user), 403);
}

static void guesses_over_a_link_are_limited_for_each_user(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *link = peer_relay_connect(s, NULL);

    assert_int_equal(peer_relay_login(link, "bob", NULL), 200);
    guess(link, "alice");
    for (int i = 0; i < 60; i++)
        assert_refused(link, "alice");
    assert_int_equal(peer_relay_login(link, "bob", NULL), 200);
    assert_int_equal(peer_relay_login(link, "carol", NULL), 200);
    assert_refused(link, "alice");
    request_expect_none(link); /* which stays (R4976-6.3-p) */
}

/* Elsewhere she still gets in: nobody keeps her out. */
static void guesses_over_a_link_do_not_keep_the_user_out(void **state)
{
    static const struct peer_relay_opts other = {.name = "r4.test"};
    struct scene *s = scene_start(state, NULL);
    struct client *link = peer_relay_connect(s, NULL);

    guess(link, "alice");
    assert_refused(link, "alice");
    login(s, "alice");
    assert_int_equal(
        peer_relay_login(peer_relay_connect(s, &other), "alice", NULL), 200);
    assert_refused(link, "alice");
}

static void a_user_who_was_refused_may_try_again_later(void **state)
{
    static const struct relay_opts opts = {.groups =
                                               "timers: { probation = 1.5; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *link = peer_relay_connect(s, NULL);

    assert_int_equal(peer_relay_login(link, "bob", NULL), 200);
    guess(link, "alice");
    assert_refused(link, "alice");
    for (int i = 0; i < 2; i++)
        scene_wait_end(scene_connect(s, RELAY_TLS, "clock"));
    assert_int_equal(peer_relay_login(link, "alice", NULL), 200);
}

/* All guesses are on the way before the first is answered. */
static void guesses_in_one_go_are_limited_too(void **state)
{
    enum { GUESSES = 60 };
    struct scene *s = scene_start(state, NULL);
    struct client *link = peer_relay_connect(s, NULL);
    struct login l[GUESSES];
    unsigned challenged = 0;
    char *own = link->own;

    for (int i = 0; i < GUESSES; i++) {
        l[i] = (struct login){.alg = DIGEST_MD5, .password = "guess"};
        peer_relay_ask(link, &l[i], "alice");
    }
    link->own = scene_text(s, "%s", peer_relay_from(link, "alice"));
    for (int i = 0; i < GUESSES; i++)
        login_try(link, &l[i]);
    link->own = own;
    for (int i = 0; i < GUESSES; i++)
        challenged += scene_frame(link)->head.code == 401;
    assert_int_equal(challenged, FAILURES);
    request_expect_none(link);
}

/* Whoever has a certificate may say what he likes in the path of its URI: that
 * gives him 16 times as many guesses at most (5.4). */
static void guesses_under_many_uris_are_limited(void **state)
{
    enum { MANY = 200, MOST = 16 * FAILURES };
    struct scene *s = scene_start(state, NULL);
    struct client *link = peer_relay_connect(s, NULL);
    unsigned wrong = 0;

    for (int i = 0; i < MANY; i++) {
        struct login l = {.alg = DIGEST_MD5, .password = "guess"};
        struct request ask = {.method = "AUTH", .to = talk_relay(link)};
        struct got *g;

        link->own = scene_text(s, "msrps://r3.test:%d/t%d;tcp", 7000 + i, i);
        ask.from = peer_relay_from(link, "alice");
        g = request_answer(link, request_say(link, &ask));
        if (g->head.code != 401)
            continue;
        l.user = "alice";
        login_take(link, &l, g);
        wrong += peer_relay_attempt(link, &l, "alice") == 401;
    }
    assert_in_range(wrong, FAILURES, MOST);
}

static void a_success_over_a_link_sets_failures_back(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *link = peer_relay_connect(s, NULL);

    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < FAILURES - 1; j++)
            assert_int_equal(peer_relay_login(link, "alice", "typo"), 401);
        assert_int_equal(peer_relay_login(link, "alice", NULL), 200);
    }
}

/* --- on a client's connection (4.5) --------------------------------------- */

static void fail_once(struct client *c)
{
    struct login l = {.alg = DIGEST_MD5, .password = "typo"};

    login_ask(c, &l);
    login_refused(c, &l, login_try(c, &l));
    assert_false(l.stale);
}

static void a_success_sets_failures_back(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");

    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < FAILURES - 1; j++)
            fail_once(alice);
        login_on(alice);
    }
    for (int j = 0; j < FAILURES; j++)
        fail_once(alice);
    assert_int_equal(scene_wait_end(alice), CLIENT_END_EOF);
}

/* Logins of her own are no help with the password of somebody else (S-5). */
static void guesses_between_own_logins_are_limited(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *carol = scene_connect(s, RELAY_TLS, "carol");
    struct login l = {.alg = DIGEST_MD5, .user = "alice"};

    for (int i = 0; i < FAILURES; i++) {
        l.password = "typo";
        login_ask(carol, &l);
        login_refused(carol, &l, login_try(carol, &l));
        login_on(carol);
    }
    l.password = NULL;
    login_ask(carol, &l);
    talk_expect_code(carol, login_try(carol, &l), 403);
    login_on(carol);
    login(s, "alice"); /* who is not kept out */
}

/* The same when another relay judges. */
static void a_success_elsewhere_sets_failures_back(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, NULL);
    struct client *alice = login(s, "alice");
    char *uri = alice->uri;

    for (int i = 0; i < 5; i++) {
        struct login l = {.password = "typo"};
        const char *tid = chain_try(alice, extra, &l);

        chain_expect_code(alice, tid, 401, l.to);
        chain_login(alice, extra);
        alice->uri = uri;
    }
    request_expect_none(alice);
}

/* --- how many sessions (1.6) ---------------------------------------------- */

static const struct relay_opts three_a_user = {
    .groups = "limits: { sessions_per_user = 3; };"};

/* One more attempt of hers is right, and refused all the same. */
static void assert_has_enough(struct client *c)
{
    struct login l = {.alg = DIGEST_MD5};

    login_ask(c, &l);
    talk_expect_code(c, login_try(c, &l), 403);
}

static void a_user_has_so_many_sessions(void **state)
{
    struct scene *s = scene_start(state, &three_a_user);
    struct client *one = login(s, "alice"), *two = login(s, "alice");
    struct client *more, *bob, *link = peer_relay_connect(s, NULL);

    login_on(two);
    more = scene_connect(s, RELAY_TLS, "alice");
    assert_has_enough(more);
    assert_has_enough(two);
    assert_int_equal(peer_relay_login(link, "alice", NULL), 403);
    bob = login(s, "bob");
    request_passes(bob, talk_path(bob, one), one, "you are still there");
    request_passes(bob, talk_path(bob, two), two, "you too");
    client_close(one);
    scene_wait_closed(one);
    login_on(more);
    assert_has_enough(more);
}

static void a_users_sessions_over_links_are_counted(void **state)
{
    struct scene *s = scene_start(state, &three_a_user);
    struct client *link = peer_relay_connect(s, NULL);

    for (int i = 0; i < 3; i++)
        assert_int_equal(peer_relay_login(link, "alice", NULL), 200);
    assert_int_equal(peer_relay_login(link, "alice", NULL), 403);
    assert_int_equal(peer_relay_login(link, "bob", NULL), 200);
    assert_has_enough(scene_connect(s, RELAY_TLS, "alice"));
}

/* To be out of sessions is no wrong password. */
static void being_out_of_sessions_is_no_failure(void **state)
{
    struct scene *s = scene_start(state, &three_a_user);
    struct client *alice = login(s, "alice");

    login_on(alice);
    login_on(alice);
    for (int i = 0; i < 3 * FAILURES; i++)
        assert_has_enough(alice);
    request_expect_none(alice);
}

static void a_relay_has_so_many_sessions(void **state)
{
    static const struct relay_opts opts = {
        .groups = "limits: { sessions_per_relay = 3; };"};
    static const struct peer_relay_opts other = {.name = "r4.test"};
    struct scene *s = scene_start(state, &opts);
    struct client *link = peer_relay_connect(s, NULL), *alice;

    assert_int_equal(peer_relay_login(link, "alice", NULL), 200);
    assert_int_equal(peer_relay_login(link, "alice", NULL), 200);
    assert_int_equal(peer_relay_login(link, "bob", NULL), 200);
    assert_int_equal(peer_relay_login(link, "carol", NULL), 403);
    link->own = scene_text(s, "msrps://r3.test:7001/other;tcp");
    assert_int_equal(peer_relay_login(link, "carol", NULL), 403);
    assert_int_equal(
        peer_relay_login(peer_relay_connect(s, &other), "carol", NULL), 200);
    request_expect_none(link);
    alice = login(s, "alice"); /* a client is no relay */
    for (int i = 0; i < 4; i++)
        login_on(alice);
}

/* --- what an outer relay says (4.6, 4.7) ---------------------------------- */

static const struct host_opts outer = {
    .name = "r2.test", .tls = true, .srv = true};

/* AUTH to it through this relay. */
static const char *ask_outer(struct client *c, const char *headers)
{
    const struct request r = {
        .method = "AUTH",
        .to = scene_text(c->scene, "%s msrps://r2.test;tcp", c->uri),
        .headers = headers};

    return request_say(c, &r);
}

/* Credentials that nobody here can judge. */
static const char *try_outer(struct client *c)
{
    return ask_outer(
        c, "Authorization: Digest username=\"alice\", realm=\"r2.test\", "
           "nonce=\"n0\", opaque=\"o0\", algorithm=MD5, qop=auth, "
           "nc=00000001, cnonce=\"c0\", "
           "response=\"0123456789abcdef0123456789abcdef\"\r\n");
}

static void refuse(struct client *r2, const struct got *g,
                   const char *challenge)
{
    struct span tid = msg_text(&g->head, g->head.tid);

    talk_say(r2,
             "MSRP %.*s 401 Unauthorized\r\nTo-Path: %.*s\r\n"
             "From-Path: %.*s\r\nWWW-Authenticate: %s\r\n-------%.*s$\r\n",
             SPAN_ARG(tid), SPAN_ARG(msg_text(&g->head, g->head.from)),
             SPAN_ARG(msg_text(&g->head, g->head.to)), challenge,
             SPAN_ARG(tid));
}

/* An outer relay refuses with this, again and again. */
static struct client *refused_with(struct scene *s, const char *challenge,
                                   int times)
{
    struct host *h = host_new(s, &outer);
    struct client *alice = login(s, "alice"), *r2 = NULL;

    for (int i = 0; i < times; i++) {
        const char *tid = try_outer(alice);

        if (!r2)
            r2 = host_accept(h);
        refuse(r2, talk_expect(r2, "AUTH"), challenge);
        request_expect_code(alice, tid, 401);
    }
    return alice;
}

#define CHALLENGE(stale)                                                       \
    "Digest realm=\"r2.test\", nonce=\"n1\", opaque=\"o1\", " stale            \
    "algorithm=MD5, qop=\"auth\""

static void stale_is_no_failure(void **state, const char *challenge)
{
    request_expect_none(refused_with(outside_start(state, NULL), challenge, 6));
}

static void stale_in_small_letters_is_no_failure(void **state)
{
    stale_is_no_failure(state, CHALLENGE("stale=true, "));
}

static void stale_in_capitals_is_no_failure(void **state)
{
    stale_is_no_failure(state, CHALLENGE("stale=TRUE, "));
}

static void stale_in_quotes_is_no_failure(void **state)
{
    stale_is_no_failure(state, CHALLENGE("Stale = \"True\", "));
}

static void what_only_looks_stale_is_a_failure(void **state)
{
    scene_wait_end(refused_with(
        outside_start(state, NULL),
        "Digest realm=\"stale=true\", nonce=\"n1\", opaque=\"stale=true\", "
        "stale=false, algorithm=MD5, qop=\"auth\"",
        FAILURES));
}

static const struct outside_opts eight_seconds = {
    .relay.groups = "timers: { transaction = 8; };"};

static void auth_to_a_mute_relay_is_408_in_time(void **state)
{
    struct scene *s = outside_start(state, &eight_seconds);
    struct host *h = host_new(s, &outer);
    struct client *alice = login(s, "alice"), *r2;
    uint64_t began_ms = now_ms();
    const char *tid = ask_outer(alice, NULL);

    r2 = host_accept(h);
    talk_expect(r2, "AUTH");
    request_expect_code(alice, tid, 408);
    assert_in_range(now_ms() - began_ms, 0, 8000);
    tid = try_outer(alice); /* the link is as good as before */
    refuse(r2, talk_expect(r2, "AUTH"), CHALLENGE(""));
    request_expect_code(alice, tid, 401);
    request_expect_none(alice);
    assert_int_equal(host_connections(h), 1);
}

/* Whatever its Failure-Report says; and what comes too late is dropped. */
static void a_late_answer_to_auth_is_dropped(void **state)
{
    static const struct outside_opts soon = {
        .relay.groups = "timers: { transaction = 1; };"};
    struct scene *s = outside_start(state, &soon);
    struct host *h = host_new(s, &outer);
    struct client *alice = login(s, "alice"), *r2;
    const char *tid = ask_outer(alice, "Failure-Report: no\r\n");
    struct got *g;

    r2 = host_accept(h);
    g = talk_expect(r2, "AUTH");
    request_expect_code(alice, tid, 408);
    refuse(r2, g, CHALLENGE(""));
    request_expect_none(r2);
    talk_expect_nothing(alice);
}

static void auth_to_a_relay_that_dies_is_told(void **state)
{
    struct scene *s = outside_start(state, &eight_seconds);
    struct host *h = host_new(s, &outer);
    struct client *alice = login(s, "alice");
    uint64_t began_ms = now_ms();
    const char *tid = ask_outer(alice, NULL);

    talk_expect(host_accept(h), "AUTH");
    host_cut(h);
    request_expect_code(alice, tid, 408);
    assert_in_range(now_ms() - began_ms, 0, 2000);
    talk_expect_nothing(alice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(guesses_over_a_link_are_limited_for_each_user),
        E2E_TEST(guesses_over_a_link_do_not_keep_the_user_out),
        E2E_TEST(a_user_who_was_refused_may_try_again_later),
        E2E_TEST(guesses_in_one_go_are_limited_too),
        E2E_TEST(guesses_under_many_uris_are_limited),
        E2E_TEST(a_success_over_a_link_sets_failures_back),
        E2E_TEST(a_success_sets_failures_back),
        E2E_TEST(guesses_between_own_logins_are_limited),
        E2E_TEST(a_success_elsewhere_sets_failures_back),
        E2E_TEST(a_user_has_so_many_sessions),
        E2E_TEST(a_users_sessions_over_links_are_counted),
        E2E_TEST(being_out_of_sessions_is_no_failure),
        E2E_TEST(a_relay_has_so_many_sessions),
        E2E_TEST(stale_in_small_letters_is_no_failure),
        E2E_TEST(stale_in_capitals_is_no_failure),
        E2E_TEST(stale_in_quotes_is_no_failure),
        E2E_TEST(what_only_looks_stale_is_a_failure),
        E2E_TEST(auth_to_a_mute_relay_is_408_in_time),
        E2E_TEST(a_late_answer_to_auth_is_dropped),
        E2E_TEST(auth_to_a_relay_that_dies_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
