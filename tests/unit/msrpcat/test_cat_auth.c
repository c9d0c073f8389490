/* SPDX-License-Identifier: BSD-2-Clause */
#include "cat_auth.h"

#include <stdlib.h>

#include "cmocka_all.h"
#include "digest.h"
#include "err.h"
#include "frames.h"

#define OWN "msrps://a.invalid:9/aaa;tcp"
#define R1 "msrps://intra.example.com:2855;tcp"
#define R2 "msrps://extra.example.net;tcp"
#define URI1 "msrps://intra.example.com:2855/t1Kq8Zr5Vb2Nw7Yc4Xd9Ep;tcp"
#define URI2 "msrps://extra.example.net:2855/u2Lm9Qs6Wf3Hg8Jk5Rt0Zx;tcp"
#define CHALLENGE(alg, nonce, more)                                            \
    "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"" nonce           \
    "\", algorithm=" alg ", qop=\"auth\"" more "\r\n"

struct fixture {
    struct rnd rnd;
    struct tx tx;
    struct cat_auth auth;
    struct frames out;
    char *relays[2];
};

static int set_up_with(void **state, size_t n_relays, uint64_t expires_s)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct cat_auth_rules rules = {.n_relays = n_relays,
                                   .user = SPAN("alice"),
                                   .password = SPAN("correct horse"),
                                   .own = SPAN(OWN),
                                   .expires_s = expires_s};

    assert_non_null(f);
    f->relays[0] = strdup(R1);
    f->relays[1] = strdup(R2);
    rules.relays = f->relays;
    rnd_init(&f->rnd);
    tx_init(&f->tx, &f->rnd, NULL);
    cat_auth_init(&f->auth, &rules, &f->tx, &f->rnd);
    assert_int_equal(cat_auth_start(&f->auth), 0);
    frames_take(&f->out, &f->tx);
    *state = f;
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, 1, 0);
}

static int set_up_two(void **state)
{
    return set_up_with(state, 2, 600);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    frames_free(&f->out);
    cat_auth_fini(&f->auth);
    tx_fini(&f->tx);
    free(f->relays[0]);
    free(f->relays[1]);
    free(f);
    return 0;
}

/* The AUTH that was sent last. */
static const struct seen *sent(struct fixture *f)
{
    assert_int_equal(f->out.n, 1);
    return frames_at(&f->out, 0);
}

static int answer(struct fixture *f, const char *code, const char *headers)
{
    struct span tid = msg_text(&sent(f)->head, sent(f)->head.tid);
    char text[2048];
    struct msg head;
    int err;

    snprintf(text, sizeof text,
             "MSRP %.*s %s\r\nTo-Path: " OWN "\r\nFrom-Path: " R1
             "\r\n%s-------%.*s$\r\n",
             SPAN_ARG(tid), code, headers, SPAN_ARG(tid));
    head = frames_head(text);
    assert_int_equal(head.fault, MSG_FAULT_NONE);
    err = cat_auth_on_response(&f->auth, &head);
    frames_free(&f->out);
    frames_take(&f->out, &f->tx);
    return err;
}

/* The credentials that were sent last; checks that they are right. */
static void check_credentials(struct fixture *f, struct digest_auth *a,
                              const char *password, struct digest_hex *rspauth)
{
    struct digest_hex ha1, want;
    struct digest_input in;

    assert_int_equal(
        digest_auth_parse(a, frames_header(sent(f), "Authorization")), 0);
    assert_int_equal(
        digest_ha1(&ha1, a->alg, a->username, a->realm, span_str(password)), 0);
    in =
        (struct digest_input){a->alg,    digest_hex_span(&ha1), a->nonce, a->nc,
                              a->cnonce, SPAN("AUTH"),          a->uri};
    assert_int_equal(digest_response(&want, &in), 0);
    assert_span_equal(a->response, digest_hex_span(&want));
    in.method = SPAN("");
    assert_int_equal(digest_response(rspauth, &in), 0);
}

static void the_first_auth_is_bare(void **state)
{
    struct fixture *f = *state;
    const struct seen *s = sent(f);

    assert_int_equal(s->head.method, MSG_AUTH);
    assert_span(msg_text(&s->head, s->head.to), R1);
    assert_span(msg_text(&s->head, s->head.from), OWN);
    assert_int_equal(s->head.rest.n, 0);
}

static void a_challenge_is_met(void **state)
{
    struct fixture *f = *state;
    struct digest_hex rspauth;
    struct digest_auth a;

    assert_int_equal(answer(f, "401 Unauthorized",
                            CHALLENGE("MD5", "abc", ", opaque=\"o\\\"p\"")),
                     0);
    check_credentials(f, &a, "correct horse", &rspauth);
    assert_span(a.username, "alice");
    assert_span(a.realm, "example.com");
    assert_span(a.nonce, "abc");
    assert_span(a.opaque, "o\"p");
    assert_span(a.uri, R1);
    assert_span(a.nc, "00000001");
    assert_true(a.cnonce.n >= 16);
    assert_false(f->auth.done);
}

static void of_two_challenges_the_better_is_met(void **state)
{
    struct fixture *f = *state;
    struct digest_hex rspauth;
    struct digest_auth a;

    assert_int_equal(answer(f, "401",
                            CHALLENGE("SHA-256", "n1", "")
                                CHALLENGE("MD5", "n2", "")
                                    CHALLENGE("SHA-512-256", "n3", "")),
                     0);
    check_credentials(f, &a, "correct horse", &rspauth);
    assert_int_equal(a.alg, DIGEST_SHA256);
    assert_span(a.nonce, "n1");
}

