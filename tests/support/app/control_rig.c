#include "control_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "cmocka_all.h"

enum { PATIENCE_MS = 10000 };

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
    struct rig *w = ctx;
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
    struct rig *w = ctx;

    assert_true(*(size_t *)call->state > 0);
    w->ended++;
}

int rig_make(struct rig *w, uint64_t idle_ms)
{
    const struct control_setup setup = {.step = on_step,
                                        .end = on_end,
                                        .ctx = w,
                                        .state_size = sizeof(size_t),
                                        .idle_ms = idle_ms};

    return control_new(&w->control, w->loop, &setup);
}

int rig_set_up(void **state)
{
    struct rig *w = malloc(sizeof *w);

    assert_non_null(w);
    *state = w;
    *w = (struct rig){0};
    scratch_init(&w->scratch);
    span_copy(w->path, sizeof w->path,
              span_str(scratch_path(&w->scratch, "s")));
    assert_int_equal(loop_new(&w->loop), 0);
    assert_int_equal(rig_make(w, LONG_IDLE_MS), 0);
    assert_int_equal(control_open(&w->door, w->control, w->path), 0);
    return 0;
}

int rig_tear_down(void **state)
{
    struct rig *w = *state;

    control_close(w->door);
    control_free(w->control);
    loop_free(w->loop);
    assert_int_equal(w->begun, w->ended);
    scratch_fini(&w->scratch);
    free(w);
    return 0;
}

/* --- who asks ------------------------------------------------------------- */

void rig_turn(struct rig *w)
{
    w->turn_steps = 0;
    loop_turn(w->loop, false);
}

struct asker *rig_come(struct rig *w)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct asker *a = calloc(1, sizeof *a);

    assert_non_null(a);
    span_copy(at.sun_path, sizeof at.sun_path, span_str(w->path));
    a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(a->fd >= 0);
    assert_int_equal(connect(a->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(fcntl(a->fd, F_SETFL, O_NONBLOCK), 0);
    rig_turn(w);
    return a;
}

void rig_go(struct asker *a)
{
    close(a->fd);
    free(a);
}

void rig_say(struct asker *a, struct span text)
{
    assert_int_equal(send(a->fd, text.p, text.n, MSG_NOSIGNAL), text.n);
}

void rig_hear(struct asker *a)
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
void rig_wait_answers(struct rig *w, struct asker *a, size_t n)
{
    uint64_t until_ms = clock_ms() + PATIENCE_MS;

    while (count_ends(a) < n && !a->ended) {
        assert_true(clock_ms() < until_ms);
        rig_turn(w);
        rig_hear(a);
    }
    assert_int_equal(count_ends(a), n);
}

void rig_wait_end(struct rig *w, struct asker *a)
{
    uint64_t until_ms = clock_ms() + PATIENCE_MS;

    while (!a->ended) {
        assert_true(clock_ms() < until_ms);
        rig_turn(w);
        rig_hear(a);
    }
}

void rig_assert_got(struct rig *w, const char *request, const char *want)
{
    struct asker *a = rig_come(w);

    rig_say(a, span_str(request));
    rig_wait_answers(w, a, 1);
    assert_string_equal(a->got, want);
    rig_go(a);
}

/* Has little time for those who come from now on. */
void rig_be_impatient(struct rig *w)
{
    control_close(w->door);
    control_free(w->control);
    assert_int_equal(rig_make(w, 50), 0);
    assert_int_equal(control_open(&w->door, w->control, w->path), 0);
}
