/* SPDX-License-Identifier: BSD-2-Clause */
/* cert - one certificate: whom it names, its fingerprint, its times. For the
 * files of tls alone. */
#ifndef CERT_H
#define CERT_H

#include <openssl/x509v3.h>

#include "tls.h"

enum {
    CERT_HOST_ROOM = 256, /* a name of RFC 1035, 2.3.4 and its NUL */
    CERT_NAME_FLAGS = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
};

/* Does it name a host at all? A subjectAltName that cannot be read names none.
 */
bool cert_is_hosts(const X509 *cert);

/* Is `host` a name that a certificate can have? A literal address may pass. */
bool cert_can_name(struct span host);

/* Is this name one of its dNSNames; is this host, which may be a literal
 * address, one of its names? */
bool cert_has_name(X509 *cert, struct span host);
bool cert_has_host(X509 *cert, struct span host);

/* The octets of a literal address as a certificate has them, into dst (16).
 * Returns how many, 0 for a name. */
size_t cert_literal(unsigned char *dst, struct span host);

/* Calls `fn` for each of its names; no-op for NULL. */
void cert_names(const X509 *cert, tls_name_fn fn, void *ctx);

/* False for NULL and for what cannot be hashed. */
bool cert_fingerprint(struct fingerprint *out, const X509 *cert,
                      enum fingerprint_function function);

/* A time of it as Unix time; false if it cannot be read. */
bool cert_time(int64_t *out, const ASN1_TIME *from);
/* When it ends; 0 if that cannot be read. */
int64_t cert_ends(const X509 *cert);

#endif
