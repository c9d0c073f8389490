/* SPDX-License-Identifier: BSD-2-Clause */
/* helper_rig - a helper in this process, and the relay's end of its socket. */
#ifndef HELPER_RIG_H
#define HELPER_RIG_H

#include "helper.h"
#include "loop.h"

struct helper_rig {
    struct loop *loop;
    struct helper *helper;
    int relay, helper_end;
    char got[1024 * 1024]; /* read and not compared yet */
    size_t n;
};

/* A helper that has not started, which waits `timeout_ms` for its store. To be
 * freed by helper_rig_free(), when nothing is open. */
struct helper_rig *helper_rig_new(uint64_t timeout_ms);
void helper_rig_free(struct helper_rig *r);

/* Sends octets as the relay. */
void helper_rig_send(struct helper_rig *r, struct span text);
/* What the helper does with what is there, without waiting. */
void helper_rig_turns(struct helper_rig *r);
/* Runs until so many lines have come, and they are exactly these. */
void helper_rig_expect(struct helper_rig *r, const char *lines);
/* Nothing has come. */
void helper_rig_expect_none(struct helper_rig *r);

#endif
