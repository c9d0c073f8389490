/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "secrets.h"
#include "texts.h"

enum { NOW_MS = 5000000 };

struct bench {
    struct nonce_window nonces;
    struct rnd rnd;
    struct policy policy;
    struct users *users;
    struct secrets *secrets;
    struct auth auth;
    char nonce[NONCE_LEN + 1];
    char text[2048];
    struct auth_verdict v;
};

/* What a client says of itself; zero fields stand for the right thing. */
struct claim {
    const char *user, *realm, *password, *nonce, *nc, *cnonce, *to, *uri;
    const char *rest; /* of the headers */
    enum digest_alg alg;
    const char *alg_name; /* NULL: says none */
};

static int set_up(void **state)
{
    static const enum digest_alg algs[] = {DIGEST_MD5, DIGEST_SHA256};
    struct bench *b = calloc(1, sizeof *b);
    static const char *const realms[][2] = {{"example.com", "secret"},
                                            {"two.example", "other"}};
    static const struct span more[] = {{"two.example", 11},
                                       {"six.example", 11}};
    char text[1024];
    size_t n = 0;

    assert_non_null(b);
    rnd_init(&b->rnd);
    b->policy = (struct policy){
        .realm = SPAN("example.com"),
        .realms = more,
        .n_realms = 2,
        .algorithms = {DIGEST_SHA256, DIGEST_MD5},
        .n_algorithms = 2,
        .min_expires_s = 60,
        .default_expires_s = 1800,
        .max_expires_s = 86400,
        .nonce_lifetime_ms = 60000,
    };
    for (size_t i = 0; i < 4; i++) {
        const char *const *realm = realms[i / 2];
        struct digest_hex ha1;

        assert_int_equal(digest_ha1(&ha1, algs[i % 2], SPAN("alice"),
                                    span_str(realm[0]), span_str(realm[1])),
                         0);
        n += (size_t)snprintf(text + n, sizeof text - n, "alice:%s:%.*s\n",
                              realm[0], SPAN_ARG(digest_hex_span(&ha1)));
    }
    assert_int_equal(users_parse(&b->users, span_of(text, n), NULL, NULL), 0);
    auth_init(&b->auth, &b->policy, b->users, &b->rnd);
    nonce_window_init(&b->nonces, 1, NONCE_WINDOW_CLIENT);
    assert_int_equal(
        nonce_new(&b->auth.nonces,
                  (struct nonce_scope){&b->nonces, b->policy.realm}, b->nonce,
                  b->policy.nonce_lifetime_ms, NOW_MS),
        0);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    nonce_window_fini(&b->nonces);
    auth_fini(&b->auth);
    users_free(b->users);
    secrets_free(b->secrets);
    free(b);
    return 0;
}

