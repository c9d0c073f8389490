/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_pipe - one direction of a simulated connection.
 *
 * An octet passes five places, and a position in the stream is kept for each:
 *
 *     put       the sender's output
 *     taken     the sender's kernel has it: on its way
 *     arrived   it waits in the receiver's kernel
 *     pulled    the receiver's input
 *     read      the receiver has consumed it
 *
 * The kernels hold `window` octets between them. Time is the test's. */
#ifndef SIM_PIPE_H
#define SIM_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

enum {
    SIM_LATENCY_MAX = 200,  /* ms */
    SIM_INPUT_MAX = 1 << 15 /* octets pulled and not read, at most */
};

/* Octets up to a position arrive together. */
struct sim_flight {
    uint64_t upto, at_ms;
};

struct sim_pipe {
    char *data; /* the octets from `base` on */
    size_t room;
    uint64_t base, read, pulled, arrived, taken, put;
    struct sim_flight flights[SIM_LATENCY_MAX + 1]; /* a ring */
    size_t first_flight, n_flights;
    size_t window;
    uint64_t latency_ms;
    bool ended; /* nothing more will be put */
};

/* `latency_ms` is at least 1. */
void sim_pipe_init(struct sim_pipe *p, size_t window, uint64_t latency_ms);
void sim_pipe_fini(struct sim_pipe *p);

void sim_pipe_put(struct sim_pipe *p, struct span octets);

/* Octets that the sender's kernel has not taken. */
size_t sim_pipe_queued(const struct sim_pipe *p);

/* Everything that was put and that the receiver has not consumed. */
struct span sim_pipe_unread(const struct sim_pipe *p);

/* The kernels move what they can: did anything move? */
bool sim_pipe_move(struct sim_pipe *p, uint64_t now_ms);

/* The receiver reads at most this many octets from its kernel: how many? */
size_t sim_pipe_pull(struct sim_pipe *p, size_t most);

/* What the receiver has pulled; valid until the pipe is used again. Then it
 * consumes the first n octets of that. */
struct span sim_pipe_input(const struct sim_pipe *p);
void sim_pipe_consume(struct sim_pipe *p, size_t n);

/* Has the receiver consumed all there will ever be? */
bool sim_pipe_is_over(const struct sim_pipe *p);

#endif
