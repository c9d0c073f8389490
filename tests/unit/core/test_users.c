/* SPDX-License-Identifier: BSD-2-Clause */
#include "users.h"

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

#define MD5_A "00112233445566778899aabbccddeeff"
#define MD5_B "ffeeddccbbaa99887766554433221100"
#define SHA_A MD5_A MD5_B

/* The faults told by users_parse(). */
struct faults {
    unsigned n;
    size_t lines[16];
    char what[16][100];
};

#define NOT_HA1 "HA1 is not 32 or 64 hex digits: use msrprelayctl passwd"

static void keep_fault(void *ctx, size_t line, const char *what)
{
    struct faults *f = ctx;

    assert_true(f->n < 16);
    f->lines[f->n] = line;
    span_copy(f->what[f->n], sizeof f->what[f->n], span_str(what));
    f->n++;
}

static struct users *parsed(const char *text)
{
    struct faults f = {0};
    struct users *u = NULL;
    int err = users_parse(&u, span_str(text), keep_fault, &f);

    if (f.n)
        fail_msg("line %zu: %s", f.lines[0], f.what[0]);
    assert_int_equal(err, 0);
    return u;
}

/* `text` is refused, with one fault, in that line. */
static void assert_fault(const char *text, size_t line, const char *what)
{
    struct faults f = {0};
    struct users *u = NULL;

    assert_int_equal(users_parse(&u, span_str(text), keep_fault, &f),
                     ERR_CONFIG);
    assert_null(u);
    assert_int_equal(f.n, 1);
    assert_int_equal(f.lines[0], line);
    assert_string_equal(f.what[0], what);
}

static struct span find(const struct users *u, const char *user,
                        const char *realm, enum digest_alg alg)
{
    return users_find(u, span_str(user), span_str(realm), alg);
}

static void a_user_is_found_by_name_realm_and_algorithm(void **state)
{
    struct users *u = parsed("alice:example.com:" MD5_A "\n"
                             "alice:example.com:" SHA_A "\n"
                             "alice:example.net:" MD5_B "\n"
                             "bob:example.com:" MD5_B "\n");

    (void)state;
    assert_int_equal(users_count(u), 4);
    assert_span(find(u, "alice", "example.com", DIGEST_MD5), MD5_A);
    assert_span(find(u, "alice", "example.com", DIGEST_SHA256), SHA_A);
    assert_span(find(u, "alice", "example.net", DIGEST_MD5), MD5_B);
    assert_span(find(u, "bob", "example.com", DIGEST_MD5), MD5_B);
    users_free(u);
}

static void a_stranger_is_not_found(void **state)
{
    struct users *u = parsed("alice:example.com:" MD5_A "\n");
    char longest[400];

    (void)state;
    memset(longest, 'a', sizeof longest);
    assert_int_equal(find(u, "bob", "example.com", DIGEST_MD5).n, 0);
    assert_int_equal(find(u, "Alice", "example.com", DIGEST_MD5).n, 0);
    assert_int_equal(find(u, "alice", "example.co", DIGEST_MD5).n, 0);
    assert_int_equal(find(u, "alice", "example.com", DIGEST_SHA256).n, 0);
    assert_int_equal(find(u, "", "example.com", DIGEST_MD5).n, 0);
    assert_int_equal(find(u, "alice", "", DIGEST_MD5).n, 0);
    assert_int_equal(users_find(u, span_of(longest, sizeof longest),
                                SPAN("example.com"), DIGEST_MD5)
                         .n,
                     0);
    assert_int_equal(users_find(u, SPAN("alice"),
                                span_of(longest, sizeof longest), DIGEST_MD5)
                         .n,
                     0);
    users_free(u);
}

static void a_colon_moved_from_realm_to_user_finds_nobody(void **state)
{
    struct users *u = parsed("alice:b:example.com:" MD5_A "\n");

    (void)state;
    assert_span(find(u, "alice", "b:example.com", DIGEST_MD5), MD5_A);
    assert_int_equal(find(u, "alice:b", "example.com", DIGEST_MD5).n, 0);
    users_free(u);
}

static void upper_case_hex_is_made_lower(void **state)
{
    struct users *u = parsed("A:R:00112233445566778899AABBCCDDEEFF\n"
                             "B:R:00112233445566778899AABBCCDDEEFF" MD5_B "\n");

    (void)state;
    assert_span(find(u, "A", "R", DIGEST_MD5), MD5_A);
    assert_span(find(u, "B", "R", DIGEST_SHA256), SHA_A);
    users_free(u);
}