static const char * or (const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

static unsigned judge_text(struct bench *b, const char *to, const char *headers,
                           uint64_t now_ms)
{
    struct msg m;

    (void)snprintf(b->text, sizeof b->text,
                   "MSRP abcd AUTH\r\nTo-Path: %s\r\n"
                   "From-Path: msrps://a:1/a;tcp\r\n%s",
                   to, headers);
    m = msg_of(b->text);
    auth_judge(&b->auth, &b->v, &m, &b->nonces, now_ms);
    return b->v.code;
}

static unsigned judge_at(struct bench *b, const struct claim *c,
                         uint64_t now_ms)
{
    const char *user = or (c->user, "alice"), *nc = or (c->nc, "00000001");
    const char *realm = or (c->realm, "example.com");
    const char *nonce = or (c->nonce, b->nonce),
               *cnonce = or (c->cnonce, "xyz");
    const char *to = or (c->to, "msrps://r;tcp");
    struct digest_input in = {.alg = c->alg,
                              .nonce = span_str(nonce),
                              .nc = span_str(nc),
                              .cnonce = span_str(cnonce),
                              .method = SPAN("AUTH"),
                              .uri = span_str(or (c->uri, to))};
    struct digest_hex ha1, response;
    char text[1024];
    size_t n;

    assert_int_equal(digest_ha1(&ha1, c->alg, span_str(user), span_str(realm),
                                span_str(or (c->password, "secret"))),
                     0);
    in.ha1 = digest_hex_span(&ha1);
    assert_int_equal(digest_response(&response, &in), 0);
    n = (size_t)snprintf(text, sizeof text,
                         "Authorization: Digest username=\"%s\", realm=\"%s\", "
                         "nonce=\"%s\", response=\"%.*s\", qop=auth, nc=%s, "
                         "cnonce=\"%s\"",
                         user, realm, nonce,
                         SPAN_ARG(digest_hex_span(&response)), nc, cnonce);
    if (c->alg_name)
        n += (size_t)snprintf(text + n, sizeof text - n, ", algorithm=%s",
                              c->alg_name);
    if (c->uri)
        n +=
            (size_t)snprintf(text + n, sizeof text - n, ", uri=\"%s\"", c->uri);
    (void)snprintf(text + n, sizeof text - n, "\r\n%s", or (c->rest, ""));
    return judge_text(b, to, text, now_ms);
}

static unsigned judge(struct bench *b, const struct claim *c)
{
    return judge_at(b, c, NOW_MS);
}

static void the_right_credentials_are_granted(void **state)
{
    struct bench *b = *state;
    struct digest_input in = {.alg = DIGEST_MD5,
                              .nonce = span_str(b->nonce),
                              .nc = SPAN("00000001"),
                              .cnonce = SPAN("xyz"),
                              .uri = SPAN("msrps://r;tcp")};
    struct digest_hex ha1, want;

    assert_int_equal(judge(b, &(struct claim){0}), 200);
    assert_int_equal(b->v.expires_s, 1800);
    assert_span(b->v.credentials.cnonce, "xyz");
    assert_span(b->v.credentials.nc, "00000001");
    /* R4976-9.1-g. */
    assert_int_equal(digest_ha1(&ha1, DIGEST_MD5, SPAN("alice"),
                                SPAN("example.com"), SPAN("secret")),
                     0);
    in.ha1 = digest_hex_span(&ha1);
    assert_int_equal(digest_response(&want, &in), 0);
    assert_span_equal(digest_hex_span(&b->v.rspauth), digest_hex_span(&want));
}

static void each_algorithm_that_is_offered_is_taken(void **state)
{
    struct bench *b = *state;

    assert_int_equal(judge(b, &(struct claim){.alg_name = "MD5"}), 200);
    assert_int_equal(judge(b, &(struct claim){.alg = DIGEST_SHA256,
                                              .alg_name = "SHA-256",
                                              .nc = "00000002"}),
                     200);
    b->policy.n_algorithms = 1; /* SHA-256 alone */
    assert_int_equal(judge(b, &(struct claim){.nc = "00000003"}), 401);
    assert_true(b->v.failure);
    assert_int_equal(
        judge(b, &(struct claim){.alg_name = "MD5-sess", .nc = "00000004"}),
        401);
    assert_false(b->v.failure);
}

static void no_credentials_are_no_failure(void **state)
{
    struct bench *b = *state;

    assert_int_equal(judge_text(b, "msrps://r;tcp", "", NOW_MS), 401);
    assert_false(b->v.failure);
    assert_false(b->v.stale);
    assert_int_equal(
        judge_text(b, "msrps://r;tcp", "Authorization: Basic YTph\r\n", NOW_MS),
        401);
    assert_false(b->v.failure);
}

static void wrong_credentials_are_a_failure(void **state)
{
    static const struct claim wrong[] = {{.password = "guess"},
                                         {.user = "bob"},
                                         {.realm = "other"},
                                         {.user = "bob", .password = ""},
                                         {.user = "Alice"}};
    struct bench *b = *state;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(judge(b, &wrong[i]), 401);
        assert_true(b->v.failure);
        assert_false(b->v.stale);
        assert_int_equal(b->v.why, wrong[i].user ? AUTH_UNKNOWN : AUTH_WRONG);
    }
    /* They used up nothing. */
    assert_int_equal(judge(b, &(struct claim){0}), 200);
}

static void malformed_credentials_are_a_bad_request(void **state)
{
    static const char *const bad[] = {
        "Authorization: Digest\r\n", "Authorization: Digest username=\"a\"\r\n",
        "Authorization: Digest username=alice, =\r\n"};
    struct bench *b = *state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(judge_text(b, "msrps://r;tcp", bad[i], NOW_MS), 400);
    assert_int_equal(judge(b, &(struct claim){.nc = "1"}), 400);
    assert_false(b->v.failure);
}

/* The answer gives it back in quotes. */
static void a_cnonce_must_stand_in_quotes_as_it_is(void **state)
{
    struct bench *b = *state;

    assert_int_equal(judge(b, &(struct claim){.cnonce = "x\\\"y"}), 400);
    assert_int_equal(judge(b, &(struct claim){.cnonce = "x\\\\y"}), 400);
    assert_int_equal(judge(b, &(struct claim){.cnonce = "x,y; z"}), 200);
}

/* RFC 4976, trap 7; I-5, I-6: the rightmost URI as text, or the client's own
 * writing of it. */
