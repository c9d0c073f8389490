/* SPDX-License-Identifier: BSD-2-Clause */
/* lines - what is typed or piped into standard input, line by line. */
#ifndef LINES_H
#define LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "str.h"

enum { LINES_MAX = 64 * 1024 };

struct lines {
    bool open; /* more may come */
    size_t from, to;
    char text[LINES_MAX];
};

void lines_init(struct lines *l);

/* Reads once from `fd`, which is readable. At the end, or if that fails, `open`
 * becomes false. */
void lines_read(struct lines *l, int fd);

/* Takes the next line out, without its end; valid until the next read. One that
 * is too long comes in pieces, the last one may lack its newline. False if
 * there is none yet. */
bool lines_next(struct span *line, struct lines *l);

#endif
