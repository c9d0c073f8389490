/* SPDX-License-Identifier: BSD-2-Clause */
/* tls_server - OpenSSL's server side, as a test wants it. */
#ifndef TLS_SERVER_H
#define TLS_SERVER_H

#include <openssl/ssl.h>

#include "tls_files.h"

struct tls_server {
    SSL_CTX *ctx;   /* to be freed */
    char name[256]; /* SNI: for which it was asked last; "(none)" */
};

/* One that shows the certificate STEM of `files` (NULL: none), and speaks this
 * version alone. */
void tls_server_init(struct tls_server *s, struct tls_files *files,
                     const char *stem, int version);

/* It takes nobody without a certificate of this authority. */
void tls_server_ask(struct tls_server *s, const char *ca);

#endif