static void the_uri_is_the_rightmost_in_to_path(void **state)
{
    struct bench *b = *state;

    assert_int_equal(judge(b, &(struct claim){.to = "msrps://R;TCP"}), 200);
    assert_int_equal(
        judge(b, &(struct claim){.to = "msrps://r:1/t;tcp msrps://s:2;tcp",
                                 .uri = "msrps://s:2;tcp",
                                 .nc = "00000002"}),
        200);
    assert_int_equal(
        judge(b, &(struct claim){.uri = "MSRPS://x@R;TCP", .nc = "00000003"}),
        200);
    assert_int_equal(
        judge(b, &(struct claim){.uri = "msrps://s;tcp", .nc = "00000004"}),
        400);
    assert_int_equal(
        judge(b, &(struct claim){.uri = "nonsense", .nc = "00000005"}), 400);
}

static void a_replay_is_stale(void **state)
{
    struct bench *b = *state;

    assert_int_equal(judge(b, &(struct claim){0}), 200);
    assert_int_equal(judge(b, &(struct claim){0}), 401);
    assert_true(b->v.stale);
    assert_false(b->v.failure);
    assert_int_equal(judge(b, &(struct claim){.nc = "00000002"}), 200);
}

static void an_old_nonce_is_stale_if_all_else_is_right(void **state)
{
    struct bench *b = *state;

    assert_int_equal(judge_at(b, &(struct claim){0}, NOW_MS + 60001), 401);
    assert_true(b->v.stale);
    assert_false(b->v.failure);
    assert_int_equal(
        judge_at(b, &(struct claim){.password = "guess"}, NOW_MS + 60001), 401);
    assert_false(b->v.stale);
    assert_true(b->v.failure);
    assert_int_equal(judge(b, &(struct claim){.nonce = "0123"}), 401);
    assert_true(b->v.stale);
}

/* P-12, R4976-6.3-f. */
static void expires_is_held_to_its_bounds(void **state)
{
    static const struct {
        const char *rest;
        unsigned code;
        uint32_t expires_s;
        bool too_long;
    } table[] = {
        {"", 200, 1800, false},
        {"Expires: 60\r\n", 200, 60, false},
        {"expires: 86400\r\n", 200, 86400, false},
        {"Expires: 59\r\n", 423, 60, false},
        {"Expires: 0\r\n", 423, 60, false},
        {"Expires: 86401\r\n", 423, 86400, true},
        {"Expires: 4294967296\r\n", 423, 86400, true},
        {"Expires: 99999999999999999999999999\r\n", 400, 0, false},
        {"Expires: -1\r\n", 400, 0, false},
        {"Expires: 60s\r\n", 400, 0, false},
        {"Expires: \r\n", 400, 0, false},
    };
    struct bench *b = *state;

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char nc[16];

        (void)snprintf(nc, sizeof nc, "%08zx", i + 1);
        assert_int_equal(
            judge(b, &(struct claim){.rest = table[i].rest, .nc = nc}),
            table[i].code);
        if (table[i].code == 400)
            continue;
        assert_int_equal(b->v.expires_s, table[i].expires_s);
        assert_int_equal(b->v.too_long, table[i].too_long);
    }
}

/* Who is not who he says learns nothing of the bounds. */
static void expires_is_looked_at_after_authentication(void **state)
{
    struct bench *b = *state;

    assert_int_equal(judge(b, &(struct claim){.password = "guess",
                                              .rest = "Expires: 1\r\n"}),
                     401);
}

/* I-7, I-8, R4976-9.1-b, -c. */
static void a_challenge_is_just_so(void **state)
{
    struct bench *b = *state;
    char dst[AUTH_CHALLENGE_MAX], want[AUTH_CHALLENGE_MAX];
    struct auth_verdict v = {.realm = b->policy.realm, .stale = true};
    struct span got =
        auth_challenge(&b->auth, dst, DIGEST_SHA256, &v, &b->nonces, NOW_MS);
    struct digest_challenge c;

    assert_int_equal(digest_challenge_parse(&c, got), 0);
    assert_true(nonce_is_fresh(&b->auth.nonces,
                               (struct nonce_scope){&b->nonces, v.realm},
                               c.nonce, 1, NOW_MS));
    (void)snprintf(want, sizeof want,
                   "Digest realm=\"example.com\", nonce=\"%.*s\", "
                   "opaque=\"%.16s\", stale=true, algorithm=SHA-256, "
                   "qop=\"auth\"",
                   SPAN_ARG(c.nonce), b->auth.opaque);
    assert_span_equal(got, span_str(want));
    v.stale = false;
    got = auth_challenge(&b->auth, dst, DIGEST_MD5, &v, &b->nonces, NOW_MS);
    assert_null(memmem(got.p, got.n, "stale", 5));
    assert_non_null(memmem(got.p, got.n, ", algorithm=MD5, ", 17));
}

