/* SPDX-License-Identifier: BSD-2-Clause */
#include "anchor_role.h"

enum sdp_setup anchor_role_for_offerer(enum sdp_setup offered, bool may_dial)
{
    switch (offered) {
    case SDP_SETUP_PASSIVE: /* not allowed in an offer, and seen */
        return SDP_SETUP_ACTIVE;
    case SDP_SETUP_ACTPASS:
        return may_dial ? SDP_SETUP_ACTIVE : SDP_SETUP_PASSIVE;
    case SDP_SETUP_NONE:
    case SDP_SETUP_ACTIVE:
        break;
    }
    return SDP_SETUP_PASSIVE;
}
