/* SPDX-License-Identifier: BSD-2-Clause */
#include "http.h"

#include "cmocka_all.h"
#include "err.h"

/* --- feeding -------------------------------------------------------------- */

/* What came of an input; the head lies in `text`. */
struct fed {
    struct http h;
    char *text;
    int err;
    size_t left;
};

static char *copy_of(struct span s)
{
    char *p = malloc(s.n ? s.n : 1);

    assert_non_null(p);
    if (s.n)
        memcpy(p, s.p, s.n);
    return p;
}

/* A first piece of `first` octets, then pieces of `piece`, each in memory of
 * exactly its size. */
static struct fed feed(struct span in, size_t first, size_t piece)
{
    struct fed f = {.err = ERR_AGAIN};
    size_t at = 0, end = first;

    http_init(&f.h);
    for (;;) {
        struct span rest;

        end = end < in.n ? end : in.n;
        free(f.text);
        f.text = copy_of(span_of(in.p + at, end - at));
        rest = span_of(f.text, end - at);
        f.err = http_next(&f.h, &rest);
        at = end - rest.n;
        f.left = in.n - at;
        if (f.err != ERR_AGAIN || end == in.n)
            return f;
        assert_true(rest.n < HTTP_HEAD_MAX);
        end += piece;
    }
}

static void fed_free(struct fed *f)
{
    free(f->text);
}

static void assert_same(const struct fed *f, struct span in, size_t first,
                        size_t piece)
{
    struct fed other = feed(in, first, piece);

    assert_int_equal(other.err, f->err);
    if (f->err == 0) {
        assert_int_equal(other.left, f->left);
        assert_span_equal(http_method(&other.h), http_method(&f->h));
        assert_span_equal(http_path(&other.h), http_path(&f->h));
        assert_int_equal(other.h.minor, f->h.minor);
        assert_int_equal(other.h.n_headers, f->h.n_headers);
        for (size_t i = 0; i < f->h.n_headers; i++)
            assert_span_equal(http_text(&other.h, other.h.headers[i].value),
                              http_text(&f->h, f->h.headers[i].value));
    }
    fed_free(&other);
}

/* Whole, octet by octet and cut at each offset; leaves the result of the whole.
 */
static struct fed feed_every_way(struct span in)
{
    struct fed f = feed(in, in.n, 1);

    assert_same(&f, in, 1, 1);
    for (size_t at = 0; at <= in.n; at++)
        assert_same(&f, in, at, in.n);
    return f;
}

static struct fed parsed(const char *text)
{
    struct fed f = feed_every_way(span_str(text));

    assert_int_equal(f.err, 0);
    return f;
}

static void assert_refused(const char *text, int err)
{
    struct fed f = feed_every_way(span_str(text));
    struct span more = SPAN("GET / HTTP/1.0\r\n\r\n");

    if (f.err != err)
        fail_msg("%d instead of %d for: %s", f.err, err, text);
    assert_int_equal(http_next(&f.h, &more), err);
    fed_free(&f);
}

/* --- what is taken -------------------------------------------------------- */

static void request_is_taken_apart(void **state)
{
    struct fed f = parsed("GET /metrics?a=b HTTP/1.1\r\nHost: relay:9285\r\n"
                          "Accept:\t text/plain, */* \r\nX-Empty:\r\n\r\n");
    struct span value;

    (void)state;
    assert_span(http_method(&f.h), "GET");
    assert_span(http_text(&f.h, f.h.target), "/metrics?a=b");
    assert_span(http_path(&f.h), "/metrics");
    assert_int_equal(f.h.minor, 1);
    assert_int_equal(f.h.n_headers, 3);
    assert_true(http_header(&value, &f.h, SPAN("accept")));
    assert_span(value, "text/plain, */*");
    assert_true(http_header(&value, &f.h, SPAN("X-EMPTY")));
    assert_int_equal(value.n, 0);
    assert_false(http_header(&value, &f.h, SPAN("X-Emp")));
    assert_int_equal(f.left, 0);
    fed_free(&f);
}

static void what_follows_the_head_stays(void **state)
{
    struct fed f = parsed("GET / HTTP/1.0\r\n\r\nGET /2 HTTP/1.0\r\n\r\n");

    (void)state;
    assert_span(http_path(&f.h), "/");
    assert_int_equal(f.left, strlen("GET /2 HTTP/1.0\r\n\r\n"));
    fed_free(&f);
}

static void empty_lines_before_it_are_skipped(void **state)
{
    struct fed f = parsed("\r\n\r\n\r\nHEAD / HTTP/1.0\r\n\r\n");

    (void)state;
    assert_span(http_method(&f.h), "HEAD");
    fed_free(&f);
}

static void target_of_a_proxy_has_its_path(void **state)
{
    static const char *const texts[][2] = {
        {"http://relay:9285/healthz?x", "/healthz"},
        {"HTTP://relay/", "/"},
        {"http://relay", "/"},
        {"*", "*"},
        {"relay:443", "relay:443"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[128];
        struct fed f;

        snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: relay\r\n\r\n",
                 texts[i][0]);
        f = parsed(text);
        assert_span_equal(http_path(&f.h), span_str(texts[i][1]));
        fed_free(&f);
    }
}

static void tokens_are_found_in_lists(void **state)
{
    struct fed f = parsed("GET / HTTP/1.0\r\nConnection: keep-alive,Upgrade\r\n"
                          "X: close\r\nconnection: , te \r\n\r\n");
    struct span name = SPAN("Connection");

    (void)state;
    assert_true(http_has_token(&f.h, name, SPAN("upgrade")));
    assert_true(http_has_token(&f.h, name, SPAN("Keep-Alive")));
    assert_true(http_has_token(&f.h, name, SPAN("TE")));
    assert_false(http_has_token(&f.h, name, SPAN("close")));
    assert_false(http_has_token(&f.h, name, SPAN("up")));
    fed_free(&f);
}

