/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cert.h"
#include "err.h"
#include "tls_load.h"
#include "tls_names.h"
#include "tls_private.h"

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

/* --- what a peer shows --- */

/* By default OpenSSL checks a client's chain for the purpose sslclient. A relay
 * has one certificate for both directions, and what public authorities issue
 * is for servers alone. */
static void allow_servers(X509_STORE_CTX *verify, X509 *cert)
{
    if (X509_check_purpose(cert, X509_PURPOSE_SSL_CLIENT, 0) != 1)
        X509_VERIFY_PARAM_set_purpose(X509_STORE_CTX_get0_param(verify),
                                      X509_PURPOSE_SSL_SERVER);
}

/* P-8. */
static int judge_peer(X509_STORE_CTX *verify, void *arg)
{
    X509 *cert = X509_STORE_CTX_get0_cert(verify);

    (void)arg;
    tls_tickets_refuse(X509_STORE_CTX_get_ex_data(
        verify, SSL_get_ex_data_X509_STORE_CTX_idx()));
    if (cert_is_hosts(cert)) {
        allow_servers(verify, cert);
        return X509_verify_cert(verify);
    }
    X509_STORE_CTX_set_error(verify, X509_V_OK);
    return 1;
}

/* The same, but what does not verify is let through: the result says so. */
static int judge_any_peer(X509_STORE_CTX *verify, void *arg)
{
    (void)judge_peer(verify, arg);
    return 1;
}

/* A client's own settings say what it takes. */
bool tls_peer_is_host(const SSL *ssl)
{
    const X509 *cert = SSL_get0_peer_certificate(ssl);

    if (!cert || !SSL_is_server(ssl))
        return cert;
    return SSL_get_verify_result(ssl) == X509_V_OK && cert_is_hosts(cert);
}

bool tls_peer_shows(const SSL *ssl, const struct fingerprint *any, size_t n)
{
    const X509 *cert = SSL_get0_peer_certificate(ssl);
    struct fingerprint shown;

    for (size_t i = 0; i < n; i++)
        if (cert_fingerprint(&shown, cert, any[i].function) &&
            fingerprint_equal(&shown, &any[i]))
            return true;
    return false;
}

static const X509 *ctx_cert(const struct tls_ctx *t, size_t i)
{
    return t->names ? tls_names_cert(t->names, i)
                    : SSL_CTX_get0_certificate(t->ssl_ctx);
}

int tls_ctx_fingerprint(const struct tls_ctx *t, size_t i,
                        enum fingerprint_function function,
                        struct fingerprint *out)
{
    const X509 *cert = ctx_cert(t, i);

    return cert_fingerprint(out, cert, function) ? 0 : ERR_NOT_FOUND;
}

bool tls_peer_has_name(const SSL *ssl, struct span host)
{
    X509 *cert = SSL_get0_peer_certificate(ssl);

    return cert && cert_has_host(cert, host);
}

void tls_peer_names(const SSL *ssl, tls_name_fn fn, void *ctx)
{
    cert_names(SSL_get0_peer_certificate(ssl), fn, ctx);
}

bool tls_is_resumed(const SSL *ssl)
{
    return SSL_session_reused(ssl);
}

const char *tls_version(const SSL *ssl)
{
    return SSL_get_version(ssl);
}

/* Called when a server asks for a certificate. That it did is kept in the
 * session itself. */
static int note_request(SSL *ssl, void *arg)
{
    (void)arg;
    return SSL_set_app_data(ssl, ssl);
}

bool tls_peer_asked(const SSL *ssl)
{
    return !SSL_is_server(ssl) && SSL_get_app_data(ssl);
}

enum tls_version_known tls_version_of(const SSL *ssl)
{
    return SSL_version(ssl) == TLS1_3_VERSION ? TLS_1_3 : TLS_1_2;
}

size_t tls_ctx_certificates(const struct tls_ctx *t)
{
    if (t->names)
        return tls_names_certs(t->names);
    return SSL_CTX_get0_certificate(t->ssl_ctx) ? 1 : 0;
}

int64_t tls_ctx_certificate(const struct tls_ctx *t, size_t i, tls_name_fn fn,
                            void *ctx)
{
    const X509 *cert = ctx_cert(t, i);

    cert_names(cert, fn, ctx);
    return cert_ends(cert);
}

int64_t tls_ctx_expires(const struct tls_ctx *t)
{
    const X509 *cert = SSL_CTX_get0_certificate(t->ssl_ctx);

    if (t->names)
        return tls_names_expire(t->names);
    return cert ? cert_ends(cert) : 0;
}

bool tls_ctx_has_name(const struct tls_ctx *t, struct span host)
{
    X509 *cert = SSL_CTX_get0_certificate(t->ssl_ctx);

    if (t->names)
        return cert_can_name(host) && tls_names_find(t->names, host);
    return cert && cert_has_name(cert, host);
}

/* --- contexts --- */

