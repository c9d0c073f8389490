/* SPDX-License-Identifier: BSD-2-Clause */
/* Sessions as their operator sees them: walks, accounts, records. */
#include <stdlib.h>

#include "cmocka_all.h"
#include "fake_link.h"
#include "session.h"

enum { NOW_MS = 5000500, MANY = 50 };

struct bench {
    struct rnd rnd;
    struct sessions all;
    struct fake_link link;
    struct stream stream;
    struct session *ss[MANY];
    struct session_walk walk;
    unsigned records;
    struct session_record last;
    char user[16]; /* of the last */
};

static void on_end(void *ctx, const struct session_record *record)
{
    struct bench *b = ctx;

    b->records++;
    b->last = *record;
    (void)span_copy(b->user, sizeof b->user, record->user);
}

static struct session *begin(struct bench *b)
{
    struct session_grant g = {
        .link = &b->link.link,
        .user = SPAN("alice"),
        .host = SPAN("r.example"),
        .port = 2855,
        .began_ms = NOW_MS,
        .expires_ms = NOW_MS + 60000,
    };
    struct session *ss = session_new(&b->all, &g);

    assert_non_null(ss);
    return ss;
}

static void end(struct bench *b, struct session *ss)
{
    session_end(&b->all, ss, SESSION_KICKED, NOW_MS + 7);
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    rnd_init(&b->rnd);
    assert_int_equal(sessions_init(&b->all, &b->rnd, NOW_MS), 0);
    b->all.on_end = on_end;
    b->all.ctx = b;
    fake_link_init(&b->link, 42);
    b->stream = (struct stream){
        .in = &b->link.link,
        .sender = {.stream = &b->stream, .sends = true},
        .receiver.stream = &b->stream,
    };
    list_init(&b->stream.sender.of_session);
    list_init(&b->stream.receiver.of_session);
    for (size_t i = 0; i < MANY; i++)
        b->ss[i] = begin(b);
    session_walk_begin(&b->all, &b->walk);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    session_walk_end(&b->walk);
    assert_true(list_is_empty(&b->all.walks));
    sessions_fini(&b->all, NOW_MS + 9);
    assert_int_equal(b->link.link.sessions.n, 0);
    free(b);
    return 0;
}

/* --- walks --- */

static void a_walk_shows_all_in_order(void **state)
{
    struct bench *b = *state;

    for (size_t i = 0; i < MANY; i++)
        assert_ptr_equal(session_walk_next(&b->walk), b->ss[i]);
    assert_null(session_walk_next(&b->walk));
    assert_null(session_walk_next(&b->walk));
}

/* Whichever ends, at whichever step: the others are each shown once. */
static void sessions_may_end_during_a_walk(void **state)
{
    for (size_t step = 0; step < 4; step++) {
        for (size_t ends = 0; ends < 5; ends++) {
            struct bench *b;

            (void)tear_down(state);
            (void)set_up(state);
            b = *state;
            for (size_t i = 0; i < step; i++)
                assert_ptr_equal(session_walk_next(&b->walk), b->ss[i]);
            end(b, b->ss[ends]);
            for (size_t i = step; i < MANY; i++)
                if (i != ends)
                    assert_ptr_equal(session_walk_next(&b->walk), b->ss[i]);
            assert_null(session_walk_next(&b->walk));
        }
    }
}

static void all_may_end_during_a_walk(void **state)
{
    struct bench *b = *state;

    for (size_t i = 0; i < MANY / 2; i++)
        (void)session_walk_next(&b->walk);
    for (size_t i = 0; i < MANY; i++)
        end(b, b->ss[i]);
    assert_null(session_walk_shown(&b->walk));
    assert_null(session_walk_next(&b->walk));
}

static void those_that_begin_are_shown_too(void **state)
{
    struct bench *b = *state;
    struct session *late;

    for (size_t i = 0; i < MANY; i++)
        assert_ptr_equal(session_walk_next(&b->walk), b->ss[i]);
    late = begin(b);
    assert_ptr_equal(session_walk_next(&b->walk), late);
    assert_null(session_walk_next(&b->walk));
}

static void who_was_shown_is_known_while_it_lives(void **state)
{
    struct bench *b = *state;

    (void)session_walk_next(&b->walk);
    assert_ptr_equal(session_walk_shown(&b->walk), b->ss[0]);
    end(b, b->ss[1]);
    assert_ptr_equal(session_walk_shown(&b->walk), b->ss[0]);
    end(b, b->ss[0]);
    assert_null(session_walk_shown(&b->walk));
}

