/* SPDX-License-Identifier: BSD-2-Clause */
/* bytes - octets in a row, appended at the end and taken from the front. */
#ifndef BYTES_H
#define BYTES_H

#include <stddef.h>

#include "str.h"

struct bytes {
    char *p;
    size_t at, n, size; /* p[at..n) is there */
};

/* Room for n more octets; where they go. */
char *bytes_reserve(struct bytes *b, size_t n);
void bytes_add(struct bytes *b, struct span s);
struct span bytes_peek(const struct bytes *b);

#endif
