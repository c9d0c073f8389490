/* SPDX-License-Identifier: BSD-2-Clause */
/* certified_names - which hosts do the certificates of other relays' links
 * name?
 *
 * A link that counts as a relay's by its address alone never speaks for such a
 * host, nor is it sent what is for one (S-4), even if the certified link has
 * said nothing yet. The table has the names as the certificates have them,
 * patterns among them; asking costs two look-ups however many there are. */
#ifndef CERTIFIED_NAMES_H
#define CERTIFIED_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"
#include "str.h"
#include "table.h"

struct certified_names {
    struct table by_name;
};

/* 0 or ERR_NOMEM. */
int certified_names_init(struct certified_names *c, const uint64_t seed[2]);
/* All links must have left. */
void certified_names_fini(struct certified_names *c);

/* Enters the names of the link's certificate, which stay where they are until
 * the link has left. Once for a link. 0 or ERR_NOMEM. */
int certified_names_enter(struct certified_names *c, struct link *l);
/* No-op for a link that was not entered. */
void certified_names_leave(struct certified_names *c, struct link *l);

/* Does one of the certificates name `host`, the host of a URI? */
bool certified_names_have(const struct certified_names *c, struct span host);

#endif
