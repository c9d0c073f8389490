/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "fake_link.h"
#include "route_memo.h"

#define SEND(to, from)                                                         \
    "MSRP abcd SEND\r\nTo-Path: " to "\r\nFrom-Path: " from "\r\n"             \
    "Message-ID: 1\r\n"
#define US "msrps://r.example:2855/s3ss10n;tcp"
#define PEER "msrps://bob.example:7/bob;tcp"
#define ALICE "msrps://alice.example:9/al1ce;tcp"

enum { NOW_MS = 1000, ENDS_MS = 5000, STAMP = 7 };

struct bench {
    struct route_memos all;
    struct fake_link in, out;
    struct session *session;
    char text[1024];
    struct msg m;
    struct route route;
};

static void take(struct bench *b, const char *text)
{
    size_t n = span_copy(b->text, sizeof b->text, span_str(text));

    assert_int_equal(msg_parse(&b->m, span_of(b->text, n), false, 64), 0);
    assert_int_equal(b->m.fault, MSG_FAULT_NONE);
}

/* As route_find() would fill it in for the request of b->m. */
static void set_route(struct bench *b)
{
    struct span to = msg_text(&b->m, b->m.to), rest = to, own = to, next = to;

    assert_true(msg_path_next(&own, &rest) && msg_path_next(&next, &rest));
    b->route = (struct route){.kind = ROUTE_LINK,
                              .out = &b->out.link,
                              .session = b->session,
                              .sender = b->session,
                              .own = {own},
                              .n_own = 1,
                              .to = next};
    assert_int_equal(uri_parse(&b->route.next, next), 0);
    assert_int_equal(uri_parse(&b->route.from_uri, msg_text(&b->m, b->m.from)),
                     0);
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    assert_int_equal(route_memos_init(&b->all), 0);
    fake_link_init(&b->in, 3);
    fake_link_init(&b->out, 4);
    b->session = calloc(1, sizeof *b->session);
    assert_non_null(b->session);
    b->session->expires_ms = ENDS_MS;
    take(b, SEND(US " " PEER, ALICE));
    set_route(b);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    route_memos_fini(&b->all);
    fake_link_fini(&b->in);
    fake_link_fini(&b->out);
    free(b->session);
    free(b);
    return 0;
}

static void keep(struct bench *b)
{
    route_memo_keep(&b->all, &b->in.link, &b->m, STAMP, &b->route);
}

static const struct route *find(struct bench *b, uint64_t stamp,
                                uint64_t now_ms)
{
    return route_memo_find(&b->all, &b->in.link, &b->m, stamp, now_ms);
}

/* The request that it came from is gone when the next one has the same paths.
 */
static void what_is_kept_outlives_its_request(void **state)
{
    struct bench *b = *state;
    const struct route *r;

    assert_null(find(b, STAMP, NOW_MS));
    keep(b);
    memset(b->text, 'x', sizeof b->text);
    take(b, SEND(US " " PEER, ALICE) "Byte-Range: 1-5/5\r\n");
    r = find(b, STAMP, NOW_MS);
    assert_non_null(r);
    memset(b->text, 'x', sizeof b->text);
    assert_ptr_equal(r->out, &b->out.link);
    assert_ptr_equal(r->session, b->session);
    assert_span(r->own[0], US);
    assert_span(r->to, PEER);
    assert_span(r->next.text, PEER);
    assert_span(r->next.host, "bob.example");
    assert_span(r->next.session_id, "bob");
    assert_span(r->next.transport, "tcp");
    assert_span(r->from_uri.text, ALICE);
    assert_span(r->from_uri.host, "alice.example");
}

static void other_paths_are_not_known(void **state)
{
    static const char *const others[] = {
        SEND(US " " PEER, "msrps://alice.example:9/al1cf;tcp"),
        SEND(US " msrps://bob.example:7/boc;tcp", ALICE),
        SEND(US " " PEER " " PEER, ALICE),
        SEND(US "  " PEER, ALICE),
    };
    struct bench *b = *state;

    keep(b);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        take(b, others[i]);
        assert_null(find(b, STAMP, NOW_MS));
    }
}

static void another_link_is_not_known(void **state)
{
    struct bench *b = *state;

    keep(b);
    b->in.link.number = 5;
    assert_null(find(b, STAMP, NOW_MS));
}

static void what_may_have_changed_is_not_used(void **state)
{
    struct bench *b = *state;

    keep(b);
    assert_null(find(b, STAMP + 1, NOW_MS));
    assert_non_null(find(b, STAMP, ENDS_MS - 1));
    assert_null(find(b, STAMP, ENDS_MS));
    b->m.has_body = true;
    assert_null(find(b, STAMP, NOW_MS));
    b->m.has_body = false;
    b->out.link.closing = true;
    assert_null(find(b, STAMP, NOW_MS));
}

/* A pair's texts are its own. */
static void texts_from_elsewhere_stay_where_they_are(void **state)
{
    static const char elsewhere[] = "msrp://far.example:1/far;tcp";
    struct bench *b = *state;
    const struct route *r;

    b->route.from = SPAN(elsewhere);
    b->route.back[b->route.n_back++] = SPAN(elsewhere);
    keep(b);
    r = find(b, STAMP, NOW_MS);
    assert_non_null(r);
    assert_ptr_equal(r->from.p, elsewhere);
    assert_ptr_equal(r->back[0].p, elsewhere);
}

static void long_paths_are_not_kept(void **state)
{
    struct bench *b = *state;
    char text[1024];
    size_t n = (size_t)snprintf(text, sizeof text, "%s",
                                "MSRP abcd SEND\r\nTo-Path: " US);

    while (n < 600)
        n += (size_t)snprintf(text + n, sizeof text - n, " " PEER);
    (void)snprintf(text + n, sizeof text - n,
                   "\r\nFrom-Path: " ALICE "\r\nMessage-ID: 1\r\n");
    take(b, text);
    set_route(b);
    keep(b);
    assert_null(find(b, STAMP, NOW_MS));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_kept_outlives_its_request),
        TEST(other_paths_are_not_known),
        TEST(another_link_is_not_known),
        TEST(what_may_have_changed_is_not_used),
        TEST(texts_from_elsewhere_stay_where_they_are),
        TEST(long_paths_are_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
