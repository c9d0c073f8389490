/* SPDX-License-Identifier: BSD-2-Clause */
/* selftest_fault - what keeps a client out, as a sentence that says what to do.
 *
 * Each function writes it into `why`, which has room for SELFTEST_WHY_MAX
 * octets. Errors are those of wire.h and cat_dial.h. */
#ifndef SELFTEST_FAULT_H
#define SELFTEST_FAULT_H

#include <stdbool.h>

#include "wire.h"

/* No connection came about; errno may say more. */
void selftest_fault_dial(char *why, int err, int errnum);

/* The file with authorities cannot be used; NULL: those of this host. */
void selftest_fault_ca(char *why, const char *ca_file);

/* TLS failed, or the certificate is not one for `name`. */
void selftest_fault_tls(char *why, int err, const struct wire *wire,
                        const char *name);

/* AUTH failed. */
void selftest_fault_auth(char *why, const char *what);

/* The message failed, by a response with this code, */
void selftest_fault_response(char *why, unsigned code);
/* ... or by a REPORT with this Status. */
void selftest_fault_report(char *why, struct span status);

/* The connection ended, or nothing came any more. */
void selftest_fault_talk(char *why, int err, bool is_authenticated);

#endif
