/* SPDX-License-Identifier: BSD-2-Clause */
/* test-wraps: EVP_MD_CTX_new */
#include "digest.h"

#include <limits.h>
#include <openssl/evp.h>

#include "cmocka_all.h"
#include "err.h"

/* How many hash contexts there is memory for. */
static unsigned contexts_left = UINT_MAX;

EVP_MD_CTX *__real_EVP_MD_CTX_new(void);
EVP_MD_CTX *__wrap_EVP_MD_CTX_new(void);

EVP_MD_CTX *__wrap_EVP_MD_CTX_new(void)
{
    if (contexts_left == 0)
        return NULL;
    contexts_left--;
    return __real_EVP_MD_CTX_new();
}

/* The credentials of the worked example (R4976-9.1-f, step A5). */
static const char example[] =
    "Digest username=\"alice\", realm=\"extra.example.net\", "
    "nonce=\"9f2c41d07be85a36\", uri=\"msrps://extra.example.net;tcp\", "
    "qop=auth, nc=00000001, cnonce=\"0a4f113b\", "
    "response=\"af62a19c8cf5a6ca1db9d577897fbe0c\"";

static int parse(struct digest_auth *a, const char *value)
{
    return digest_auth_parse(a, span_str(value));
}

/* The example with one parameter left out, or put in place of itself; `with`
 * NULL: left out. */
static const char *varied(char *dst, size_t size, const char *name,
                          const char *with)
{
    struct span rest = span_from(SPAN(example), 7);
    size_t n = (size_t)snprintf(dst, size, "Digest ");

    while (rest.n) {
        struct span param = span_trim(span_cut(&rest, ','));
        struct span key = param;

        key = span_cut(&key, '=');
        if (span_eq(key, span_str(name)))
            param = with ? span_str(with) : SPAN("");
        if (!param.n)
            continue;
        n += (size_t)snprintf(dst + n, size - n, "%s%.*s", n > 7 ? ", " : "",
                              SPAN_ARG(param));
    }
    return dst;
}

static int parse_varied(struct digest_auth *a, const char *name,
                        const char *with)
{
    char value[1024];

    return parse(a, varied(value, sizeof value, name, with));
}

/* --- credentials
 * ---------------------------------------------------------------- */

static void credentials_are_taken_apart(void **state)
{
    struct digest_auth a;

    (void)state;
    assert_int_equal(parse(&a, example), 0);
    assert_span(a.username, "alice");
    assert_span(a.realm, "extra.example.net");
    assert_span(a.nonce, "9f2c41d07be85a36");
    assert_span(a.uri, "msrps://extra.example.net;tcp");
    assert_span(a.response, "af62a19c8cf5a6ca1db9d577897fbe0c");
    assert_span(a.cnonce, "0a4f113b");
    assert_span(a.qop, "auth");
    assert_span(a.nc, "00000001");
    assert_true(span_is_empty(a.opaque));
    assert_int_equal(a.alg, DIGEST_MD5);
}

/* I-5 */
static void credentials_as_blink_sends_them_are_taken(void **state)
{
    struct digest_auth a;

    (void)state;
    assert_int_equal(
        parse(&a, "Digest username=\"alice\",realm=\"example.com\","
                  "nonce=\"n1\",nc=\"00000001\",qop=\"auth\",opaque=\"o\","
                  "cnonce=\"c\",response="
                  "\"af62a19c8cf5a6ca1db9d577897fbe0c\""),
        0);
    assert_span(a.nc, "00000001");
    assert_span(a.qop, "auth");
    assert_span(a.opaque, "o");
    assert_true(span_is_empty(a.uri));
    assert_int_equal(a.alg, DIGEST_MD5);
}

static void names_and_scheme_have_no_case_and_blanks_do_not_count(void **state)
{
    struct digest_auth a;

    (void)state;
    assert_int_equal(
        parse(&a, "dIGEST \t UserName = \"alice\" ,REALM=\"r\"\t, Nonce=\"n\","
                  "Qop=AUTH,NC=0000000A,CNonce=\"c\",ALGORITHM=md5,"
                  "Response=\"af62a19c8cf5a6ca1db9d577897fbe0c\" "),
        0);
    assert_span(a.username, "alice");
    assert_span(a.nc, "0000000A");
}

