/* SPDX-License-Identifier: BSD-2-Clause */
/* frames - what is in a tx, taken out and taken apart again. */
#ifndef FRAMES_H
#define FRAMES_H

#include <stddef.h>

#include "msg.h"
#include "str.h"
#include "tx.h"

enum { FRAMES_MAX = 64, FRAMES_OCTETS = 4 * 1024 * 1024 };

/* A whole frame; everything points into the text of its `struct frames`. */
struct seen {
    struct msg head;
    struct span body;
    char flag;
};

struct frames {
    struct seen at[FRAMES_MAX];
    size_t n;
    char *text;
    size_t text_n;
};

/* Takes all out of t, as if it had been sent, and fails the test unless it is
 * whole frames. */
void frames_take(struct frames *f, struct tx *t);
void frames_free(struct frames *f);

/* The frame at i, which must be there. */
const struct seen *frames_at(const struct frames *f, size_t i);

/* The value of a header, which must be there; and whether it is. */
struct span frames_header(const struct seen *s, const char *name);
bool frames_has(const struct seen *s, const char *name);

/* The head of the one frame `text`, which must be valid. */
struct msg frames_head(const char *text);

#endif
