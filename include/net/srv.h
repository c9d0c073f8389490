/* SPDX-License-Identifier: BSD-2-Clause */
/* srv - in which order the targets of a service are tried (RFC 2782). */
#ifndef SRV_H
#define SRV_H

#include <stddef.h>
#include <stdint.h>

#include "dns_message.h"

/* Sorts `list` by priority, and those of one priority by a draw in which each
 * is as likely as its weight says. `dice` are n random numbers. Pure. */
void srv_order(struct dns_srv *list, size_t n, const uint32_t *dice);

#endif