static void unknown_parameters_are_ignored(void **state)
{
    struct digest_auth a;
    char value[1024];

    (void)state;
    snprintf(value, sizeof value, "%s, x=1, x=2, userhash=false, y=\"a,b\"",
             example);
    assert_int_equal(parse(&a, value), 0);
    assert_span(a.cnonce, "0a4f113b");
}

/* R7616-3.4.5-a */
static void escapes_are_undone(void **state)
{
    struct digest_auth a;
    char value[1024];

    (void)state;
    varied(value, sizeof value, "username", "username=\"a\\\"b\\\\\"");
    assert_int_equal(parse(&a, value), 0);
    assert_span(a.username, "a\"b\\");
    assert_int_equal(parse_varied(&a, "username", "username=\"\\\"\""), 0);
    assert_span(a.username, "\"");
    varied(value, sizeof value, "username", "username=\"z\xc3\xbc\trich\"");
    assert_int_equal(parse(&a, value), 0);
    assert_span(a.username, "z\xc3\xbc\trich");
}

static void several_escaped_values_share_the_space(void **state)
{
    struct digest_auth a;

    (void)state;
    assert_int_equal(
        parse(&a, "Digest username=\"\\\"u\", realm=\"\\\"r\", nonce=\"n\", "
                  "qop=auth, nc=00000001, cnonce=\"\\\\c\", response="
                  "\"af62a19c8cf5a6ca1db9d577897fbe0c\""),
        0);
    assert_span(a.username, "\"u");
    assert_span(a.realm, "\"r");
    assert_span(a.cnonce, "\\c");
}

/* `username="\"aaa..."` with n octets once the escape is undone. */
static int parse_long_user(struct digest_auth *a, size_t n)
{
    char name[700] = "username=\"\\\"", value[1400];
    size_t at = strlen(name);

    memset(name + at, 'a', n - 1);
    span_copy(name + at + n - 1, 2, SPAN("\""));
    varied(value, sizeof value, "username", name);
    return parse(a, value);
}

static void escaped_text_that_does_not_fit_is_refused(void **state)
{
    struct digest_auth a;

    (void)state;
    assert_int_equal(parse_long_user(&a, sizeof a.space), 0);
    assert_int_equal(a.username.n, sizeof a.space);
    assert_int_equal(parse_long_user(&a, sizeof a.space + 1), ERR_SYNTAX);
}

/* R4976-9.1-a */
static void another_scheme_is_unsupported(void **state)
{
    struct digest_auth a;

    (void)state;
    assert_int_equal(parse(&a, "Basic YWxpY2U6eA=="), ERR_UNSUPPORTED);
    assert_int_equal(parse(&a, "Digestive x=1"), ERR_UNSUPPORTED);
    assert_int_equal(parse(&a, "Bearer"), ERR_UNSUPPORTED);
}

/* R4976-9.1-b */
static void another_algorithm_or_qop_is_unsupported(void **state)
{
    struct digest_auth a;

    (void)state;
    assert_int_equal(parse_varied(&a, "qop", "qop=auth, algorithm=MD5-sess"),
                     ERR_UNSUPPORTED);
    assert_int_equal(parse_varied(&a, "qop", "qop=auth, algorithm=SHA-512-256"),
                     ERR_UNSUPPORTED);
    assert_int_equal(parse_varied(&a, "qop", "qop=auth-int"), ERR_UNSUPPORTED);
    assert_int_equal(parse_varied(&a, "qop", "qop=\"auth,auth-int\""),
                     ERR_UNSUPPORTED);
}

/* R4976-9.1-d, -e */
static void a_missing_or_empty_parameter_is_refused(void **state)
{
    static const char *const names[] = {"username", "realm",  "nonce",   "qop",
                                        "nc",       "cnonce", "response"};
    struct digest_auth a;
    char empty[32];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(parse_varied(&a, names[i], NULL), ERR_SYNTAX);
        snprintf(empty, sizeof empty, "%s=\"\"", names[i]);
        assert_int_equal(parse_varied(&a, names[i], empty), ERR_SYNTAX);
    }
    assert_int_equal(parse_varied(&a, "uri", NULL), 0);
}

