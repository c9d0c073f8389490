/* SPDX-License-Identifier: BSD-2-Clause */
/* tls_private - what a context is made of, for the files of tls alone. */
#ifndef TLS_PRIVATE_H
#define TLS_PRIVATE_H

#include <openssl/ssl.h>

#include "tls.h"

struct tls_ctx {
    SSL_CTX *ssl_ctx;
    size_t refs;
};

#endif
