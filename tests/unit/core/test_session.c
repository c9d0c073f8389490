/* SPDX-License-Identifier: BSD-2-Clause */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "fake_link.h"
#include "oom.h"
#include "texts.h"

enum { NOW_MS = 5000500 };

struct bench {
    struct rnd rnd;
    struct sessions all;
    struct fake_link a, b;
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    rnd_init(&b->rnd);
    assert_int_equal(sessions_init(&b->all, &b->rnd, NOW_MS), 0);
    fake_link_init(&b->a, 1);
    fake_link_init(&b->b, 2);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    sessions_link_closed(&b->all, &b->a.link, SESSION_CONNECTION, NOW_MS);
    sessions_link_closed(&b->all, &b->b.link, SESSION_CONNECTION, NOW_MS);
    sessions_fini(&b->all, NOW_MS);
    assert_int_equal(b->a.link.sessions.n, 0);
    assert_true(list_is_empty(&b->a.link.sessions.issued));
    assert_true(list_is_empty(&b->b.link.sessions.peers));
    free(b);
    return 0;
}

static struct session *new_with(struct bench *b, struct session_grant g)
{
    struct session *ss;

    g.link = g.link ? g.link : &b->a.link;
    g.host = SPAN("r.example");
    g.port = g.port ? g.port : 2855;
    g.began_ms = NOW_MS;
    ss = session_new(&b->all, &g);
    assert_non_null(ss);
    return ss;
}

static struct session *new_until(struct bench *b, uint64_t expires_ms)
{
    return new_with(
        b, (struct session_grant){.secure = true, .expires_ms = expires_ms});
}

static void close_link(struct bench *b, struct fake_link *f)
{
    sessions_link_closed(&b->all, &f->link, SESSION_CONNECTION, NOW_MS);
}

static struct session *new_one(struct bench *b)
{
    return new_until(b, NOW_MS + 60000);
}

static struct session *find_at(struct bench *b, const char *text,
                               uint64_t now_ms)
{
    struct uri u = uri_of(text);

    return session_find(&b->all, &u, now_ms);
}

static struct session *find(struct bench *b, const char *text)
{
    return find_at(b, text, NOW_MS);
}

/* The session's own URI, written in this form with `*` for its token. */
static const char *written(char *dst, size_t size, const struct session *ss,
                           const char *form)
{
    struct span behind = span_str(form), before = span_cut(&behind, '*');
    int n = snprintf(dst, size, "%.*s%.*s%.*s", SPAN_ARG(before),
                     SPAN_ARG(ss->uri.session_id), SPAN_ARG(behind));

    assert_true(n > 0 && (size_t)n < size);
    return dst;
}

/* --- URIs (R4976-4.2-a, -6.3-k) --- */

static void a_uri_has_name_port_and_token(void **state)
{
    struct bench *b = *state;
    struct session *ss = new_one(b);
    char want[128];

    assert_int_equal(ss->uri.session_id.n, SESSION_TOKEN_LEN);
    assert_span_equal(ss->uri.text,
                      span_str(written(want, sizeof want, ss,
                                       "msrps://r.example:2855/*;tcp")));
    ss = new_with(
        b, (struct session_grant){.port = 65535, .expires_ms = NOW_MS + 1000});
    assert_span_equal(ss->uri.text,
                      span_str(written(want, sizeof want, ss,
                                       "msrp://r.example:65535/*;tcp")));
}

static void tokens_never_repeat(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < 2000; i++) {
        struct session *ss = new_one(b);

        assert_ptr_equal(session_find_token(&b->all, ss->uri.session_id), ss);
    }
    assert_int_equal(b->all.by_token.count, 2000);
    assert_int_equal(b->a.link.sessions.n, 2000);
}

/* I-27, R4975-6.1. */
static void a_session_is_found_by_any_equal_uri(void **state)
{
    static const char *const same[] = {
        "msrps://r.example:2855/*;tcp", "MSRPS://R.EXAMPLE:2855/*;TCP",
        "msrps://u@r.example:2855/*;tcp;x=y", "msrps://r%2eexample:2855/*;tcp"};
    static const char *const other[] = {
        "msrp://r.example:2855/*;tcp",   "msrps://s.example:2855/*;tcp",
        "msrps://r.example:2856/*;tcp",  "msrps://r.example/*;tcp",
        "msrps://r.example:2855/*x;tcp", "msrps://r.example:2855/x*;tcp",
        "msrps://r.example:2855/*;ws"};
    struct bench *b = *state;
    struct session *ss = new_one(b);
    char text[128];

    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_ptr_equal(find(b, written(text, sizeof text, ss, same[i])), ss);
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_null(find(b, written(text, sizeof text, ss, other[i])));
    assert_null(find(b, "msrps://r.example:2855;tcp"));
}

