/* SPDX-License-Identifier: BSD-2-Clause */
/* digest - HTTP Digest as MSRP uses it (RFC 4976, 5.1 and 9.1; RFC 7616).
 *
 * Pure: bytes in, bytes out. Reading is lenient where clients are known to be
 * loose (I-5, I-6); writing is exact (I-7, I-8). Never auth-int, never -sess
 * (R4976-9.1-b). */
#ifndef DIGEST_H
#define DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

enum digest_alg { DIGEST_MD5, DIGEST_SHA256, DIGEST_ALGS };

enum { DIGEST_HEX_MAX = 64 };

/* Lower-case hex of a hash: 32 digits for MD5, 64 for SHA-256. */
struct digest_hex {
    char text[DIGEST_HEX_MAX];
    uint8_t n;
};

static inline struct span digest_hex_span(const struct digest_hex *h)
{
    return (struct span){h->text, h->n};
}

/* The algorithm's name as written: "MD5" or "SHA-256"; its hex length. */
struct span digest_alg_name(enum digest_alg alg);
size_t digest_hex_len(enum digest_alg alg);

/* The algorithm of that name, in any case; ERR_NOT_FOUND for others. */
int digest_alg_from(enum digest_alg *out, struct span name);

/* Credentials: the parameters of an Authorization header. Spans point into the
 * header, or into `space` where an escape had to be undone. Absent ones are
 * empty. */
struct digest_auth {
    struct span username, realm, nonce, uri, response, cnonce, opaque, qop, nc;
    enum digest_alg alg; /* absent: MD5 */
    char space[512];
};

/* Takes the value of an Authorization header apart. 0; ERR_UNSUPPORTED for a
 * scheme other than Digest, for qop other than auth and for an unknown
 * algorithm (the answer is 401); ERR_SYNTAX for anything malformed, twice
 * there, too long or missing (username, realm, nonce, response, cnonce, nc,
 * qop; R4976-9.1-d, -e). `uri` may be absent (I-5). nc is 8 hex digits. */
int digest_auth_parse(struct digest_auth *out, struct span value);

/* A challenge: the parameters of a WWW-Authenticate header, for clients. */
struct digest_challenge {
    struct span realm, nonce, opaque;
    enum digest_alg alg;
    bool stale;
    bool qop_auth; /* `auth` is among the qop values */
    char space[512];
};

/* As digest_auth_parse(), for a challenge; realm and nonce are required. */
int digest_challenge_parse(struct digest_challenge *out, struct span value);

/* H(user:realm:password). */
int digest_ha1(struct digest_hex *out, enum digest_alg alg, struct span user,
               struct span realm, struct span password);

/* What the response is computed from; nc as the text of 8 digits. */
struct digest_input {
    enum digest_alg alg;
    struct span ha1; /* hex */
    struct span nonce, nc, cnonce;
    struct span method; /* "AUTH"; empty for rspauth (R4976-9.1-g) */
    struct span uri;    /* the text as the client gave it (R4976-9.1-f) */
};

/* H(HA1:nonce:nc:cnonce:auth:H(method:uri)). 0 or ERR_NOMEM. */
int digest_response(struct digest_hex *out, const struct digest_input *in);

/* A keyed hash of `data`, for nonces: 32 octets into `out`. */
int digest_mac(unsigned char out[32], struct span key, struct span data);

#endif
