/* SPDX-License-Identifier: BSD-2-Clause */
#include "usage.h"

#include <assert.h>

const char *session_why_name(enum session_why why)
{
    static const char *const names[SESSION_WHYS] = {
#define NAME(name, text) text,
        SESSION_WHYS_LIST(NAME)
#undef NAME
    };

    assert(why < SESSION_WHYS);
    return names[why];
}