int tls_fail(const struct tls_report *r, enum tls_fault fault, const char *fmt,
             ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(r->why, TLS_WHY_MAX, fmt, args);
    va_end(args);
    *r->fault = fault;
    return ERR_TLS;
}

static int share_trust(SSL_CTX *ctx, const struct tls_ctx *of)
{
    SSL_CTX_set1_cert_store(ctx, SSL_CTX_get_cert_store(of->ssl_ctx));
    return 0;
}

static int set_ciphers(SSL_CTX *ctx, const struct tls_settings *s,
                       const struct tls_report *r)
{
    const char *list = *s->ciphers ? s->ciphers : built_in_ciphers;
    const char *suites =
        *s->ciphersuites ? s->ciphersuites : built_in_ciphersuites;

    if (SSL_CTX_set_cipher_list(ctx, list) != 1)
        return tls_fail(r, TLS_FAULT_CIPHERS, "no cipher matches \"%s\"", list);
    if (SSL_CTX_set_ciphersuites(ctx, suites) != 1)
        return tls_fail(r, TLS_FAULT_CIPHERSUITES,
                        "unknown TLS 1.3 cipher suite in \"%s\"", suites);
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
    /* The chain is what the file holds: looking for the rest in the trust store
     * cost each handshake several reads from the disk. */
    SSL_CTX_set_mode(
        ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
}

static int set_up(SSL_CTX *ctx, const struct tls_settings *s,
                  const struct tls_pair *pairs, size_t n,
                  const struct tls_report *r)
{
    int err = tls_load_pairs(ctx, pairs, n, r);

    if (!err)
        err = s->trust ? share_trust(ctx, s->trust)
                       : tls_load_trust(ctx, s->ca_file, r);
    if (!err)
        err = set_ciphers(ctx, s, r);
    if (!err)
        set_habits(ctx, s->min_tls13);
    ERR_clear_error();
    return err;
}

static int ctx_new(struct tls_ctx **out, const SSL_METHOD *method,
                   const struct tls_settings *s, const struct tls_pair *pairs,
                   size_t n, const struct tls_report *r)
{
    struct tls_ctx *t = calloc(1, sizeof *t);
    int err;

    if (t)
        t->ssl_ctx = SSL_CTX_new(method);
    if (!t || !t->ssl_ctx) {
        free(t);
        tls_fail(r, TLS_FAULT_OTHER, "%s", err_text(ERR_NOMEM));
        return ERR_NOMEM;
    }
    t->refs = 1;
    err = set_up(t->ssl_ctx, s, pairs, n, r);
    if (err) {
        tls_ctx_unref(t);
        return err;
    }
    *r->fault = TLS_FAULT_NONE;
    *out = t;
    return 0;
}

int tls_server_with(struct tls_ctx **out, const struct tls_settings *s,
                    const struct tls_pair *pairs, size_t n,
                    const struct tls_report *r)
{
    int err = ctx_new(out, TLS_server_method(), s, pairs, n, r);

    if (err || s->no_peer)
        return err;
    SSL_CTX_set_verify((*out)->ssl_ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(
        (*out)->ssl_ctx, s->any_peer ? judge_any_peer : judge_peer, NULL);
    return 0;
}

/* The first certificate and all others, to be freed; NULL when out of memory.
 */
static struct tls_pair *all_pairs(const struct tls_settings *s)
{
    struct tls_pair *all = calloc(1 + s->n_more, sizeof *all);

    if (!all)
        return NULL;
    all[0] = (struct tls_pair){s->certificate, s->private_key};
    if (s->n_more)
        memcpy(all + 1, s->more, s->n_more * sizeof *all);
    return all;
}

/* The client has said for whom it comes. */
static int on_server_name(SSL *ssl, int *alert, void *arg)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const struct tls_ctx *t = name ? tls_names_find(arg, span_str(name)) : NULL;

    (void)alert;
    if (!t)
        return SSL_TLSEXT_ERR_NOACK;
    return SSL_set_SSL_CTX(ssl, t->ssl_ctx) ? SSL_TLSEXT_ERR_OK
                                            : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* A server's context for the first certificate's name, which knows of the
 * others. */
static int server_by_name(struct tls_ctx **out, const struct tls_settings *s,
                          struct tls_names *names, const struct tls_report *r)
{
    struct tls_pair usual[TLS_KINDS_MAX];
    size_t n = tls_names_choose(usual, names, SPAN(""));
    struct tls_ctx *t;
    int err = tls_server_with(&t, s, usual, n, r);

    if (err)
        return err;
    err = tls_names_make(names, t, s, r);
    if (err) {
        tls_ctx_unref(t);
        return err;
    }
    t->names = names;
    SSL_CTX_set_tlsext_servername_callback(t->ssl_ctx, on_server_name);
    SSL_CTX_set_tlsext_servername_arg(t->ssl_ctx, names);
    *out = t;
    return 0;
}

static int server_of(struct tls_ctx **out, const struct tls_settings *s,
                     const struct tls_pair *pairs, const struct tls_report *r)
{
    struct tls_names *names;
    int err;

    if (s->n_more == 0)
        return tls_server_with(out, s, pairs, 1, r);
    err = tls_names_new(&names, pairs, 1 + s->n_more, r);
    if (err)
        return err;
    err = server_by_name(out, s, names, r);
    if (err)
        tls_names_free(names);
    return err;
}

int tls_server_new(struct tls_ctx **out, const struct tls_settings *s,
                   enum tls_fault *fault, char *why)
{
    const struct tls_report r = {fault, why};
    struct tls_pair *pairs = all_pairs(s);
    int err = pairs ? server_of(out, s, pairs, &r) : ERR_NOMEM;

    free(pairs);
    return err;
}

/* The certificates that name s->name, or else the first one. */
static int client_of(struct tls_ctx **out, const struct tls_settings *s,
                     const struct tls_pair *pairs, const struct tls_report *r)
{
    struct tls_pair own[TLS_KINDS_MAX] = {pairs[0]};
    struct tls_names *names = NULL;
    size_t n = 1;
    int err = 0;

    if (s->n_more)
        err = tls_names_new(&names, pairs, 1 + s->n_more, r);
    if (names)
        n = tls_names_choose(own, names, s->name);
    tls_names_free(names);
    return err ? err : ctx_new(out, TLS_client_method(), s, own, n, r);
}

int tls_client_new(struct tls_ctx **out, const struct tls_settings *s,
                   enum tls_fault *fault, char *why)
{
    const struct tls_report r = {fault, why};
    struct tls_pair *pairs = all_pairs(s);
    int err = pairs ? client_of(out, s, pairs, &r) : ERR_NOMEM;

    free(pairs);
    if (err)
        return err;
    SSL_CTX_set_verify((*out)->ssl_ctx,
                       s->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_cb((*out)->ssl_ctx, note_request, NULL);
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
    tls_names_free(t->names);
    free(t);
}

/* --- sessions --- */

int tls_session_new(SSL **out, struct tls_ctx *t, BIO *bio)
{
    SSL *ssl = SSL_new(t->ssl_ctx);

    if (!ssl) {
        BIO_free(bio);
        ERR_clear_error();
        return ERR_NOMEM;
    }
    SSL_set_bio(ssl, bio, bio);
    SSL_set_accept_state(ssl);
    *out = ssl;
    return 0;
}

/* What the certificate has to name; a literal is not for SNI (RFC 6066, 3). */
static bool expect_host(SSL *ssl, struct span host)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    unsigned char octets[16];
    size_t n = cert_literal(octets, host);
    char name[CERT_HOST_ROOM];

    if (n)
        return X509_VERIFY_PARAM_set1_ip(param, octets, n) == 1;
    span_copy(name, sizeof name, host);
    X509_VERIFY_PARAM_set_hostflags(param, CERT_NAME_FLAGS);
    return X509_VERIFY_PARAM_set1_host(param, name, host.n) == 1 &&
           SSL_set_tlsext_host_name(ssl, name) == 1;
}

int tls_session_to(SSL **out, struct tls_ctx *t, BIO *bio, struct span host)
{
    SSL *ssl;
    int err;

    if (!cert_can_name(host)) {
        BIO_free(bio);
        return ERR_SYNTAX;
    }
    err = tls_session_new(&ssl, t, bio);
    if (err)
        return err;
    SSL_set_connect_state(ssl);
    if (!expect_host(ssl, host)) {
        SSL_free(ssl);
        ERR_clear_error();
        return ERR_NOMEM;
    }
    *out = ssl;
    return 0;
}

int tls_session_judge(const SSL *ssl)
{
    bool is_due =
        !SSL_is_server(ssl) && SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER;

    /* Ciphers without any certificate exist, and may be configured. */
    if (is_due && !SSL_get0_peer_certificate(ssl))
        return ERR_CERT;
    return 0;
}

static enum tls_failure tls_failure_of(unsigned long error)
{
    int why = ERR_GET_REASON(error);

    if (ERR_GET_LIB(error) != ERR_LIB_SSL)
        return TLS_FAILURE_OTHER;
    if (why >= SSL_AD_REASON_OFFSET) /* what the peer's alert said */
        return TLS_FAILURE_ALERT;
    switch (why) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
        return TLS_FAILURE_CERT;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
        return TLS_FAILURE_MISMATCH;
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_BAD_RECORD_TYPE:
        return TLS_FAILURE_NOT_TLS;
    default:
        return TLS_FAILURE_OTHER;
    }
}

int tls_session_error(const char **fault, enum tls_failure *failure,
                      const SSL *ssl)
{
    *failure = tls_failure_of(ERR_peek_error());
    if (*failure == TLS_FAILURE_CERT) {
        *fault = X509_verify_cert_error_string(SSL_get_verify_result(ssl));
        return ERR_CERT;
    }
    *fault = tls_reason();
    return ERR_TLS;
}
