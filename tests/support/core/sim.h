/* SPDX-License-Identifier: BSD-2-Clause */
/* sim - up to three relays and their clients in one process.
 *
 * The relays are real ones (relay.h); everything around them is simulated:
 * connections are pipes with windows and latencies (sim_pipe.h), the time is
 * the simulator's. The clients log in, send, answer, and are made to fail in
 * all ways that a setup allows. A run depends on its setup alone, if the test
 * has `test-wraps: getrandom` (sim_world.h).
 *
 * What is checked, of every run and whatever the trouble:
 *
 *  - a message with Failure-Report `yes` is delivered whole and once, or its
 *    sender is told of the failure exactly once;
 *  - each chunk is answered once at most, and as its Failure-Report wants it;
 *  - nothing is delivered to a wrong party, and nothing twice;
 *  - no connection is closed whose other end takes octets;
 *  - nothing is left in any relay when everybody has gone.
 *
 * What nobody can know is excused. When a link between two relays breaks, a
 * REPORT that was on its way is lost, and a SEND may have arrived of which the
 * other relay's 200 is lost: both relays may then report it. */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIM_RELAYS_MAX = 3, SIM_CLIENTS_MAX = 12 };

/* What goes wrong, and how often: in thousandths of the occasions that are
 * named. 0: never. */
struct sim_trouble {
    /* Of the messages that arrive. */
    unsigned refuse;      /* answered with 413 or 415 */
    unsigned refuse_late; /* the same, at a later chunk than the first */
    unsigned silent;      /* never answered */
    unsigned slow_answer; /* answered after a while, in time */
    /* Of the messages that are sent. */
    unsigned give_up; /* the sender ends it with `#` */
    unsigned rude;    /* the sender goes on after it was told of a failure */
    unsigned burst;   /* sent together with `burst_size` small ones like it */
    unsigned burst_size;
    /* Of the seconds of each client. */
    unsigned slow_read; /* it reads 2,000 octets a second, for a while */
    unsigned pause;     /* it does not read, for less than the stall timer */
    unsigned stall;     /* it does not read until it is closed */
    unsigned die;       /* its connection breaks; it comes back */
    /* Of the seconds of each link between relays. */
    unsigned link_break; /* it breaks */
    /* Of the dials. */
    unsigned dial_fail; /* the host is not reached */
};

struct sim_setup {
    uint64_t seed;
    unsigned relays, clients;
    unsigned through;      /* thousandths of the clients that log in to a
                              second relay, through the first */
    uint64_t storm_ms;     /* how long messages are sent */
    unsigned rate;         /* messages a second of each client */
    uint32_t transactions; /* transactions_per_link; 0: none */
    size_t high_water;
    struct sim_trouble trouble;
};

/* What is not as it must be. */
#define SIM_FAULTS_LIST(X)                                                     \
    X(SIM_LOST, "neither delivered nor reported")                              \
    X(SIM_TOLD_TWICE, "reported more than once")                               \
    X(SIM_TOLD_WRONGLY, "reported although it was delivered and answered")     \
    X(SIM_NOT_ANSWERED, "a chunk without answer")                              \
    X(SIM_ANSWERED_TWICE, "a chunk with two answers")                          \
    X(SIM_NOT_ASKED_FOR, "an answer or REPORT that was not asked for")         \
    X(SIM_NO_SUCCESS, "delivered, but the success REPORT got lost")            \
    X(SIM_WRONG_PARTY, "delivered to a wrong party")                           \
    X(SIM_NOT_WHOLE, "octets missing, repeated or changed")                    \
    X(SIM_AFTER_FAILURE, "the rest of a message that had failed went on")      \
    X(SIM_CLOSED, "a connection was closed that takes octets")                 \
    X(SIM_LEFT_OVER, "something is left in a relay")

enum sim_fault {
#define SIM_FAULT_ENUM(name, text) name,
    SIM_FAULTS_LIST(SIM_FAULT_ENUM)
#undef SIM_FAULT_ENUM
        SIM_FAULTS
};

enum { SIM_TEXT_MAX = 160 };

struct sim_result {
    unsigned faults[SIM_FAULTS]; /* how many of each kind */
    char first[SIM_FAULTS][SIM_TEXT_MAX];
    /* What happened, so that a test can see that it tests something. */
    unsigned messages, delivered, told, link_breaks, deaths, stalls, dials;
};

/* A quiet setup with this seed and so many relays: nothing goes wrong. */
void sim_quiet(struct sim_setup *s, uint64_t seed, unsigned relays);

/* Runs it to its end, until everybody has gone. */
void sim_run(struct sim_result *out, const struct sim_setup *s);

/* How many faults there are in all. */
unsigned sim_faults(const struct sim_result *r);

/* Fails the test if there are any, with what is needed to run it again. */
void sim_assert_sound(const struct sim_result *r, const struct sim_setup *s);

#endif
