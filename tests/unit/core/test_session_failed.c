/* SPDX-License-Identifier: BSD-2-Clause */
/* Which messages of a session have failed (P-21, S-30). */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "fake_link.h"

enum { NOW_MS = 5000500 };

struct bench {
    struct rnd rnd;
    struct sessions all;
    struct fake_link a;
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    rnd_init(&b->rnd);
    assert_int_equal(sessions_init(&b->all, &b->rnd, NOW_MS), 0);
    fake_link_init(&b->a, 1);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    sessions_link_closed(&b->all, &b->a.link, SESSION_CONNECTION, NOW_MS);
    sessions_fini(&b->all, NOW_MS);
    free(b);
    return 0;
}

static struct session *new_one(struct bench *b)
{
    struct session *ss = session_new(
        &b->all, &(struct session_grant){.link = &b->a.link,
                                         .host = SPAN("r.example"),
                                         .port = 2855,
                                         .secure = true,
                                         .began_ms = NOW_MS,
                                         .expires_ms = NOW_MS + 1000});

    assert_non_null(ss);
    return ss;
}

static struct session_message message(const char *id, const char *from)
{
    return (struct session_message){.id = span_str(id), .from = span_str(from)};
}

static void a_failed_message_keeps_its_first_code(void **state)
{
    struct bench *b = *state;
    struct session *ss = new_one(b);
    struct session_message m = message("1234", "a");

    assert_int_equal(session_failed(&b->all, ss, m), 0);
    session_fail(&b->all, ss, m, 413);
    session_fail(&b->all, ss, m, 408);
    assert_int_equal(session_failed(&b->all, ss, m), 413);
    assert_int_equal(session_failed(&b->all, ss, message("1235", "a")), 0);
    assert_int_equal(session_failed(&b->all, new_one(b), m), 0);
}

/* S-30. Where the attempt is not known, the last one is meant. */
static void a_failure_is_of_one_attempt(void **state)
{
    struct bench *b = *state;
    struct session *ss = new_one(b);
    struct session_message any = message("1234", "a"), one = any, two = any;

    one.attempt = 1;
    two.attempt = 2;
    session_fail(&b->all, ss, one, 413);
    assert_int_equal(session_failed(&b->all, ss, any), 413);
    assert_int_equal(session_failed(&b->all, ss, two), 0);
    session_retry(&b->all, ss, two);
    assert_int_equal(session_failed(&b->all, ss, any), 0);
    assert_int_equal(session_failed(&b->all, ss, one), 413);
    session_fail(&b->all, ss, any, 415);
    assert_int_equal(session_failed(&b->all, ss, two), 415);
    assert_int_equal(session_failed(&b->all, ss, one), 413);
}

static void a_failure_may_be_told_later(void **state)
{
    struct bench *b = *state;
    struct session *ss = new_one(b);
    struct session_message m = message("1234", "a");

    session_fail_untold(&b->all, ss, m, 408);
    session_fail_untold(&b->all, ss, m, 481);
    assert_int_equal(session_failed(&b->all, ss, m), 408);
    assert_false(session_told(&b->all, ss, m));
    session_fail(&b->all, ss, m, 413);
    assert_int_equal(session_failed(&b->all, ss, m), 413);
    assert_true(session_told(&b->all, ss, m));
    session_fail_untold(&b->all, ss, m, 408);
    assert_int_equal(session_failed(&b->all, ss, m), 413);
    assert_true(session_told(&b->all, ss, m));
}

/* RFC 4975, trap 13. */
/* What another relay has reported is known, but not refused, and is of the
 * attempts until then. */
static void a_failure_may_be_told_by_others(void **state)
{
    struct bench *b = *state;
    struct session *ss = new_one(b);
    struct session_message m = message("1234", "a"), second = m;

    second.attempt = 2;
    session_tell(&b->all, ss, m);
    assert_true(session_told(&b->all, ss, m));
    assert_true(session_told(&b->all, ss, second));
    assert_int_equal(session_failed(&b->all, ss, m), 0);
    session_fail(&b->all, ss, m, 413); /* it failed here too */
    session_fail(&b->all, ss, m, 408);
    assert_int_equal(session_failed(&b->all, ss, m), 413);
    session_retry(&b->all, ss, second);
    assert_false(session_told(&b->all, ss, m));
    assert_false(session_told(&b->all, ss, second));
    session_tell(&b->all, ss, m);
    assert_true(session_told(&b->all, ss, second));
}

static void the_same_id_of_another_sender_is_another_message(void **state)
{
    struct bench *b = *state;
    struct session *ss = new_one(b);

    session_fail(&b->all, ss, message("1", "a"), 413);
    assert_int_equal(session_failed(&b->all, ss, message("1", "b")), 0);
    assert_int_equal(session_failed(&b->all, ss, message("a", "1")), 0);
}

static void the_last_failed_are_remembered(void **state)
{
    struct bench *b = *state;
    struct session *ss = new_one(b);
    char id[16];

    for (unsigned i = 0; i <= SESSION_FAILED_MAX; i++) {
        (void)snprintf(id, sizeof id, "id%u", i);
        session_fail(&b->all, ss, message(id, "a"), (uint16_t)(400 + i));
        session_fail(&b->all, ss, message(id, "a"), 500);
    }
    assert_int_equal(session_failed(&b->all, ss, message("id0", "a")), 0);
    for (unsigned i = 1; i <= SESSION_FAILED_MAX; i++) {
        (void)snprintf(id, sizeof id, "id%u", i);
        assert_int_equal(session_failed(&b->all, ss, message(id, "a")),
                         400 + i);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_failed_message_keeps_its_first_code),
        TEST(a_failure_is_of_one_attempt),
        TEST(a_failure_may_be_told_later),
        TEST(a_failure_may_be_told_by_others),
        TEST(the_same_id_of_another_sender_is_another_message),
        TEST(the_last_failed_are_remembered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