static void a_parameter_that_stands_twice_is_refused(void **state)
{
    static const char *const again[] = {
        "username=\"x\"", "realm=\"x\"", "nonce=\"x\"", "uri=\"x\"",
        "cnonce=\"x\"",   "qop=auth",    "nc=00000001", "response=\"x\"",
    };
    struct digest_auth a;
    char value[1024];

    (void)state;
    for (size_t i = 0; i < sizeof again / sizeof *again; i++) {
        snprintf(value, sizeof value, "%s, %s", example, again[i]);
        assert_int_equal(parse(&a, value), ERR_SYNTAX);
    }
    snprintf(value, sizeof value, "%s, algorithm=MD5, Algorithm=MD5", example);
    assert_int_equal(parse(&a, value), ERR_SYNTAX);
    snprintf(value, sizeof value, "%s, opaque=\"\", opaque=\"\"", example);
    assert_int_equal(parse(&a, value), ERR_SYNTAX);
}

static void nc_is_8_hex_digits(void **state)
{
    struct digest_auth a;

    (void)state;
    assert_int_equal(parse_varied(&a, "nc", "nc=0000001"), ERR_SYNTAX);
    assert_int_equal(parse_varied(&a, "nc", "nc=000000001"), ERR_SYNTAX);
    assert_int_equal(parse_varied(&a, "nc", "nc=0000000g"), ERR_SYNTAX);
    assert_int_equal(parse_varied(&a, "nc", "nc=ffffffff"), 0);
}

static void the_response_is_as_long_as_its_algorithm_says(void **state)
{
    static const char sha256[] =
        "response="
        "\"6f546486295060652be5b834aa9501634f9d37755a03879dd1c9a80bfc1fc75d"
        "\", algorithm=SHA-256";
    struct digest_auth a;

    (void)state;
    assert_int_equal(parse_varied(&a, "response", sha256), 0);
    assert_int_equal(a.alg, DIGEST_SHA256);
    assert_int_equal(a.response.n, 64);
    assert_int_equal(parse_varied(&a, "qop", "qop=auth, algorithm=SHA-256"),
                     ERR_SYNTAX);
    assert_int_equal(
        parse_varied(&a, "response",
                     "response=\"af62a19c8cf5a6ca1db9d577897fbe0\""),
        ERR_SYNTAX);
    assert_int_equal(
        parse_varied(&a, "response",
                     "response=\"af62a19c8cf5a6ca1db9d577897fbe0z\""),
        ERR_SYNTAX);
}

static void what_is_malformed_is_refused(void **state)
{
    static const char *const tails[] = {
        ",",           ", x",           ", x=",
        ", =x",        ", x=\"",        ", x=\"\\",
        ", x=\"\\a\"", ", x=\"a\x7f\"", ", x=\"a\r\n b\"",
        ", x=\"\"y",   " x=1",          ", x=a/b",
        ";x=1",        ", x=\"a\x01\"", ", x=1 y=2",
        ",, x=1",      ", x y=1",       ", \xc3=1",
    };
    struct digest_auth a;
    char value[1024];

    (void)state;
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        snprintf(value, sizeof value, "%s%s", example, tails[i]);
        if (parse(&a, value) != ERR_SYNTAX)
            fail_msg("not refused: %s", tails[i]);
    }
    assert_int_equal(parse(&a, ""), ERR_SYNTAX);
    assert_int_equal(parse(&a, " "), ERR_SYNTAX);
    assert_int_equal(parse(&a, "Digest"), ERR_SYNTAX);
    assert_int_equal(parse(&a, "Digest "), ERR_SYNTAX);
    assert_int_equal(parse(&a, "\"Digest\" x=1"), ERR_SYNTAX);
}

/* Nothing behind the end of the span may be looked at. */
static void credentials_cut_anywhere_are_refused(void **state)
{
    struct digest_auth a;

    (void)state;
    for (size_t n = 0; n < sizeof example - 1; n++) {
        char *exact = test_malloc(n + 1);

        memcpy(exact + 1, example, n);
        /* "Dig" is the name of another scheme. */
        assert_int_equal(digest_auth_parse(&a, span_of(exact + 1, n)),
                         n >= 1 && n < 6 ? ERR_UNSUPPORTED : ERR_SYNTAX);
        test_free(exact);
    }
}

/* --- challenges
 * ------------------------------------------------------------------ */

