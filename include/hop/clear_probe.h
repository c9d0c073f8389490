/* SPDX-License-Identifier: BSD-2-Clause */
/* clear_probe - finds out whether MSRP is spoken at the other end of a
 * connection that was dialled in clear (S-36).
 *
 * Over TLS the host proves its name before anything is sent to it. Over plain
 * TCP anything may listen: memcached, redis, a mail server, to which a line in
 * the body of a message is a command. So a SEND without a body goes first, in
 * which senders choose no line, and nothing else before it was answered. Pure:
 * knows no socket and no clock. */
#ifndef CLEAR_PROBE_H
#define CLEAR_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msg.h"
#include "rnd.h"
#include "str.h"
#include "writer.h"

enum { CLEAR_PROBE_ID = 16 }; /* of a tid or Message-ID that is made up */

struct clear_probe {
    uint8_t tid_n;
    char tid[MSG_TID_MAX];
    char message_id[CLEAR_PROBE_ID];
    size_t waiting_n; /* so many of the octets that wait are the probe; 0: it is
                         a frame of its own */
};

/* Makes the probe for what waits to be sent, which begins with a whole head: 0,
 * and *f is the probe. It points into *p and `waiting`. If the first frame is a
 * SEND that will do, it is the probe itself; else a SEND of its own is made,
 * with the paths of that frame. ERR_SYNTAX or ERR_LIMIT if there is no such
 * head or no room for it in a frame. */
int clear_probe_make(struct clear_probe *p, struct frame *f,
                     struct span waiting, struct rnd *rnd);

/* Is the frame with this head, which ended with `flag` (0: not yet), the answer
 * to the probe: a flawless response to it, with any code? */
bool clear_probe_is_answer(const struct clear_probe *p, const struct msg *m,
                           char flag);

#endif