static void a_token_counts_letter_by_letter(void **state)
{
    struct bench *b = *state;
    struct session *ss = new_one(b);
    char text[128];

    for (size_t i = 0; i < SESSION_TOKEN_LEN; i++) {
        char *at;

        (void)written(text, sizeof text, ss, "msrps://r.example:2855/*;tcp");
        at = strrchr(text, '/') + 1 + i;
        *at = *at == 'a' ? 'A' : 'a';
        assert_null(find(b, text));
    }
}

/* --- their end (R4976-6.3-i, -j) --- */

static void a_session_ends_when_its_time_is_over(void **state)
{
    struct bench *b = *state;
    struct session *ss = new_until(b, NOW_MS + 60000);
    char text[128];

    (void)written(text, sizeof text, ss, "msrps://r.example:2855/*;tcp");
    assert_ptr_equal(find_at(b, text, NOW_MS + 59999), ss);
    assert_null(find_at(b, text, NOW_MS + 60000));
    /* Until it is swept, what failed in it is known. */
    assert_non_null(session_find_token(&b->all, ss->uri.session_id));
}

/* Whenever it is swept, and however long nobody swept. */
static void sweeping_ends_what_is_over_and_nothing_else(void **state)
{
    static const uint64_t lives_ms[] = {1,       499,     500,     501,
                                        60000,   1023000, 1024000, 1025000,
                                        2048000, 5000000, 86400000};
    static const uint64_t steps_ms[] = {100, 1000, 7000, 1100000, 100000000};
    enum { LIVES = sizeof lives_ms / sizeof *lives_ms };

    for (size_t s = 0; s < sizeof steps_ms / sizeof *steps_ms; s++) {
        uint64_t now_ms = NOW_MS;
        struct bench *b;

        (void)tear_down(state);
        (void)set_up(state);
        b = *state;
        for (size_t i = 0; i < LIVES; i++)
            (void)new_until(b, NOW_MS + lives_ms[i]);
        while (now_ms < NOW_MS + 100000000) {
            size_t least = 0, most = 0;

            now_ms += steps_ms[s];
            sessions_sweep(&b->all, now_ms);
            for (size_t i = 0; i < LIVES; i++) {
                least += NOW_MS + lives_ms[i] > now_ms;
                /* Two seconds late at most. */
                most += NOW_MS + lives_ms[i] + 2000 > now_ms;
            }
            assert_in_range(b->all.by_token.count, least, most);
            if (b->all.by_token.count == 0)
                break;
        }
        assert_int_equal(b->all.by_token.count, 0);
    }
}

static void sessions_end_with_their_link(void **state)
{
    struct bench *b = *state;
    struct session *other =
        new_with(b, (struct session_grant){.link = &b->b.link,
                                           .secure = true,
                                           .expires_ms = NOW_MS + 1000});
    char text[128];

    (void)new_one(b);
    (void)new_one(b);
    close_link(b, &b->a);
    assert_int_equal(b->all.by_token.count, 1);
    assert_int_equal(b->a.link.sessions.n, 0);
    assert_ptr_equal(find(b, written(text, sizeof text, other,
                                     "msrps://r.example:2855/*;tcp")),
                     other);
}

static void the_session_of_a_closing_link_is_over(void **state)
{
    struct bench *b = *state;
    struct session *ss = new_one(b);
    char text[128];

    b->a.link.closing = true;
    assert_null(find(
        b, written(text, sizeof text, ss, "msrps://r.example:2855/*;tcp")));
}

/* R4976-6.3-g, -h. */
static void a_session_is_of_its_link_and_no_other(void **state)
{
    struct bench *b = *state;
    struct session *ss = new_one(b);

    const struct uri anybody = uri_of("msrps://a.example:1/a;tcp");

    assert_true(session_is_of(ss, &b->a.link, &anybody));
    assert_false(session_is_of(ss, &b->b.link, &anybody));
    assert_false(session_is_of(ss, NULL, &anybody));
}