static void comments_blank_lines_and_crlf_are_tolerated(void **state)
{
    struct users *u = parsed("# users: of example.com\r\n"
                             "\r\n"
                             "\n"
                             "  \t\n"
                             "  # more: to come: soon\n"
                             "a:r:" MD5_A "\r\n"
                             "b#1:r:" MD5_A " \t # since: May\n"
                             "c d:r:" MD5_B);

    (void)state;
    assert_int_equal(users_count(u), 3);
    assert_span(find(u, "a", "r", DIGEST_MD5), MD5_A);
    assert_span(find(u, "b#1", "r", DIGEST_MD5), MD5_A);
    assert_span(find(u, "c d", "r", DIGEST_MD5), MD5_B);
    users_free(u);
}

static void an_empty_file_has_no_users(void **state)
{
    struct users *u = parsed("");

    (void)state;
    assert_int_equal(users_count(u), 0);
    assert_int_equal(find(u, "a", "r", DIGEST_MD5).n, 0);
    users_free(u);
    users_free(NULL);
}

static void a_malformed_line_is_named_with_its_number(void **state)
{
    (void)state;
    assert_fault("\n# x\nalice\n", 3, "not user:realm:HA1");
    assert_fault("alice:" MD5_A, 1, "not user:realm:HA1");
    assert_fault(":r:" MD5_A, 1, "empty user or realm");
    assert_fault("a::" MD5_A, 1, "empty user or realm");
    assert_fault("a:r:", 1, NOT_HA1);
    assert_fault("a:r:0", 1, NOT_HA1);
    assert_fault("a:r:" MD5_A "0", 1, NOT_HA1);
    assert_fault("a:r:" MD5_A " 0", 1, NOT_HA1);
    assert_fault("a:r: " MD5_A, 1, NOT_HA1);
    assert_fault("a:r:0011223344556677889zaabbccddeeff", 1, NOT_HA1);
    assert_fault("a\rb:r:" MD5_A, 1, "control character");
    assert_fault("a:r:" MD5_A "\r\r\n", 1, "control character");
    assert_fault("a\x7f:r:" MD5_A, 1, "control character");
}

static void a_nul_is_a_fault_and_no_end(void **state)
{
    struct faults f = {0};
    struct users *u;

    (void)state;
    assert_int_equal(
        users_parse(&u, SPAN("a\0b:r:" MD5_A "\nx\n"), keep_fault, &f),
        ERR_CONFIG);
    assert_int_equal(f.n, 2);
    assert_string_equal(f.what[0], "control character");
    assert_int_equal(f.lines[1], 2);
}

static void a_name_over_255_octets_is_a_fault(void **state)
{
    char name[257], text[700];
    struct users *u;

    (void)state;
    memset(name, 'a', sizeof name - 1);
    name[256] = '\0';
    snprintf(text, sizeof text, "%s:%s:" MD5_A, name + 1, name + 1);
    u = parsed(text);
    assert_span(find(u, name + 1, name + 1, DIGEST_MD5), MD5_A);
    users_free(u);
    snprintf(text, sizeof text, "%s:r:" MD5_A, name);
    assert_fault(text, 1, "user or realm over 255 octets");
    snprintf(text, sizeof text, "a:%s:" MD5_A, name);
    assert_fault(text, 1, "user or realm over 255 octets");
}

static void a_second_line_for_the_same_is_a_fault(void **state)
{
    (void)state;
    assert_fault("\na:r:" MD5_A "\nb:r:" MD5_A "\na:r:" MD5_B "\n", 4,
                 "same user, realm and algorithm as in line 2");
    assert_fault("a:r:" SHA_A "\na:r:" SHA_A "\n", 2,
                 "same user, realm and algorithm as in line 1");
}

static void every_fault_is_told(void **state)
{
    struct faults f = {0};
    struct users *u = NULL;

    (void)state;
    assert_int_equal(users_parse(&u,
                                 SPAN("x\n"
                                      "a:r:" MD5_A "\n"
                                      "y\n"
                                      "a:r:" MD5_B "\n"
                                      "b:r:" MD5_B "\n"
                                      "z\n"),
                                 keep_fault, &f),
                     ERR_CONFIG);
    assert_null(u);
    assert_int_equal(f.n, 4);
    assert_int_equal(f.lines[0], 1);
    assert_int_equal(f.lines[1], 3);
    assert_int_equal(f.lines[2], 4);
    assert_int_equal(f.lines[3], 6);
}

