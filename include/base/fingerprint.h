/* SPDX-License-Identifier: BSD-2-Clause */
/* fingerprint - the hash of a certificate, as SDP announces it (RFC 8122, 5).
 */
#ifndef FINGERPRINT_H
#define FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

/* The hash functions that are accepted, the weakest first. */
enum fingerprint_function {
    FINGERPRINT_SHA1,
    FINGERPRINT_SHA224,
    FINGERPRINT_SHA256,
    FINGERPRINT_SHA384,
    FINGERPRINT_SHA512,
};
enum { FINGERPRINT_FUNCTIONS = FINGERPRINT_SHA512 + 1 };

enum { FINGERPRINT_OCTETS_MAX = 64 };
/* "SHA-512 ", and three characters for each octet. */
enum { FINGERPRINT_TEXT_MAX = 8 + 3 * FINGERPRINT_OCTETS_MAX };

struct fingerprint {
    uint8_t function; /* an enum fingerprint_function */
    uint8_t n;        /* octets: as many as its function has */
    unsigned char octets[FINGERPRINT_OCTETS_MAX];
};

/* "SHA-256" and the like; static. */
const char *fingerprint_function_name(enum fingerprint_function function);

/* How many octets the function gives. */
size_t fingerprint_function_octets(enum fingerprint_function function);

/* Reads the value of `a=fingerprint:`, such as "SHA-256 4A:AD:...": name and
 * digits in any case. 0; ERR_NOT_FOUND for a function that is not accepted (MD5
 * and MD2 are not); ERR_SYNTAX. */
int fingerprint_parse(struct fingerprint *f, struct span value);

/* Writes that value, in upper case, to dst[FINGERPRINT_TEXT_MAX]. Returns its
 * length; it is not terminated. */
size_t fingerprint_text(char *dst, const struct fingerprint *f);

bool fingerprint_equal(const struct fingerprint *a,
                       const struct fingerprint *b);

#endif
