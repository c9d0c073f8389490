/* SPDX-License-Identifier: BSD-2-Clause */
#include "cidr.h"

bool cidr_has(const struct cidr *c, const struct addr *a)
{
    unsigned char host[sizeof c->host];
    size_t whole = c->prefix / 8;
    unsigned mask = 0xff00 >> c->prefix % 8 & 0xff;

    if (addr_host_key(host, a) != c->n || memcmp(c->host, host, whole) != 0)
        return false;
    return mask == 0 || (host[whole] & mask) == c->host[whole];
}

bool cidr_list_has(const struct cidr_list *l, const struct addr *a)
{
    for (size_t i = 0; i < l->n; i++)
        if (cidr_has(&l->items[i], a))
            return true;
    return false;
}

bool cidr_permits(const struct cidr_list *allow, const struct cidr_list *deny,
                  const struct addr *a)
{
    return !cidr_list_has(deny, a) || cidr_list_has(allow, a);
}
