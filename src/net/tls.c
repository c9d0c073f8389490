#include "tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "err.h"

struct tls_ctx {
    SSL_CTX *ssl_ctx;
    size_t refs;
};

/* AES128-SHA comes last: RFC 4976, 9.2 requires it, everything else is better
 * (R4976-9.2-c, P-16). */
static const char built_in_ciphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "AES128-SHA";

static const char built_in_ciphersuites[] =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
    "TLS_CHACHA20_POLY1305_SHA256";

/* --- certificates --- */

/* Does it name a host at all? A subjectAltName that cannot be read names none.
 */
static bool cert_is_hosts(const X509 *cert)
{
    GENERAL_NAMES *names =
        X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    bool found = false;

    for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++)
        found = sk_GENERAL_NAME_value(names, i)->type == GEN_DNS;
    GENERAL_NAMES_free(names);
    return found;
}

static bool cert_has_name(X509 *cert, struct span host)
{
    unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                     X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;

    /* To OpenSSL an empty name is as long as its string, and one with a dot in
     * front is a whole domain. */
    if (span_is_empty(host) || host.p[0] == '.')
        return false;
    return X509_check_host(cert, host.p, host.n, flags, NULL) == 1;
}

/* P-8. By default OpenSSL checks a client's chain for the purpose sslclient. */
static int judge_peer(X509_STORE_CTX *verify, void *arg)
{
    (void)arg;
    if (cert_is_hosts(X509_STORE_CTX_get0_cert(verify)))
        return X509_verify_cert(verify);
    X509_STORE_CTX_set_error(verify, X509_V_OK);
    return 1;
}

bool tls_peer_is_host(const SSL *ssl)
{
    const X509 *cert = SSL_get0_peer_certificate(ssl);

    return cert && cert_is_hosts(cert);
}

bool tls_peer_has_name(const SSL *ssl, struct span host)
{
    X509 *cert = SSL_get0_peer_certificate(ssl);

    return cert && cert_has_name(cert, host);
}

const char *tls_version(const SSL *ssl)
{
    return SSL_get_version(ssl);
}

bool tls_ctx_has_name(const struct tls_ctx *t, struct span host)
{
    X509 *cert = SSL_CTX_get0_certificate(t->ssl_ctx);

    return cert && cert_has_name(cert, host);
}

/* --- contexts --- */

/* Where a fault is told. */
struct report {
    enum tls_fault *fault;
    char *why;
};

static int fail(const struct report *r, enum tls_fault fault, const char *fmt,
                ...) __attribute__((format(printf, 3, 4)));

static int fail(const struct report *r, enum tls_fault fault, const char *fmt,
                ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(r->why, TLS_WHY_MAX, fmt, args);
    va_end(args);
    *r->fault = fault;
    return ERR_TLS;
}

/* What OpenSSL says was the matter. */
static const char *reason(void)
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

/* Opens a PEM file to read, so that its absence is told as such. */
static int open_pem(BIO **out, const char *path, enum tls_fault fault,
                    const struct report *r)
{
    ERR_clear_error();
    errno = 0;
    *out = BIO_new_file(path, "r");
    if (!*out)
        return fail(r, fault, "cannot open %s: %s", path,
                    errno ? strerror(errno) : "out of memory");
    return 0;
}

static int load_certificate(SSL_CTX *ctx, const char *path,
                            const struct report *r)
{
    BIO *file;
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
        return fail(r, TLS_FAULT_CERTIFICATE, "%s holds no PEM certificate",
                    path);
    return fail(r, TLS_FAULT_CERTIFICATE, "certificate in %s: %s", path,
                reason());
}

/* There is nobody to ask for a pass phrase. */
static int no_passphrase(char *buf, int size, int rwflag, void *ctx)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)ctx;
    return -1;
}