static void the_text_may_go_away_after_reading(void **state)
{
    char text[] = "alice:example.com:" MD5_A "\n";
    struct users *u = parsed(text);

    (void)state;
    memset(text, 'x', sizeof text);
    assert_span(find(u, "alice", "example.com", DIGEST_MD5), MD5_A);
    users_free(u);
}

static void each_of_many_users_is_found(void **state)
{
    enum { N = 20000, LINE = 64 };
    char *text = test_malloc((size_t)N * LINE), name[16];
    struct users *u;
    size_t n = 0;

    (void)state;
    for (unsigned i = 0; i < N; i++)
        n += (size_t)snprintf(text + n, LINE, "u%u:r:%032x\n", i, i);
    assert_int_equal(users_parse(&u, span_of(text, n), keep_fault, NULL), 0);
    assert_int_equal(users_count(u), N);
    for (unsigned i = 0; i < N; i++) {
        char want[40];

        snprintf(name, sizeof name, "u%u", i);
        snprintf(want, sizeof want, "%032x", i);
        assert_span_equal(find(u, name, "r", DIGEST_MD5), span_str(want));
    }
    users_free(u);
    test_free(text);
}

static int attempt(void *ctx)
{
    struct users *u;
    int err = users_parse(&u, SPAN("a:r:" MD5_A "\nb:r:" MD5_B "\n"),
                          keep_fault, ctx);

    if (!err)
        users_free(u);
    return err;
}

static void reading_survives_each_failed_allocation(void **state)
{
    struct faults f = {0};

    (void)state;
    assert_int_equal(oom_sweep(attempt, &f), 4);
    assert_int_equal(f.n, 0);
}

struct wanted {
    struct span realm;
    enum digest_alg alg;
    unsigned asked;
};

static bool is_wanted(void *ctx, struct span realm, enum digest_alg alg)
{
    struct wanted *w = ctx;

    w->asked++;
    return alg == w->alg && span_eq(realm, w->realm);
}

static bool have(const struct users *u, struct span realm, enum digest_alg alg)
{
    struct wanted w = {realm, alg, 0};

    return users_have(u, is_wanted, &w);
}

static void a_realm_has_users_for_its_algorithms(void **state)
{
    struct users *u = parsed("# nobody\nalice:b:example.com:" MD5_A "\n"
                             "bob:b:example.com:" MD5_A "\n"
                             "carol:example.net:" MD5_A "\n");
    struct wanted nobody = {SPAN("example.com"), DIGEST_MD5, 0};

    (void)state;
    assert_true(have(u, SPAN("b:example.com"), DIGEST_MD5));
    assert_true(have(u, SPAN("example.net"), DIGEST_MD5));
    assert_false(have(u, SPAN("example.net"), DIGEST_SHA256));
    assert_false(have(u, SPAN("example"), DIGEST_MD5));
    assert_false(have(u, SPAN(""), DIGEST_MD5));
    assert_false(users_have(u, is_wanted, &nobody));
    assert_int_equal(nobody.asked, 2); /* once for each realm */
    users_free(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_is_found_by_name_realm_and_algorithm),
        cmocka_unit_test(a_stranger_is_not_found),
        cmocka_unit_test(a_realm_has_users_for_its_algorithms),
        cmocka_unit_test(a_colon_moved_from_realm_to_user_finds_nobody),
        cmocka_unit_test(upper_case_hex_is_made_lower),
        cmocka_unit_test(comments_blank_lines_and_crlf_are_tolerated),
        cmocka_unit_test(an_empty_file_has_no_users),
        cmocka_unit_test(a_malformed_line_is_named_with_its_number),
        cmocka_unit_test(a_nul_is_a_fault_and_no_end),
        cmocka_unit_test(a_name_over_255_octets_is_a_fault),
        cmocka_unit_test(a_second_line_for_the_same_is_a_fault),
        cmocka_unit_test(every_fault_is_told),
        cmocka_unit_test(the_text_may_go_away_after_reading),
        cmocka_unit_test(each_of_many_users_is_found),
        cmocka_unit_test(reading_survives_each_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
