/* SPDX-License-Identifier: BSD-2-Clause */
/* tls_private - what a context is made of, for the files of tls alone. */
#ifndef TLS_PRIVATE_H
#define TLS_PRIVATE_H

#include <openssl/ssl.h>

#include "tls.h"

struct tls_names;

struct tls_ctx {
    SSL_CTX *ssl_ctx;
    size_t refs;
    struct tls_names *names; /* owned; NULL: there is one certificate */
};

/* Where a fault is reported. */
struct tls_report {
    enum tls_fault *fault;
    char *why;
};

/* Reports it; ERR_TLS. */
int tls_fail(const struct tls_report *r, enum tls_fault fault, const char *fmt,
             ...) __attribute__((format(printf, 3, 4)));

/* A server's context with n certificates, each with another kind of key, of
 * which the first counts as its own: as tls_server_new(), whatever certificates
 * `s` has. */
int tls_server_with(struct tls_ctx **out, const struct tls_settings *s,
                    const struct tls_pair *pairs, size_t n,
                    const struct tls_report *r);

/* The peer has shown a certificate: it gets no ticket (tls_tickets.c). */
void tls_tickets_refuse(SSL *ssl);

#endif