static void a_challenge_is_taken_apart(void **state)
{
    struct digest_challenge c;

    (void)state;
    assert_int_equal(digest_challenge_parse(
                         &c, SPAN("Digest realm=\"extra.example.net\", "
                                  "nonce=\"9f2c41d07be85a36\", algorithm=MD5, "
                                  "qop=\"auth\"")),
                     0);
    assert_span(c.realm, "extra.example.net");
    assert_span(c.nonce, "9f2c41d07be85a36");
    assert_true(span_is_empty(c.opaque));
    assert_int_equal(c.alg, DIGEST_MD5);
    assert_false(c.stale);
    assert_true(c.qop_auth);
}

static void stale_and_the_list_of_qops_are_read(void **state)
{
    struct digest_challenge c;

    (void)state;
    assert_int_equal(
        digest_challenge_parse(
            &c, SPAN("Digest realm=\"r\", nonce=\"n\", opaque=\"o\", "
                     "stale=TRUE, algorithm=SHA-256, domain=\"x\", "
                     "qop=\"auth-int, auth\"")),
        0);
    assert_span(c.opaque, "o");
    assert_true(c.stale);
    assert_true(c.qop_auth);
    assert_int_equal(c.alg, DIGEST_SHA256);
    assert_int_equal(
        digest_challenge_parse(&c, SPAN("Digest realm=\"r\", nonce=\"n\", "
                                        "stale=false, qop=\"auth-int\"")),
        0);
    assert_false(c.stale);
    assert_false(c.qop_auth);
}

static void a_challenge_without_realm_or_nonce_is_refused(void **state)
{
    struct digest_challenge c;

    (void)state;
    assert_int_equal(
        digest_challenge_parse(&c, SPAN("Digest nonce=\"n\", qop=\"auth\"")),
        ERR_SYNTAX);
    assert_int_equal(
        digest_challenge_parse(&c, SPAN("Digest realm=\"r\", qop=\"auth\"")),
        ERR_SYNTAX);
    assert_int_equal(
        digest_challenge_parse(&c, SPAN("Digest realm=\"r\", nonce=\"n\", "
                                        "algorithm=MD5-sess")),
        ERR_UNSUPPORTED);
    assert_int_equal(digest_challenge_parse(&c, SPAN("Basic realm=\"r\"")),
                     ERR_UNSUPPORTED);
}

/* --- hashing
 * --------------------------------------------------------------------- */

/* The response of the worked example, for one algorithm and method. */
static struct digest_hex example_response(enum digest_alg alg,
                                          struct span method)
{
    struct digest_hex ha1, got;
    struct digest_input in = {
        .alg = alg,
        .nonce = SPAN("9f2c41d07be85a36"),
        .nc = SPAN("00000001"),
        .cnonce = SPAN("0a4f113b"),
        .method = method,
        .uri = SPAN("msrps://extra.example.net;tcp"),
    };

    assert_int_equal(digest_ha1(&ha1, alg, SPAN("alice"),
                                SPAN("extra.example.net"),
                                SPAN("correct horse")),
                     0);
    in.ha1 = digest_hex_span(&ha1);
    assert_int_equal(digest_response(&got, &in), 0);
    return got;
}

/* R4976-9.1-f */
static void the_response_of_the_worked_example_is_found(void **state)
{
    struct digest_hex h = example_response(DIGEST_MD5, SPAN("AUTH"));

    (void)state;
    assert_span(digest_hex_span(&h), "af62a19c8cf5a6ca1db9d577897fbe0c");
    h = example_response(DIGEST_SHA256, SPAN("AUTH"));
    assert_span(digest_hex_span(&h), "6f546486295060652be5b834aa950163"
                                     "4f9d37755a03879dd1c9a80bfc1fc75d");
}

/* R4976-9.1-g */
static void rspauth_has_no_method(void **state)
{
    struct digest_hex h = example_response(DIGEST_MD5, SPAN(""));

    (void)state;
    assert_span(digest_hex_span(&h), "aecd1660a4514ec3ccb967f7f1aca995");
}

