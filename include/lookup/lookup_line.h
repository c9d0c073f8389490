/* SPDX-License-Identifier: BSD-2-Clause */
/* lookup_line - the lines between the relay and a helper (decisions, 7).
 *
 *     to it      ID user realm algorithm
 *     from it    ID ha1 HEX
 *                ID password TEXT
 *                ID none
 *                ID error TEXT
 *
 * Fields are separated by one TAB, lines end in LF. Octets below 0x20, `%` and
 * octets over 0x7E are %XX in any field. Pure: octets in, octets out. */
#ifndef LOOKUP_LINE_H
#define LOOKUP_LINE_H

#include <stdint.h>

#include "digest.h"
#include "str.h"

enum {
    LOOKUP_NAME_MAX = 255,   /* octets of a user, and of a realm */
    LOOKUP_VALUE_MAX = 1024, /* octets of the last field, decoded */
    /* A whole line, with its LF: to a helper, and from it. */
    LOOKUP_QUESTION_MAX = 20 + 3 * (2 * LOOKUP_NAME_MAX) + 16,
    LOOKUP_ANSWER_MAX = 20 + 3 * LOOKUP_VALUE_MAX + 16,
};

/* Whom a question is about: LOOKUP_NAME_MAX octets each at most. */
struct lookup_query {
    struct span user, realm;
    enum digest_alg alg;
};

/* Writes the line of a question into dst (LOOKUP_QUESTION_MAX). */
struct span lookup_line_write(char *dst, uint64_t id,
                              const struct lookup_query *q);

enum lookup_line_kind {
    LOOKUP_LINE_HA1,
    LOOKUP_LINE_PASSWORD,
    LOOKUP_LINE_NONE,
    LOOKUP_LINE_ERROR,
};

struct lookup_line {
    uint64_t id;
    enum lookup_line_kind kind;
    size_t n; /* octets of the value */
    char value[LOOKUP_VALUE_MAX];
};

static inline struct span lookup_line_value(const struct lookup_line *l)
{
    return span_of(l->value, l->n);
}

/* Takes a line apart, without its LF: 0 or ERR_SYNTAX. The text of an error is
 * cut to LOOKUP_VALUE_MAX. Wipe *out when it is done with: it may hold a
 * password. */
int lookup_line_parse(struct lookup_line *out, struct span line);

#endif
