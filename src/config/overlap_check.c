/* SPDX-License-Identifier: BSD-2-Clause */
#include "overlap_check.h"

#include <stdio.h>
#include <stdlib.h>

#include "config_key.h"
#include "config_listen.h"
#include "config_value.h"
#include "err.h"
#include "sock.h"

enum { OVERLAP_MAX = 2 * ADDR_TEXT_MAX + 32 }; /* octets of a text */

/* Where one socket is to be. */
struct socket_place {
    const char *key;
    struct config_place set; /* in the configuration */
    struct addr at;
    bool is_udp;
};

struct socket_places {
    struct socket_place *items;
    size_t n;
};

static void add(struct socket_places *p, const char *key,
                struct config_place set, const struct addr *at, bool is_udp)
{
    p->items[p->n++] = (struct socket_place){key, set, *at, is_udp};
}

static void add_all(struct socket_places *p, const struct config *c)
{
    struct addr at;
    bool is_tcp;

    for (size_t i = 0; i < c->listen.n; i++) {
        at = config_listen_address(&c->listen.items[i]);
        add(p, "listen", c->listen.items[i].place, &at, false);
    }
    if (!config_key_find(c, "metrics.port")->is_bad &&
        addr_parse(&at, span_str(c->metrics.address),
                   (uint16_t)c->metrics.port) == 0)
        add(p, "metrics", config_place(c, "metrics.address"), &at, false);
    for (size_t i = 0; i < c->anchor.listen.n; i++)
        if (config_value_ng_place(&is_tcp, &at,
                                  span_str(c->anchor.listen.items[i])) == 0)
            add(p, "anchor.listen", config_place(c, "anchor.listen"), &at,
                !is_tcp);
}

static void report(struct config_report *r, const struct socket_place *p,
                   const struct socket_place *before)
{
    char here[ADDR_TEXT_MAX], there[ADDR_TEXT_MAX], how[OVERLAP_MAX] = "";

    if (!addr_is_same(&p->at, &before->at))
        (void)snprintf(how, sizeof how, " (%s and %s overlap)",
                       addr_host_text(here, &p->at),
                       addr_host_text(there, &before->at));
    config_report(r, p->set,
                  "duplicate address and port in %s: %s:%u has them already%s",
                  p->key, before->set.file, before->set.line, how);
}

int overlap_check(const struct config *c, struct config_report *r)
{
    struct socket_places p = {
        calloc(c->listen.n + 1 + c->anchor.listen.n, sizeof *p.items), 0};

    if (!p.items)
        return ERR_NOMEM;
    add_all(&p, c);
    for (size_t i = 1; i < p.n; i++)
        for (size_t j = 0; j < i; j++)
            if (p.items[i].is_udp == p.items[j].is_udp &&
                addr_overlaps(&p.items[i].at, &p.items[j].at)) {
                report(r, &p.items[i], &p.items[j]);
                break;
            }
    free(p.items);
    return 0;
}
