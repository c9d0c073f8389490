/* SPDX-License-Identifier: BSD-2-Clause */
#include "utf8.h"

/* The first octet of a character. Neither longer forms than needed, nor
 * surrogates, nor what lies behind U+10FFFF. */
static bool begin(struct utf8 *u, unsigned char c)
{
    *u = (struct utf8){.low = 0x80, .high = 0xbf};
    if (c < 0x80)
        return true;
    if (c < 0xc2 || c > 0xf4)
        return false;
    u->lacks = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    switch (c) {
    case 0xe0:
        u->low = 0xa0;
        break;
    case 0xed:
        u->high = 0x9f;
        break;
    case 0xf0:
        u->low = 0x90;
        break;
    case 0xf4:
        u->high = 0x8f;
        break;
    }
    return true;
}

bool utf8_take(struct utf8 *u, struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (u->lacks == 0) {
            if (!begin(u, c))
                return false;
            continue;
        }
        if (c < u->low || c > u->high)
            return false;
        u->low = 0x80;
        u->high = 0xbf;
        u->lacks--;
    }
    return true;
}
