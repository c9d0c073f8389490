/* tls - TLS contexts: what a listener or a dialler agrees to.
 *
 * TLS 1.2 and 1.3 only (R8996-4-a, -5-a); renegotiation and compression off; no
 * session cache. A server always asks for a certificate (R4976-6.1-a) and judges
 * it as P-8 says: one without a dNSName is a person's and is ignored; one with a
 * dNSName is a host's and must verify, or the handshake is aborted. */
#ifndef TLS_H
#define TLS_H

#include <stdbool.h>
#include <stddef.h>

struct tls_ctx;

struct tls_settings {
    const char *certificate; /* chain, PEM file */
    const char *private_key;
    const char *ca_file;     /* "": the system's store */
    bool min_tls13;
    const char *ciphers;     /* "": built in */
    const char *ciphersuites;
};

enum { TLS_WHY_MAX = 256 };

/* Which setting a failure is about, for FILE:LINE messages. */
enum tls_fault { TLS_FAULT_NONE, TLS_FAULT_CERTIFICATE, TLS_FAULT_KEY,
                 TLS_FAULT_MISMATCH, TLS_FAULT_CA, TLS_FAULT_CIPHERS,
                 TLS_FAULT_CIPHERSUITES, TLS_FAULT_OTHER };

/* A server's context. 0, or ERR_TLS / ERR_NOMEM with what is wrong in *fault and
 * as a sentence in `why` (TLS_WHY_MAX). Referenced; drop with tls_ctx_unref(). */
int tls_server_new(struct tls_ctx **out, const struct tls_settings *s,
                   enum tls_fault *fault, char *why);

struct tls_ctx *tls_ctx_ref(struct tls_ctx *t);
void tls_ctx_unref(struct tls_ctx *t);

#endif