/* --- what is refused ------------------------------------------------------ */

static void malformed_request_lines_are_refused(void **state)
{
    static const char *const lines[] = {
        "GET",
        "GET /",
        "GET / HTTP",
        "GET / HTTP/1",
        "GET / HTTP/1.1 ",
        "GET  / HTTP/1.1",
        " GET / HTTP/1",
        "GET / http/1.1",
        "GET / HTTP/1.x",
        "GET / HTTP/11",
        "GET /\x7f HTTP/1.0",
        "GET /\xe4 HTTP/1.0",
        "G:T / HTTP/1.0",
        "GET\t/ HTTP/1.0",
        "MSRP a1b2 SEND",
        "GET / HTTP/1,0",
        " ",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char text[128];

        snprintf(text, sizeof text, "%s\r\n\r\n", lines[i]);
        assert_refused(text, ERR_SYNTAX);
    }
}

static void malformed_fields_are_refused(void **state)
{
    static const char *const fields[] = {
        "Host",    ": relay",     "Host : relay",
        " a: b",   "Host: re\rl", "Ho\xe4st: relay",
        "a: \x01", "a: b\x7f",    "Host: relay\r\n folded",
    };

    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char text[128];

        snprintf(text, sizeof text, "GET / HTTP/1.0\r\n%s\r\n\r\n", fields[i]);
        assert_refused(text, ERR_SYNTAX);
    }
}

static void lines_must_end_with_both(void **state)
{
    (void)state;
    assert_refused("GET / HTTP/1.0\n\n", ERR_SYNTAX);
    assert_refused("GET / HTTP/1.0\r\nA: b\n\r\n", ERR_SYNTAX);
    assert_refused("GET / HTTP/1.0\r\nA: b\r\n\n", ERR_SYNTAX);
    assert_refused("\n", ERR_SYNTAX);
}

static void there_must_be_one_host(void **state)
{
    struct fed f = parsed("GET / HTTP/1.0\r\n\r\n");

    (void)state;
    fed_free(&f);
    assert_refused("GET / HTTP/1.1\r\nA: b\r\n\r\n", ERR_SYNTAX);
    assert_refused("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", ERR_SYNTAX);
    assert_refused("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", ERR_SYNTAX);
}

static void other_versions_are_told_apart(void **state)
{
    (void)state;
    assert_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ERR_UNSUPPORTED);
    assert_refused("GET / HTTP/0.9\r\n\r\n", ERR_UNSUPPORTED);
}

/* --- limits --------------------------------------------------------------- */

/* A head of n octets. */
static char *head_of(size_t n)
{
    static const char begin[] = "GET / HTTP/1.0\r\nA: ", end[] = "\r\n\r\n";
    char *text = calloc(1, n + 1);

    assert_non_null(text);
    memset(text, 'x', n);
    memcpy(text, begin, sizeof begin - 1);
    memcpy(text + n - (sizeof end - 1), end, sizeof end - 1);
    return text;
}

static void head_of_the_greatest_size_is_taken(void **state)
{
    char *text = head_of(HTTP_HEAD_MAX);
    struct fed f = feed(span_str(text), 1, 1);

    (void)state;
    assert_int_equal(f.err, 0);
    fed_free(&f);
    f = feed(span_str(text), HTTP_HEAD_MAX, 1);
    assert_int_equal(f.err, 0);
    fed_free(&f);
    free(text);
}

static void head_past_the_greatest_size_is_refused(void **state)
{
    char *text = head_of(HTTP_HEAD_MAX + 1);
    struct fed f = feed(span_str(text), 1, 1);

    (void)state;
    assert_int_equal(f.err, ERR_LIMIT);
    fed_free(&f);
    f = feed(span_str(text), HTTP_HEAD_MAX + 1, 1);
    assert_int_equal(f.err, ERR_LIMIT);
    fed_free(&f);
    free(text);
}

static void fields_past_their_number_are_refused(void **state)
{
    char text[4096] = "GET / HTTP/1.0\r\n";
    size_t n = strlen(text);
    struct fed f;

    (void)state;
    for (int i = 0; i < HTTP_HEADERS_MAX; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "N%d: v\r\n", i);
    snprintf(text + n, sizeof text - n, "\r\n");
    f = parsed(text);
    assert_int_equal(f.h.n_headers, HTTP_HEADERS_MAX);
    fed_free(&f);
    snprintf(text + n, sizeof text - n, "One: more\r\n\r\n");
    assert_refused(text, ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_is_taken_apart),
        cmocka_unit_test(what_follows_the_head_stays),
        cmocka_unit_test(empty_lines_before_it_are_skipped),
        cmocka_unit_test(target_of_a_proxy_has_its_path),
        cmocka_unit_test(tokens_are_found_in_lists),
        cmocka_unit_test(malformed_request_lines_are_refused),
        cmocka_unit_test(malformed_fields_are_refused),
        cmocka_unit_test(lines_must_end_with_both),
        cmocka_unit_test(there_must_be_one_host),
        cmocka_unit_test(other_versions_are_told_apart),
        cmocka_unit_test(head_of_the_greatest_size_is_taken),
        cmocka_unit_test(head_past_the_greatest_size_is_refused),
        cmocka_unit_test(fields_past_their_number_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
