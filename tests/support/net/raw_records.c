/* SPDX-License-Identifier: BSD-2-Clause */
#include "raw_records.h"

#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

enum { HEAD = 5, TAG = 16, KEY = 16, DATA = 23 /* application data */ };

static void on_key(const SSL *ssl, const char *line)
{
    static const char label[] = "CLIENT_TRAFFIC_SECRET_0 ";
    struct raw_records *r = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    size_t n;

    if (strncmp(line, label, sizeof label - 1) == 0)
        OPENSSL_hexstr2buf_ex(r->secret, sizeof r->secret, &n,
                              strrchr(line, ' ') + 1, '\0');
}

void raw_records_watch(struct raw_records *r, SSL_CTX *ctx)
{
    SSL_CTX_set_app_data(ctx, r);
    SSL_CTX_set_keylog_callback(ctx, on_key);
    SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256");
}

/* HKDF-Expand-Label without a context (RFC 8446, 7.1). */
static void expand(unsigned char *dst, size_t n, struct raw_records *r,
                   const char *label)
{
    size_t label_n = strlen(label), info_n = 3 + 6 + label_n + 1;
    unsigned char info[32] = {0, (unsigned char)n,
                              (unsigned char)(6 + label_n)};
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    char digest[] = "SHA256";
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);

    memcpy(info + 3, "tls13 ", 6);
    memcpy(info + 9, label, label_n);
    EVP_KDF_derive(
        ctx, dst, n,
        (OSSL_PARAM[]){OSSL_PARAM_construct_int("mode", &mode),
                       OSSL_PARAM_construct_utf8_string("digest", digest, 0),
                       OSSL_PARAM_construct_octet_string("key", r->secret,
                                                         sizeof r->secret),
                       OSSL_PARAM_construct_octet_string("info", info, info_n),
                       OSSL_PARAM_construct_end()});
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

void raw_records_begin(struct raw_records *r)
{
    unsigned char key[KEY];

    expand(key, sizeof key, r, "key");
    expand(r->iv, sizeof r->iv, r, "iv");
    r->number = 0;
    r->cipher = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(r->cipher, EVP_aes_128_gcm(), NULL, key, NULL);
}

void raw_records_end(struct raw_records *r)
{
    EVP_CIPHER_CTX_free(r->cipher);
}

size_t raw_records_make(struct raw_records *r, unsigned char *dst,
                        const void *data, size_t n)
{
    static const unsigned char type[] = {DATA};
    size_t size = n + 1 + TAG;
    unsigned char nonce[sizeof r->iv];
    int len;

    memcpy(nonce, r->iv, sizeof nonce);
    for (size_t i = 0; i < 8; i++)
        nonce[4 + i] ^= (unsigned char)(r->number >> (56 - 8 * i));
    r->number++;
    memcpy(dst,
           (unsigned char[]){DATA, 3, 3, (unsigned char)(size >> 8),
                             (unsigned char)size},
           HEAD);
    EVP_EncryptInit_ex(r->cipher, NULL, NULL, NULL, nonce);
    EVP_EncryptUpdate(r->cipher, NULL, &len, dst, HEAD);
    EVP_EncryptUpdate(r->cipher, dst + HEAD, &len, data, (int)n);
    EVP_EncryptUpdate(r->cipher, dst + HEAD + n, &len, type, 1);
    EVP_EncryptFinal_ex(r->cipher, dst + HEAD + n + 1, &len);
    EVP_CIPHER_CTX_ctrl(r->cipher, EVP_CTRL_AEAD_GET_TAG, TAG,
                        dst + HEAD + n + 1);
    return HEAD + size;
}