static int load_key(SSL_CTX *ctx, const char *path, const struct report *r)
{
    const X509 *cert = SSL_CTX_get0_certificate(ctx);
    EVP_PKEY *key;
    BIO *file;
    int err;

    if (!*path)
        return 0;
    err = open_pem(&file, path, TLS_FAULT_KEY, r);
    if (err)
        return err;
    key = PEM_read_bio_PrivateKey(file, NULL, no_passphrase, NULL);
    BIO_free(file);
    if (!key)
        return fail(r, TLS_FAULT_KEY,
                    "%s holds no PEM private key without a pass phrase", path);
    if (cert && X509_check_private_key(cert, key) != 1)
        err = fail(r, TLS_FAULT_MISMATCH,
                   "the key in %s does not belong to the certificate", path);
    else if (SSL_CTX_use_PrivateKey(ctx, key) != 1)
        err = fail(r, TLS_FAULT_KEY, "key in %s: %s", path, reason());
    EVP_PKEY_free(key);
    return err;
}

static int load_trust(SSL_CTX *ctx, const char *path, const struct report *r)
{
    BIO *file;
    int err;

    if (!*path) {
        if (SSL_CTX_set_default_verify_paths(ctx) == 1)
            return 0;
        return fail(r, TLS_FAULT_CA, "the system's CA store: %s", reason());
    }
    err = open_pem(&file, path, TLS_FAULT_CA, r);
    if (err)
        return err;
    BIO_free(file);
    ERR_clear_error();
    if (SSL_CTX_load_verify_file(ctx, path) == 1)
        return 0;
    return fail(r, TLS_FAULT_CA, "%s holds no PEM certificate of a CA", path);
}

static int set_ciphers(SSL_CTX *ctx, const struct tls_settings *s,
                       const struct report *r)
{
    const char *list = *s->ciphers ? s->ciphers : built_in_ciphers;
    const char *suites =
        *s->ciphersuites ? s->ciphersuites : built_in_ciphersuites;

    if (SSL_CTX_set_cipher_list(ctx, list) != 1)
        return fail(r, TLS_FAULT_CIPHERS, "no cipher matches \"%s\"", list);
    if (SSL_CTX_set_ciphersuites(ctx, suites) != 1)
        return fail(r, TLS_FAULT_CIPHERSUITES,
                    "\"%s\" has what is no TLS 1.3 cipher suite", suites);
    return 0;
}

/* An idle session must be small: no buffers while nothing moves, nothing kept
 * to resume it. */
static void set_habits(SSL_CTX *ctx, bool min_tls13)
{
    SSL_CTX_set_min_proto_version(ctx,
                                  min_tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    /* MSRP frames carry their own end, so a TCP FIN without close_notify is a
     * plain end, too. */
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_NO_TICKET |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_num_tickets(ctx, 0);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
                              SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, judge_peer, NULL);
}

static int set_up(SSL_CTX *ctx, const struct tls_settings *s,
                  const struct report *r)
{
    int err = load_certificate(ctx, s->certificate, r);

    if (!err)
        err = load_key(ctx, s->private_key, r);
    if (!err)
        err = load_trust(ctx, s->ca_file, r);
    if (!err)
        err = set_ciphers(ctx, s, r);
    if (!err)
        set_habits(ctx, s->min_tls13);
    ERR_clear_error();
    return err;
}

int tls_server_new(struct tls_ctx **out, const struct tls_settings *s,
                   enum tls_fault *fault, char *why)
{
    const struct report r = {fault, why};
    struct tls_ctx *t = calloc(1, sizeof *t);
    int err;

    if (t)
        t->ssl_ctx = SSL_CTX_new(TLS_server_method());
    if (!t || !t->ssl_ctx) {
        free(t);
        fail(&r, TLS_FAULT_OTHER, "%s", err_text(ERR_NOMEM));
        return ERR_NOMEM;
    }
    t->refs = 1;
    err = set_up(t->ssl_ctx, s, &r);
    if (err) {
        tls_ctx_unref(t);
        return err;
    }
    *fault = TLS_FAULT_NONE;
    *out = t;
    return 0;
}

struct tls_ctx *tls_ctx_ref(struct tls_ctx *t)
{
    t->refs++;
    return t;
}

void tls_ctx_unref(struct tls_ctx *t)
{
    if (!t || --t->refs)
        return;
    SSL_CTX_free(t->ssl_ctx);
    free(t);
}

int tls_session_new(SSL **out, struct tls_ctx *t, int fd)
{
    SSL *ssl = SSL_new(t->ssl_ctx);

    if (!ssl || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        ERR_clear_error();
        return ERR_NOMEM;
    }
    *out = ssl;
    return 0;
}
