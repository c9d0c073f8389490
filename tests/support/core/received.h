/* SPDX-License-Identifier: BSD-2-Clause */
/* received - what a fake link was sent, as its neighbour would read it. */
#ifndef RECEIVED_H
#define RECEIVED_H

#include <stddef.h>

#include "fake_link.h"
#include "msg.h"

enum { RECEIVED_MAX = 2048 };

struct received_frame {
    struct msg m;
    struct span body;
    char flag;
};

struct received {
    struct received_frame frames[RECEIVED_MAX];
    size_t n;
};

/* Reads all that was ever put, which must be sound and whole frames; points
 * into the output. */
void received_read(struct received *r, const struct fake_link *f);

/* Puts the bodies of all SENDs with this Message-ID into dst, each where its
 * Byte-Range says; how many octets. On the way checks what holds for every
 * chunk of a relay: ranges without gap, counted ends, `*` over 2048 octets and
 * only there, `+` on all but the last, a tid for each. */
size_t received_message(const struct received *r, char *dst, size_t size,
                        const char *id);

#endif
