/* SPDX-License-Identifier: BSD-2-Clause */
/* AUTH, over real TLS (RFC 4976, 5.1, 6.3, 9.1). */
#include "cmocka_all.h"
#include "login.h"

enum { TOKEN_LEN = 22 };

static void assert_has(const struct got *g, const char *text)
{
    if (!memmem(g->text.p, g->text.n, text, strlen(text)))
        fail_msg("expected \"%s\" in: %.*s", text, SPAN_ARG(g->text));
}

/* --- what is granted ------------------------------------------------------ */

static void authenticates_with(void **state, const char *auth,
                               enum digest_alg alg)
{
    struct relay_opts opts = {.auth = auth};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {.alg = alg};

    login_ask(alice, &l);
    login_granted(alice, login_try(alice, &l));
}

static void md5_is_accepted(void **state)
{
    authenticates_with(state, "", DIGEST_MD5);
}

static void sha256_is_accepted(void **state)
{
    authenticates_with(state, "algorithms = [ \"SHA-256\" ];", DIGEST_SHA256);
}

static void either_of_two_algorithms_is_accepted(void **state)
{
    static const struct relay_opts opts = {
        .auth = "algorithms = [ \"MD5\", \"SHA-256\" ];"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login md5 = {.alg = DIGEST_MD5}, sha256 = {.alg = DIGEST_SHA256};
    struct got *g;

    login_ask(alice, &sha256);
    login_granted(alice, login_try(alice, &sha256));
    login_ask(alice, &md5);
    g = login_granted(alice, login_try(alice, &md5));
    assert_has(g, "\r\nUse-Path: ");
}

static void challenge_is_one_that_all_clients_read(void **state)
{
    static const struct relay_opts opts = {
        .auth = "algorithms = [ \"MD5\", \"SHA-256\" ];"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct got *g;

    talk_say(alice,
             "MSRP ask1 AUTH\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "-------ask1$\r\n",
             talk_relay(alice), alice->own);
    g = talk_expect_code(alice, "ask1", 401);
    assert_has(g, "algorithm=SHA-256");
    assert_has(g, "algorithm=MD5, qop=\"auth\"\r\n-------"); /* I-7, I-8 */
    assert_has(g, "opaque=\"");
    assert_null(memmem(g->text.p, g->text.n, "domain", 6)); /* R4976-9.1-c */
}

static void grant_says_what_it_is_worth(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {.alg = DIGEST_MD5};
    struct digest_hex rspauth;
    struct got *g;
    char *start;

    login_ask(alice, &l);
    g = login_granted(alice, login_try(alice, &l));
    start = scene_text(s, "msrps://" RELAY_NAME ":%u/",
                       relay_port(s->relay, RELAY_TLS));
    assert_memory_equal(alice->uri, start, strlen(start));
    assert_string_equal(alice->uri + strlen(start) + TOKEN_LEN, ";tcp");
    assert_string_equal(talk_header(alice, g, "Expires"), "1800");
    login_digest(&rspauth, alice, &l, "");
    assert_string_equal(talk_header(alice, g, "Authentication-Info"),
                        scene_text(s,
                                   "rspauth=\"%.*s\", cnonce=\"" LOGIN_CNONCE
                                   "\", nc=00000001, qop=auth",
                                   SPAN_ARG(digest_hex_span(&rspauth))));
}

/* Blink leaves `uri` out and quotes nc and qop (I-5). */
static void blinks_credentials_are_accepted(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {.alg = DIGEST_MD5, .no_uri = true, .quoted = true};

    login_ask(alice, &l);
    login_granted(alice, login_try(alice, &l));
}

static void auth_to_the_domain_is_for_this_relay(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {.alg = DIGEST_MD5, .to = "msrps://" RELAY_REALM ";tcp"};

    login_ask(alice, &l);
    login_granted(alice, login_try(alice, &l));
}

/* --- what is refused ------------------------------------------------------ */

static void wrong_password_thrice_closes(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {.alg = DIGEST_MD5, .password = "guess"};

    login_ask(alice, &l);
    for (int i = 0; i < 3; i++) {
        login_refused(alice, &l, login_try(alice, &l));
        assert_false(l.stale);
    }
    assert_int_equal(scene_wait_end(alice), CLIENT_END_EOF);
}

static void unknown_user_looks_like_a_wrong_password(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *mallory = scene_connect(s, RELAY_TLS, "mallory");
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login unknown = {.alg = DIGEST_MD5};
    struct login wrong = {.alg = DIGEST_MD5, .password = "guess"};

    login_ask(mallory, &unknown);
    login_ask(alice, &wrong);
    login_refused(mallory, &unknown, login_try(mallory, &unknown));
    login_refused(alice, &wrong, login_try(alice, &wrong));
    assert_int_equal(unknown.stale, wrong.stale);
}

static void stale_nonce_gets_a_new_challenge_and_is_no_failure(void **state)
{
    static const struct relay_opts opts = {
        .auth = "nonce_lifetime = 1; max_failures = 1;",
        .groups = "timers: { probation = 1.5; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct client *clock;
    struct login l = {.alg = DIGEST_MD5};

    login_on(alice); /* so that it is not on probation */
    login_ask(alice, &l);
    clock = scene_connect(s, RELAY_TLS, "clock");
    scene_wait_end(clock); /* by now the nonce is too old */
    login_refused(alice, &l, login_try(alice, &l));
    assert_true(l.stale);
    login_granted(alice, login_try(alice, &l));
}

static void stale_nonce_with_a_wrong_password_is_not_stale(void **state)
{
    static const struct relay_opts opts = {.auth = "nonce_lifetime = 1;",
                                           .groups =
                                               "timers: { probation = 1.5; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct client *clock;
    struct login l = {.alg = DIGEST_MD5, .password = "guess"};

    login_on(alice);
    login_ask(alice, &l);
    clock = scene_connect(s, RELAY_TLS, "clock");
    scene_wait_end(clock);
    login_refused(alice, &l, login_try(alice, &l));
    assert_false(l.stale);
}

static void replay_is_refused(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct client *mallory = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {.alg = DIGEST_MD5}, again;

    login_ask(alice, &l);
    login_granted(alice, login_try(alice, &l));
    again = l;
    login_refused(alice, &again, login_try(alice, &l));
    again = l;
    login_refused(mallory, &again, login_try(mallory, &l));
    l.nc = "00000002"; /* the next one of the same nonce is no replay */
    login_granted(alice, login_try(alice, &l));
}

static void expires_below_the_minimum_gets_423(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {.alg = DIGEST_MD5, .headers = "Expires: 59\r\n"};
    struct got *g;

    login_ask(alice, &l);
    g = talk_expect_code(alice, login_try(alice, &l), 423);
    assert_string_equal(talk_header(alice, g, "Min-Expires"), "60");
    assert_null(talk_header(alice, g, "Max-Expires"));
    assert_null(talk_header(alice, g, "Use-Path"));
}

static void expires_above_the_maximum_gets_423(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {.alg = DIGEST_MD5, .headers = "Expires: 86401\r\n"};
    struct got *g;

    login_ask(alice, &l);
    g = talk_expect_code(alice, login_try(alice, &l), 423);
    assert_string_equal(talk_header(alice, g, "Max-Expires"), "86400");
    assert_null(talk_header(alice, g, "Min-Expires"));
}

static void auth_on_plain_tcp_is_refused(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = scene_connect(s, RELAY_TCP, "alice");

    talk_say(alice,
             "MSRP ask1 AUTH\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "-------ask1$\r\n",
             talk_relay(alice), alice->own);
    talk_expect_code(alice, "ask1", 403);
}

static void auth_on_plain_tcp_is_possible_where_allowed(void **state)
{
    static const struct relay_opts opts = {.auth = "allow_tcp = true;"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = scene_connect(s, RELAY_TCP, "alice");
    char *start;

    login_on(alice);
    start = scene_text(s, "msrp://" RELAY_NAME ":%u/",
                       relay_port(s->relay, RELAY_TCP));
    assert_memory_equal(alice->uri, start, strlen(start));
}

static void basic_authentication_is_not_taken(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");

    talk_say(alice,
             "MSRP basic1 AUTH\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Authorization: Basic YWxpY2U6YWxpY2Utc2VjcmV0\r\n"
             "-------basic1$\r\n",
             talk_relay(alice), alice->own);
    talk_expect_code(alice, "basic1", 401);
}

/* --- how long it is worth something --------------------------------------- */

static void several_sessions_live_on_one_connection(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    char *first = alice->uri;
    const char *tid;

    login_on(alice);
    assert_string_not_equal(first, alice->uri);
    tid = talk_text(bob, alice, "to the second");
    talk_expect_code(bob, tid, 200);
    talk_expect_body(alice, SPAN("to the second"), '$');
    alice->uri = first;
    tid = talk_text(bob, alice, "to the first");
    talk_expect_code(bob, tid, 200);
    talk_expect_body(alice, SPAN("to the first"), '$');
}

static void sessions_on_one_connection_are_limited(void **state)
{
    static const struct relay_opts opts = {
        .groups = "limits: { sessions_per_connection = 2; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice");
    struct login l = {.alg = DIGEST_MD5};

    login_on(alice);
    login_ask(alice, &l);
    talk_expect_code(alice, login_try(alice, &l), 403);
}

static void uri_dies_when_its_time_is_over(void **state)
{
    static const struct relay_opts opts = {
        .auth = "min_expires = 1;", .groups = "timers: { probation = 1.5; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice");
    struct client *bob = scene_connect(s, RELAY_TLS, "bob"), *clock;
    struct login l = {.alg = DIGEST_MD5, .headers = "Expires: 1\r\n"};
    const char *tid;

    login_ask(bob, &l);
    login_granted(bob, login_try(bob, &l));
    clock = scene_connect(s, RELAY_TLS, "clock");
    scene_wait_end(clock); /* bob's second is over, alice's half hour not */
    tid = talk_text(bob, alice, "out of time");
    talk_expect_code(bob, tid, 481);
    tid = talk_text(alice, bob, "to one out of time");
    talk_expect_code(alice, tid, 481);
    talk_expect_nothing(bob);
    login_on(bob);
    tid = talk_text(alice, bob, "in time");
    talk_expect_code(alice, tid, 200);
    talk_expect_body(bob, SPAN("in time"), '$');
}

static void uri_dies_with_its_connection(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct client *again;
    const char *tid;

    client_close(bob);
    scene_wait_log(s, "c=2 closed");
    again = scene_connect(s, RELAY_TLS, "bob");
    again->uri = bob->uri;
    tid = talk_text(again, alice, "from a URI of before");
    talk_expect_code(again, tid, 481);
    tid = talk_text(alice, again, "to a URI of before");
    talk_expect_code(alice, tid, 481);
    talk_expect_nothing(alice);
    talk_expect_nothing(again);
}

static void uri_opens_the_way_out_on_its_own_connection_only(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct client *thief = scene_connect(s, RELAY_TLS, "thief");
    const char *tid;

    thief->uri = alice->uri;
    tid = talk_text(thief, bob, "from a stolen URI");
    talk_expect_code(thief, tid, 403);
    talk_expect_nothing(bob);
    talk_expect_nothing(alice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(md5_is_accepted),
        E2E_TEST(sha256_is_accepted),
        E2E_TEST(either_of_two_algorithms_is_accepted),
        E2E_TEST(challenge_is_one_that_all_clients_read),
        E2E_TEST(grant_says_what_it_is_worth),
        E2E_TEST(blinks_credentials_are_accepted),
        E2E_TEST(auth_to_the_domain_is_for_this_relay),
        E2E_TEST(wrong_password_thrice_closes),
        E2E_TEST(unknown_user_looks_like_a_wrong_password),
        E2E_TEST(stale_nonce_gets_a_new_challenge_and_is_no_failure),
        E2E_TEST(stale_nonce_with_a_wrong_password_is_not_stale),
        E2E_TEST(replay_is_refused),
        E2E_TEST(expires_below_the_minimum_gets_423),
        E2E_TEST(expires_above_the_maximum_gets_423),
        E2E_TEST(auth_on_plain_tcp_is_refused),
        E2E_TEST(auth_on_plain_tcp_is_possible_where_allowed),
        E2E_TEST(basic_authentication_is_not_taken),
        E2E_TEST(several_sessions_live_on_one_connection),
        E2E_TEST(sessions_on_one_connection_are_limited),
        E2E_TEST(uri_dies_when_its_time_is_over),
        E2E_TEST(uri_dies_with_its_connection),
        E2E_TEST(uri_opens_the_way_out_on_its_own_connection_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
