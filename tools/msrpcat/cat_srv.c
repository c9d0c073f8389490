/* SPDX-License-Identifier: BSD-2-Clause */
#include "cat_srv.h"

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>

#include "err.h"

enum { ANSWER_MAX = 4096, SRV_HEAD = 6 };

static int read_one(struct cat_srv_target *out, ns_msg m, ns_rr rr)
{
    const unsigned char *p = ns_rr_rdata(rr);

    if (ns_rr_rdlen(rr) <= SRV_HEAD)
        return ERR_SYNTAX;
    out->priority = (uint16_t)ns_get16(p);
    out->weight = (uint16_t)ns_get16(p + 2);
    out->port = (uint16_t)ns_get16(p + 4);
    if (ns_name_uncompress(ns_msg_base(m), ns_msg_end(m), p + SRV_HEAD,
                           out->host, sizeof out->host) < 0)
        return ERR_SYNTAX;
    return 0;
}

int cat_srv_read(struct cat_srv *out, const unsigned char *answer, size_t n)
{
    ns_msg m;
    ns_rr rr;

    out->n = 0;
    if (ns_initparse(answer, (int)n, &m) < 0)
        return ERR_SYNTAX;
    for (int i = 0; i < ns_msg_count(m, ns_s_an) && out->n < CAT_SRV_MAX; i++) {
        if (ns_parserr(&m, ns_s_an, i, &rr) < 0)
            return ERR_SYNTAX;
        if (ns_rr_type(rr) != ns_t_srv)
            continue;
        if (read_one(&out->targets[out->n], m, rr))
            return ERR_SYNTAX;
        out->n++;
    }
    return out->n > 0 ? 0 : ERR_NOT_FOUND;
}

static void move_forward(struct cat_srv *s, size_t from, size_t to)
{
    struct cat_srv_target moved = s->targets[from];

    for (; from > to; from--)
        s->targets[from] = s->targets[from - 1];
    s->targets[to] = moved;
}

/* Draws from the targets of the lowest priority after `at`, each as likely as
 * its weight says (RFC 2782). */
static size_t draw(const struct cat_srv *s, size_t at, struct rnd *rnd)
{
    uint16_t least = UINT16_MAX;
    uint32_t sum = 0, die;
    size_t drawn = at;

    for (size_t i = at; i < s->n; i++)
        if (s->targets[i].priority < least)
            least = s->targets[i].priority;
    for (size_t i = at; i < s->n; i++)
        if (s->targets[i].priority == least)
            sum += s->targets[i].weight;
    rnd_bytes(rnd, &die, sizeof die);
    die %= sum + 1;
    for (size_t i = at; i < s->n; i++) {
        if (s->targets[i].priority != least)
            continue;
        drawn = i;
        if (s->targets[i].weight >= die && s->targets[i].weight > 0)
            break;
        die -= s->targets[i].weight < die ? s->targets[i].weight : die;
    }
    return drawn;
}

void cat_srv_order(struct cat_srv *s, struct rnd *rnd)
{
    for (size_t at = 0; at + 1 < s->n; at++)
        move_forward(s, draw(s, at, rnd), at);
}

int cat_srv_find(struct cat_srv *out, const char *host, struct rnd *rnd)
{
    unsigned char answer[ANSWER_MAX];
    struct __res_state state = {0};
    char name[300];
    int n, err;

    snprintf(name, sizeof name, "_msrps._tcp.%s", host);
    if (res_ninit(&state) != 0)
        return ERR_IO;
    n = res_nquery(&state, name, ns_c_in, ns_t_srv, answer, sizeof answer);
    res_nclose(&state);
    if (n < 0)
        return ERR_NOT_FOUND;
    err = cat_srv_read(out, answer,
                       (size_t)n < sizeof answer ? (size_t)n : sizeof answer);
    if (!err)
        cat_srv_order(out, rnd);
    return err;
}
