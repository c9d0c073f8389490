/* SPDX-License-Identifier: BSD-2-Clause */
/* anchor_check - what does not fit together in the group `anchor` (A-3b). */
#ifndef ANCHOR_CHECK_H
#define ANCHOR_CHECK_H

#include "config.h"
#include "config_report.h"
#include "tls.h"

/* Reports faults and warnings about interfaces. `tls` is the certificate's
 * context; NULL if there is none to judge by. 0 or ERR_NOMEM. */
int anchor_check(struct config_report *r, const struct config *c,
                 const struct tls_ctx *tls);

#endif
