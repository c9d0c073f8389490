/* The control socket with answers made up here.
 *
 * test-wraps: sock_peer_uid */
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"
#include "scratch.h"
#include "sock.h"

enum {
    PATIENCE_MS = 10000,
    GOT_MAX = 1 << 21,
    MANY = 20000, /* rows of a long answer */
    LONG_IDLE_MS = 60000,
};

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

/* --- answers -------------------------------------------------------------- */

struct world {
    struct loop *loop;
    struct control *control;
    struct control_door *door;
    struct scratch scratch;
    char path[PATH_MAX];
    unsigned begun, ended; /* answers */
    size_t steps;
    size_t most_in_turn;
    size_t turn_steps;
    bool fails;
};

static void put_row(struct control_call *call, const char *name, uint64_t v)
{
    struct json j;

    control_row(call, &j);
    json_u64(&j, name, v);
    control_row_end(call, &j);
}

/* sessions: many rows. status: one. drain: fails. connections: no end. reload:
 * many at once. */
static bool on_step(void *ctx, struct control_call *call)
{
    struct world *w = ctx;
    size_t *count = call->state;

    assert_int_equal(*count, call->steps);
    ++*count;
    w->begun += call->steps == 0;
    w->steps++;
    if (++w->turn_steps > w->most_in_turn)
        w->most_in_turn = w->turn_steps;
    switch (call->request.id) {
    case CONTROL_SESSIONS:
        put_row(call, "a long name that takes some room in the output",
                call->steps);
        return call->steps + 1 == MANY;
    case CONTROL_CONNECTIONS:
        put_row(call, "row", call->steps);
        return false;
    case CONTROL_DRAIN:
        control_fail(call, "not \"now\"");
        return false;
    case CONTROL_RELOAD:
        for (uint64_t i = 0; i < MANY; i++)
            put_row(call, "a long name that takes some room in the output", i);
        control_fail(call, "too much");
        return true;
    case CONTROL_STATUS:
        put_row(call, "uid", call->uid);
        return true;
    default:
        return true;
    }
}

static void on_end(void *ctx, struct control_call *call)
{
    struct world *w = ctx;

    assert_true(*(size_t *)call->state > 0);
    w->ended++;
}

static int make(struct world *w, uint64_t idle_ms)
{
    const struct control_setup setup = {.step = on_step,
                                        .end = on_end,
                                        .ctx = w,
                                        .state_size = sizeof(size_t),
                                        .idle_ms = idle_ms};

    return control_new(&w->control, w->loop, &setup);
}

static int set_up(void **state)
{
    struct world *w = malloc(sizeof *w);

    assert_non_null(w);
    *state = w;
    *w = (struct world){0};
    pretends = false;
    scratch_init(&w->scratch);
    span_copy(w->path, sizeof w->path,
              span_str(scratch_path(&w->scratch, "s")));
    assert_int_equal(loop_new(&w->loop), 0);
    assert_int_equal(make(w, LONG_IDLE_MS), 0);
    assert_int_equal(control_open(&w->door, w->control, w->path), 0);
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    control_close(w->door);
    control_free(w->control);
    loop_free(w->loop);
    assert_int_equal(w->begun, w->ended);
    scratch_fini(&w->scratch);
    free(w);
    return 0;
}

/* --- who asks ------------------------------------------------------------- */

struct asker {
    int fd;
    bool ended;
    size_t n;
    char got[GOT_MAX + 1];
};

static void turn(struct world *w)
{
    w->turn_steps = 0;
    loop_turn(w->loop, false);
}

