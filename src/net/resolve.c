/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve.h"

#include <stdio.h>
#include <stdlib.h>

#include "err.h"
#include "dns_cache.h"
#include "srv.h"
#include "timer.h"

/* How long the other family is awaited once addresses of one are known. */
enum { GRACE_MS = 50 };

struct resolve {
    struct loop *loop;
    struct rnd *rnd;
    struct dns_cache *names;
    struct timer_fifo *deadline;
    struct timer_fifo *grace;
    uint64_t next_deadline_ms; /* prepared */
    struct list lookups;
    size_t n_lookups;
};

/* One question of a look-up. */
struct part {
    struct dns_cache_wait wait;
    struct resolve_lookup *lookup;
    bool is_asked;
    int err; /* ERR_AGAIN: not answered yet */
    struct dns_answer *answer;
};

struct target {
    uint16_t port;
    struct part v6, v4;
};

enum lookup_state {
    LOOKUP_NEW,       /* the first step comes at the end of the turn */
    LOOKUP_SRV,       /* `srv` is asked */
    LOOKUP_ADDRESSES, /* the targets' addresses are asked */
    LOOKUP_DONE,      /* `list` or `err` is the result */
};

struct resolve_lookup {
    struct resolve *r;
    struct list link;
    struct loop_defer step;
    struct timer deadline;
    struct timer grace; /* running: there are addresses, others may follow */
    enum lookup_state state;
    resolve_done_fn done;
    void *ctx;
    uint16_t port;
    bool is_called; /* `done` is being called */
    int err;
    struct part srv;
    struct target targets[RESOLVE_TARGETS_MAX];
    size_t n_targets;
    struct addr list[RESOLVE_ADDRS_MAX];
    size_t n;
    char host[DNS_NAME_MAX + 1]; /* "": what no name can be */
};

/* --- questions --- */

static void on_known(void *ctx, int err, struct dns_answer *answer)
{
    struct part *p = ctx;

    p->err = err;
    p->answer = answer ? dns_answer_ref(answer) : NULL;
    loop_defer(p->lookup->r->loop, &p->lookup->step);
}

static void part_init(struct part *p, struct resolve_lookup *l)
{
    names_wait_init(&p->wait, on_known, p);
    p->lookup = l;
    p->err = ERR_AGAIN;
}

static void part_fini(struct part *p)
{
    if (!p->is_asked)
        return;
    names_wait_end(&p->wait);
    dns_answer_unref(p->answer);
}

static void part_ask(struct part *p, const char *name, enum dns_type type)
{
    struct dns_answer *answer = NULL;
    int err = dns_cache_ask(p->lookup->r->names, &p->wait, span_str(name), type,
                            &answer);

    p->is_asked = true;
    if (err != ERR_AGAIN)
        on_known(p, err, answer);
}

static void add_target(struct resolve_lookup *l, const char *name,
                       uint16_t port)
{
    struct target *t = &l->targets[l->n_targets++];

    t->port = port;
    part_init(&t->v6, l);
    part_init(&t->v4, l);
    part_ask(&t->v6, name, DNS_AAAA);
    part_ask(&t->v4, name, DNS_A);
}

/* --- what becomes of answers --- */

static void add_address(struct resolve_lookup *l, const struct addr *a,
                        uint16_t port)
{
    if (l->n == RESOLVE_ADDRS_MAX)
        return;
    l->list[l->n] = *a;
    addr_set_port(&l->list[l->n++], port);
}

/* Alternates IPv6 and IPv4, so that a broken family does not delay all
 * addresses of the other one. */
static void add_addresses(struct resolve_lookup *l, const struct target *t)
{
    size_t n6 = t->v6.answer ? t->v6.answer->n : 0;
    size_t n4 = t->v4.answer ? t->v4.answer->n : 0;

    for (size_t i = 0; i < n6 || i < n4; i++) {
        if (i < n6)
            add_address(l, &t->v6.answer->records[i].addr, t->port);
        if (i < n4)
            add_address(l, &t->v4.answer->records[i].addr, t->port);
    }
}

/* Of several errors the one that says least: there may be such a name while
 * one of its questions is open. */
static int worse(int a, int b)
{
    static const int order[] = {ERR_NOMEM, ERR_LIMIT, ERR_TIMEOUT, ERR_IO};

    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return ERR_NOT_FOUND;
}

/* What a question says that has no answer. */
static int part_error(const struct part *p)
{
    return p->err == ERR_AGAIN ? ERR_TIMEOUT : p->err;
}

static void set_done(struct resolve_lookup *l, int err)
{
    l->err = err;
    l->state = LOOKUP_DONE;
    loop_defer(l->r->loop, &l->step);
}

