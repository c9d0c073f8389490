/* SPDX-License-Identifier: BSD-2-Clause */
#include "cat_tls.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "err.h"

enum {
    READ_AHEAD = 128 * 1024,
    LIFE_S = 365 * 24 * 3600, /* of a certificate made here, */
    SKEW_S = 24 * 3600        /* which began a while ago: clocks differ */
};

int cat_tls_new(SSL_CTX **out)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());

    if (!ctx)
        return ERR_TLS;
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                 SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* One connection: there is nothing to resume. */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 0);
    /* Many records in one system call. */
    SSL_CTX_set_read_ahead(ctx, 1);
    SSL_CTX_set_default_read_buffer_len(ctx, READ_AHEAD);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       NULL);
    *out = ctx;
    return 0;
}

/* --- what is shown -------------------------------------------------------- */

int cat_tls_show(SSL_CTX *ctx, const char *cert_file, const char *key_file)
{
    if (!key_file)
        key_file = cert_file;
    if (access(cert_file, R_OK) || access(key_file, R_OK))
        return ERR_IO;
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(ctx, cert_file) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) != 1)
        return ERR_CERT; /* a key that does not belong to it among them */
    return 0;
}

static bool set_serial(X509 *cert)
{
    unsigned char octets[16];
    BIGNUM *number = NULL;
    bool is_set = false;

    if (RAND_bytes(octets, sizeof octets) == 1) {
        octets[0] &= 0x7f; /* positive */
        number = BN_bin2bn(octets, sizeof octets, NULL);
    }
    if (number)
        is_set =
            BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
    BN_free(number);
    return is_set;
}

/* Subject, which is the issuer too, and subjectAltName. */
static bool set_names(X509 *cert, const char *host)
{
    X509_NAME *name = X509_get_subject_name(cert);
    unsigned char address[16];
    bool is_address = inet_pton(AF_INET, host, address) == 1 ||
                      inet_pton(AF_INET6, host, address) == 1;
    X509_EXTENSION *names;
    char value[300];
    bool is_set;

    snprintf(value, sizeof value, "%s:%s", is_address ? "IP" : "DNS", host);
    names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, value);
    is_set = names && X509_add_ext(cert, names, -1) == 1 &&
             X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                        (const unsigned char *)"msrpcat", -1,
                                        -1, 0) == 1 &&
             X509_set_issuer_name(cert, name) == 1;
    X509_EXTENSION_free(names);
    return is_set;
}

static bool fill_in(X509 *cert, EVP_PKEY *key, const char *host)
{
    return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
           X509_gmtime_adj(X509_getm_notBefore(cert), -SKEW_S) &&
           X509_gmtime_adj(X509_getm_notAfter(cert), LIFE_S) &&
           set_names(cert, host) && X509_set_pubkey(cert, key) == 1 &&
           X509_sign(cert, key, EVP_sha256()) > 0;
}

int cat_tls_show_own(SSL_CTX *ctx, const char *host)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    int err = ERR_TLS;

    if (key && cert && fill_in(cert, key, host) &&
        SSL_CTX_use_certificate(ctx, cert) == 1 &&
        SSL_CTX_use_PrivateKey(ctx, key) == 1)
        err = 0;
    X509_free(cert);
    EVP_PKEY_free(key);
    return err;
}

/* The fingerprint of a certificate by one function: 0 or ERR_TLS. */
static int take_fingerprint(struct fingerprint *out, const X509 *cert,
                            enum fingerprint_function function)
{
    EVP_MD *md = EVP_MD_fetch(NULL, fingerprint_function_name(function), NULL);
    struct fingerprint f = {.function = (uint8_t)function};
    unsigned n = 0;
    int done = 0;

    if (md && (size_t)EVP_MD_get_size(md) <= sizeof f.octets)
        done = X509_digest(cert, md, f.octets, &n);
    EVP_MD_free(md);
    if (done != 1)
        return ERR_TLS;
    f.n = (uint8_t)n;
    *out = f;
    return 0;
}

int cat_tls_fingerprint(char out[CAT_TLS_FINGERPRINT], const SSL_CTX *ctx)
{
    const X509 *cert = SSL_CTX_get0_certificate(ctx);
    struct fingerprint f;

    if (!cert || take_fingerprint(&f, cert, FINGERPRINT_SHA256))
        return ERR_TLS;
    out[fingerprint_text(out, &f)] = '\0';
    return 0;
}

/* --- what is wanted ------------------------------------------------------- */

int cat_tls_trust_ca(SSL_CTX *ctx, const char *ca_file)
{
    int done = ca_file ? SSL_CTX_load_verify_file(ctx, ca_file)
                       : SSL_CTX_set_default_verify_paths(ctx);

    return done == 1 ? 0 : ERR_IO;
}

static int take_any(int is_ok, X509_STORE_CTX *store)
{
    (void)is_ok;
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}

void cat_tls_trust_any(SSL_CTX *ctx)
{
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       take_any);
}

void cat_tls_trust_blindly(SSL_CTX *ctx)
{
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
}

bool cat_tls_has_fingerprint(SSL *ssl, const struct cat_sdp *peer)
{
    const X509 *cert = SSL_get0_peer_certificate(ssl);
    struct fingerprint f;

    if (!cert || peer->n_fingerprints == 0 ||
        take_fingerprint(&f, cert, peer->fingerprints[0].function))
        return false;
    for (size_t i = 0; i < peer->n_fingerprints; i++)
        if (fingerprint_equal(&f, &peer->fingerprints[i]))
            return true;
    return false;
}
