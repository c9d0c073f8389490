/* SPDX-License-Identifier: BSD-2-Clause */
#include "status_page.h"

#include <openssl/evp.h>

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

enum { PAGE_MAX = 262144 };

static void fill(void *ctx, struct span name, struct text *t)
{
    (void)ctx;
    text_printf(t, "[%.*s]", SPAN_ARG(name));
}

static int write_page(void *ctx)
{
    struct text *t = ctx;

    text_fini(t);
    text_init(t, PAGE_MAX);
    status_page_write(t, fill, NULL);
    return t->err;
}

static int write_headers(void *ctx)
{
    struct text *t = ctx;

    text_fini(t);
    text_init(t, PAGE_MAX);
    status_page_headers(t);
    return t->err;
}

static int set_up(void **state)
{
    struct text *t = calloc(1, sizeof *t);

    assert_non_null(t);
    text_init(t, PAGE_MAX);
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    text_fini(*state);
    free(*state);
    return 0;
}

static const char *find(const struct text *t, const char *what)
{
    return memmem(t->p, t->n, what, strlen(what));
}

/* What stands between these two, which are there once. */
static struct span between(const struct text *t, const char *from,
                           const char *to)
{
    const char *start = find(t, from), *end = find(t, to);

    assert_non_null(start);
    assert_non_null(end);
    start += strlen(from);
    assert_true(end > start);
    assert_null(
        memmem(start, t->n - (size_t)(start - t->p), from, strlen(from)));
    assert_null(
        memmem(end + 1, t->n - (size_t)(end + 1 - t->p), to, strlen(to)));
    return span_of(start, (size_t)(end - start));
}

static void every_place_is_filled_in(void **state)
{
    static const char *const places[] = {"[name]",    "[state]", "[version]",
                                         "[uptime]",  "[time]",  "[graphs]",
                                         "[sections]"};
    struct text *t = *state;

    assert_int_equal(write_page(t), 0);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        assert_non_null(find(t, places[i]));
    assert_null(find(t, "{{"));
    assert_int_equal(memcmp(t->p, "<!DOCTYPE html>\n", 16), 0);
    assert_int_equal(memcmp(t->p + t->n - 8, "</html>\n", 8), 0);
}

/* The policy would refuse to apply anything but the two texts. */
static void nothing_needs_more_than_the_policy_permits(void **state)
{
    static const char *const not [] = {
        " style=", " onclick", " onload",   "javascript:", "https://",
        "@import", "url(",     "innerHTML", "eval(",       "//cdn"};
    struct text *t = *state;
    const char *http;

    assert_int_equal(write_page(t), 0);
    for (size_t i = 0; i < sizeof not / sizeof *not ; i++)
        assert_null(find(t, not [i]));
    http = find(t, "http://"); /* the name of SVG, which nobody fetches */
    assert_non_null(http);
    assert_int_equal(strncmp(http, "http://www.w3.org/2000/svg\"", 27), 0);
    assert_null(
        memmem(http + 1, t->n - (size_t)(http + 1 - t->p), "http://", 7));
}

static void assert_permitted(const struct text *headers, const char *directive,
                             struct span what)
{
    unsigned char hash[EVP_MAX_MD_SIZE], base64[100];
    char want[200];
    unsigned n;

    assert_int_equal(EVP_Digest(what.p, what.n, hash, &n, EVP_sha256(), NULL),
                     1);
    EVP_EncodeBlock(base64, hash, (int)n);
    snprintf(want, sizeof want, "; %s 'sha256-%s';", directive,
             (const char *)base64);
    assert_non_null(find(headers, want));
}

static void style_and_script_are_permitted_by_their_hashes(void **state)
{
    static const char *const parts[] = {
        "Content-Security-Policy: default-src 'none'; connect-src 'self'; ",
        "frame-ancestors 'none'\r\n", "base-uri 'none'",
        "Referrer-Policy: no-referrer\r\n"};
    struct text *t = *state, headers = {0};

    assert_int_equal(write_page(t), 0);
    assert_int_equal(write_headers(&headers), 0);
    assert_permitted(&headers, "style-src", between(t, "<style>", "</style>"));
    assert_permitted(&headers, "script-src",
                     between(t, "<script>", "</script>"));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_non_null(find(&headers, parts[i]));
    assert_null(find(&headers, "unsafe"));
    assert_null(find(&headers, "*"));
    assert_true(headers.n < 1024);
    text_fini(&headers);
}

static void the_icon_is_svg(void **state)
{
    (void)state;
    assert_true(span_starts(status_page_icon(), SPAN("<svg xmlns=")));
}

static void a_failed_allocation_is_an_error(void **state)
{
    struct text *t = *state;

    assert_true(oom_sweep(write_page, t) > 1);
    assert_true(oom_sweep(write_headers, t) > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_place_is_filled_in),
        TEST(nothing_needs_more_than_the_policy_permits),
        TEST(style_and_script_are_permitted_by_their_hashes),
        TEST(the_icon_is_svg),
        TEST(a_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