static void a_settled_session_is_of_any_link_with_that_name(void **state)
{
    struct bench *b = *state;
    struct session *ss =
        new_with(b, (struct session_grant){.home = SPAN("home.example"),
                                           .home_port = 2855,
                                           .secure = true,
                                           .expires_ms = NOW_MS + 1000});
    const struct uri home = uri_of("msrps://HOME.example:2855/x;tcp");
    const struct uri sister = uri_of("msrps://home.example:2856/x;tcp");
    char text[128];

    assert_int_equal(b->a.link.sessions.n, 0);
    assert_false(session_is_of(ss, &b->a.link, &home));
    assert_false(session_is_of(ss, NULL, &home));
    assert_false(session_is_of(ss, &b->b.link, &home)); /* is no relay's */
    b->b.link.is_relay = true;
    assert_true(session_is_of(ss, &b->b.link, &home));
    assert_false(session_is_of(ss, &b->b.link, &sister)); /* S-6 */
    close_link(b, &b->a);
    close_link(b, &b->b);
    assert_ptr_equal(
        find(b, written(text, sizeof text, ss, "msrps://r.example:2855/*;tcp")),
        ss);
    session_end(&b->all, ss, SESSION_EXPIRED, NOW_MS);
}

/* A name in one realm is another user than the same name in the next. */
static void users_of_two_realms_are_counted_apart(void **state)
{
    struct bench *b = *state;
    struct session_grant g = {.user = SPAN("alice"),
                              .realm = SPAN("one.example"),
                              .expires_ms = NOW_MS + 1000};
    struct session *ss = new_with(b, g);

    assert_span(ss->user, "alice");
    assert_span(ss->realm, "one.example");
    assert_int_equal(sessions_of_user(&b->all, &g), 1);
    g.realm = SPAN("two.example");
    assert_int_equal(sessions_of_user(&b->all, &g), 0);
    session_end(&b->all, ss, SESSION_EXPIRED, NOW_MS);
}

static void a_name_that_is_too_long_gets_no_session(void **state)
{
    struct bench *b = *state;
    char name[SESSION_NAME_MAX + 1] = {0};
    struct session_grant g = {.link = &b->a.link,
                              .user = span_of(name, sizeof name),
                              .host = SPAN("r"),
                              .port = 1};

    memset(name, 'a', sizeof name);
    assert_int_equal(sessions_of_user(&b->all, &g), 0);
    assert_null(session_new(&b->all, &g));
    g.user.n--;
    session_end(&b->all, session_new(&b->all, &g), SESSION_EXPIRED, NOW_MS);
}

/* S-5: what a certificate may hold it holds under all its names and ports. */
static void a_relay_holds_sessions_under_its_certificate(void **state)
{
    struct bench *b = *state;
    struct session_grant g = {.home = SPAN("r1.example"),
                              .home_port = 2855,
                              .secure = true,
                              .expires_ms = NOW_MS + 1000};
    struct session *ss;

    fake_link_certify(&b->a, "r0.example");
    fake_link_certify(&b->a, "r1.example");
    ss = new_with(b, g);
    g.link = &b->a.link;
    assert_int_equal(sessions_of_relay(&b->all, &g), 1);
    g.home_port = 2856;
    g.home = SPAN("r0.example");
    assert_int_equal(sessions_of_relay(&b->all, &g), 1);
    g.link = &b->b.link; /* without a certificate */
    assert_int_equal(sessions_of_relay(&b->all, &g), 1);
    g.home = SPAN("r1.example");
    assert_int_equal(sessions_of_relay(&b->all, &g), 0);
    session_end(&b->all, ss, SESSION_EXPIRED, NOW_MS);
    fake_link_fini(&b->a);
}

/* --- peers (P-10) --- */

static int bind(struct sessions *all, struct session *ss, const char *text,
                struct fake_link *f)
{
    struct uri u = uri_of(text);

    return session_bind_peer(all, ss, &u, &f->link, false);
}

static struct link *peer(struct session *ss, const char *text)
{
    struct uri u = uri_of(text);

    return session_peer(ss, &u);
}

static void a_peer_is_found_by_any_equal_uri(void **state)
{
    struct bench *b = *state;
    struct session *ss = new_one(b);

    assert_int_equal(bind(&b->all, ss, "msrp://x.invalid:9/p;ws", &b->b), 0);
    assert_ptr_equal(peer(ss, "MSRP://X.invalid:9/p;WS;y=z"), &b->b.link);
    assert_null(peer(ss, "msrp://x.invalid:9/P;ws"));
    assert_null(peer(new_one(b), "msrp://x.invalid:9/p;ws"));
}

