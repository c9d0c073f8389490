/* SPDX-License-Identifier: BSD-2-Clause */
/* dial_rig - a dialler on loopback, in a time of the test's own, that writes
 * down where connect() is called for.
 *
 * Each test that uses it says: test-wraps: loop_now_ms connect */
#ifndef DIAL_RIG_H
#define DIAL_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "cidr.h"
#include "dial.h"
#include "resolve_rig.h"

/* What stands in for the system. The linker's --wrap leaves no room for a
 * context. */
struct dial_rig_system {
    uint64_t later_ms;    /* what has passed besides real time */
    unsigned connects;    /* calls of connect() */
    char connected[1024]; /* where to, with blanks between */
    int fail_with[4];     /* errno of the first calls, 0: none */
};
extern struct dial_rig_system dial_rig_system;

/* As if connect() had never been called, nor been told to fail. */
void dial_rig_forget_connects(void);

/* The state of a test. Somebody listens at 127.0.0.1 and ::1, nobody at other
 * addresses, and 127.0.0.3 is silent; all on `port`. */
struct dial_rig {
    struct resolve_rig *names;
    struct dial *dial; /* patient */
    struct cidr_list allow, deny;
    struct cidr blocks[4];
    unsigned asked;   /* the policy */
    int listening[3]; /* on 127.0.0.1, ::1, 127.0.0.3 */
    int filling[8];
    uint16_t port;
};

/* The end of a call. */
struct heard {
    struct dial_rig *rig;
    struct dial_call *call; /* NULL when it has ended */
    int calls;
    struct dial_result result;
    char peer[ADDR_TEXT_MAX];
    struct heard *also; /* for what is done in the call */
    void (*do_in_call)(struct heard *h);
};

int dial_rig_set_up(void **state);
int dial_rig_tear_down(void **state);

/* A new dialler of the rig, or what dial_new() says. */
int dial_rig_new_dial(struct dial **out, struct dial_rig *d);
/* The settings of a dialler from now on. */
void dial_rig_set_times(struct dial_rig *d, uint64_t connect_ms,
                        uint64_t total_ms);
/* Adds a block to a list of the policy. */
void dial_rig_add_block(struct cidr_list *l, const char *address,
                        uint64_t prefix);
/* Adds an address to what the name server knows. */
void dial_rig_host(struct dial_rig *d, const char *name, const char *address);

/* Dials the host's port of the rig. */
void dial_rig_start(struct dial_rig *d, struct heard *h, const char *host);
/* Turns until the end has been heard. */
void dial_rig_wait(struct heard *h);
/* Both; and asserts how it ends. */
struct heard dial_rig_call(struct dial_rig *d, const char *host);
void assert_dial_fails(struct dial_rig *d, const char *host, int err);
void assert_dial_connects(struct dial_rig *d, const char *host,
                          const char *address);

/* For dial_start(). */
void dial_rig_done(void *ctx, const struct dial_result *result);

#endif
