/* SPDX-License-Identifier: BSD-2-Clause */
/* sdp_rewrite - a session description with other message sections in it.
 *
 * All that is not named here stays octet for octet as it came. */
#ifndef SDP_REWRITE_H
#define SDP_REWRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdp.h"
#include "str.h"
#include "text.h"

/* What becomes of one section. */
struct sdp_edit {
    unsigned index; /* of the section */
    enum sdp_protocol protocol;
    bool reject; /* port 0; what follows does not count then */
    uint16_t port;
    int family;          /* 4 or 6: of c= */
    struct span address; /* of c= */
    struct span uri;     /* a=path */
    enum sdp_setup setup;
    const struct span *prints; /* a=fingerprint: "SHA-256 AA:BB:..." */
    size_t n_prints;           /* 0: those there are go */
};

/* Appends `text` with these edits, in the order of their indices, to `out`.
 * Sections must be usable by sdp_parse(). Errors are those of `out`. */
void sdp_rewrite(struct text *out, struct span text,
                 const struct sdp_edit *edits, size_t n);

#endif
