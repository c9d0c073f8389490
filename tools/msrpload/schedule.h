/* SPDX-License-Identifier: BSD-2-Clause */
/* schedule - lets messages become due at their times, whatever became of those
 * before them. To the microsecond: a timer of the kernel's, not the loop's. */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include <stdint.h>

#include "flow.h"
#include "loop.h"

struct schedule {
    struct traffic *traffic;
    struct loop_io io;
    int fd;        /* -1: not started */
    uint64_t next; /* of all messages of all flows */
};

/* Begins now, at the epoch of the traffic. 0 or ERR_IO. */
int schedule_start(struct schedule *s, struct loop *loop, struct traffic *t);
void schedule_stop(struct schedule *s);

#endif
