/* codes - the response codes that have a counter of their own.
 *
 * A small fixed table: counting is an index, and every counter exists from the
 * start. It has the codes of RFC 4975, RFC 4976 and RFC 7701, and one entry for
 * all others. */
#ifndef CODES_H
#define CODES_H

#include <stddef.h>

#define CODES_LIST(X)                                                          \
    X(200)                                                                     \
    X(400)                                                                     \
    X(401)                                                                     \
    X(403)                                                                     \
    X(404)                                                                     \
    X(408)                                                                     \
    X(413)                                                                     \
    X(415)                                                                     \
    X(423)                                                                     \
    X(424)                                                                     \
    X(425)                                                                     \
    X(428)                                                                     \
    X(481)                                                                     \
    X(501)                                                                     \
    X(506)

/* The index of each: CODE_AT_200 and so on. */
enum {
#define CODES_AT(code) CODE_AT_##code,
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

#endif
