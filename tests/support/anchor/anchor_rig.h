/* SPDX-License-Identifier: BSD-2-Clause */
/* anchor_rig - an anchor on a real core without links, which is asked as a
 * proxy would, and whose answers are taken apart. */
#ifndef ANCHOR_RIG_H
#define ANCHOR_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anchor.h"
#include "loop.h"
#include "policy.h"
#include "relay.h"
#include "users.h"

struct anchor_rig {
    struct loop *loop;
    struct policy policy;
    struct users *users;
    struct relay *relay;
    struct anchor *anchor;
    struct anchor_settings settings;
    bool admits, may_dial;
    struct ng_request ask; /* the next question; but for what calls set */
    char memory[65536];
    struct ng_reply reply;
    /* The last answer. */
    bool is_full; /* it did not fit */
    struct span result, reason, warning, sdp, message;
};

/* With a TCP and a TLS interface, and "out" for IPv6. */
void anchor_rig_start(struct anchor_rig *r);
void anchor_rig_stop(struct anchor_rig *r);
/* After a change of r->settings. */
void anchor_rig_configure(struct anchor_rig *r);

/* Asks r->ask with this command, and forgets it. */
void anchor_rig_command(struct anchor_rig *r, const char *command);
void anchor_rig_offer(struct anchor_rig *r, const char *call, const char *from,
                      const char *sdp);
void anchor_rig_answer(struct anchor_rig *r, const char *call, const char *from,
                       const char *to, const char *sdp);
void anchor_rig_delete(struct anchor_rig *r, const char *call, const char *from,
                       const char *to);

/* Is `got` the same as `want`, in which each `@` stands for a token? */
bool anchor_rig_is(struct span got, const char *want);
bool anchor_rig_has(struct span got, const char *part);

/* The n-th a=path in the last answer's SDP, copied to dst. */
const char *anchor_rig_path(const struct anchor_rig *r, size_t n, char *dst,
                            size_t size);

struct anchor_stats anchor_rig_stats(const struct anchor_rig *r);
uint64_t anchor_rig_pairs(const struct anchor_rig *r);
uint64_t anchor_rig_tokens(const struct anchor_rig *r);

#endif
