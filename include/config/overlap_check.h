/* SPDX-License-Identifier: BSD-2-Clause */
/* overlap_check - no two sockets of a configuration want the same port: the
 * kernel would refuse the second one (S-39). */
#ifndef OVERLAP_CHECK_H
#define OVERLAP_CHECK_H

#include "config.h"
#include "config_report.h"

/* Reports each place of listen, metrics and anchor.listen that another one
 * before it has already. 0 or ERR_NOMEM. */
int overlap_check(const struct config *c, struct config_report *r);

#endif
