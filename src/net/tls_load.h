/* SPDX-License-Identifier: BSD-2-Clause */
/* tls_load - certificates, keys and authorities out of their files. */
#ifndef TLS_LOAD_H
#define TLS_LOAD_H

#include "tls_private.h"

/* Loads n certificates, each with another kind of key and that key; the first
 * one is the context's own. A path that is empty is left out. 0, or ERR_TLS
 * after tls_fail(). */
int tls_load_pairs(SSL_CTX *ctx, const struct tls_pair *pairs, size_t n,
                   const struct tls_report *r);

/* Trusts the authorities in this file; "": those of the system. The same. */
int tls_load_trust(SSL_CTX *ctx, const char *path, const struct tls_report *r);

/* What OpenSSL says was the matter; static. */
const char *tls_reason(void);

#endif
