/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls_certificate.h"

#include <openssl/err.h>

#include "cert.h"
#include "tls_private.h"

static bool is_issued_by(X509 *cert, X509 *issuer)
{
    return X509_check_issued(issuer, cert) == X509_V_OK;
}

/* Only a root: an intermediate that this host trusts is not known to others. */
static bool is_root_in_store(X509 *cert, X509_STORE *store)
{
    X509_STORE_CTX *look = X509_STORE_CTX_new();
    X509 *issuer = NULL;
    bool found = look && X509_STORE_CTX_init(look, store, cert, NULL) == 1 &&
                 X509_STORE_CTX_get1_issuer(&issuer, look, cert) == 1 &&
                 is_issued_by(issuer, issuer);

    X509_free(issuer);
    X509_STORE_CTX_free(look);
    return found;
}

static bool has_issuer(SSL_CTX *ctx, X509 *cert)
{
    STACK_OF(X509) *others = NULL;

    if (is_issued_by(cert, cert))
        return true;
    SSL_CTX_get0_chain_certs(ctx, &others);
    for (int i = 0; i < sk_X509_num(others); i++)
        if (is_issued_by(cert, sk_X509_value(others, i)))
            return true;
    return is_root_in_store(cert, SSL_CTX_get_cert_store(ctx));
}

/* "CN=R3,O=Some Authority"; what is not ASCII is escaped. */
static void read_issuer(char dst[TLS_ISSUER_MAX], const X509 *cert)
{
    BIO *text = BIO_new(BIO_s_mem());
    int n = 0;

    if (text && X509_NAME_print_ex(text, X509_get_issuer_name(cert), 0,
                                   XN_FLAG_RFC2253) >= 0)
        n = BIO_read(text, dst, TLS_ISSUER_MAX - 1);
    dst[n > 0 ? n : 0] = '\0';
    BIO_free(text);
}

bool tls_certificate_read(struct tls_certificate *out, const struct tls_ctx *t)
{
    X509 *cert = SSL_CTX_get0_certificate(t->ssl_ctx);
    struct tls_certificate c = {0};

    if (!cert || !cert_time(&c.begins_s, X509_get0_notBefore(cert)) ||
        !cert_time(&c.ends_s, X509_get0_notAfter(cert)))
        return false;
    c.lacks_issuer = !has_issuer(t->ssl_ctx, cert);
    read_issuer(c.issuer, cert);
    ERR_clear_error();
    *out = c;
    return true;
}
