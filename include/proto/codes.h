/* SPDX-License-Identifier: BSD-2-Clause */
/* codes - the response codes: their comments, and their places in counters.
 *
 * A small fixed table: counting is an index, and every counter exists from the
 * start. It has the codes of RFC 4975, RFC 4976 and RFC 7701. Counters have one
 * more place, for all others. */
#ifndef CODES_H
#define CODES_H

#include <stddef.h>

#include "str.h"

/* Each code with its comment; "" for those that this project never sends. */
#define CODES_LIST(X)                                                          \
    X(200, "OK")                                                               \
    X(400, "Bad Request")                                                      \
    X(401, "Unauthorized")                                                     \
    X(403, "Forbidden")                                                        \
    X(404, "")                                                                 \
    X(408, "Timeout")                                                          \
    X(413, "Stop Sending")                                                     \
    X(415, "Media Type Not Understood")                                        \
    X(423, "Interval Out-of-Bounds")                                           \
    X(424, "")                                                                 \
    X(425, "")                                                                 \
    X(428, "")                                                                 \
    X(481, "No Such Session")                                                  \
    X(501, "Not Implemented")                                                  \
    X(506, "Session Already In Use")

/* The index of each: CODE_AT_200 and so on. */
enum {
#define CODES_AT(code, comment) CODE_AT_##code,
    CODES_LIST(CODES_AT)
#undef CODES_AT
        CODE_AT_OTHER,
    CODES
};

/* The index of a code, less than CODES; CODE_AT_OTHER for one that has none. */
size_t code_index(unsigned code);

/* The code with this index as text, "other" for CODE_AT_OTHER: a static string.
 */
const char *code_name(size_t index);

/* The comment that follows a code on the wire; may be empty. */
struct span code_comment(unsigned code);

#endif