/* --- realms --- */

/* The nonce of a challenge for the realm of an AUTH to `to`, into b->nonce. */
static void challenge_at(struct bench *b, const char *to, const char *realm)
{
    char dst[AUTH_CHALLENGE_MAX];
    struct digest_challenge c;

    assert_int_equal(judge_text(b, to, "", NOW_MS), 401);
    assert_int_equal(
        digest_challenge_parse(&c, auth_challenge(&b->auth, dst, DIGEST_MD5,
                                                  &b->v, &b->nonces, NOW_MS)),
        0);
    assert_span_equal(c.realm, span_str(realm));
    memcpy(b->nonce, c.nonce.p, NONCE_LEN);
}

static void the_host_chooses_the_realm(void **state)
{
    struct bench *b = *state;
    struct claim c = {.to = "msrps://Two.Example;tcp", .realm = "two.example"};

    challenge_at(b, c.to, "two.example");
    assert_int_equal(judge(b, &c), 401); /* of the other realm */
    assert_true(b->v.failure);
    c.password = "other";
    assert_int_equal(judge(b, &c), 200);
    assert_span(b->v.realm, "two.example");
    challenge_at(b, "msrps://six.example:2855;tcp", "six.example");
    c.to = "msrps://six.example:2855;tcp";
    c.realm = "six.example";
    assert_int_equal(judge(b, &c), 401); /* which has no such user */
    assert_true(b->v.failure);
}

static void any_other_host_means_the_first_realm(void **state)
{
    struct bench *b = *state;

    challenge_at(b, "msrps://r;tcp", "example.com");
    challenge_at(b, "msrps://example.com;tcp", "example.com");
    assert_int_equal(judge(b, &(struct claim){.to = "msrps://example.com;tcp"}),
                     200);
    assert_span(b->v.realm, "example.com");
}

static void credentials_of_one_realm_are_none_of_another(void **state)
{
    struct bench *b = *state;
    struct claim c = {.to = "msrps://two.example;tcp"};

    /* Right for example.com, with a nonce of it. */
    assert_int_equal(judge(b, &c), 401);
    assert_true(b->v.failure);
    /* Right for this one, with a nonce of the other. */
    c.realm = "two.example";
    c.password = "other";
    assert_int_equal(judge(b, &c), 401);
    assert_true(b->v.stale);
    assert_false(b->v.failure);
}

/* --- shared secrets --- */

enum { TODAY_S = 1800000000 };

/* The relay has the secrets "new" and "old", and it is TODAY_S. */
static void share_secrets(struct bench *b)
{
    assert_int_equal(secrets_parse(&b->secrets, SPAN("new\nold\n"),
                                   EPHEMERAL_SHA1, NULL, NULL),
                     0);
    b->policy.secrets = b->secrets;
    b->auth.unix_s = TODAY_S;
}

/* Logs in with what `secret` makes for `user`. */
static unsigned judge_ephemeral(struct bench *b, const char *secret,
                                const char *user, struct claim c)
{
    static unsigned count;
    char space[EPHEMERAL_PASSWORD_MAX] = "", nc[16];
    struct span password;

    assert_int_equal(ephemeral_password(&password, space, EPHEMERAL_SHA1,
                                        span_str(secret), span_str(user)),
                     0);
    (void)snprintf(nc, sizeof nc, "%08x", ++count);
    c.user = user;
    c.password = space;
    c.nc = nc;
    return judge(b, &c);
}

static void every_secret_proves_credentials(void **state)
{
    static const char *const secrets[] = {"new", "old"};
    struct bench *b = *state;

    share_secrets(b);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(judge_ephemeral(b, secrets[i], "1800003600:dora",
                                         (struct claim){0}),
                         200);
        assert_span(b->v.user, "dora");
        assert_int_equal(b->v.expires_s, 1800);
    }
    assert_int_equal(judge_ephemeral(b, "old", "1800003600:dora",
                                     (struct claim){.alg = DIGEST_SHA256,
                                                    .alg_name = "SHA-256"}),
                     200);
    /* The file is asked as ever. */
    assert_int_equal(judge(b, &(struct claim){.nc = "00000099"}), 200);
    assert_span(b->v.user, "alice");
}

