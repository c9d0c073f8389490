/* SPDX-License-Identifier: BSD-2-Clause */
#include "ephemeral.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "err.h"

/* Milliseconds of it, and sums with a lifetime, fit 64 bits. */
static const uint64_t latest_s = UINT64_C(1) << 50;

bool ephemeral_parse(struct ephemeral_user *out, struct span user)
{
    struct span name = user;
    struct span expiry = span_cut(&name, ':');

    if (name.n == 0 || span_u64(&out->expiry_s, expiry, latest_s) != 0)
        return false;
    out->name = name;
    return true;
}

int ephemeral_password(struct span *out, char *dst, enum ephemeral_hash hash,
                       struct span secret, struct span user)
{
    const EVP_MD *md = hash == EPHEMERAL_SHA256 ? EVP_sha256() : EVP_sha1();
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    int len;

    if (!HMAC(md, secret.p, (int)secret.n, (const unsigned char *)user.p,
              user.n, mac, &n))
        return ERR_NOMEM;
    len = EVP_EncodeBlock((unsigned char *)dst, mac, (int)n);
    OPENSSL_cleanse(mac, sizeof mac);
    *out = span_of(dst, (size_t)len);
    return 0;
}
