/* SPDX-License-Identifier: BSD-2-Clause */
/* label - transact-ids and Message-IDs that say what they name, so that nothing
 * has to be looked up or remembered for each message.
 *
 * Hexadecimal fields of fixed length:
 *
 *     tid         flow (5) chunk (11)
 *     Message-ID  run (4) flow (5) number (11) time (12)
 *
 * `time` is when the message was meant to be sent, in ns since the run began.
 * `run` is random and tells two programs apart that run at once. */
#ifndef LABEL_H
#define LABEL_H

#include <stdbool.h>
#include <stdint.h>

#include "str.h"

enum { LABEL_TID = 16, LABEL_ID = 32, LABEL_RUN = 4 };

enum { LABEL_FLOWS_MAX = 1 << 20 };
#define LABEL_NUMBER_MAX ((UINT64_C(1) << 44) - 1)
#define LABEL_TIME_MAX ((UINT64_C(1) << 48) - 1)

struct label {
    uint64_t flow;
    uint64_t number; /* of the chunk, or of the message */
    uint64_t time_ns;
};

void label_put_tid(char dst[LABEL_TID], uint64_t flow, uint64_t chunk);
void label_put_id(char dst[LABEL_ID], const char run[LABEL_RUN],
                  const struct label *l);

/* False if it is not such a one; time_ns is 0 for a tid. */
bool label_get_tid(struct label *out, struct span tid);
bool label_get_id(struct label *out, const char run[LABEL_RUN], struct span id);

#endif
