/* SPDX-License-Identifier: BSD-2-Clause */
/* cat_tls - what this end shows in a TLS handshake, and what it wants to see.
 *
 * A context serves either side of a handshake. It trusts nobody until one of
 * the cat_tls_trust functions was called. */
#ifndef CAT_TLS_H
#define CAT_TLS_H

#include <openssl/ssl.h>

#include "cat_sdp.h"

/* 0 or ERR_TLS. */
int cat_tls_new(SSL_CTX **out);

/* Shows the certificate, and what follows it, of a PEM file; the key may be in
 * the same. 0, ERR_IO (see errno) if a file cannot be read, or ERR_CERT if they
 * are no good or do not belong together. */
int cat_tls_show(SSL_CTX *ctx, const char *cert_file, const char *key_file);

/* Shows one that is made here and now for this host, a name or an address, and
 * signed by its own key: for peers that compare fingerprints (RFC 8122). 0 or
 * ERR_TLS. */
int cat_tls_show_own(SSL_CTX *ctx, const char *host);

/* The value of a=fingerprint for what is shown: `SHA-256 AB:CD:...`. */
enum { CAT_TLS_FINGERPRINT = FINGERPRINT_TEXT_MAX + 1 };
int cat_tls_fingerprint(char out[CAT_TLS_FINGERPRINT], const SSL_CTX *ctx);

/* Trusts certificates of the authorities in `ca_file`, or of the system's if
 * NULL. 0, or ERR_IO if the file is no good. */
int cat_tls_trust_ca(SSL_CTX *ctx, const char *ca_file);

/* Trusts any certificate, but there has to be one: ask
 * cat_tls_has_fingerprint() after the handshake. */
void cat_tls_trust_any(SSL_CTX *ctx);

/* Trusts any, or none at all. */
void cat_tls_trust_blindly(SSL_CTX *ctx);

/* Has the peer shown a certificate of which one of the fingerprints in its SDP
 * is? With several functions the strongest counts. */
bool cat_tls_has_fingerprint(SSL *ssl, const struct cat_sdp *peer);

#endif