/* The user of the examples in RFC 7616, 3.9.1. */
static void ha1_is_the_hash_of_user_realm_and_password(void **state)
{
    struct digest_hex h;

    (void)state;
    assert_int_equal(digest_ha1(&h, DIGEST_MD5, SPAN("Mufasa"),
                                SPAN("http-auth@example.org"),
                                SPAN("Circle of Life")),
                     0);
    assert_span(digest_hex_span(&h), "3d78807defe7de2157e2b0b6573a855f");
    assert_int_equal(digest_ha1(&h, DIGEST_SHA256, SPAN("Mufasa"),
                                SPAN("http-auth@example.org"),
                                SPAN("Circle of Life")),
                     0);
    assert_span(digest_hex_span(&h), "7987c64c30e25f1b74be53f966b49b90"
                                     "f2808aa92faf9a00262392d7b4794232");
}

static void hashing_without_memory_is_an_error(void **state)
{
    const struct digest_input in = {.alg = DIGEST_MD5};
    struct digest_hex h = {.n = 77};

    (void)state;
    for (contexts_left = 0; contexts_left < 2; contexts_left++) {
        unsigned keep = contexts_left;

        assert_int_equal(digest_response(&h, &in), ERR_NOMEM);
        contexts_left = keep;
    }
    contexts_left = 0;
    assert_int_equal(
        digest_ha1(&h, DIGEST_MD5, SPAN("u"), SPAN("r"), SPAN("p")), ERR_NOMEM);
    contexts_left = UINT_MAX;
    assert_int_equal(h.n, 77);
}

static void algorithms_have_names(void **state)
{
    enum digest_alg alg;

    (void)state;
    assert_int_equal(digest_alg_from(&alg, SPAN("md5")), 0);
    assert_int_equal(alg, DIGEST_MD5);
    assert_int_equal(digest_alg_from(&alg, SPAN("sha-256")), 0);
    assert_int_equal(alg, DIGEST_SHA256);
    assert_int_equal(digest_alg_from(&alg, SPAN("SHA256")), ERR_NOT_FOUND);
    assert_int_equal(digest_alg_from(&alg, SPAN("")), ERR_NOT_FOUND);
    /* I-8: exactly so. */
    assert_span(digest_alg_name(DIGEST_MD5), "MD5");
    assert_span(digest_alg_name(DIGEST_SHA256), "SHA-256");
    assert_int_equal(digest_hex_len(DIGEST_MD5), 32);
    assert_int_equal(digest_hex_len(DIGEST_SHA256), 64);
}

/* RFC 4231, 4.3. */
static void the_mac_is_hmac_sha_256(void **state)
{
    unsigned char mac[32];
    char hex[64];

    (void)state;
    assert_int_equal(
        digest_mac(mac, SPAN("Jefe"), SPAN("what do ya want for nothing?")), 0);
    hex_text(hex, mac, sizeof mac);
    assert_span(span_of(hex, sizeof hex), "5bdcc146bf60754e6a042426089575c7"
                                          "5a003f089d2739839dec58b964ec3843");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credentials_are_taken_apart),
        cmocka_unit_test(credentials_as_blink_sends_them_are_taken),
        cmocka_unit_test(names_and_scheme_have_no_case_and_blanks_do_not_count),
        cmocka_unit_test(unknown_parameters_are_ignored),
        cmocka_unit_test(escapes_are_undone),
        cmocka_unit_test(several_escaped_values_share_the_space),
        cmocka_unit_test(escaped_text_that_does_not_fit_is_refused),
        cmocka_unit_test(another_scheme_is_unsupported),
        cmocka_unit_test(another_algorithm_or_qop_is_unsupported),
        cmocka_unit_test(a_missing_or_empty_parameter_is_refused),
        cmocka_unit_test(a_parameter_that_stands_twice_is_refused),
        cmocka_unit_test(nc_is_8_hex_digits),
        cmocka_unit_test(the_response_is_as_long_as_its_algorithm_says),
        cmocka_unit_test(what_is_malformed_is_refused),
        cmocka_unit_test(credentials_cut_anywhere_are_refused),
        cmocka_unit_test(a_challenge_is_taken_apart),
        cmocka_unit_test(stale_and_the_list_of_qops_are_read),
        cmocka_unit_test(a_challenge_without_realm_or_nonce_is_refused),
        cmocka_unit_test(the_response_of_the_worked_example_is_found),
        cmocka_unit_test(rspauth_has_no_method),
        cmocka_unit_test(ha1_is_the_hash_of_user_realm_and_password),
        cmocka_unit_test(hashing_without_memory_is_an_error),
        cmocka_unit_test(algorithms_have_names),
        cmocka_unit_test(the_mac_is_hmac_sha_256),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
