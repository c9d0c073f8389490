/* SPDX-License-Identifier: BSD-2-Clause */
#include "pgsql_store.h"

#include <stdlib.h>

#include "err.h"
#include "links.h"
#include "pgsql_conn.h"

struct pgsql_store {
    struct links *links; /* first: links_store_ops */
    struct pgsql_target target;
};

/* --- options --- */

#define AT(member) .at = offsetof(struct pgsql_options, member)

static const struct cmdline_option rows[] = {
    {.help = "Store:"},
    {.name = "query",
     .argument = "SQL",
     .kind = CMDLINE_TEXT,
     AT(query[DIGEST_MD5]),
     .initial = "SELECT ha1 FROM subscriber WHERE username = $1 AND "
                "domain = $2",
     .help = "what gives the MD5 hash of user $1 in realm $2, or, as the "
             "column \"password\", the password"},
    {.name = "sha256-query",
     .argument = "SQL",
     .kind = CMDLINE_TEXT,
     AT(query[DIGEST_SHA256]),
     .initial = "SELECT ha1_sha256 FROM subscriber WHERE username = $1 AND "
                "domain = $2",
     .help = "the same for SHA-256; empty if there are no such hashes"},
};

const struct helper_usage pgsql_usage = {
    .program = "msrprelay-lookup-pgsql",
    .operand = "CONNINFO",
    .rows = rows,
    .n_rows = sizeof rows / sizeof *rows,
};

/* --- the driver --- */

static bool knows(const void *store, const struct question *q)
{
    const struct pgsql_store *s = store;

    return *s->target.query[q->alg];
}

static void *open_conn(struct link *l)
{
    const struct pgsql_store *s = link_store(l);

    return pgsql_conn_open(&s->target, l);
}

static void ask_conn(struct link *l, const struct question *q)
{
    pgsql_conn_ask(link_state(l), q);
}

static void close_conn(struct link *l)
{
    pgsql_conn_close(link_state(l));
}

static const struct link_driver driver = {
    .depth = 32,
    .knows = knows,
    .open = open_conn,
    .ask = ask_conn,
    .close = close_conn,
};

/* --- life --- */

static bool has_password(const PQconninfoOption *list)
{
    for (; list->keyword; list++)
        if (strcmp(list->keyword, "password") == 0)
            return list->val != NULL;
    return false;
}

/* What libpq complains about may repeat what was given. */
static int check_conninfo(const char *conninfo, char why[CMDLINE_WHY])
{
    PQconninfoOption *list = PQconninfoParse(conninfo, NULL);
    bool has = list && has_password(list);

    if (!list)
        return cmdline_refuse(why, "invalid CONNINFO");
    PQconninfoFree(list);
    if (has)
        return cmdline_refuse(why, "CONNINFO must not have a password; use "
                                   "--secret-file");
    return 0;
}

int pgsql_store_start(struct helper_options *o, struct helper *h,
                      const struct store_ops **ops, void **store,
                      char why[CMDLINE_WHY])
{
    const struct pgsql_options *own = (const struct pgsql_options *)o;
    struct pgsql_store *s = calloc(1, sizeof *s);
    int err;

    if (!s)
        return ERR_NOMEM;
    *store = s;
    *ops = &links_store_ops;
    s->target.conninfo = o->store;
    s->target.password = o->secret;
    for (int i = 0; i < DIGEST_ALGS; i++) {
        s->target.query[i] = own->query[i];
        s->target.n_params[i] = strstr(own->query[i], "$2") ? 2 : 1;
    }
    err = check_conninfo(o->store, why);
    if (!err)
        err = links_new(&s->links, h, o->connections, &driver, s, "PostgreSQL");
    return err;
}

void pgsql_store_stop(struct helper_options *o, void *store)
{
    struct pgsql_store *s = store;

    (void)o;
    if (!s)
        return;
    links_free(s->links);
    free(s);
}
