/* SPDX-License-Identifier: BSD-2-Clause */
/* anchor_said - what the SDP of one side says of a section, kept until an
 * answer commits it. */
#ifndef ANCHOR_SAID_H
#define ANCHOR_SAID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anchored.h"
#include "sdp.h"
#include "str.h"
#include "uri.h"

struct anchor_said {
    unsigned refs;
    enum sdp_protocol protocol;
    enum sdp_setup setup;
    int family;                /* of c=; 0: unknown */
    struct span host;          /* of c= */
    uint16_t port;             /* of m= */
    bool is_ws;                /* the last URI is for WebSockets */
    struct anchored_said core; /* all but `we_dial`, and `trusted` is what it
                                  would be if that is allowed */
};

/* Keeps what a usable section says, with one reference: NULL without memory. */
struct anchor_said *anchor_said_new(const struct sdp_section *s);
struct anchor_said *anchor_said_ref(struct anchor_said *s);
/* NULL is harmless. */
void anchor_said_unref(struct anchor_said *s);

/* The first URI of its path. */
static inline struct span anchor_said_first(const struct anchor_said *s)
{
    return s->core.path[0];
}

/* May it be dialled by its nature? What the policy says of it is another
 * question. */
bool anchor_said_is_dialable(const struct anchor_said *s);

/* What goes with it that the SDP does not say. */
struct anchor_unsaid {
    bool we_dial;
    bool trust;     /* anchor.trust_sdp */
    uint64_t shown; /* anchor_settings.shown when the side was given its SDP */
};

/* Tells core. */
int anchor_said_commit(const struct anchor_said *s, struct relay *r,
                       struct anchored_pair *p, enum anchored_side side,
                       const struct anchor_unsaid *unsaid);

#endif
