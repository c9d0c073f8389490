/* SPDX-License-Identifier: BSD-2-Clause */
#include "codes.h"

#include <assert.h>

size_t code_index(unsigned code)
{
    switch (code) {
#define INDEX(code, comment)                                                   \
    case code:                                                                 \
        return CODE_AT_##code;
        CODES_LIST(INDEX)
#undef INDEX
    default:
        return CODE_AT_OTHER;
    }
}

const char *code_name(size_t index)
{
    static const char *const names[CODES] = {
#define NAME(code, comment) #code,
        CODES_LIST(NAME)
#undef NAME
            "other"};

    assert(index < CODES);
    return names[index];
}

struct span code_comment(unsigned code)
{
    static const char *const comments[CODES] = {
#define COMMENT(code, comment) comment,
        CODES_LIST(COMMENT)
#undef COMMENT
            ""};

    return span_str(comments[code_index(code)]);
}
