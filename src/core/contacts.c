/* SPDX-License-Identifier: BSD-2-Clause */
#include "contacts.h"

#include <stdlib.h>

void contacts_init(struct contacts *c)
{
    list_init(&c->all);
    c->n = 0;
}

void contacts_fini(struct contacts *c)
{
    struct list *m;

    while ((m = list_first(&c->all))) {
        list_remove(m);
        free(CONTAINER(m, struct contact, of_contacts));
    }
    c->n = 0;
}

/* Of a token that a client made up, and that may be short, no more than half is
 * shown. */
static struct span mask(struct span token)
{
    size_t n = token.n / 2;

    return span_of(token.p,
                   n < SESSION_SHORT_ID_LEN ? n : SESSION_SHORT_ID_LEN);
}

static struct span cut(struct span host)
{
    if (host.n > CONTACT_HOST_MAX)
        host.n = CONTACT_HOST_MAX;
    return host;
}

static bool is_known(const struct contacts *c, struct span host,
                     struct span short_id)
{
    struct list *m, *next;

    LIST_EACH(m, next, &c->all)
    {
        const struct contact *known = CONTAINER(m, struct contact, of_contacts);

        if (span_eq(span_str(known->short_id), short_id) &&
            span_ieq(contact_host(known), host))
            return true;
    }
    return false;
}

void contacts_add(struct contacts *c, const struct uri *uri)
{
    struct span host = cut(uri->host), short_id = mask(uri->session_id);
    struct contact *new;

    if (c->n == CONTACTS_MAX || is_known(c, host, short_id))
        return;
    new = malloc(sizeof *new + host.n);
    if (!new)
        return;
    list_init(&new->of_contacts);
    (void)span_copy(new->short_id, sizeof new->short_id, short_id);
    new->n = (uint8_t)host.n;
    memcpy(new->host, host.p, host.n);
    list_append(&c->all, &new->of_contacts);
    c->n++;
}