/* Takes what there is: all answers, or those that came in time. */
static void resolve_gather(struct resolve_lookup *l)
{
    int err = ERR_NOT_FOUND;

    for (size_t i = 0; i < l->n_targets; i++) {
        const struct target *t = &l->targets[i];

        add_addresses(l, t);
        err = worse(err, worse(part_error(&t->v6), part_error(&t->v4)));
    }
    set_done(l, l->n ? 0 : err);
}

static bool is_answered(const struct resolve_lookup *l)
{
    for (size_t i = 0; i < l->n_targets; i++)
        if (l->targets[i].v6.err == ERR_AGAIN ||
            l->targets[i].v4.err == ERR_AGAIN)
            return false;
    return true;
}

/* Has each target an address, or no hope of one? */
static bool is_sufficient(const struct resolve_lookup *l)
{
    for (size_t i = 0; i < l->n_targets; i++) {
        const struct target *t = &l->targets[i];
        bool is_open = t->v6.err == ERR_AGAIN || t->v4.err == ERR_AGAIN;

        if (is_open && t->v6.err != 0 && t->v4.err != 0)
            return false;
    }
    return true;
}

/* An answer that is lost costs GRACE_MS, not the deadline (S-21; RFC 8305, 3).
 */
static void addresses_step(struct resolve_lookup *l)
{
    if (is_answered(l))
        resolve_gather(l);
    else if (is_sufficient(l) && !timer_is_running(&l->grace))
        timer_start(l->r->grace, &l->grace);
}

/* --- steps --- */

/* The targets of SRV records; "." says that there is no such service. */
static void take_srv(struct resolve_lookup *l, const struct dns_answer *answer)
{
    struct dns_srv list[DNS_RECORDS_MAX];
    uint32_t dice[DNS_RECORDS_MAX];

    rnd_bytes(l->r->rnd, dice, sizeof dice);
    for (size_t i = 0; i < answer->n; i++)
        list[i] = answer->records[i].srv;
    srv_order(list, answer->n, dice);
    for (size_t i = 0; i < answer->n && l->n_targets < RESOLVE_TARGETS_MAX; i++)
        if (*list[i].target)
            add_target(l, list[i].target, list[i].port);
    l->state = LOOKUP_ADDRESSES;
    if (!l->n_targets)
        set_done(l, ERR_NOT_FOUND);
}

/* R4976-8-c, or the end of R4976-8-d. */
static void ask_addresses(struct resolve_lookup *l, uint16_t port)
{
    struct addr list[RESOLVE_ADDRS_MAX];
    size_t n = names_hosts_file(l->r->names, l->host, list, RESOLVE_ADDRS_MAX);

    for (size_t i = 0; i < n; i++)
        add_address(l, &list[i], port);
    if (n) {
        set_done(l, 0);
        return;
    }
    l->state = LOOKUP_ADDRESSES;
    add_target(l, l->host, port);
}

static void ask_srv(struct resolve_lookup *l)
{
    char name[DNS_NAME_MAX + 1];
    int n = snprintf(name, sizeof name, "_msrps._tcp.%s", l->host);

    if (n < 0 || (size_t)n >= sizeof name) { /* then it can have none */
        ask_addresses(l, RESOLVE_PORT);
        return;
    }
    l->state = LOOKUP_SRV;
    part_ask(&l->srv, name, DNS_SRV);
}

static void resolve_begin(struct resolve_lookup *l)
{
    if (!*l->host)
        set_done(l, ERR_NOT_FOUND);
    else if (l->port)
        ask_addresses(l, l->port);
    else
        ask_srv(l);
}

static void srv_step(struct resolve_lookup *l)
{
    if (l->srv.err == 0)
        take_srv(l, l->srv.answer);
    else if (l->srv.err == ERR_NOT_FOUND)
        ask_addresses(l, RESOLVE_PORT);
    else if (l->srv.err != ERR_AGAIN)
        set_done(l, l->srv.err);
}

static void lookup_free(struct resolve_lookup *l)
{
    part_fini(&l->srv);
    for (size_t i = 0; i < l->n_targets; i++) {
        part_fini(&l->targets[i].v6);
        part_fini(&l->targets[i].v4);
    }
    loop_defer_cancel(&l->step);
    timer_stop(&l->deadline);
    timer_stop(&l->grace);
    list_remove(&l->link);
    l->r->n_lookups--;
    free(l);
}

static void resolve_finish(struct resolve_lookup *l)
{
    l->is_called = true;
    l->done(l->ctx, l->err, l->list, l->n);
    lookup_free(l);
}

