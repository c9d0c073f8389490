/* SPDX-License-Identifier: BSD-2-Clause */
/* certificate_check - warns of what peers will hold against the relay's
 * certificate. */
#ifndef CERTIFICATE_CHECK_H
#define CERTIFICATE_CHECK_H

#include "config_report.h"
#include "str.h"
#include "tls.h"

/* The certificate of `tls`, which was read from the file `path`: is it valid
 * now and for two weeks more, does its issuer come with it, and does it name
 * the relay (R4976-9.2-d)? An empty `name` is not looked for. */
void certificate_check(struct config_report *r, struct config_place at,
                       const char *path, const struct tls_ctx *tls,
                       struct span name);

#endif
