/* SPDX-License-Identifier: BSD-2-Clause */
/* tls_names - several certificates: which of them is shown to whom (RFC 6066,
 * 3).
 *
 * A name is served by the certificates that have it, exactly or by a wildcard:
 * of each kind of key the first one, so that RSA and ECDSA stand side by side
 * and OpenSSL takes what the client knows. The first certificate's own first
 * name is that of clients who ask for none, or for one that no certificate has.
 */
#ifndef TLS_NAMES_H
#define TLS_NAMES_H

#include "tls_private.h"

struct tls_names;

enum { TLS_KINDS_MAX = 4 }; /* of keys, side by side */

/* Reads the certificates in the files of n pairs (n > 0), which must stay where
 * they are: 0, ERR_NOMEM, or ERR_TLS after tls_fail(). */
int tls_names_new(struct tls_names **out, const struct tls_pair *pairs,
                  size_t n, const struct tls_report *r);
/* NULL is harmless. */
void tls_names_free(struct tls_names *names);

/* The certificates for `name`, in their order, into dst; how many. For a name
 * that no certificate has those of the first one's. */
size_t tls_names_choose(struct tls_pair dst[TLS_KINDS_MAX],
                        const struct tls_names *names, struct span name);

/* Makes a context for each choice there is, except for `usual`, which is the
 * first one's: 0, or an error of tls_server_with(). */
int tls_names_make(struct tls_names *names, struct tls_ctx *usual,
                   const struct tls_settings *s, const struct tls_report *r);

/* The context for the name that a client asks for; NULL: the usual one. */
const struct tls_ctx *tls_names_find(const struct tls_names *names,
                                     struct span name);

/* The contexts, some of them more than once. */
size_t tls_names_count(const struct tls_names *names);
struct tls_ctx *tls_names_at(const struct tls_names *names, size_t i);

/* When the first of them ends, as Unix time; 0: none of them can be read. */
int64_t tls_names_expire(const struct tls_names *names);

/* The certificates one by one. */
size_t tls_names_certs(const struct tls_names *names);
const X509 *tls_names_cert(const struct tls_names *names, size_t i);

#endif
