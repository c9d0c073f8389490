/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may ask at the control socket, how much and how long.
 *
 * test-wraps: sock_peer_uid */
#include "control.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "control_rig.h"
#include "err.h"
#include "oom.h"
#include "sock.h"

/* --- who is there --------------------------------------------------------- */

static uid_t pretended_uid;
static bool pretends;

int __wrap_sock_peer_uid(uid_t *out, int fd);
int __real_sock_peer_uid(uid_t *out, int fd);
int __wrap_sock_peer_uid(uid_t *out, int fd)
{
    if (!pretends)
        return __real_sock_peer_uid(out, fd);
    *out = pretended_uid;
    return 0;
}

/* --- bounds --------------------------------------------------------------- */

static void a_long_answer_takes_many_turns(void **state)
{
    struct rig *w = *state;
    struct asker *a = rig_come(w);

    rig_say(a, SPAN("sessions\n"));
    rig_wait_answers(w, a, 1);
    assert_int_equal(w->steps, MANY);
    assert_true(w->most_in_turn <= CONTROL_STEPS);
    rig_go(a);
}

static void too_many_rows_at_once_are_left_out_and_counted(void **state)
{
    struct rig *w = *state;
    struct asker *a = rig_come(w);
    size_t rows = 0;
    char want[96];

    rig_say(a, SPAN("reload\nping\n"));
    rig_wait_answers(w, a, 2);
    for (size_t i = 0; i < a->n; i++)
        rows += a->got[i] == '\n';
    rows -= 2;
    assert_in_range(rows, 1000, MANY - 1);
    snprintf(want, sizeof want,
             "{\"ok\":false,\"error\":\"too much\",\"left_out\":%zu}\n"
             "{\"ok\":true}\n",
             MANY - rows);
    assert_non_null(strstr(a->got, want));
    rig_go(a);
}

static void who_does_not_read_stops_the_answer(void **state)
{
    struct rig *w = *state;
    struct asker *a = rig_come(w);
    size_t before;
    int quiet = 0;

    rig_say(a, SPAN("connections\n"));
    for (before = w->steps; quiet < 10; before = w->steps) {
        rig_turn(w);
        quiet = w->steps == before ? quiet + 1 : 0;
    }
    assert_true(w->steps < 100000);
    rig_hear(a);
    for (int i = 0; i < 10; i++)
        rig_turn(w);
    assert_true(w->steps > before);
    rig_go(a);
    rig_turn(w);
    rig_turn(w);
    assert_int_equal(w->ended, 1);
}

static void who_reads_nothing_is_closed_in_the_end(void **state)
{
    struct rig *w = *state;
    struct asker *a;

    rig_be_impatient(w);
    a = rig_come(w);
    rig_say(a, SPAN("connections\n"));
    while (w->ended == 0)
        loop_turn(w->loop, true);
    rig_go(a);
}

static void who_asks_nothing_is_closed_in_the_end(void **state)
{
    struct rig *w = *state;
    struct asker *a;

    rig_be_impatient(w);
    a = rig_come(w);
    rig_say(a, SPAN("pin"));
    rig_wait_end(w, a);
    assert_int_equal(a->n, 0);
    rig_go(a);
}

static void one_too_many_is_turned_away(void **state)
{
    struct rig *w = *state;
    struct asker *all[CONTROL_CLIENTS_MAX], *late;

    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        all[i] = rig_come(w);
        rig_say(all[i], SPAN("ping\n"));
        rig_wait_answers(w, all[i], 1);
    }
    late = rig_come(w);
    rig_wait_end(w, late);
    assert_string_equal(late->got,
                        "{\"ok\":false,\"error\":\"too many connections\"}\n");
    rig_go(late);
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
        rig_go(all[i]);
    rig_turn(w);
    rig_turn(w);
    rig_assert_got(w, "ping\n", "{\"ok\":true}\n");
}

