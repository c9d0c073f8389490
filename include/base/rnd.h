/* SPDX-License-Identifier: BSD-2-Clause */
/* rnd - octets from the system's random source, for ids, tokens and seeds.
 *
 * A generator keeps a small stock, so that an id costs no system call. What was
 * handed out is wiped from the stock. */
#ifndef RND_H
#define RND_H

#include <stddef.h>
#include <stdint.h>

enum { RND_STOCK = 4096 };

struct rnd {
    unsigned char stock[RND_STOCK];
    size_t left;
};

/* A full stock. Aborts the process if the system has no random source. */
void rnd_init(struct rnd *r);

/* Fills `dst` with n random octets. */
void rnd_bytes(struct rnd *r, void *dst, size_t n);

/* Fills `dst` with n characters out of A-Z a-z 0-9, each evenly likely (5.95
 * bits each); no NUL. */
void rnd_alnum(struct rnd *r, char *dst, size_t n);

/* The same out of a-z 2-7, 5 bits each, at a third of the cost; n is a multiple
 * of 8. */
void rnd_base32(struct rnd *r, char *dst, size_t n);

#endif
