/* SPDX-License-Identifier: BSD-2-Clause */
/* secrets_load - loads the shared secrets that a configuration names, and
 * reports each fault as FILE:LINE. */
#ifndef SECRETS_LOAD_H
#define SECRETS_LOAD_H

#include "config.h"
#include "config_report.h"
#include "secrets.h"

/* All secrets in auth.secret_file, which must be set. 0; ERR_CONFIG when faults
 * were reported to r; or ERR_NOMEM. */
int secrets_load(struct secrets **out, const struct config *c,
                 struct config_report *r);

#endif
