/* SPDX-License-Identifier: BSD-2-Clause */
/* contacts - whom the owner of a session talked to, for the accounting (S-38).
 *
 * A contact is a host and the first characters of a token: never enough to use
 * what the token opens. Only the first CONTACTS_MAX are remembered. */
#ifndef CONTACTS_H
#define CONTACTS_H

#include <stdint.h>

#include "list.h"
#include "str.h"
#include "uri.h"
#include "usage.h"

enum {
    CONTACTS_MAX = 16,
    CONTACT_HOST_MAX = 255, /* octets of a host that are remembered */
};

struct contact {
    struct list of_contacts;
    char short_id[SESSION_SHORT_ID_LEN + 1]; /* "": the URI had no token */
    uint8_t n;
    char host[];
};

struct contacts {
    struct list all; /* of struct contact, in the order in which they came */
    uint32_t n;
};

void contacts_init(struct contacts *c);
void contacts_fini(struct contacts *c);

/* The owner talked to the one with this URI. No-op if that is known, and when
 * out of memory. */
void contacts_add(struct contacts *c, const struct uri *uri);

static inline struct span contact_host(const struct contact *c)
{
    return span_of(c->host, c->n);
}

#endif
