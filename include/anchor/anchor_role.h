/* SPDX-License-Identifier: BSD-2-Clause */
/* anchor_role - who connects to whom: the tables of docs/spec/anchor.md,
 * section 7. Pure. */
#ifndef ANCHOR_ROLE_H
#define ANCHOR_ROLE_H

#include <stdbool.h>

#include "sdp.h"

/* What the offerer is answered, who said `offered`. `may_dial`: he can be
 * dialled, by nature and by policy, and the operator prefers that. */
enum sdp_setup anchor_role_for_offerer(enum sdp_setup offered, bool may_dial);

/* Does the relay connect to the offerer, who was answered so? */
static inline bool anchor_role_dials_offerer(enum sdp_setup answered)
{
    return answered == SDP_SETUP_ACTIVE;
}

/* Does the relay connect to the one who answered so to its `actpass`? */
static inline bool anchor_role_dials_answerer(enum sdp_setup said)
{
    return said != SDP_SETUP_ACTIVE;
}

#endif
