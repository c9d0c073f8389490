/* SPDX-License-Identifier: BSD-2-Clause */
/* tls_certificate - what the certificate of a context says of itself, for those
 * who warn before a peer refuses it. */
#ifndef TLS_CERTIFICATE_H
#define TLS_CERTIFICATE_H

#include "tls.h"

enum { TLS_ISSUER_MAX = 128 };

struct tls_certificate {
    int64_t begins_s, ends_s; /* Unix time */
    /* It is not self-signed, and its issuer is neither in the file nor a root
     * that the context trusts. */
    bool lacks_issuer;
    char issuer[TLS_ISSUER_MAX]; /* printable; cut short */
};

/* False when the context has no certificate, or one with times that cannot be
 * read. */
bool tls_certificate_read(struct tls_certificate *out, const struct tls_ctx *t);

#endif
