/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is not dialled again, and how calls end. */
/* test-wraps: loop_now_ms connect */
#include "dial.h"

#include <errno.h>
#include <unistd.h>

#include "backoff.h"
#include "cmocka_all.h"
#include "dial_rig.h"
#include "err.h"
#include "oom.h"

/* --- who failed lately --- */

static void who_failed_is_left_alone_for_a_while(void **state)
{
    struct dial_rig *d = *state;
    struct heard h;

    assert_dial_fails(d, "127.0.0.2", ERR_IO);
    for (int i = 0; i < 3; i++) {
        h = dial_rig_call(d, "127.0.0.2");
        assert_int_equal(h.result.err, ERR_IO);
        assert_true(h.result.backoff_ms > 0 &&
                    h.result.backoff_ms <= BACKOFF_FIRST_MS);
        assert_int_equal(h.result.tried, 0);
    }
    assert_int_equal(dial_rig_system.connects, 1);
    dial_rig_system.later_ms += BACKOFF_FIRST_MS;
    h = dial_rig_call(d, "127.0.0.2");
    assert_int_equal(h.result.backoff_ms, 0);
    assert_int_equal(dial_rig_system.connects, 2);
    dial_rig_system.later_ms += BACKOFF_FIRST_MS;
    h = dial_rig_call(d, "127.0.0.2");
    assert_true(h.result.backoff_ms > 0);
    assert_int_equal(dial_rig_system.connects, 2);
    assert_dial_fails(d, "127.0.0.5", ERR_IO);
    assert_int_equal(dial_rig_system.connects, 3);
}

static void what_became_of_the_connection_counts(void **state)
{
    struct dial_rig *d = *state;
    struct heard h;

    assert_dial_connects(d, "127.0.0.1", "127.0.0.1");
    dial_note(d->dial, SPAN("127.0.0.1"), d->port, ERR_CERT);
    assert_dial_fails(d, "127.0.0.1", ERR_CERT);
    dial_rig_system.later_ms += BACKOFF_FIRST_MS;
    /* That it can be connected to does not make up for that. */
    assert_dial_connects(d, "127.0.0.1", "127.0.0.1");
    dial_note(d->dial, SPAN("127.0.0.1"), d->port, ERR_CERT);
    h = dial_rig_call(d, "127.0.0.1");
    assert_true(h.result.backoff_ms > BACKOFF_FIRST_MS);
    dial_note(d->dial, SPAN("127.0.0.1"), d->port, 0);
    assert_dial_connects(d, "127.0.0.1", "127.0.0.1");
    dial_note(d->dial, SPAN("127.0.0.1"), d->port, ERR_NOMEM);
    assert_dial_connects(d, "127.0.0.1", "127.0.0.1");
}

static void with_new_settings_everybody_may_be_tried(void **state)
{
    struct dial_rig *d = *state;

    assert_dial_fails(d, "127.0.0.2", ERR_IO);
    dial_rig_set_times(d, 20000, 20000);
    assert_dial_fails(d, "127.0.0.2", ERR_IO);
    assert_int_equal(dial_rig_system.connects, 2);
}

static void a_call_under_way_keeps_its_patience(void **state)
{
    struct dial_rig *d = *state;
    struct heard early = {.calls = 0}, late = {.calls = 0};

    dial_rig_start(d, &early, "127.0.0.3");
    resolve_rig_turn(d->names);
    dial_rig_set_times(d, 1, 1);
    dial_rig_start(d, &late, "127.0.0.3");
    dial_rig_wait(&late);
    assert_int_equal(late.result.err, ERR_TIMEOUT);
    assert_int_equal(early.calls, 0);
    dial_cancel(early.call);
}

/* --- figures --- */

static void calls_are_counted_by_how_they_end(void **state)
{
    struct dial_rig *d = *state;
    struct heard cancelled = {.calls = 0};
    struct dial_stats s;

    assert_dial_connects(d, "127.0.0.1", "127.0.0.1");
    assert_dial_fails(d, "127.0.0.2", ERR_IO);
    assert_dial_fails(d, "127.0.0.2", ERR_IO); /* rests */
    assert_dial_fails(d, "nobody.example", ERR_NOT_FOUND);
    dial_rig_add_block(&d->deny, "127.0.0.1", 32);
    assert_dial_fails(d, "127.0.0.1", ERR_DENIED);
    dial_rig_start(d, &cancelled, "127.0.0.3");
    dial_stats(d->dial, &s);
    assert_int_equal(s.now, 1);
    dial_cancel(cancelled.call);
    dial_rig_set_times(d, 1, 20000);
    assert_dial_fails(d, "127.0.0.3", ERR_TIMEOUT);
    dial_rig_forget_connects();
    dial_rig_system.fail_with[0] = EMFILE;
    assert_dial_fails(d, "127.0.0.4", ERR_LIMIT);

    dial_stats(d->dial, &s);
    assert_int_equal(s.now, 0);
    assert_int_equal(s.ok, 1);
    assert_int_equal(s.io, 1);
    assert_int_equal(s.backoff, 1);
    assert_int_equal(s.not_found, 1);
    assert_int_equal(s.denied, 1);
    assert_int_equal(s.cancelled, 1);
    assert_int_equal(s.timeout, 1);
    assert_int_equal(s.limit, 1);
}

/* --- endings --- */

