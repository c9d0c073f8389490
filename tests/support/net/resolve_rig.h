/* SPDX-License-Identifier: BSD-2-Clause */
/* resolve_rig - a resolver, a name server of the tests' own, and look-ups that
 * write down what they are told. */
#ifndef RESOLVE_RIG_H
#define RESOLVE_RIG_H

#include "dns_stub.h"
#include "resolve.h"

/* The state of a test. */
struct resolve_rig {
    struct loop *loop;
    struct rnd rnd;
    struct dns_stub *stub;
    struct resolve *resolve; /* asks the stub; patient */
};

/* What became of a look-up. */
struct told {
    struct resolve_rig *rig;
    struct resolve_lookup *lookup;
    int calls;
    int err;
    size_t n;
    char text[1024];   /* the addresses, with blanks between */
    struct told *also; /* for what is done in the call */
    void (*do_in_call)(struct told *t);
};

int resolve_rig_set_up(void **state);
int resolve_rig_tear_down(void **state);

/* Patient settings. */
struct resolve_settings resolve_rig_settings(const struct addr *servers,
                                             size_t n);
/* A new resolver, by these settings. */
void resolve_rig_use(struct resolve_rig *r, const struct resolve_settings *s);

/* A turn of the loop and of the stub, without waiting. */
void resolve_rig_turn(struct resolve_rig *r);

/* Starts a look-up that writes to `t`, and turns until it is told. */
void resolve_rig_start(struct resolve_rig *r, struct told *t, const char *host,
                       uint16_t port);
void resolve_rig_wait(struct told *t);
/* Both. */
struct told resolve_rig_look_up(struct resolve_rig *r, const char *host,
                                uint16_t port);
/* Both, and asserts what it is told: addresses, or an error. */
void assert_found(struct resolve_rig *r, const char *host, uint16_t port,
                  const char *want);
void assert_not_found(struct resolve_rig *r, const char *host, uint16_t port,
                      int want);

/* For resolve_start(). */
void resolve_rig_done(void *ctx, int err, const struct addr *list, size_t n);

/* The descriptor of a server that hears and says nothing. */
int resolve_rig_mute_server(struct addr *at);

#endif
