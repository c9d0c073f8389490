/* SPDX-License-Identifier: BSD-2-Clause */
/* store_url - where a store is: SCHEME://[USER@]HOST[:PORT][/NAME].
 *
 * A password in it is refused: everybody on the host can read a command line.
 */
#ifndef STORE_URL_H
#define STORE_URL_H

#include <stdint.h>

#include "cmdline.h"
#include "str.h"

enum { STORE_URL_HOST_MAX = 255, STORE_URL_USER_MAX = 255 };

struct store_url {
    char scheme[16];
    char user[STORE_URL_USER_MAX + 1]; /* without its %XX; "": none */
    char host[STORE_URL_HOST_MAX + 1]; /* an IPv6 address without brackets */
    uint16_t port;                     /* 0: none */
    char name[STORE_URL_USER_MAX + 1]; /* without its %XX; "": none */
};

/* 0, or ERR_SYNTAX with what is wrong in `why`, without the URL. */
int store_url_parse(struct store_url *out, char why[CMDLINE_WHY],
                    struct span url);

#endif
