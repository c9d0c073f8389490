/* SPDX-License-Identifier: BSD-2-Clause */
/* chunk - a message of the outbox cut into SENDs. Only outbox.c uses it. */
#ifndef CHUNK_H
#define CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "outbox.h"
#include "ranges.h"
#include "source.h"
#include "str.h"
#include "table.h"

enum {
    /* A larger SEND must be interruptible (R4975-5.1-a). */
    CHUNK_FIXED_MAX = 2048,
    OUTGOING_ID = 16
};

/* A message on its way out. */
struct outgoing {
    struct list link; /* in queue or watched */
    struct table_node node;
    struct source *source;
    const char *type;
    char *disposition; /* or NULL */
    uint64_t offset;   /* octets sent */
    uint64_t total;    /* or MSG_STAR while that is unknown */
    size_t txns;       /* SENDs that a response may come for */
    struct ranges reported;
    bool any_report;
    bool finished; /* nothing waits for it */
    bool failed;
    char id[OUTGOING_ID];
};

/* Is a 200 due for each SEND? */
static inline bool outbox_wants_200(const struct outbox *o)
{
    return o->rules.failure_report == MSG_REPORT_YES;
}

/* Sends the front of `run`, which is what the source of m has at hand, in the
 * open chunk or in a new one: at least CHUNK_FIXED_MAX octets for a new one,
 * unless there are not as many. Only at the end of the content may `run` be
 * empty. 0, or an error that ends the connection. */
int chunk_put(struct outbox *o, struct outgoing *m, struct span run,
              bool at_end);

/* The chunk was closed, by us or by something that had to go between. */
void chunk_ended(struct outbox *o);

#endif
