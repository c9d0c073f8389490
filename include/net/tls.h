/* SPDX-License-Identifier: BSD-2-Clause */
/* tls - TLS contexts: what a listener or a dialler agrees to.
 *
 * TLS 1.2 and 1.3 only (R8996-4-a, -5-a); renegotiation and compression off; no
 * session cache, and no tickets unless tls_tickets.h gives them. A server asks
 * for a certificate (R4976-6.1-a) unless no_peer is set, and judges it as P-8
 * says: one without a dNSName is a person's and is ignored; one with a dNSName
 * is a host's and must verify, as a client's or a server's, or the handshake is
 * aborted (with any_peer it counts as a person's). A client takes nothing but a
 * certificate that is valid, chains to a trusted CA and has the host in its
 * subjectAltName: as dNSName, or as iPAddress for a literal (R4976-9.2-g). The
 * common name never counts. A server with several certificates shows those that
 * have the name that the client asks for, else the first one. */
#ifndef TLS_H
#define TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fingerprint.h"
#include "str.h"

struct tls_ctx;
struct bio_st; /* OpenSSL's BIO */
struct ssl_st; /* and SSL */

/* A certificate and its key. */
struct tls_pair {
    const char *certificate, *private_key; /* PEM files */
};

struct tls_settings {
    const char *certificate; /* chain, PEM file; "": none, to try the rest */
    const char *private_key; /* the same */
    const struct tls_pair *more; /* besides, for other names or with another
                                    kind of key */
    size_t n_more;
    struct span name; /* a client shows the certificates that have it; or else
                         the first one */
    const char *ca_file; /* "": the system's store */
    bool min_tls13;
    const char *ciphers; /* TLS 1.2; "": built in */
    const char *ciphersuites;
    bool insecure;         /* a client takes any certificate: for tests, and
                              where its fingerprint is known */
    struct tls_ctx *trust; /* trusts as this one does, whatever ca_file says; a
                              system's store takes long to load. NULL: none */
    bool any_peer; /* a server takes any certificate: one with a dNSName that
                      does not verify names nobody, instead of ending the
                      handshake */
    bool no_peer;  /* a server requests no certificate: browsers would ask
                      their user */
};

enum { TLS_WHY_MAX = 256 };

/* Which setting a failure is about, for FILE:LINE messages. */
enum tls_fault {
    TLS_FAULT_NONE,
    TLS_FAULT_CERTIFICATE,
    TLS_FAULT_KEY,
    TLS_FAULT_MISMATCH,
    TLS_FAULT_CA,
    TLS_FAULT_CIPHERS,
    TLS_FAULT_CIPHERSUITES,
    TLS_FAULT_OTHER
};

/* A server's context. 0, or ERR_TLS / ERR_NOMEM with what is wrong in *fault
 * and as a sentence in `why` (TLS_WHY_MAX). Referenced; drop with
 * tls_ctx_unref(). */
int tls_server_new(struct tls_ctx **out, const struct tls_settings *s,
                   enum tls_fault *fault, char *why);
/* A client's context; it shows the certificate to servers that request one. */
int tls_client_new(struct tls_ctx **out, const struct tls_settings *s,
                   enum tls_fault *fault, char *why);

struct tls_ctx *tls_ctx_ref(struct tls_ctx *t);
/* NULL is harmless. Sessions need a reference of their own. */
void tls_ctx_unref(struct tls_ctx *t);

/* Is `host` among the dNSNames of the context's own certificates
 * (R4976-9.2-d)? */
bool tls_ctx_has_name(const struct tls_ctx *t, struct span host);

/* How many certificates of its own the context has. */
size_t tls_ctx_certificates(const struct tls_ctx *t);

/* Calls `fn` for each name in the i-th of them: dNSNames as they are there, and
 * iPAddresses as a URI writes them. Returns when it ends, as Unix time. */
typedef void (*tls_name_fn)(void *ctx, struct span name);
int64_t tls_ctx_certificate(const struct tls_ctx *t, size_t i, tls_name_fn fn,
                            void *ctx);

/* The fingerprint of the i-th of the context's own certificates: 0, or
 * ERR_NOT_FOUND without one. */
int tls_ctx_fingerprint(const struct tls_ctx *t, size_t i,
                        enum fingerprint_function function,
                        struct fingerprint *out);

/* When the first of the context's own certificates ends, as Unix time; 0
 * without one. */
int64_t tls_ctx_expires(const struct tls_ctx *t);

/* A server's session over `bio`, which it takes over (freed on failure too): 0
 * or ERR_NOMEM. Free with SSL_free(), before the context. */
int tls_session_new(struct ssl_st **out, struct tls_ctx *t, struct bio_st *bio);
/* A client's session to `host`, as a URI writes it, whose certificate the
 * handshake will ask for (R4976-9.2-b, -g): 0, ERR_NOMEM, or ERR_SYNTAX for
 * what no certificate can name. */
int tls_session_to(struct ssl_st **out, struct tls_ctx *t, struct bio_st *bio,
                   struct span host);

/* The end of a handshake that OpenSSL is content with: 0, or ERR_CERT when a
 * certificate was due and none was shown. */
int tls_session_judge(const struct ssl_st *ssl);

/* Why a handshake failed. */
enum tls_failure {
    TLS_FAILURE_TIMEOUT,  /* timers.handshake */
    TLS_FAILURE_GONE,     /* the peer closed or reset the connection */
    TLS_FAILURE_MISMATCH, /* no version, cipher or group in common */
    TLS_FAILURE_CERT,     /* the peer's certificate was refused */
    TLS_FAILURE_ALERT,    /* the peer refused something of ours */
    TLS_FAILURE_NOT_TLS,  /* what came was something else */
    TLS_FAILURE_OTHER,    /* such as being closed by us */
};
enum { TLS_FAILURES = TLS_FAILURE_OTHER + 1 };
/* "mismatch" and the like; static. */
const char *tls_failure_text(enum tls_failure failure);

/* What a call of OpenSSL failed with, from its queue of errors: ERR_CERT when
 * the peer's certificate was refused, else ERR_TLS; in *failure, and in *fault
 * as static text, such as "hostname mismatch". */
int tls_session_error(const char **fault, enum tls_failure *failure,
                      const struct ssl_st *ssl);

/* After the handshake: did the peer show a host certificate, which then was
 * verified? And is `host` among its names (R4976-9.2-g)? A peer that was
 * dialled always is a host, if only by address. */
bool tls_peer_is_host(const struct ssl_st *ssl);
bool tls_peer_has_name(const struct ssl_st *ssl, struct span host);

/* Has the peer shown a certificate with one of these fingerprints, verified or
 * not? */
bool tls_peer_shows(const struct ssl_st *ssl, const struct fingerprint *any,
                    size_t n);

/* The same for each name in that certificate. */
void tls_peer_names(const struct ssl_st *ssl, tls_name_fn fn, void *ctx);

/* Did the server request our certificate? Then each end has authenticated the
 * other (R4976-9.2-e). */
bool tls_peer_asked(const struct ssl_st *ssl);

/* Does the session go on with an earlier one, by a ticket? */
bool tls_is_resumed(const struct ssl_st *ssl);

/* "TLSv1.3" and the like; static. */
const char *tls_version(const struct ssl_st *ssl);

enum tls_version_known { TLS_1_2, TLS_1_3 };
enum { TLS_VERSIONS = TLS_1_3 + 1 };
enum tls_version_known tls_version_of(const struct ssl_st *ssl);
/* As tls_version(). */
const char *tls_version_text(enum tls_version_known version);

#endif