static void a_peer_that_speaks_again_is_bound_once(void **state)
{
    struct bench *b = *state;
    struct session *ss = new_one(b);

    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(bind(&b->all, ss, "msrp://x:9/p;tcp", &b->b), 0);
    assert_int_equal(ss->n_peers, 1);
}

static void another_living_link_may_not_take_its_place(void **state)
{
    struct bench *b = *state;
    struct session *ss = new_one(b);

    assert_int_equal(bind(&b->all, ss, "msrp://x:9/p;tcp", &b->a), 0);
    assert_int_equal(bind(&b->all, ss, "msrp://x:9/p;tcp", &b->b), ERR_EXISTS);
    assert_ptr_equal(peer(ss, "msrp://x:9/p;tcp"), &b->a.link);
    b->a.link.closing = true;
    assert_null(peer(ss, "msrp://x:9/p;tcp"));
    assert_int_equal(bind(&b->all, ss, "msrp://x:9/p;tcp", &b->b), 0);
    assert_ptr_equal(peer(ss, "msrp://x:9/p;tcp"), &b->b.link);
    assert_int_equal(ss->n_peers, 1);
    b->a.link.closing = false;
}

static void a_peers_link_takes_its_bindings_with_it(void **state)
{
    struct bench *b = *state;
    struct session *one = new_one(b), *two = new_one(b);

    assert_int_equal(bind(&b->all, one, "msrp://x:9/p;tcp", &b->b), 0);
    assert_int_equal(bind(&b->all, two, "msrp://x:9/p;tcp", &b->b), 0);
    assert_int_equal(bind(&b->all, two, "msrp://y:9/p;tcp", &b->a), 0);
    close_link(b, &b->b);
    assert_null(peer(one, "msrp://x:9/p;tcp"));
    assert_null(peer(two, "msrp://x:9/p;tcp"));
    assert_ptr_equal(peer(two, "msrp://y:9/p;tcp"), &b->a.link);
    assert_int_equal(two->n_peers, 1);
}

/* S-2: whoever speaks first takes a few places, not those of others. */
static void a_link_has_few_peers_that_were_not_answered(void **state)
{
    struct bench *b = *state;
    struct session *ss = new_one(b);
    char text[64];

    assert_int_equal(bind(&b->all, ss, "msrp://p:9/p;tcp", &b->a), 0);
    for (unsigned i = 0; i <= SESSION_UNWRITTEN_MAX; i++) {
        (void)snprintf(text, sizeof text, "msrp://x%u:9/p;tcp", i);
        assert_int_equal(bind(&b->all, ss, text, &b->b), 0);
    }
    assert_int_equal(ss->n_peers, 1 + SESSION_UNWRITTEN_MAX);
    assert_null(peer(ss, "msrp://x0:9/p;tcp"));
    assert_ptr_equal(peer(ss, "msrp://x1:9/p;tcp"), &b->b.link);
    assert_ptr_equal(peer(ss, text), &b->b.link);
    assert_ptr_equal(peer(ss, "msrp://p:9/p;tcp"), &b->a.link);
    assert_int_equal(bind(&b->all, ss, "msrp://p:9/p;tcp", &b->b), ERR_EXISTS);
}

static void bind_answered(struct sessions *all, struct session *ss,
                          unsigned from, unsigned to, struct fake_link *f)
{
    for (unsigned i = from; i < to; i++) {
        char text[64];
        struct uri u;

        (void)snprintf(text, sizeof text, "msrp://x%u:9/p;tcp", i);
        u = uri_of(text);
        assert_int_equal(session_bind_peer(all, ss, &u, &f->link, false), 0);
        assert_ptr_equal(session_write_to(ss, &u), &f->link);
    }
}

