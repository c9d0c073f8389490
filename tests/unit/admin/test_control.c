/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked at the control socket, and the answers. */
#include "control.h"

#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "control_rig.h"

static void an_answer_is_rows_and_an_end(void **state)
{
    char want[64];

    snprintf(want, sizeof want, "{\"uid\":%u}\n{\"ok\":true}\n",
             (unsigned)getuid());
    rig_assert_got(*state, "status\n", want);
}

static void an_answer_may_have_no_rows(void **state)
{
    rig_assert_got(*state, "ping\n", "{\"ok\":true}\n");
}

static void a_failure_ends_the_answer(void **state)
{
    rig_assert_got(*state, "drain\n",
                   "{\"ok\":false,\"error\":\"not \\\"now\\\"\"}\n");
    assert_int_equal(((struct rig *)*state)->steps, 1);
}

static void what_is_no_request_is_refused_and_the_next_one_taken(void **state)
{
    struct rig *w = *state;
    struct asker *a = rig_come(w);

    rig_say(a, SPAN("foo\n\nping x\nping\n"));
    rig_wait_answers(w, a, 4);
    assert_string_equal(
        a->got,
        "{\"ok\":false,\"error\":\"unknown command, try help\"}\n"
        "{\"ok\":false,\"error\":\"no command, try help\"}\n"
        "{\"ok\":false,\"error\":\"invalid argument for this command\"}\n"
        "{\"ok\":true}\n");
    assert_false(a->ended);
    rig_go(a);
}

static void requests_are_answered_one_after_the_other(void **state)
{
    struct rig *w = *state;
    struct asker *a = rig_come(w);

    rig_say(a, SPAN("sessions\nping\n"));
    rig_wait_answers(w, a, 2);
    assert_non_null(strstr(a->got, ":19999}\n{\"ok\":true}\n{\"ok\":true}\n"));
    rig_go(a);
}

static void requests_may_come_octet_by_octet(void **state)
{
    static const char text[] = "ping\nstatus\n";
    struct rig *w = *state;
    struct asker *a = rig_come(w);

    for (size_t i = 0; i < sizeof text - 1; i++) {
        rig_say(a, span_of(text + i, 1));
        rig_turn(w);
        rig_hear(a);
    }
    rig_wait_answers(w, a, 2);
    rig_go(a);
}

static void who_stops_writing_still_gets_the_answer(void **state)
{
    struct rig *w = *state;
    struct asker *a = rig_come(w);

    rig_say(a, SPAN("sessions\n"));
    assert_int_equal(shutdown(a->fd, SHUT_WR), 0);
    rig_wait_answers(w, a, 1);
    rig_wait_end(w, a);
    rig_go(a);
}

static void octets_of_another_protocol_end_the_connection(void **state)
{
    struct rig *w = *state;
    struct asker *a = rig_come(w);

    rig_say(a, SPAN("\x16\x03\x01\n\x01\nping\n"));
    rig_wait_end(w, a);
    assert_string_equal(a->got,
                        "{\"ok\":false,\"error\":\"control character\"}\n");
    rig_go(a);
}

static void a_line_without_an_end_ends_the_connection(void **state)
{
    struct rig *w = *state;
    struct asker *a = rig_come(w);
    char line[CONTROL_REQUEST_MAX + 1];

    memset(line, 'x', sizeof line);
    rig_say(a, span_of(line, sizeof line));
    rig_wait_end(w, a);
    assert_string_equal(a->got, "{\"ok\":false,\"error\":\"line too long\"}\n");
    rig_go(a);
}

static void the_longest_line_is_taken(void **state)
{
    char line[CONTROL_REQUEST_MAX + 2] = "ping";

    memset(line + 4, ' ', sizeof line - 6);
    line[sizeof line - 2] = '\n';
    rig_assert_got(*state, line, "{\"ok\":true}\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_is_rows_and_an_end),
        TEST(an_answer_may_have_no_rows),
        TEST(a_failure_ends_the_answer),
        TEST(what_is_no_request_is_refused_and_the_next_one_taken),
        TEST(requests_are_answered_one_after_the_other),
        TEST(requests_may_come_octet_by_octet),
        TEST(who_stops_writing_still_gets_the_answer),
        TEST(octets_of_another_protocol_end_the_connection),
        TEST(a_line_without_an_end_ends_the_connection),
        TEST(the_longest_line_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
