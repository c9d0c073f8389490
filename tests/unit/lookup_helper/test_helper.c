/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper.h"

#include <unistd.h>
#include <sys/socket.h>

#include "cmocka_all.h"
#include "helper_rig.h"
#include "oom.h"

/* A store that keeps questions until the test answers them. */
struct fixture {
    struct helper_rig *rig;
    struct list kept;
    size_t n_kept, n_forgotten;
};

static void keep(void *store, struct question *q)
{
    struct fixture *f = store;

    list_append(&f->kept, &q->link);
    f->n_kept++;
}

static void forget(void *store, struct question *q)
{
    struct fixture *f = store;

    list_remove(&q->link);
    f->n_kept--;
    f->n_forgotten++;
}

static const struct store_ops ops = {keep, forget};

static struct question *next(struct fixture *f)
{
    struct list *m = list_take_first(&f->kept);

    assert_non_null(m);
    f->n_kept--;
    return CONTAINER(m, struct question, link);
}

static int begin(void **state, uint64_t timeout_ms)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    list_init(&f->kept);
    f->rig = helper_rig_new(timeout_ms);
    helper_start(f->rig->helper, &ops, f);
    *state = f;
    return 0;
}

static int set_up(void **state)
{
    return begin(state, 1000000);
}

static int set_up_hasty(void **state)
{
    return begin(state, 20);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    while (f->n_kept)
        helper_answer_none(next(f));
    helper_rig_free(f->rig);
    test_free(f);
    return 0;
}

static void send_line(struct fixture *f, const char *line)
{
    helper_rig_send(f->rig, span_str(line));
    helper_rig_turns(f->rig);
}

static void answers_may_come_in_any_order(void **state)
{
    struct fixture *f = *state;
    struct question *first, *second;

    send_line(f, "1\ta\tr\tMD5\n2\tb\tr\tMD5\n3\tc\tr\tMD5\n");
    first = next(f);
    second = next(f);
    helper_rig_expect_none(f->rig);
    helper_answer_password(second, SPAN("x y"));
    helper_answer_none(first);
    helper_answer_error(next(f), "too\nbad ");
    helper_rig_expect(f->rig, "2\tpassword\tx y\n1\tnone\n3\terror\ttoo bad\n");
}

static void lines_may_come_octet_by_octet(void **state)
{
    struct fixture *f = *state;

    for (const char *c = "1\talice\tr\tMD5\n2\tb\tr\tMD5\n"; *c; c++) {
        helper_rig_send(f->rig, span_of(c, 1));
        helper_rig_turns(f->rig);
    }
    assert_int_equal(f->n_kept, 2);
    helper_answer_password(next(f), SPAN("one"));
    helper_answer_password(next(f), SPAN("two"));
    helper_rig_expect(f->rig, "1\tpassword\tone\n2\tpassword\ttwo\n");
}

static void hashes_are_checked(void **state)
{
    struct fixture *f = *state;

    send_line(f, "1\ta\tr\tMD5\n2\ta\tr\tMD5\n3\ta\tr\tMD5\n"
                 "4\ta\tr\tSHA-256\n");
    helper_answer_ha1(next(f), SPAN(" 0123456789abcdef0123456789ABCDEF  "));
    helper_answer_ha1(next(f), SPAN("0123456789abcdef0123456789ABCDEg"));
    helper_answer_ha1(next(f), SPAN("  "));
    helper_answer_ha1(next(f), SPAN("0123456789abcdef0123456789ABCDEF"));
    helper_rig_expect(
        f->rig, "1\tha1\t0123456789abcdef0123456789ABCDEF\n"
                "2\terror\tthe store's hash is not the 32 hex digits of MD5\n"
                "3\tnone\n"
                "4\terror\tthe store's hash is not the 64 hex digits of "
                "SHA-256\n");
}

static void passwords_have_a_bound(void **state)
{
    struct fixture *f = *state;
    char text[HELPER_VALUE_MAX + 1];

    memset(text, 'x', sizeof text);
    send_line(f, "1\ta\tr\tMD5\n2\ta\tr\tMD5\n");
    helper_answer_password(next(f), span_of(text, sizeof text));
    helper_answer_password(next(f), SPAN(""));
    helper_rig_expect(f->rig, "1\terror\tthe store's password is too long\n"
                              "2\tnone\n");
}

static void names_that_no_store_has_are_unknown(void **state)
{
    struct fixture *f = *state;

    send_line(f, "1\t\tr\tMD5\n2\ta%00\tr\tMD5\n3\t%FF\tr\tMD5\n");
    helper_rig_expect(f->rig, "1\tnone\n2\tnone\n3\tnone\n");
}

static void what_is_no_question_is_answered_if_it_can_be(void **state)
{
    struct fixture *f = *state;

    send_line(f, "nonsense\n\n1\ta\n2\ta\tr\tMD4\n");
    helper_rig_expect(f->rig, "1\terror\tmalformed question\n"
                              "2\terror\tunknown algorithm\n");
    assert_int_equal(f->n_kept, 0);
}

