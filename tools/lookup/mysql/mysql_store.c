/* SPDX-License-Identifier: BSD-2-Clause */
#include "mysql_store.h"

#include <stdlib.h>

#include <mysql.h>

#include "err.h"
#include "links.h"
#include "mysql_conn.h"
#include "store_url.h"

enum { PORT = 3306 };

struct mysql_store {
    struct links *links; /* first: links_store_ops */
    struct mysql_target target;
    struct store_url url;
};

/* --- options --- */

#define AT(member) .at = offsetof(struct mysql_options, member)

static const struct cmdline_option rows[] = {
    {.help = "Store:"},
    {.name = "query",
     .argument = "SQL",
     .kind = CMDLINE_TEXT,
     AT(query[DIGEST_MD5]),
     .initial = "SELECT ha1 FROM subscriber WHERE username = ? AND domain = ?",
     .help = "what gives the MD5 hash of a user (first ?) in a realm (second "
             "?), or, as the column \"password\", the password"},
    {.name = "sha256-query",
     .argument = "SQL",
     .kind = CMDLINE_TEXT,
     AT(query[DIGEST_SHA256]),
     .initial = "SELECT ha1_sha256 FROM subscriber WHERE username = ? AND "
                "domain = ?",
     .help = "the same for SHA-256; empty if there are no such hashes"},
    {.name = "socket",
     .argument = "FILE",
     .kind = CMDLINE_FILE,
     AT(socket),
     .help = "connect to this Unix socket, whatever the URL's host"},
    {.name = "tls",
     .kind = CMDLINE_FLAG,
     AT(tls),
     .help = "require TLS, and a certificate for the URL's host"},
};

const struct helper_usage mysql_usage = {
    .program = "msrprelay-lookup-mysql",
    .operand = "mysql://USER@HOST[:PORT]/DATABASE",
    .rows = rows,
    .n_rows = sizeof rows / sizeof *rows,
    .has = HELPER_HAS_TLS,
};

/* --- the driver --- */

static bool knows(const void *store, const struct question *q)
{
    const struct mysql_store *s = store;

    return *s->target.query[q->alg];
}

static void *open_conn(struct link *l)
{
    const struct mysql_store *s = link_store(l);

    return mysql_conn_open(&s->target, l);
}

static void ask_conn(struct link *l, const struct question *q)
{
    mysql_conn_ask(link_state(l), q);
}

static void close_conn(struct link *l)
{
    mysql_conn_close(link_state(l));
}

static const struct link_driver driver = {
    .depth = 1,
    .knows = knows,
    .open = open_conn,
    .ask = ask_conn,
    .close = close_conn,
};

/* --- life --- */

static int use_options(struct mysql_store *s, char why[CMDLINE_WHY],
                       const struct mysql_options *o)
{
    struct mysql_target *t = &s->target;
    int err = store_url_parse(&s->url, why, span_str(o->common.store));

    if (err)
        return err;
    if (strcmp(s->url.scheme, "mysql") != 0)
        return cmdline_refuse(why, "the URL does not begin with mysql://");
    if (!*s->url.user)
        return cmdline_refuse(why, "the URL has no user");
    if (!o->tls && (o->common.ca_file || o->common.insecure))
        return cmdline_refuse(why, "--ca and --insecure require --tls");
    t->host = o->socket ? NULL : s->url.host;
    t->socket = o->socket;
    t->port = s->url.port ? s->url.port : PORT;
    t->user = s->url.user;
    t->password = o->common.secret;
    t->database = *s->url.name ? s->url.name : NULL;
    t->tls = o->tls;
    t->insecure = o->common.insecure;
    t->ca_file = o->common.ca_file;
    for (int i = 0; i < DIGEST_ALGS; i++)
        t->query[i] = o->query[i];
    return 0;
}

int mysql_store_start(struct helper_options *o, struct helper *h,
                      const struct store_ops **ops, void **store,
                      char why[CMDLINE_WHY])
{
    struct mysql_store *s = calloc(1, sizeof *s);
    int err;

    if (!s)
        return ERR_NOMEM;
    *store = s;
    *ops = &links_store_ops;
    err = use_options(s, why, (const struct mysql_options *)o);
    if (!err)
        err = links_new(&s->links, h, o->connections, &driver, s, o->store);
    return err;
}

void mysql_store_stop(struct helper_options *o, void *store)
{
    struct mysql_store *s = store;

    (void)o;
    if (!s)
        return;
    links_free(s->links);
    mysql_library_end();
    free(s);
}