static void walks_do_not_disturb_each_other(void **state)
{
    struct bench *b = *state;
    struct session_walk other;

    session_walk_begin(&b->all, &other);
    (void)session_walk_next(&b->walk);
    end(b, b->ss[0]);
    assert_ptr_equal(session_walk_next(&other), b->ss[1]);
    session_walk_end(&other);
    session_walk_end(&other);
    assert_ptr_equal(session_walk_next(&b->walk), b->ss[1]);
}

/* --- accounts --- */

static void what_a_stream_carried_is_counted_when_it_leaves(void **state)
{
    struct bench *b = *state;
    struct stream *s = &b->stream;

    s->first = s->next = 1001;
    session_join(b->ss[0], &s->sender);
    session_join(b->ss[1], &s->receiver);
    s->next += 500;
    session_leave(&s->sender);
    session_leave(&s->receiver);
    session_leave(&s->receiver);
    assert_int_equal(b->ss[0]->usage.sent.octets, 500);
    assert_int_equal(b->ss[0]->usage.received.octets, 0);
    assert_int_equal(b->ss[1]->usage.sent.octets, 0);
    assert_int_equal(b->ss[1]->usage.received.octets, 500);
}

static void who_speaks_to_himself_is_counted_both_ways(void **state)
{
    struct bench *b = *state;
    struct stream *s = &b->stream;

    s->first = 1;
    s->next = 11;
    session_join(b->ss[0], &s->sender);
    session_join(b->ss[0], &s->receiver);
    end(b, b->ss[0]);
    assert_int_equal(b->last.usage.sent.octets, 10);
    assert_int_equal(b->last.usage.received.octets, 10);
}

/* The stream goes on, and looks at no session that is gone. */
static void a_session_that_ends_counts_what_went_so_far(void **state)
{
    struct bench *b = *state;
    struct stream *s = &b->stream;

    s->first = s->next = 1;
    session_join(b->ss[0], &s->sender);
    s->next = 101;
    end(b, b->ss[0]);
    assert_int_equal(b->last.usage.sent.octets, 100);
    assert_null(s->sender.session);
    s->next = 201;
    session_leave(&s->sender);
    assert_int_equal(b->records, 1);
}

static void no_session_is_joined_by_nobody(void **state)
{
    struct bench *b = *state;
    struct stream *s = &b->stream;

    session_join(NULL, &s->sender);
    session_leave(&s->sender);
    assert_true(list_is_empty(&s->sender.of_session));
}

/* --- records --- */

static void a_record_tells_whose_it_was_and_why_it_ended(void **state)
{
    struct bench *b = *state;
    char short_id[SESSION_SHORT_ID_LEN + 1] = "";

    (void)span_copy(short_id, sizeof short_id,
                    span_of(b->ss[3]->uri.session_id.p, SESSION_SHORT_ID_LEN));
    end(b, b->ss[3]);
    assert_int_equal(b->records, 1);
    assert_string_equal(b->last.short_id, short_id);
    assert_string_equal(b->user, "alice");
    assert_int_equal(b->last.connection, 42);
    assert_int_equal(b->last.began_ms, NOW_MS);
    assert_int_equal(b->last.ended_ms, NOW_MS + 7);
    assert_int_equal(b->last.why, SESSION_KICKED);
}

static void each_end_has_its_reason(void **state)
{
    struct bench *b = *state;

    end(b, b->ss[0]);
    assert_int_equal(b->all.ended[SESSION_KICKED], 1);
    sessions_sweep(&b->all, NOW_MS + 70000);
    assert_int_equal(b->last.why, SESSION_EXPIRED);
    assert_int_equal(b->all.ended[SESSION_EXPIRED], MANY - 1);
    (void)begin(b);
    sessions_link_closed(&b->all, &b->link.link, SESSION_CONNECTION, NOW_MS);
    assert_int_equal(b->last.why, SESSION_CONNECTION);
    assert_int_equal(b->all.ended[SESSION_CONNECTION], 1);
    assert_int_equal(b->all.ever, MANY + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_walk_shows_all_in_order),
        TEST(sessions_may_end_during_a_walk),
        TEST(all_may_end_during_a_walk),
        TEST(those_that_begin_are_shown_too),
        TEST(who_was_shown_is_known_while_it_lives),
        TEST(walks_do_not_disturb_each_other),
        TEST(what_a_stream_carried_is_counted_when_it_leaves),
        TEST(who_speaks_to_himself_is_counted_both_ways),
        TEST(a_session_that_ends_counts_what_went_so_far),
        TEST(no_session_is_joined_by_nobody),
        TEST(a_record_tells_whose_it_was_and_why_it_ended),
        TEST(each_end_has_its_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
