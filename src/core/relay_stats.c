/* SPDX-License-Identifier: BSD-2-Clause */
#include "relay_stats.h"

#include <assert.h>

const char *relay_auth_name(enum relay_auth auth)
{
    static const char *const names[RELAY_AUTHS] = {
#define NAME(name, text) text,
        RELAY_AUTHS_LIST(NAME)
#undef NAME
    };

    assert(auth < RELAY_AUTHS);
    return names[auth];
}