static void an_answered_peer_gives_way_to_nobody(void **state)
{
    enum { SHARE = SESSION_LINK_PEERS_MAX };
    struct bench *b = *state;
    struct session *ss = new_one(b);
    struct fake_link c;

    fake_link_init(&c, 9);
    bind_answered(&b->all, ss, 0, SHARE, &b->b);
    bind_answered(&b->all, ss, SHARE, 2 * SHARE - 1, &b->a);
    assert_int_equal(2 * SHARE, SESSION_PEERS_MAX);
    assert_true(session_has_room(ss));
    assert_int_equal(bind(&b->all, ss, "msrp://new:9/p;tcp", &c), 0);
    assert_int_equal(ss->n_peers, SESSION_PEERS_MAX);
    assert_true(session_has_room(ss));
    assert_int_equal(bind(&b->all, ss, "msrp://newer:9/p;tcp", &c), 0);
    assert_null(peer(ss, "msrp://new:9/p;tcp"));
    bind_answered(&b->all, ss, 100, 101, &c);
    assert_null(peer(ss, "msrp://newer:9/p;tcp"));
    assert_false(session_has_room(ss));
    assert_int_equal(bind(&b->all, ss, "msrp://newest:9/p;tcp", &c), ERR_FULL);
    assert_ptr_equal(peer(ss, "msrp://x0:9/p;tcp"), &b->b.link);
    assert_int_equal(ss->n_peers, SESSION_PEERS_MAX);
    close_link(b, &c);
}

static void a_link_has_a_share_of_the_peers(void **state)
{
    struct bench *b = *state;
    struct session *ss = new_one(b);

    bind_answered(&b->all, ss, 0, SESSION_LINK_PEERS_MAX, &b->b);
    assert_int_equal(bind(&b->all, ss, "msrp://more:9/p;tcp", &b->b), ERR_FULL);
    assert_int_equal(bind(&b->all, ss, "msrp://more:9/p;tcp", &b->a), 0);
    assert_int_equal(ss->n_peers, SESSION_LINK_PEERS_MAX + 1);
}

static void a_long_uri_is_not_remembered(void **state)
{
    struct bench *b = *state;
    struct session *ss = new_one(b);
    char text[SESSION_PEER_URI_MAX + 64];
    int n = snprintf(text, sizeof text, "msrp://x:9/");

    memset(text + n, 'a', SESSION_PEER_URI_MAX);
    (void)snprintf(text + n + SESSION_PEER_URI_MAX, 8, ";tcp");
    assert_int_equal(bind(&b->all, ss, text, &b->b), ERR_LIMIT);
    assert_int_equal(ss->n_peers, 0);
}

/* --- memory --- */

static struct session_message message(const char *id, const char *from)
{
    return (struct session_message){.id = span_str(id), .from = span_str(from)};
}

static void what_needs_memory_copes_without(void **state)
{
    struct bench *b = *state;
    struct session *ss = new_one(b);
    struct uri u = uri_of("msrp://x:9/p;tcp");
    struct session *none;
    struct session_grant g = {.link = &b->a.link, .host = SPAN("r"), .port = 1};
    int bound;

    oom_arm_all();
    none = session_new(&b->all, &g);
    bound = session_bind_peer(&b->all, ss, &u, &b->b.link, false);
    session_fail(&b->all, ss, message("1234", "a"), 413);
    assert_true(oom_disarm());
    assert_null(none);
    assert_int_equal(bound, ERR_NOMEM);
    assert_int_equal(session_failed(&b->all, ss, message("1234", "a")), 0);
    assert_int_equal(b->a.link.sessions.n, 1);
    assert_int_equal(ss->n_peers, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_uri_has_name_port_and_token),
        TEST(tokens_never_repeat),
        TEST(a_session_is_found_by_any_equal_uri),
        TEST(a_token_counts_letter_by_letter),
        TEST(a_session_ends_when_its_time_is_over),
        TEST(sweeping_ends_what_is_over_and_nothing_else),
        TEST(sessions_end_with_their_link),
        TEST(the_session_of_a_closing_link_is_over),
        TEST(a_session_is_of_its_link_and_no_other),
        TEST(a_settled_session_is_of_any_link_with_that_name),
        TEST(users_of_two_realms_are_counted_apart),
        TEST(a_name_that_is_too_long_gets_no_session),
        TEST(a_relay_holds_sessions_under_its_certificate),
        TEST(a_peer_is_found_by_any_equal_uri),
        TEST(a_peer_that_speaks_again_is_bound_once),
        TEST(another_living_link_may_not_take_its_place),
        TEST(a_peers_link_takes_its_bindings_with_it),
        TEST(a_link_has_few_peers_that_were_not_answered),
        TEST(an_answered_peer_gives_way_to_nobody),
        TEST(a_link_has_a_share_of_the_peers),
        TEST(a_long_uri_is_not_remembered),
        TEST(what_needs_memory_copes_without),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