static struct asker *come(struct world *w)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct asker *a = calloc(1, sizeof *a);

    assert_non_null(a);
    span_copy(at.sun_path, sizeof at.sun_path, span_str(w->path));
    a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(a->fd >= 0);
    assert_int_equal(connect(a->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(fcntl(a->fd, F_SETFL, O_NONBLOCK), 0);
    turn(w);
    return a;
}

static void go(struct asker *a)
{
    close(a->fd);
    free(a);
}

static void say(struct asker *a, struct span text)
{
    assert_int_equal(send(a->fd, text.p, text.n, MSG_NOSIGNAL), text.n);
}

static void hear(struct asker *a)
{
    ssize_t n = recv(a->fd, a->got + a->n, GOT_MAX - a->n, 0);

    if (n > 0)
        a->n += (size_t)n;
    else if (n == 0 || errno != EAGAIN)
        a->ended = true;
    a->got[a->n] = '\0';
}

static uint64_t clock_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static size_t count_ends(const struct asker *a)
{
    size_t n = 0;

    for (const char *at = a->got; (at = strstr(at, "{\"ok\":")); at++)
        n++;
    return n;
}

/* Turns until so many answers are complete, or the connection is. */
static void wait_answers(struct world *w, struct asker *a, size_t n)
{
    uint64_t until_ms = clock_ms() + PATIENCE_MS;

    while (count_ends(a) < n && !a->ended) {
        assert_true(clock_ms() < until_ms);
        turn(w);
        hear(a);
    }
    assert_int_equal(count_ends(a), n);
}

static void wait_end(struct world *w, struct asker *a)
{
    uint64_t until_ms = clock_ms() + PATIENCE_MS;

    while (!a->ended) {
        assert_true(clock_ms() < until_ms);
        turn(w);
        hear(a);
    }
}

static void assert_got(struct world *w, const char *request, const char *want)
{
    struct asker *a = come(w);

    say(a, span_str(request));
    wait_answers(w, a, 1);
    assert_string_equal(a->got, want);
    go(a);
}

/* --- requests and answers ------------------------------------------------- */

static void an_answer_is_rows_and_an_end(void **state)
{
    char want[64];

    snprintf(want, sizeof want, "{\"uid\":%u}\n{\"ok\":true}\n",
             (unsigned)getuid());
    assert_got(*state, "status\n", want);
}

static void an_answer_may_have_no_rows(void **state)
{
    assert_got(*state, "ping\n", "{\"ok\":true}\n");
}

static void a_failure_ends_the_answer(void **state)
{
    assert_got(*state, "drain\n",
               "{\"ok\":false,\"error\":\"not \\\"now\\\"\"}\n");
    assert_int_equal(((struct world *)*state)->steps, 1);
}

static void what_is_no_request_is_refused_and_the_next_one_taken(void **state)
{
    struct world *w = *state;
    struct asker *a = come(w);

    say(a, SPAN("foo\n\nping x\nping\n"));
    wait_answers(w, a, 4);
    assert_string_equal(
        a->got,
        "{\"ok\":false,\"error\":\"no such command; help lists them\"}\n"
        "{\"ok\":false,\"error\":\"no command; help lists them\"}\n"
        "{\"ok\":false,\"error\":\"no such argument of this command\"}\n"
        "{\"ok\":true}\n");
    assert_false(a->ended);
    go(a);
}

static void requests_are_answered_one_after_the_other(void **state)
{
    struct world *w = *state;
    struct asker *a = come(w);

    say(a, SPAN("sessions\nping\n"));
    wait_answers(w, a, 2);
    assert_non_null(strstr(a->got, ":19999}\n{\"ok\":true}\n{\"ok\":true}\n"));
    go(a);
}

static void requests_may_come_octet_by_octet(void **state)
{
    static const char text[] = "ping\nstatus\n";
    struct world *w = *state;
    struct asker *a = come(w);

    for (size_t i = 0; i < sizeof text - 1; i++) {
        say(a, span_of(text + i, 1));
        turn(w);
        hear(a);
    }
    wait_answers(w, a, 2);
    go(a);
}

static void who_stops_writing_still_gets_the_answer(void **state)
{
    struct world *w = *state;
    struct asker *a = come(w);

    say(a, SPAN("sessions\n"));
    assert_int_equal(shutdown(a->fd, SHUT_WR), 0);
    wait_answers(w, a, 1);
    wait_end(w, a);
    go(a);
}

static void octets_of_another_protocol_end_the_connection(void **state)
{
    struct world *w = *state;
    struct asker *a = come(w);

    say(a, SPAN("\x16\x03\x01\n\x01\nping\n"));
    wait_end(w, a);
    assert_string_equal(a->got,
                        "{\"ok\":false,\"error\":\"control character\"}\n");
    go(a);
}

static void a_line_without_an_end_ends_the_connection(void **state)
{
    struct world *w = *state;
    struct asker *a = come(w);
    char line[CONTROL_REQUEST_MAX + 1];

    memset(line, 'x', sizeof line);
    say(a, span_of(line, sizeof line));
    wait_end(w, a);
    assert_string_equal(a->got,
                        "{\"ok\":false,\"error\":\"the line is too long\"}\n");
    go(a);
}

static void the_longest_line_is_taken(void **state)
{
    char line[CONTROL_REQUEST_MAX + 2] = "ping";

    memset(line + 4, ' ', sizeof line - 6);
    line[sizeof line - 2] = '\n';
    assert_got(*state, line, "{\"ok\":true}\n");
}

/* Has little time for those who come from now on. */
static void be_impatient(struct world *w)
{
    control_close(w->door);
    control_free(w->control);
    assert_int_equal(make(w, 50), 0);
    assert_int_equal(control_open(&w->door, w->control, w->path), 0);
}

/* --- bounds --------------------------------------------------------------- */

static void a_long_answer_takes_many_turns(void **state)
{
    struct world *w = *state;
    struct asker *a = come(w);

    say(a, SPAN("sessions\n"));
    wait_answers(w, a, 1);
    assert_int_equal(w->steps, MANY);
    assert_true(w->most_in_turn <= CONTROL_STEPS);
    go(a);
}

static void too_many_rows_at_once_are_left_out_and_counted(void **state)
{
    struct world *w = *state;
    struct asker *a = come(w);
    size_t rows = 0;
    char want[96];

    say(a, SPAN("reload\nping\n"));
    wait_answers(w, a, 2);
    for (size_t i = 0; i < a->n; i++)
        rows += a->got[i] == '\n';
    rows -= 2;
    assert_in_range(rows, 1000, MANY - 1);
    snprintf(want, sizeof want,
             "{\"ok\":false,\"error\":\"too much\",\"left_out\":%zu}\n"
             "{\"ok\":true}\n",
             MANY - rows);
    assert_non_null(strstr(a->got, want));
    go(a);
}

static void who_does_not_read_stops_the_answer(void **state)
{
    struct world *w = *state;
    struct asker *a = come(w);
    size_t before;
    int quiet = 0;

    say(a, SPAN("connections\n"));
    for (before = w->steps; quiet < 10; before = w->steps) {
        turn(w);
        quiet = w->steps == before ? quiet + 1 : 0;
    }
    assert_true(w->steps < 100000);
    hear(a);
    for (int i = 0; i < 10; i++)
        turn(w);
    assert_true(w->steps > before);
    go(a);
    turn(w);
    turn(w);
    assert_int_equal(w->ended, 1);
}

static void who_reads_nothing_is_closed_in_the_end(void **state)
{
    struct world *w = *state;
    struct asker *a;

    be_impatient(w);
    a = come(w);
    say(a, SPAN("connections\n"));
    while (w->ended == 0)
        loop_turn(w->loop, true);
    go(a);
}

static void who_asks_nothing_is_closed_in_the_end(void **state)
{
    struct world *w = *state;
    struct asker *a;

    be_impatient(w);
    a = come(w);
    say(a, SPAN("pin"));
    wait_end(w, a);
    assert_int_equal(a->n, 0);
    go(a);
}

static void one_too_many_is_turned_away(void **state)
{
    struct world *w = *state;
    struct asker *all[CONTROL_CLIENTS_MAX], *late;

    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        all[i] = come(w);
        say(all[i], SPAN("ping\n"));
        wait_answers(w, all[i], 1);
    }
    late = come(w);
    wait_end(w, late);
    assert_string_equal(late->got,
                        "{\"ok\":false,\"error\":\"too many connections\"}\n");
    go(late);
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
        go(all[i]);
    turn(w);
    turn(w);
    assert_got(w, "ping\n", "{\"ok\":true}\n");
}

