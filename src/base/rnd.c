/* SPDX-License-Identifier: BSD-2-Clause */
#include "rnd.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

/* Without randomness every token could be guessed: better no relay at all. */
static void refill(struct rnd *r)
{
    size_t got = 0;

    while (got < sizeof r->stock) {
        ssize_t n = getrandom(r->stock + got, sizeof r->stock - got, 0);

        if (n > 0)
            got += (size_t)n;
        else if (errno != EINTR)
            abort();
    }
    r->left = sizeof r->stock;
}

void rnd_init(struct rnd *r)
{
    refill(r);
}

void rnd_bytes(struct rnd *r, void *dst, size_t n)
{
    unsigned char *p = dst;

    while (n) {
        size_t k = n < r->left ? n : r->left;
        unsigned char *from = r->stock + (sizeof r->stock - r->left);

        memcpy(p, from, k);
        explicit_bzero(from, k);
        r->left -= k;
        p += k;
        n -= k;
        if (n)
            refill(r);
    }
}

void rnd_alnum(struct rnd *r, char *dst, size_t n)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789";
    const char *end = dst + n;
    unsigned char raw[32];

    while (dst < end) {
        size_t left = (size_t)(end - dst);
        size_t k = left < sizeof raw ? left : sizeof raw;

        rnd_bytes(r, raw, k);
        /* 62 of 64 values are taken, so that each letter is as likely. */
        for (size_t i = 0; i < k; i++) {
            unsigned char c = raw[i] & 63;

            if (c < sizeof letters - 1)
                *dst++ = letters[c];
        }
    }
    explicit_bzero(raw, sizeof raw);
}

/* The letters for 40 bits, in the order of memory: five bits to an octet, to
 * which 'a' is added, or what leads from 26 to '2'. */
static uint64_t base32_letters(uint64_t bits)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t x = bits, digits;

    x = (x & 0xfffff) | (x & UINT64_C(0xfffff00000)) << 12;
    x = (x & UINT64_C(0x3ff000003ff)) | (x & UINT64_C(0xffc00000ffc00)) << 6;
    x = (x & UINT64_C(0x001f001f001f001f)) | (x & UINT64_C(0x03e003e003e003e0))
                                                 << 3;
    digits = (x + (128 - 26) * ones) >> 7 & ones;
    return htole64(x + 'a' * ones - ('a' - '2' + 26) * digits);
}

void rnd_base32(struct rnd *r, char *dst, size_t n)
{
    enum { LETTERS = 8, OCTETS = 5 };
    size_t octets = n / LETTERS * OCTETS;
    char *raw = dst + n - octets; /* it is read before letters get there */

    rnd_bytes(r, raw, octets);
    for (size_t at = 0; at < n; at += LETTERS, raw += OCTETS) {
        uint64_t bits = 0;

        memcpy(&bits, raw, OCTETS);
        bits = base32_letters(le64toh(bits));
        memcpy(dst + at, &bits, LETTERS);
    }
}
