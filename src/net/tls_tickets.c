/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls_tickets.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>

#include "err.h"
#include "tls_names.h"
#include "tls_private.h"

enum {
    KEY_LIFE_S = 3600,
    NAME = 16, /* what OpenSSL gives it */
    SECRET = 32,
};

struct ticket_key {
    unsigned char name[NAME];
    unsigned char cipher[SECRET];
    unsigned char mac[SECRET];
};

struct tls_tickets {
    struct ticket_key now, before;
    uint64_t made_ms;
    EVP_CIPHER *cipher;
};

/* --- keys --- */

static int key_make(struct ticket_key *k)
{
    return RAND_bytes(k->name, sizeof k->name) == 1 &&
                   RAND_priv_bytes(k->cipher, sizeof k->cipher) == 1 &&
                   RAND_priv_bytes(k->mac, sizeof k->mac) == 1
               ? 0
               : ERR_NOMEM;
}

int tls_tickets_new(struct tls_tickets **out, uint64_t now_ms)
{
    struct tls_tickets *t = calloc(1, sizeof *t);

    if (!t)
        return ERR_NOMEM;
    t->cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    t->made_ms = now_ms;
    /* There is no key before, but one that nobody knows. */
    if (!t->cipher || key_make(&t->now) || key_make(&t->before)) {
        tls_tickets_free(t);
        return ERR_NOMEM;
    }
    *out = t;
    return 0;
}

void tls_tickets_free(struct tls_tickets *t)
{
    if (!t)
        return;
    EVP_CIPHER_free(t->cipher);
    OPENSSL_cleanse(t, sizeof *t);
    free(t);
}

static void rotate(struct tls_tickets *t)
{
    struct ticket_key fresh;

    if (key_make(&fresh) == 0) {
        t->before = t->now;
        t->now = fresh;
    }
    OPENSSL_cleanse(&fresh, sizeof fresh);
}

/* After a long time without a call, the key before is as old. */
void tls_tickets_tick(struct tls_tickets *t, uint64_t now_ms)
{
    uint64_t life_ms = UINT64_C(1000) * KEY_LIFE_S;
    uint64_t age_ms = now_ms - t->made_ms;

    if (age_ms < life_ms)
        return;
    rotate(t);
    if (age_ms >= 2 * life_ms)
        rotate(t);
    t->made_ms = now_ms;
}

/* --- what OpenSSL calls --- */

static bool set_mac(EVP_MAC_CTX *mac, struct ticket_key *k)
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, k->mac,
                                          sizeof k->mac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };

    return EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* 1, or -1 for an error. */
static int seal(struct tls_tickets *t, unsigned char *name, unsigned char *iv,
                EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
    memcpy(name, t->now.name, NAME);
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(t->cipher)) != 1 ||
        EVP_EncryptInit_ex(cipher, t->cipher, NULL, t->now.cipher, iv) != 1 ||
        !set_mac(mac, &t->now))
        return -1;
    return 1;
}

/* 1; 2 if a new ticket is due; 0 for one of a key that is gone; -1. */
static int unseal(struct tls_tickets *t, const unsigned char *name,
                  const unsigned char *iv, EVP_CIPHER_CTX *cipher,
                  EVP_MAC_CTX *mac)
{
    bool is_new = memcmp(name, t->now.name, NAME) == 0;
    struct ticket_key *k = is_new ? &t->now : &t->before;

    if (memcmp(name, k->name, NAME) != 0)
        return 0;
    if (EVP_DecryptInit_ex(cipher, t->cipher, NULL, k->cipher, iv) != 1 ||
        !set_mac(mac, k))
        return -1;
    return is_new ? 1 : 2;
}

static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
                     EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int is_sealed)
{
    struct tls_tickets *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    if (!is_sealed)
        return unseal(t, name, iv, cipher, mac);
    /* In TLS 1.2 it was promised, and an empty one is none. */
    if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get0_peer_certificate(ssl))
        return 0;
    return seal(t, name, iv, cipher, mac);
}

/* The name that the client asks for, before OpenSSL has looked at it. */
static struct span asked_name(SSL *ssl)
{
    enum { TYPE = 2, LENGTH = 3, NAME_AT = 5 }; /* RFC 6066, 3 */
    const unsigned char *p;
    size_t size, n;

    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &p, &size) !=
            1 ||
        size < NAME_AT || p[TYPE] != TLSEXT_NAMETYPE_host_name)
        return SPAN("");
    n = (size_t)p[LENGTH] << 8 | p[LENGTH + 1];
    return n <= size - NAME_AT ? span_of((const char *)p + NAME_AT, n)
                               : SPAN("");
}

/* Is the session of the name that the client asks for now? It has one if that
 * led to a certificate of its own. In TLS 1.3 a name is nothing that a session
 * has. */
static bool has_asked_name(SSL *ssl, const SSL_SESSION *session,
                           const struct tls_names *names)
{
    const char *name = SSL_SESSION_get0_hostname(session);
    struct span asked;

    if (!names || SSL_version(ssl) >= TLS1_3_VERSION)
        return true;
    asked = asked_name(ssl);
    return name ? span_ieq(asked, span_str(name))
                : !tls_names_find(names, asked);
}

/* What was opened, if it was: a session in which a certificate was shown is not
 * gone on with, wherever its ticket is from, nor one of another name. */
static SSL_TICKET_RETURN on_opened(SSL *ssl, SSL_SESSION *session,
                                   const unsigned char *name, size_t n,
                                   SSL_TICKET_STATUS status, void *arg)
{
    bool is_open =
        status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;

    (void)name;
    (void)n;
    if (status == SSL_TICKET_EMPTY || status == SSL_TICKET_NO_DECRYPT)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    if (!is_open || SSL_SESSION_get0_peer(session) ||
        !has_asked_name(ssl, session, arg))
        return SSL_TICKET_RETURN_IGNORE;
    /* One for each connection, so that an observer cannot link them. */
    return SSL_version(ssl) == TLS1_3_VERSION ||
                   status == SSL_TICKET_SUCCESS_RENEW
               ? SSL_TICKET_RETURN_USE_RENEW
               : SSL_TICKET_RETURN_USE;
}

void tls_tickets_refuse(SSL *ssl)
{
    SSL_set_num_tickets(ssl, 0);
}

/* --- contexts --- */

static void use_in(struct tls_tickets *t, SSL_CTX *ctx, bool asks)
{
    static const unsigned char purposes[] = {'c', 'r'};

    SSL_CTX_set_app_data(ctx, t);
    SSL_CTX_set_session_id_context(ctx, &purposes[asks], 1);
}

void tls_tickets_use(struct tls_tickets *t, struct tls_ctx *ctx, bool asks)
{
    SSL_CTX *ssl_ctx = ctx->ssl_ctx;

    use_in(t, ssl_ctx, asks);
    for (size_t i = 0; ctx->names && i < tls_names_count(ctx->names); i++)
        use_in(t, tls_names_at(ctx->names, i)->ssl_ctx, asks);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl_ctx, on_ticket);
    SSL_CTX_set_session_ticket_cb(ssl_ctx, NULL, on_opened, ctx->names);
    SSL_CTX_set_timeout(ssl_ctx, KEY_LIFE_S);
    SSL_CTX_set_num_tickets(ssl_ctx, 1);
    SSL_CTX_clear_options(ssl_ctx, SSL_OP_NO_TICKET);
}