static void cancelled_calls_tell_nothing_and_leave_nothing(void **state)
{
    struct dial_rig *d = *state;
    struct heard resolving = {.calls = 0}, connecting = {.calls = 0},
                 resting = {.calls = 0}, open = {.calls = 0};
    char octet;
    int there;

    assert_dial_fails(d, "127.0.0.2", ERR_IO);
    dial_rig_start(d, &resting, "127.0.0.2");
    dial_cancel(resting.call);
    dial_rig_start(d, &resolving, "a.example");
    dial_rig_start(d, &connecting, "127.0.0.3");
    dial_rig_start(d, &open, "127.0.0.1");
    resolve_rig_turn(d->names);
    dial_cancel(resolving.call);
    dial_cancel(connecting.call);
    dial_cancel(open.call);
    dial_cancel(NULL);
    for (int i = 0; i < 10; i++)
        resolve_rig_turn(d->names);
    assert_int_equal(
        resolving.calls + connecting.calls + resting.calls + open.calls, 0);
    there = accept4(d->listening[0], NULL, NULL, SOCK_CLOEXEC);
    assert_true(there >= 0);
    assert_int_equal(recv(there, &octet, 1, 0), 0);
    close(there);
}

static void cancel_both(struct heard *h)
{
    if (h->result.fd >= 0)
        close(h->result.fd);
    dial_cancel(h->call);
    dial_cancel(h->also->call);
}

static void in_its_call_it_may_be_cancelled_and_others_too(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "127.0.0.2"};
    struct dial_rig *d = *state;

    for (int i = 0; i < 2; i++) {
        struct heard first = {.do_in_call = cancel_both};
        struct heard second = {.also = &first, .do_in_call = cancel_both};

        first.also = &second;
        dial_rig_start(d, &first, hosts[i]);
        dial_rig_start(d, &second, hosts[i]);
        while (!first.calls && !second.calls)
            resolve_rig_turn(d->names);
        for (int j = 0; j < 10; j++)
            resolve_rig_turn(d->names);
        assert_int_equal(first.calls + second.calls, 1);
    }
}

static void start_again(struct heard *h)
{
    dial_rig_start(h->rig, h->also, "127.0.0.2");
}

static void in_its_call_it_may_be_started_again(void **state)
{
    struct dial_rig *d = *state;
    struct heard second = {.calls = 0};
    struct heard first = {.also = &second, .do_in_call = start_again};

    dial_rig_start(d, &first, "127.0.0.2");
    dial_rig_wait(&first);
    dial_rig_wait(&second);
    assert_true(second.result.backoff_ms > 0);
    assert_int_equal(dial_rig_system.connects, 1);
}

static void what_is_under_way_ends_with_the_dialler(void **state)
{
    struct dial_rig *d = *state;
    struct heard h[3] = {{.calls = 0}};

    dial_rig_start(d, &h[0], "a.example");
    dial_rig_start(d, &h[1], "127.0.0.3");
    dial_rig_start(d, &h[2], "127.0.0.1");
    resolve_rig_turn(d->names);
    dial_free(d->dial);
    d->dial = NULL;
    for (int i = 0; i < 10; i++)
        resolve_rig_turn(d->names);
    assert_int_equal(h[0].calls + h[1].calls + h[2].calls, 0);
    dial_free(NULL);
}

static void the_number_of_calls_is_bounded(void **state)
{
    struct dial_rig *d = *state;
    struct heard h = {.rig = d};

    for (int i = 0; i < DIAL_CALLS_MAX; i++)
        assert_int_equal(dial_start(&h.call, d->dial, SPAN("a.example"),
                                    d->port, false, dial_rig_done, &h),
                         0);
    assert_int_equal(dial_start(&h.call, d->dial, SPAN("a.example"), d->port,
                                false, dial_rig_done, &h),
                     ERR_LIMIT);
    while (h.calls < DIAL_CALLS_MAX)
        resolve_rig_turn(d->names);
    assert_int_equal(h.result.err, ERR_NOT_FOUND);
    assert_int_equal(dns_stub_asked(d->names->stub, "a.example", DNS_A), 1);
    assert_dial_fails(d, "a.example", ERR_NOT_FOUND);
}

static int make(void *ctx)
{
    struct dial *dial = NULL;
    int err = dial_rig_new_dial(&dial, ctx);

    dial_free(dial);
    return err;
}

static int dial_literal(void *ctx)
{
    struct heard h = {.rig = ctx};
    int err = dial_start(&h.call, h.rig->dial, SPAN("127.0.0.1"), h.rig->port,
                         false, dial_rig_done, &h);

    if (err)
        return err;
    dial_rig_wait(&h);
    if (h.result.fd >= 0)
        close(h.result.fd);
    return h.result.err;
}

static void without_memory_nothing_is_dialled(void **state)
{
    assert_true(oom_sweep(make, *state) >= 6);
    assert_true(oom_sweep(dial_literal, *state) >= 2);
}

int main(void)
{
#define T(test)                                                                \
    cmocka_unit_test_setup_teardown(test, dial_rig_set_up, dial_rig_tear_down)
    const struct CMUnitTest tests[] = {
        T(who_failed_is_left_alone_for_a_while),
        T(what_became_of_the_connection_counts),
        T(with_new_settings_everybody_may_be_tried),
        T(a_call_under_way_keeps_its_patience),
        T(calls_are_counted_by_how_they_end),
        T(cancelled_calls_tell_nothing_and_leave_nothing),
        T(in_its_call_it_may_be_cancelled_and_others_too),
        T(in_its_call_it_may_be_started_again),
        T(what_is_under_way_ends_with_the_dialler),
        T(the_number_of_calls_is_bounded),
        T(without_memory_nothing_is_dialled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