static void a_line_without_end_is_skipped(void **state)
{
    struct fixture *f = *state;
    char text[HELPER_LINE_MAX];

    memset(text, 'x', sizeof text);
    helper_rig_send(f->rig, SPAN("5\t"));
    for (int i = 0; i < 3; i++)
        helper_rig_send(f->rig, span_of(text, sizeof text));
    helper_rig_send(f->rig, SPAN("\tr\tMD5\n6\ta\tr\tMD5\n"));
    helper_rig_expect(f->rig, "5\terror\tthe question is too long\n");
    helper_rig_turns(f->rig);
    assert_int_equal(f->n_kept, 1);
    assert_string_equal(CONTAINER(f->kept.next, struct question, link)->id,
                        "6");
}

static void open_questions_have_a_bound(void **state)
{
    struct fixture *f = *state;
    char line[64];

    for (int i = 0; i < HELPER_OPEN_MAX + 10; i++) {
        snprintf(line, sizeof line, "%d\ta\tr\tMD5\n", i);
        helper_rig_send(f->rig, span_str(line));
    }
    for (int i = 0; i < 100; i++)
        loop_turn(f->rig->loop, false);
    assert_int_equal(f->n_kept, HELPER_OPEN_MAX);
    helper_answer_none(next(f));
    helper_answer_none(next(f));
    helper_rig_turns(f->rig);
    assert_int_equal(f->n_kept, HELPER_OPEN_MAX);
    while (f->n_kept) {
        helper_answer_none(next(f));
        helper_rig_turns(f->rig);
    }
    for (int i = 0; i < HELPER_OPEN_MAX + 10; i++) {
        snprintf(line, sizeof line, "%d\tnone\n", i);
        helper_rig_expect(f->rig, line);
    }
}

static void a_slow_store_is_answered_for(void **state)
{
    struct fixture *f = *state;

    send_line(f, "1\ta\tr\tMD5\n2\ta\tr\tMD5\n");
    helper_rig_expect(f->rig,
                      "1\terror\tno answer from the store within 20 ms\n"
                      "2\terror\tno answer from the store within 20 ms\n");
    assert_int_equal(f->n_forgotten, 2);
    assert_int_equal(f->n_kept, 0);
}

static void at_the_end_of_input_what_is_open_is_answered(void **state)
{
    struct fixture *f = *state;

    send_line(f, "1\ta\tr\tMD5\n2\ta\tr\tMD5\n3\tis cut");
    shutdown(f->rig->relay, SHUT_WR);
    helper_rig_turns(f->rig);
    helper_answer_none(next(f));
    helper_rig_expect(f->rig, "1\tnone\n");
    helper_answer_none(next(f));
    loop_run(f->rig->loop); /* returns */
    helper_rig_expect(f->rig, "2\tnone\n");
    assert_false(helper_failed(f->rig->helper));
}

static void a_relay_that_is_gone_ends_it(void **state)
{
    struct fixture *f = *state;

    send_line(f, "1\ta\tr\tMD5\n2\ta\tr\tMD5\n");
    close(f->rig->relay);
    f->rig->relay = -1;
    helper_answer_none(next(f));
    loop_run(f->rig->loop); /* returns */
    assert_true(helper_failed(f->rig->helper));
}

static void a_relay_that_does_not_read_is_not_read(void **state)
{
    struct fixture *f = *state;
    char value[HELPER_VALUE_MAX];

    memset(value, '\xff', sizeof value);
    for (int i = 0; i < 2000; i++) {
        if (send(f->rig->relay, "1\ta\tr\tMD5\n", 10, MSG_DONTWAIT) < 0)
            break;
        helper_rig_turns(f->rig);
        while (f->n_kept)
            helper_answer_password(next(f), span_of(value, sizeof value));
        helper_rig_turns(f->rig);
        assert_true(i < 1999);
    }
    assert_false(helper_failed(f->rig->helper));
}

static int make(void *ctx)
{
    struct loop *loop = ctx;
    struct helper *h;
    int err = helper_new(
        &h, loop, &(struct helper_settings){.name = "", .timeout_ms = 1});

    if (!err)
        helper_free(h);
    return err;
}

static void out_of_memory_is_told(void **state)
{
    struct fixture *f = *state;

    assert_true(oom_sweep(make, f->rig->loop) >= 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_may_come_in_any_order),
        TEST(lines_may_come_octet_by_octet),
        TEST(hashes_are_checked),
        TEST(passwords_have_a_bound),
        TEST(names_that_no_store_has_are_unknown),
        TEST(what_is_no_question_is_answered_if_it_can_be),
        TEST(a_line_without_end_is_skipped),
        TEST(open_questions_have_a_bound),
        cmocka_unit_test_setup_teardown(a_slow_store_is_answered_for,
                                        set_up_hasty, tear_down),
        TEST(at_the_end_of_input_what_is_open_is_answered),
        TEST(a_relay_that_is_gone_ends_it),
        TEST(a_relay_that_does_not_read_is_not_read),
        TEST(out_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
