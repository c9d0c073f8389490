/* SPDX-License-Identifier: BSD-2-Clause */
#include "fingerprint.h"

#include <stdio.h>

#include "cmocka_all.h"
#include "err.h"

#define SHA1 "4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB"

static int parse(struct fingerprint *f, const char *text)
{
    return fingerprint_parse(f, span_str(text));
}

static void test_reads_and_writes(void **state)
{
    static const char *const texts[] = {
        "SHA-1 " SHA1,
        "sha-1 4a:ad:b9:b1:3f:82:18:3b:54:02:12:df:3e:5d:49:6b:19:e5:7c:ab",
        "  Sha-1   " SHA1 " ",
    };
    char text[FINGERPRINT_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct fingerprint f;
        size_t n;

        assert_int_equal(parse(&f, texts[i]), 0);
        assert_int_equal(f.function, FINGERPRINT_SHA1);
        assert_int_equal(f.n, 20);
        assert_int_equal(f.octets[0], 0x4a);
        assert_int_equal(f.octets[19], 0xab);
        n = fingerprint_text(text, &f);
        assert_true(span_eq(span_of(text, n), SPAN("SHA-1 " SHA1)));
    }
}

/* Every function with as many octets as it has, and no other number. */
static void test_lengths(void **state)
{
    static const size_t octets[] = {20, 28, 32, 48, 64};

    (void)state;
    for (int i = 0; i < FINGERPRINT_FUNCTIONS; i++) {
        char text[FINGERPRINT_TEXT_MAX + 4], again[FINGERPRINT_TEXT_MAX];
        const char *name =
            fingerprint_function_name((enum fingerprint_function)i);
        struct fingerprint f;
        size_t n = (size_t)snprintf(text, sizeof text, "%s ", name);

        assert_int_equal(
            fingerprint_function_octets((enum fingerprint_function)i),
            octets[i]);
        for (size_t k = 0; k < octets[i]; k++)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%02zX",
                                  k ? ":" : "", k);
        assert_int_equal(fingerprint_parse(&f, span_of(text, n)), 0);
        assert_int_equal(fingerprint_text(again, &f), n);
        assert_memory_equal(again, text, n);
        for (size_t cut = n - 1; cut > 0; cut--)
            assert_int_not_equal(fingerprint_parse(&f, span_of(text, cut)), 0);
        memcpy(text + n, ":00", 4);
        assert_int_equal(fingerprint_parse(&f, span_of(text, n + 3)),
                         ERR_SYNTAX);
    }
}

static void test_refuses(void **state)
{
    struct fingerprint f = {.n = 1};

    (void)state;
    assert_int_equal(parse(&f, "MD5 " SHA1), ERR_NOT_FOUND);
    assert_int_equal(parse(&f, "md2 " SHA1), ERR_NOT_FOUND);
    assert_int_equal(parse(&f, "SHA-3 " SHA1), ERR_NOT_FOUND);
    assert_int_equal(parse(&f, ""), ERR_SYNTAX);
    assert_int_equal(parse(&f, "SHA-1"), ERR_SYNTAX);
    assert_int_equal(parse(&f, "SHA-1 4AAD"), ERR_SYNTAX);
    assert_int_equal(parse(&f, "SHA-256 " SHA1), ERR_SYNTAX);
    assert_int_equal(
        parse(&f, "SHA-1 4A-AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:"
                  "E5:7C:AB"),
        ERR_SYNTAX);
    assert_int_equal(
        parse(&f, "SHA-1 4G:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:"
                  "E5:7C:AB"),
        ERR_SYNTAX);
    assert_int_equal(f.n, 1); /* nothing was written */
}

static void test_equal(void **state)
{
    struct fingerprint a, b;

    (void)state;
    assert_int_equal(parse(&a, "SHA-1 " SHA1), 0);
    b = a;
    assert_true(fingerprint_equal(&a, &b));
    b.octets[19] ^= 1;
    assert_false(fingerprint_equal(&a, &b));
    b = a;
    b.function = FINGERPRINT_SHA256;
    assert_false(fingerprint_equal(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_and_writes),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_equal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
