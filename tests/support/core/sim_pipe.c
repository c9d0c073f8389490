/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim_pipe.h"

#include <stdlib.h>

#include "cmocka_all.h"

enum { FLIGHTS_MAX = SIM_LATENCY_MAX + 1 };

void sim_pipe_init(struct sim_pipe *p, size_t window, uint64_t latency_ms)
{
    assert_true(window > 0);
    assert_true(latency_ms > 0 && latency_ms <= SIM_LATENCY_MAX);
    *p = (struct sim_pipe){.window = window, .latency_ms = latency_ms};
}

void sim_pipe_fini(struct sim_pipe *p)
{
    free(p->data);
    p->data = NULL;
}

/* Forgets what was read, once that is most of the memory. */
static void forget_read(struct sim_pipe *p)
{
    size_t gone = (size_t)(p->read - p->base);

    if (gone == 0 || gone < p->room / 2)
        return;
    memmove(p->data, p->data + gone, (size_t)(p->put - p->read));
    p->base = p->read;
}

void sim_pipe_put(struct sim_pipe *p, struct span octets)
{
    size_t have;

    assert_false(p->ended);
    forget_read(p);
    have = (size_t)(p->put - p->base);
    if (have + octets.n > p->room) {
        p->room = 2 * (have + octets.n);
        p->data = realloc(p->data, p->room);
        assert_non_null(p->data);
    }
    if (octets.n)
        memcpy(p->data + have, octets.p, octets.n);
    p->put += octets.n;
}

size_t sim_pipe_queued(const struct sim_pipe *p)
{
    return (size_t)(p->put - p->taken);
}

static struct span from_to(const struct sim_pipe *p, uint64_t from, uint64_t to)
{
    return p->data ? span_of(p->data + (from - p->base), (size_t)(to - from))
                   : SPAN("");
}

struct span sim_pipe_unread(const struct sim_pipe *p)
{
    return from_to(p, p->read, p->put);
}

/* The sender's kernel takes as much as there is room for. */
static bool take(struct sim_pipe *p, uint64_t now_ms)
{
    uint64_t limit = p->pulled + p->window, at_ms = now_ms + p->latency_ms;
    struct sim_flight *last =
        &p->flights[(p->first_flight + p->n_flights + FLIGHTS_MAX - 1) %
                    FLIGHTS_MAX];

    limit = limit < p->put ? limit : p->put;
    if (limit <= p->taken)
        return false;
    if (p->n_flights == 0 || last->at_ms != at_ms) {
        assert_true(p->n_flights < FLIGHTS_MAX);
        last = &p->flights[(p->first_flight + p->n_flights++) % FLIGHTS_MAX];
    }
    *last = (struct sim_flight){limit, at_ms};
    p->taken = limit;
    return true;
}

bool sim_pipe_move(struct sim_pipe *p, uint64_t now_ms)
{
    bool moved = take(p, now_ms);

    while (p->n_flights && p->flights[p->first_flight].at_ms <= now_ms) {
        p->arrived = p->flights[p->first_flight].upto;
        p->first_flight = (p->first_flight + 1) % FLIGHTS_MAX;
        p->n_flights--;
        moved = true;
    }
    return moved;
}

size_t sim_pipe_pull(struct sim_pipe *p, size_t most)
{
    size_t n = (size_t)(p->arrived - p->pulled);
    size_t room = SIM_INPUT_MAX - (size_t)(p->pulled - p->read);

    n = n < room ? n : room;
    n = n < most ? n : most;
    p->pulled += n;
    return n;
}

struct span sim_pipe_input(const struct sim_pipe *p)
{
    return from_to(p, p->read, p->pulled);
}

void sim_pipe_consume(struct sim_pipe *p, size_t n)
{
    p->read += n;
    assert_true(p->read <= p->pulled);
}

bool sim_pipe_is_over(const struct sim_pipe *p)
{
    return p->ended && p->read == p->put;
}
