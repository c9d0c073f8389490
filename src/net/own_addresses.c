/* SPDX-License-Identifier: BSD-2-Clause */
#include "own_addresses.h"

#include <ifaddrs.h>
#include <stdlib.h>

#include "err.h"

enum { FRESH_MS = 5000 };

/* An address of an IP interface, in the form of this project. */
static bool take_address(struct addr *out, const struct sockaddr *sa)
{
    if (!sa || (sa->sa_family != AF_INET && sa->sa_family != AF_INET6))
        return false;
    out->len = sa->sa_family == AF_INET ? sizeof out->in4 : sizeof out->in6;
    memcpy(&out->sa, sa, out->len);
    return true;
}

int own_addresses_read(struct own_addresses *o, uint64_t now_ms)
{
    struct ifaddrs *all;
    struct addr *items;
    size_t n = 0;

    o->read_ms = now_ms;
    if (getifaddrs(&all) != 0)
        return ERR_IO;
    for (const struct ifaddrs *i = all; i; i = i->ifa_next)
        n++;
    items = calloc(n ? n : 1, sizeof *items);
    if (!items) {
        freeifaddrs(all);
        return ERR_NOMEM;
    }
    n = 0;
    for (const struct ifaddrs *i = all; i; i = i->ifa_next)
        if (take_address(&items[n], i->ifa_addr))
            n++;
    freeifaddrs(all);
    free(o->items);
    o->items = items;
    o->n = n;
    return 0;
}

void own_addresses_fini(struct own_addresses *o)
{
    free(o->items);
    *o = (struct own_addresses){0};
}

bool own_addresses_have(struct own_addresses *o, const struct addr *a,
                        uint64_t now_ms)
{
    unsigned char key[16], own[16];
    size_t n = addr_host_key(key, a);

    if (now_ms - o->read_ms >= FRESH_MS)
        (void)own_addresses_read(o, now_ms);
    for (size_t i = 0; i < o->n; i++)
        if (addr_host_key(own, &o->items[i]) == n && memcmp(own, key, n) == 0)
            return true;
    return false;
}
