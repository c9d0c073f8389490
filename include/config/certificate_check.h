/* SPDX-License-Identifier: BSD-2-Clause */
/* certificate_check - warns of what peers will hold against the relay's
 * certificate. */
#ifndef CERTIFICATE_CHECK_H
#define CERTIFICATE_CHECK_H

#include "config.h"
#include "config_report.h"
#include "str.h"
#include "tls.h"

/* The certificate of `tls`, which was read from the file `path`, as `key` says:
 * is it valid now and for two weeks more, and does its issuer come with it? */
void certificate_check(struct config_report *r, struct config_place at,
                       const char *key, const char *path,
                       const struct tls_ctx *tls);

/* The same for each of tls.certificates; those that cannot be used are faults.
 * `s` has all that they share, `trust` what they trust. 0 or ERR_NOMEM. */
int certificate_check_more(struct config_report *r, const struct config *config,
                           const struct tls_settings *s, struct tls_ctx *trust);

/* Who can read the files of tls.certificates? */
void certificate_check_files(struct config_report *r,
                             const struct config *config);

#endif
