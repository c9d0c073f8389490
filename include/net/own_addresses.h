/* SPDX-License-Identifier: BSD-2-Clause */
/* own_addresses - the addresses of this host's interfaces.
 *
 * They move: what is known is read again when it is some seconds old. */
#ifndef OWN_ADDRESSES_H
#define OWN_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sock.h"

struct own_addresses {
    struct addr *items; /* owned */
    size_t n;
    uint64_t read_ms; /* when they were read, or that was tried, last */
};

/* Reads them: 0, ERR_NOMEM, or ERR_IO (errno is set); on an error, those known
 * before stay. `o` is zeroed by the caller at first. */
int own_addresses_read(struct own_addresses *o, uint64_t now_ms);
void own_addresses_fini(struct own_addresses *o);

/* Is it one of them, whatever the port? IPv4-mapped is IPv4. */
bool own_addresses_have(struct own_addresses *o, const struct addr *a,
                        uint64_t now_ms);

#endif
