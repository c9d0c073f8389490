/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_records - records of TLS 1.3 that OpenSSL does not write, such as those
 * without data, after a handshake that it made (RFC 8446, 5.2).
 *
 * A client's, with TLS_AES_128_GCM_SHA256, that has sent nothing yet. */
#ifndef RAW_RECORDS_H
#define RAW_RECORDS_H

#include <openssl/ssl.h>
#include <stdint.h>

enum { RAW_RECORDS_OVER = 22 /* what a record has beside its data */ };

struct raw_records {
    EVP_CIPHER_CTX *cipher;
    uint64_t number; /* of the next one */
    unsigned char secret[32], iv[12];
};

/* Notes the keys of the next connection of this context. */
void raw_records_watch(struct raw_records *r, SSL_CTX *ctx);
/* After its handshake. */
void raw_records_begin(struct raw_records *r);
void raw_records_end(struct raw_records *r);

/* The next record of application data to dst; its length. */
size_t raw_records_make(struct raw_records *r, unsigned char *dst,
                        const void *data, size_t n);

#endif
