/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls_load.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <unistd.h>

#include "err.h"
#include "file_open.h"

const char *tls_reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_error());

    return text ? text : "no reason given";
}

static bool is_not_pem(void)
{
    unsigned long e = ERR_peek_error();

    return ERR_GET_LIB(e) == ERR_LIB_PEM &&
           ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
}

/* Opens a PEM file for reading, so that a missing file is reported as such.
 * OpenSSL itself would wait for the writer of a FIFO. */
static int open_pem(BIO **out, const char *path, enum tls_fault fault,
                    const struct tls_report *r)
{
    int fd, err = file_open(&fd, path);

    if (err)
        return tls_fail(r, fault, "cannot open %s: %s", path, err_reason(err));
    (void)close(fd);
    ERR_clear_error();
    errno = 0;
    *out = BIO_new_file(path, "r");
    if (!*out)
        return tls_fail(r, fault, "cannot open %s: %s", path,
                        errno ? strerror(errno) : "out of memory");
    return 0;
}

static int load_certificate(SSL_CTX *ctx, const char *path,
                            const struct tls_report *r)
{
    BIO *file = NULL;
    int err;

    if (!*path)
        return 0;
    err = open_pem(&file, path, TLS_FAULT_CERTIFICATE, r);
    if (err)
        return err;
    BIO_free(file);
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(ctx, path) == 1)
        return 0;
    if (is_not_pem())
        return tls_fail(r, TLS_FAULT_CERTIFICATE,
                        "%s contains no PEM certificate", path);
    return tls_fail(r, TLS_FAULT_CERTIFICATE, "certificate in %s: %s", path,
                    tls_reason());
}

/* A daemon cannot ask for a pass phrase. */
static int no_passphrase(char *buf, int size, int rwflag, void *ctx)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)ctx;
    return -1;
}

static int load_key(SSL_CTX *ctx, const char *path, const struct tls_report *r)
{
    const X509 *cert = SSL_CTX_get0_certificate(ctx);
    EVP_PKEY *key;
    BIO *file = NULL;
    int err;

    if (!*path)
        return 0;
    err = open_pem(&file, path, TLS_FAULT_KEY, r);
    if (err)
        return err;
    key = PEM_read_bio_PrivateKey(file, NULL, no_passphrase, NULL);
    BIO_free(file);
    if (!key)
        return tls_fail(r, TLS_FAULT_KEY,
                        "%s contains no PEM private key without a pass phrase",
                        path);
    if (cert && X509_check_private_key(cert, key) != 1)
        err = tls_fail(r, TLS_FAULT_MISMATCH,
                       "the key in %s does not match the certificate", path);
    else if (SSL_CTX_use_PrivateKey(ctx, key) != 1)
        err = tls_fail(r, TLS_FAULT_KEY, "key in %s: %s", path, tls_reason());
    EVP_PKEY_free(key);
    return err;
}

int tls_load_trust(SSL_CTX *ctx, const char *path, const struct tls_report *r)
{
    BIO *file = NULL;
    int err;

    if (!*path) {
        if (SSL_CTX_set_default_verify_paths(ctx) == 1)
            return 0;
        return tls_fail(r, TLS_FAULT_CA, "the system's CA store: %s",
                        tls_reason());
    }
    err = open_pem(&file, path, TLS_FAULT_CA, r);
    if (err)
        return err;
    BIO_free(file);
    ERR_clear_error();
    if (SSL_CTX_load_verify_file(ctx, path) == 1)
        return 0;
    return tls_fail(r, TLS_FAULT_CA, "%s contains no PEM certificate of a CA",
                    path);
}

/* The first one comes last: it is the context's own. */
int tls_load_pairs(SSL_CTX *ctx, const struct tls_pair *pairs, size_t n,
                   const struct tls_report *r)
{
    int err = 0;

    while (!err && n-- > 0) {
        err = load_certificate(ctx, pairs[n].certificate, r);
        if (!err)
            err = load_key(ctx, pairs[n].private_key, r);
    }
    return err;
}
