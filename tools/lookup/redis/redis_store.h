/* SPDX-License-Identifier: BSD-2-Clause */
/* redis_store - users in a Redis: a hash for each, with the fields `ha1`,
 * `ha1_sha256` or `password`. */
#ifndef REDIS_STORE_H
#define REDIS_STORE_H

#include "helper.h"
#include "helper_options.h"

struct redis_options {
    struct helper_options common;
    const char *key; /* a template */
};

extern const struct helper_usage redis_usage;

struct redis_store;

/* As run_program's `start` and `stop`. */
int redis_store_start(struct helper_options *o, struct helper *h,
                      const struct store_ops **ops, void **store,
                      char why[CMDLINE_WHY]);
void redis_store_stop(struct helper_options *o, void *store);

#endif
