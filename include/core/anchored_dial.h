/* SPDX-License-Identifier: BSD-2-Clause */
/* anchored_dial - what the application has to know to dial for a side of an
 * anchored pair (anchored.h). */
#ifndef ANCHORED_DIAL_H
#define ANCHORED_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fingerprint.h"
#include "uri.h"

struct link;
struct relay;

struct anchored_dial {
    const struct uri *uri; /* its host, port and scheme; the host is the name
                              that a certificate has to have */
    struct span host;      /* where to dial instead; empty: there */
    uint16_t port;
    struct span trusted; /* a literal address that may be dialled whatever
                            dial.deny says; empty: none */
    /* A certificate with one of these will do, whatever else it says; then none
     * without will. n 0: it has to name the host. */
    const struct fingerprint *fingerprints;
    size_t n_fingerprints;
    uint64_t shown; /* which certificate of ours the SDP has told of, as the
                       application calls it (anchored_said) */
    bool is_fresh;  /* an answer has named it just now: that it failed before
                       does not matter */
};

/* Starts to dial. Returns a link that is `connecting`, or NULL with the
 * response code in *code, as a relay_links_dial_fn. Everything is copied. */
typedef struct link *(*anchored_dial_fn)(void *ctx,
                                         const struct anchored_dial *to,
                                         uint16_t *code);

/* Sets the function that dials for pairs. NULL, the default: nothing is. */
void relay_on_anchored_dial(struct relay *r, anchored_dial_fn dial, void *ctx);

#endif