static void resolve_on_step(void *ctx)
{
    struct resolve_lookup *l = ctx;

    switch (l->state) {
    case LOOKUP_NEW:
        resolve_begin(l);
        break;
    case LOOKUP_SRV:
        srv_step(l);
        break;
    case LOOKUP_ADDRESSES:
        addresses_step(l);
        break;
    case LOOKUP_DONE:
        resolve_finish(l);
        break;
    }
}

static void on_deadline(struct timer *t)
{
    struct resolve_lookup *l = CONTAINER(t, struct resolve_lookup, deadline);

    if (l->state == LOOKUP_ADDRESSES)
        resolve_gather(l);
    else if (l->state != LOOKUP_DONE)
        set_done(l, ERR_TIMEOUT);
}

static void on_grace_over(struct timer *t)
{
    struct resolve_lookup *l = CONTAINER(t, struct resolve_lookup, grace);

    if (l->state == LOOKUP_ADDRESSES)
        resolve_gather(l);
}

/* --- public --- */

int resolve_new(struct resolve **out, struct loop *loop, struct rnd *rnd,
                const struct resolve_settings *s)
{
    struct resolve *r = calloc(1, sizeof *r);
    uint64_t seed[2];
    int err;

    if (!r)
        return ERR_NOMEM;
    r->loop = loop;
    r->rnd = rnd;
    list_init(&r->lookups);
    rnd_bytes(rnd, seed, sizeof seed);
    err = dns_cache_new(&r->names, loop, seed, &s->dns);
    if (!err)
        err = timer_fifo_new(&r->deadline, loop, s->deadline_ms, on_deadline);
    if (!err)
        err = timer_fifo_new(&r->grace, loop, GRACE_MS, on_grace_over);
    if (err) {
        resolve_free(r);
        return err;
    }
    *out = r;
    return 0;
}

void resolve_free(struct resolve *r)
{
    struct list *m;

    if (!r)
        return;
    while ((m = list_first(&r->lookups)))
        lookup_free(CONTAINER(m, struct resolve_lookup, link));
    timer_fifo_free(r->deadline);
    timer_fifo_free(r->grace);
    dns_cache_free(r->names);
    free(r);
}

int resolve_prepare(struct resolve *r, const struct resolve_settings *s)
{
    r->next_deadline_ms = s->deadline_ms;
    return dns_cache_prepare(r->names, &s->dns);
}

void resolve_commit(struct resolve *r)
{
    dns_cache_commit(r->names);
    timer_fifo_set_length(r->deadline, r->next_deadline_ms);
}

void resolve_abandon(struct resolve *r)
{
    dns_cache_abandon(r->names);
}

int resolve_configure(struct resolve *r, const struct resolve_settings *s)
{
    int err = resolve_prepare(r, s);

    if (!err)
        resolve_commit(r);
    return err;
}

/* What a name may be made of; its labels are c-ares' business. */
static bool resolve_is_name(struct span host)
{
    for (size_t i = 0; i < host.n; i++)
        if (!char_is_alpha(host.p[i]) && !char_is_digit(host.p[i]) &&
            !memchr("-_.", host.p[i], 3))
            return false;
    return host.n <= DNS_NAME_MAX;
}

/* A numeric host always has a port (R4976-8-b). */
static void set_host(struct resolve_lookup *l, struct span host)
{
    struct addr a;

    if (!addr_parse_literal(&a, host, l->port) && l->port) {
        add_address(l, &a, l->port);
        l->state = LOOKUP_DONE;
        return;
    }
    if (host.n && host.p[host.n - 1] == '.') /* as whole as without */
        host.n--;
    if (resolve_is_name(host))
        span_copy(l->host, sizeof l->host, host);
}

int resolve_start(struct resolve_lookup **out, struct resolve *r,
                  struct span host, uint16_t port, resolve_done_fn done,
                  void *ctx)
{
    struct resolve_lookup *l;

    if (r->n_lookups >= RESOLVE_LOOKUPS_MAX)
        return ERR_LIMIT;
    l = calloc(1, sizeof *l);
    if (!l)
        return ERR_NOMEM;
    l->r = r;
    l->port = port;
    l->done = done;
    l->ctx = ctx;
    loop_defer_init(&l->step, resolve_on_step, l);
    timer_init(&l->deadline);
    timer_init(&l->grace);
    part_init(&l->srv, l);
    list_init(&l->link);
    list_append(&r->lookups, &l->link);
    r->n_lookups++;
    set_host(l, host);
    timer_start(r->deadline, &l->deadline);
    loop_defer(r->loop, &l->step);
    *out = l;
    return 0;
}

void resolve_cancel(struct resolve_lookup *l)
{
    if (l && !l->is_called)
        lookup_free(l);
}

void resolve_stats(const struct resolve *r, struct dns_stats *out)
{
    dns_cache_stats(r->names, out);
}