static void another_user_is_turned_away(void **state)
{
    struct rig *w = *state;
    struct asker *a;

    pretends = true;
    pretended_uid = geteuid() + 1;
    a = rig_come(w);
    rig_wait_end(w, a);
    assert_string_equal(a->got, "{\"ok\":false,\"error\":\"not allowed\"}\n");
    rig_go(a);
    pretends = false;
    rig_assert_got(w, "ping\n", "{\"ok\":true}\n");
}

/* --- listeners
 * ---------------------------------------------------------------- */

static void nobody_else_may_open_the_socket(void **state)
{
    struct rig *w = *state;
    struct stat st;

    assert_int_equal(stat(w->path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void a_closed_door_leaves_no_file(void **state)
{
    struct rig *w = *state;

    control_close(w->listener);
    w->listener = NULL;
    assert_int_equal(access(w->path, F_OK), -1);
}

static void a_living_socket_is_not_taken_over(void **state)
{
    struct rig *w = *state;
    struct control_listener *second;

    assert_int_equal(control_open(&second, w->control, w->path), ERR_EXISTS);
    rig_assert_got(w, "ping\n", "{\"ok\":true}\n");
}

static void who_came_through_a_door_outlives_it(void **state)
{
    struct rig *w = *state;
    struct asker *a = rig_come(w);

    rig_say(a, SPAN("sessions\n"));
    rig_turn(w);
    control_close(w->listener);
    w->listener = NULL;
    rig_wait_answers(w, a, 1);
    rig_say(a, SPAN("ping\n"));
    rig_wait_answers(w, a, 2);
    rig_go(a);
}

static void an_answer_under_way_ends_with_the_control(void **state)
{
    struct rig *w = *state;
    struct asker *a = rig_come(w);

    rig_say(a, SPAN("connections\n"));
    rig_turn(w);
    rig_turn(w);
    assert_int_equal(w->begun, 1);
    assert_int_equal(w->ended, 0);
    control_close(w->listener);
    control_free(w->control);
    w->listener = NULL;
    w->control = NULL;
    assert_int_equal(w->ended, 1);
    rig_go(a);
}

static int attempt(void *ctx)
{
    struct rig *w = ctx;
    struct control_listener *listener;
    int err = rig_make(w, LONG_IDLE_MS);

    if (err)
        return err;
    err = control_open(&listener, w->control, w->path);
    if (!err)
        control_close(listener);
    control_free(w->control);
    return err;
}

static void opening_without_memory_leaves_nothing(void **state)
{
    struct rig *w = *state;

    control_close(w->listener);
    control_free(w->control);
    assert_true(oom_sweep(attempt, w) > 4);
    assert_int_equal(access(w->path, F_OK), -1);
    w->listener = NULL;
    w->control = NULL;
}

static void a_visitor_without_memory_is_closed(void **state)
{
    struct rig *w = *state;
    struct asker *a = calloc(1, sizeof *a);
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    assert_non_null(a);
    span_copy(at.sun_path, sizeof at.sun_path, span_str(w->path));
    a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(a->fd, (struct sockaddr *)&at, sizeof at), 0);
    oom_arm_all();
    rig_turn(w);
    assert_true(oom_disarm());
    rig_wait_end(w, a);
    rig_go(a);
    rig_assert_got(w, "ping\n", "{\"ok\":true}\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_long_answer_takes_many_turns),
        TEST(too_many_rows_at_once_are_left_out_and_counted),
        TEST(who_does_not_read_stops_the_answer),
        TEST(who_reads_nothing_is_closed_in_the_end),
        TEST(who_asks_nothing_is_closed_in_the_end),
        TEST(one_too_many_is_turned_away),
        TEST(another_user_is_turned_away),
        TEST(nobody_else_may_open_the_socket),
        TEST(a_closed_door_leaves_no_file),
        TEST(a_living_socket_is_not_taken_over),
        TEST(who_came_through_a_door_outlives_it),
        TEST(an_answer_under_way_ends_with_the_control),
        TEST(opening_without_memory_leaves_nothing),
        TEST(a_visitor_without_memory_is_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
