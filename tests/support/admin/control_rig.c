/* SPDX-License-Identifier: BSD-2-Clause */
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
    struct rig *r = ctx;
    size_t *count = call->state;

    assert_int_equal(*count, call->steps);
    ++*count;
    r->begun += call->steps == 0;
    r->steps++;
    if (++r->turn_steps > r->most_in_turn)
        r->most_in_turn = r->turn_steps;
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
    struct rig *r = ctx;

    assert_true(*(size_t *)call->state > 0);
    r->ended++;
}

int rig_make(struct rig *r, uint64_t idle_ms)
{
    const struct control_setup setup = {.step = on_step,
                                        .end = on_end,
                                        .ctx = r,
                                        .state_size = sizeof(size_t),
                                        .idle_ms = idle_ms};

    return control_new(&r->control, r->loop, &setup);
}

int rig_set_up(void **state)
{
    struct rig *r = malloc(sizeof *r);

    assert_non_null(r);
    *state = r;
    *r = (struct rig){0};
    scratch_init(&r->scratch);
    span_copy(r->path, sizeof r->path,
              span_str(scratch_path(&r->scratch, "s")));
    assert_int_equal(loop_new(&r->loop), 0);
    assert_int_equal(rig_make(r, LONG_IDLE_MS), 0);
    assert_int_equal(control_open(&r->listener, r->control, r->path), 0);
    return 0;
}

int rig_tear_down(void **state)
{
    struct rig *r = *state;

    control_close(r->listener);
    control_free(r->control);
    loop_free(r->loop);
    assert_int_equal(r->begun, r->ended);
    scratch_fini(&r->scratch);
    free(r);
    return 0;
}

/* --- who asks ------------------------------------------------------------- */

void rig_turn(struct rig *r)
{
    r->turn_steps = 0;
    loop_turn(r->loop, false);
}

struct asker *rig_come(struct rig *r)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct asker *a = calloc(1, sizeof *a);

    assert_non_null(a);
    span_copy(at.sun_path, sizeof at.sun_path, span_str(r->path));
    a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(a->fd >= 0);
    assert_int_equal(connect(a->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(fcntl(a->fd, F_SETFL, O_NONBLOCK), 0);
    rig_turn(r);
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
void rig_wait_answers(struct rig *r, struct asker *a, size_t n)
{
    uint64_t until_ms = clock_ms() + PATIENCE_MS;

    while (count_ends(a) < n && !a->ended) {
        assert_true(clock_ms() < until_ms);
        rig_turn(r);
        rig_hear(a);
    }
    assert_int_equal(count_ends(a), n);
}

void rig_wait_end(struct rig *r, struct asker *a)
{
    uint64_t until_ms = clock_ms() + PATIENCE_MS;

    while (!a->ended) {
        assert_true(clock_ms() < until_ms);
        rig_turn(r);
        rig_hear(a);
    }
}

void rig_assert_got(struct rig *r, const char *request, const char *want)
{
    struct asker *a = rig_come(r);

    rig_say(a, span_str(request));
    rig_wait_answers(r, a, 1);
    assert_string_equal(a->got, want);
    rig_go(a);
}

/* Has little time for those who come from now on. */
void rig_be_impatient(struct rig *r)
{
    control_close(r->listener);
    control_free(r->control);
    assert_int_equal(rig_make(r, 50), 0);
    assert_int_equal(control_open(&r->listener, r->control, r->path), 0);
}
