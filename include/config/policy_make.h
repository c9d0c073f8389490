/* SPDX-License-Identifier: BSD-2-Clause */
/* policy_make - the part of the configuration that the relay's rules need. */
#ifndef POLICY_MAKE_H
#define POLICY_MAKE_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "policy.h"

/* The policy of `config`, whose listeners have these ports, in its order. It
 * points into `config`. 0 or ERR_NOMEM; free with policy_free(). */
int policy_make(struct policy **out, const struct config *config,
                const uint16_t *ports, size_t n_ports);
/* Makes these authorities of it, copied: 0 or ERR_NOMEM. Once for a policy. */
int policy_set_authorities(struct policy *p, const struct policy_authority *all,
                           size_t n);
/* NULL is harmless. */
void policy_free(struct policy *p);

#endif