static void a_granted_uri_is_kept(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(answer(f, "401", CHALLENGE("MD5", "abc", "")), 0);
    assert_int_equal(
        answer(f, "200 OK", "Use-Path: " URI1 "\r\nExpires: 900\r\n"), 0);
    assert_true(f->auth.done);
    assert_string_equal(f->auth.use_path, URI1);
    assert_int_equal(f->auth.granted_s, 900);
}

static void a_relay_that_proves_itself_is_believed(void **state)
{
    struct fixture *f = *state;
    struct digest_hex rspauth;
    struct digest_auth a;
    char headers[512];

    assert_int_equal(answer(f, "401", CHALLENGE("MD5", "abc", "")), 0);
    check_credentials(f, &a, "correct horse", &rspauth);
    snprintf(headers, sizeof headers,
             "Use-Path: " URI1 "\r\nAuthentication-Info: cnonce=\"x,rspauth\","
             " rspauth=\"%.*s\", nc=00000001,qop=auth\r\n",
             SPAN_ARG(digest_hex_span(&rspauth)));
    assert_int_equal(answer(f, "200 OK", headers), 0);
    assert_true(f->auth.done);
}

static void a_wrong_rspauth_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(answer(f, "401", CHALLENGE("MD5", "abc", "")), 0);
    assert_int_equal(
        answer(f, "200 OK",
               "Use-Path: " URI1 "\r\nAuthentication-Info: "
               "rspauth=\"00000000000000000000000000000000\", qop=auth\r\n"),
        ERR_DENIED);
    assert_non_null(strstr(f->auth.why, "password"));
    assert_false(f->auth.done);
}

static void a_second_challenge_means_a_wrong_password(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(answer(f, "401", CHALLENGE("MD5", "abc", "")), 0);
    assert_int_equal(answer(f, "401", CHALLENGE("MD5", "def", "")), ERR_DENIED);
    assert_non_null(strstr(f->auth.why, "wrong"));
}

static void a_stale_nonce_is_replaced_but_not_for_ever(void **state)
{
    struct fixture *f = *state;
    struct digest_hex rspauth;
    struct digest_auth a;

    assert_int_equal(answer(f, "401", CHALLENGE("MD5", "n1", "")), 0);
    assert_int_equal(answer(f, "401", CHALLENGE("MD5", "n2", ", stale=true")),
                     0);
    check_credentials(f, &a, "correct horse", &rspauth);
    assert_span(a.nonce, "n2");
    assert_int_equal(answer(f, "401", CHALLENGE("MD5", "n3", ", stale=true")),
                     0);
    assert_int_equal(answer(f, "401", CHALLENGE("MD5", "n4", ", stale=true")),
                     ERR_DENIED);
}

static void what_cannot_be_met_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(
        answer(f, "401", "WWW-Authenticate: Basic realm=\"x\"\r\n"),
        ERR_DENIED);
    assert_int_equal(f->out.n, 0);
}

static void bounds_of_expires_are_told(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(answer(f, "423 Out", "Min-Expires: 60\r\n"), ERR_DENIED);
    assert_non_null(strstr(f->auth.why, "60 or more"));
}

static void other_codes_are_told(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(answer(f, "403 Forbidden", ""), ERR_DENIED);
    assert_non_null(strstr(f->auth.why, "403"));
}

static void a_200_without_a_path_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(answer(f, "200 OK", ""), ERR_DENIED);
    assert_int_equal(f->out.n, 0);
}

static void a_stray_response_is_nothing(void **state)
{
    struct fixture *f = *state;
    struct msg head =
        frames_head("MSRP stray 200\r\nTo-Path: " OWN "\r\nFrom-Path: " R1
                    "\r\nUse-Path: " URI1 "\r\n-------stray$\r\n");

    assert_int_equal(cat_auth_on_response(&f->auth, &head), 0);
    assert_false(f->auth.done);
}

/* R4976-5.1-a: through the first relay to the second. */
static void a_second_relay_is_asked_through_the_first(void **state)
{
    struct fixture *f = *state;
    struct digest_hex rspauth;
    struct digest_auth a;

    assert_span(frames_header(sent(f), "Expires"), "600");
    assert_int_equal(answer(f, "401", CHALLENGE("MD5", "n1", "")), 0);
    assert_int_equal(
        answer(f, "200 OK", "Use-Path: " URI1 "\r\nExpires: 500\r\n"), 0);
    assert_false(f->auth.done);
    assert_span(msg_text(&sent(f)->head, sent(f)->head.to), URI1 " " R2);
    assert_false(frames_has(sent(f), "Authorization"));
    assert_int_equal(answer(f, "401", CHALLENGE("MD5", "n2", "")), 0);
    check_credentials(f, &a, "correct horse", &rspauth);
    assert_span(a.uri, R2); /* R4976-9.1-f */
    assert_int_equal(
        answer(f, "200 OK", "Use-Path: " URI1 " " URI2 "\r\nExpires: 600\r\n"),
        0);
    assert_true(f->auth.done);
    assert_string_equal(f->auth.use_path, URI1 " " URI2);
    assert_int_equal(f->auth.granted_s, 500);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_auth_is_bare),
        TEST(a_challenge_is_met),
        TEST(of_two_challenges_the_better_is_met),
        TEST(a_granted_uri_is_kept),
        TEST(a_relay_that_proves_itself_is_believed),
        TEST(a_wrong_rspauth_is_refused),
        TEST(a_second_challenge_means_a_wrong_password),
        TEST(a_stale_nonce_is_replaced_but_not_for_ever),
        TEST(what_cannot_be_met_is_refused),
        TEST(bounds_of_expires_are_told),
        TEST(other_codes_are_told),
        TEST(a_200_without_a_path_is_refused),
        TEST(a_stray_response_is_nothing),
        cmocka_unit_test_setup_teardown(
            a_second_relay_is_asked_through_the_first, set_up_two, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