static void another_user_is_turned_away(void **state)
{
    struct world *w = *state;
    struct asker *a;

    pretends = true;
    pretended_uid = geteuid() + 1;
    a = come(w);
    wait_end(w, a);
    assert_string_equal(a->got, "{\"ok\":false,\"error\":\"not allowed\"}\n");
    go(a);
    pretended_uid = 0;
    assert_got(w, "ping\n", "{\"ok\":true}\n");
}

/* --- doors ---------------------------------------------------------------- */

static void nobody_else_may_open_the_socket(void **state)
{
    struct world *w = *state;
    struct stat st;

    assert_int_equal(stat(w->path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void a_closed_door_leaves_no_file(void **state)
{
    struct world *w = *state;

    control_close(w->door);
    w->door = NULL;
    assert_int_equal(access(w->path, F_OK), -1);
}

static void a_living_socket_is_not_taken_over(void **state)
{
    struct world *w = *state;
    struct control_door *second;

    assert_int_equal(control_open(&second, w->control, w->path), ERR_EXISTS);
    assert_got(w, "ping\n", "{\"ok\":true}\n");
}

static void who_came_through_a_door_outlives_it(void **state)
{
    struct world *w = *state;
    struct asker *a = come(w);

    say(a, SPAN("sessions\n"));
    turn(w);
    control_close(w->door);
    w->door = NULL;
    wait_answers(w, a, 1);
    say(a, SPAN("ping\n"));
    wait_answers(w, a, 2);
    go(a);
}

static void an_answer_under_way_ends_with_the_control(void **state)
{
    struct world *w = *state;
    struct asker *a = come(w);

    say(a, SPAN("connections\n"));
    turn(w);
    turn(w);
    assert_int_equal(w->begun, 1);
    assert_int_equal(w->ended, 0);
    control_close(w->door);
    control_free(w->control);
    w->door = NULL;
    w->control = NULL;
    assert_int_equal(w->ended, 1);
    go(a);
}

static int attempt(void *ctx)
{
    struct world *w = ctx;
    struct control_door *door;
    int err = make(w, LONG_IDLE_MS);

    if (err)
        return err;
    err = control_open(&door, w->control, w->path);
    if (!err)
        control_close(door);
    control_free(w->control);
    return err;
}

static void opening_without_memory_leaves_nothing(void **state)
{
    struct world *w = *state;

    control_close(w->door);
    control_free(w->control);
    assert_true(oom_sweep(attempt, w) > 4);
    assert_int_equal(access(w->path, F_OK), -1);
    w->door = NULL;
    w->control = NULL;
}

static void a_visitor_without_memory_is_closed(void **state)
{
    struct world *w = *state;
    struct asker *a = calloc(1, sizeof *a);
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    assert_non_null(a);
    span_copy(at.sun_path, sizeof at.sun_path, span_str(w->path));
    a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(a->fd, (struct sockaddr *)&at, sizeof at), 0);
    oom_arm_all();
    turn(w);
    assert_true(oom_disarm());
    wait_end(w, a);
    go(a);
    assert_got(w, "ping\n", "{\"ok\":true}\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

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
