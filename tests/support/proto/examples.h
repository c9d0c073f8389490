/* SPDX-License-Identifier: BSD-2-Clause */
/* examples - the worked frames E1 to E12, octet by octet. */
#ifndef EXAMPLES_H
#define EXAMPLES_H

#include <stdbool.h>
#include <stddef.h>

struct example {
    const char *name;
    const char *frame;
    size_t octets;
    bool has_body;
    size_t body;
    const char *sha256; /* of the frame, its first 16 hex digits */
};

extern const struct example examples[];
extern const size_t n_examples;

#endif