static void another_secret_proves_nothing(void **state)
{
    struct bench *b = *state;

    share_secrets(b);
    assert_int_equal(
        judge_ephemeral(b, "other", "1800003600:dora", (struct claim){0}), 401);
    assert_true(b->v.failure);
    assert_int_equal(b->v.why, AUTH_UNKNOWN);
    /* Whose name it is does not matter. */
    assert_int_equal(judge(b, &(struct claim){.user = "1800003600:alice"}),
                     401);
    assert_int_equal(b->v.why, AUTH_UNKNOWN);
    assert_int_equal(judge_ephemeral(b, "new", "dora", (struct claim){0}), 401);
    b->policy.secrets = NULL;
    assert_int_equal(
        judge_ephemeral(b, "new", "1800003600:dora", (struct claim){0}), 401);
}

static void a_session_ends_with_its_credentials(void **state)
{
    struct bench *b = *state;

    share_secrets(b);
    assert_int_equal(
        judge_ephemeral(b, "new", "1800000090:dora", (struct claim){0}), 200);
    assert_int_equal(b->v.expires_s, 90);
    assert_int_equal(judge_ephemeral(b, "new", "1800000090:dora",
                                     (struct claim){.rest = "Expires: 80\r\n"}),
                     200);
    assert_int_equal(b->v.expires_s, 80);
}

static void credentials_that_are_about_to_end_have_expired(void **state)
{
    static const char *const users[] = {"1800000059:dora", "1800000000:dora",
                                        "1799999999:dora", "0:dora"};
    struct bench *b = *state;

    share_secrets(b);
    for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
        assert_int_equal(judge_ephemeral(b, "new", users[i], (struct claim){0}),
                         401);
        assert_true(b->v.failure);
        assert_false(b->v.stale);
        assert_int_equal(b->v.why, AUTH_EXPIRED);
        assert_span(b->v.user, "dora");
    }
    assert_int_equal(
        judge_ephemeral(b, "new", "1800000060:dora", (struct claim){0}), 200);
    assert_int_equal(b->v.expires_s, 60);
}

static void secrets_hold_for_every_realm(void **state)
{
    struct bench *b = *state;
    const char *to = "msrps://two.example;tcp";

    share_secrets(b);
    challenge_at(b, to, "two.example");
    assert_int_equal(
        judge_ephemeral(b, "new", "1800003600:dora",
                        (struct claim){.to = to, .realm = "two.example"}),
        200);
    assert_span(b->v.realm, "two.example");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void a_temporary_user_is_granted_for_his_time(void **state)
{
    struct bench *b = *state;
    struct temporary_login login;
    char name[TEMPORARY_USERS_NAME + 1], password[TEMPORARY_USERS_PASSWORD + 1];
    struct claim claim = {.user = name, .password = password};

    assert_int_equal(temporary_users_add(&b->auth.temporary, &login,
                                         b->policy.realm, &b->rnd, NOW_MS),
                     0);
    span_copy(name, sizeof name, span_of(login.name, sizeof login.name));
    span_copy(password, sizeof password,
              span_of(login.password, sizeof login.password));
    assert_int_equal(judge(b, &claim), 200);
    claim.password = "guess";
    claim.nc = "00000002";
    assert_int_equal(judge(b, &claim), 401);
    assert_true(b->v.failure);
    claim.password = password;
    assert_int_equal(judge_at(b, &claim, NOW_MS + TEMPORARY_USERS_MS), 401);
    assert_true(b->v.failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_right_credentials_are_granted),
        TEST(each_algorithm_that_is_offered_is_taken),
        TEST(no_credentials_are_no_failure),
        TEST(wrong_credentials_are_a_failure),
        TEST(malformed_credentials_are_a_bad_request),
        TEST(a_cnonce_must_stand_in_quotes_as_it_is),
        TEST(the_uri_is_the_rightmost_in_to_path),
        TEST(a_replay_is_stale),
        TEST(an_old_nonce_is_stale_if_all_else_is_right),
        TEST(expires_is_held_to_its_bounds),
        TEST(expires_is_looked_at_after_authentication),
        TEST(a_challenge_is_just_so),
        TEST(a_temporary_user_is_granted_for_his_time),
        TEST(the_host_chooses_the_realm),
        TEST(any_other_host_means_the_first_realm),
        TEST(credentials_of_one_realm_are_none_of_another),
        TEST(every_secret_proves_credentials),
        TEST(another_secret_proves_nothing),
        TEST(a_session_ends_with_its_credentials),
        TEST(credentials_that_are_about_to_end_have_expired),
        TEST(secrets_hold_for_every_realm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
