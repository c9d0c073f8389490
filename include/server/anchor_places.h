/* SPDX-License-Identifier: BSD-2-Clause */
/* anchor_places - what SDPs show of this relay: the interfaces that are
 * configured, or else its listeners. */
#ifndef ANCHOR_PLACES_H
#define ANCHOR_PLACES_H

#include <stddef.h>
#include <stdint.h>

#include "anchor_interface.h"
#include "config.h"
#include "own_addresses.h"
#include "sock.h"

enum { ANCHOR_PLACES_MAX = 64 + 8 };

struct anchor_places {
    struct anchor_place items[ANCHOR_PLACES_MAX];
    size_t n;
    char texts[ANCHOR_PLACES_MAX][ADDR_TEXT_MAX]; /* of addresses found here */
};

/* `ports` are those in the URIs of the listeners, in their order (uri_port.h);
 * `own` are the addresses of this host. What is found points into `p` and
 * `config`. */
void anchor_places_find(struct anchor_places *p, const struct config *config,
                        const uint16_t *ports, const struct own_addresses *own);

#endif
