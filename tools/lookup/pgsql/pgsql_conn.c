/* SPDX-License-Identifier: BSD-2-Clause */
#include "pgsql_conn.h"

#include <inttypes.h>
#include <stdlib.h>

#include "err.h"
#include "sql.h"

struct pgsql_conn {
    const struct pgsql_target *to;
    struct link *link;
    PGconn *pg;
    struct loop_io io;
    bool is_watching;
    bool is_up;
    bool is_setting; /* the first result is that of statement_timeout */
    bool has_result; /* of the query at hand: its question is answered */
};

static void on_ready(void *ctx, int events);

/* libpq may use another socket after each step of connecting, and has closed
 * the one before then. */
static void watch(struct pgsql_conn *c, int events)
{
    if (!c->is_watching || c->io.fd != PQsocket(c->pg))
        loop_io_init(&c->io, link_loop(c->link), PQsocket(c->pg), on_ready, c);
    c->is_watching = true;
    loop_io_want(&c->io, events);
}

static void unwatch(struct pgsql_conn *c)
{
    if (c->is_watching)
        loop_io_want(&c->io, 0);
    c->is_watching = false;
}

/* Messages about the connection have no secrets. */
static void fail(struct pgsql_conn *c)
{
    const char *why = PQerrorMessage(c->pg);

    link_fail(c->link, "%s", *why ? why : "the connection failed");
}

/* Sends what libpq has not sent, and waits for what comes. */
static void flush(struct pgsql_conn *c)
{
    int left = PQflush(c->pg);

    if (left < 0)
        fail(c);
    else
        watch(c, left ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

/* --- connecting --- */

/* What takes longer than the helper waits is ended by the server as well: it
 * would occupy the server for as long as it takes, and be asked again. */
static void set_timeout(struct pgsql_conn *c)
{
    char query[64];
    uint64_t ms = sql_timeout_ms(helper_timeout_ms(link_helper(c->link)));

    snprintf(query, sizeof query, "SET statement_timeout = %" PRIu64, ms);
    c->is_setting = true;
    if (!PQsendQueryParams(c->pg, query, 0, NULL, NULL, NULL, NULL, 0) ||
        !PQpipelineSync(c->pg))
        fail(c);
}

static void become_up(struct pgsql_conn *c)
{
    c->is_up = true;
    if (PQsetnonblocking(c->pg, 1) || !PQenterPipelineMode(c->pg)) {
        fail(c);
        return;
    }
    set_timeout(c);
    flush(c);
    link_up(c->link);
}

static void go_on_connecting(struct pgsql_conn *c)
{
    unwatch(c);
    switch (PQconnectPoll(c->pg)) {
    case PGRES_POLLING_READING:
        watch(c, LOOP_READ);
        break;
    case PGRES_POLLING_WRITING:
        watch(c, LOOP_WRITE);
        break;
    case PGRES_POLLING_OK:
        become_up(c);
        break;
    case PGRES_POLLING_FAILED:
    case PGRES_POLLING_ACTIVE:
        fail(c);
        break;
    }
}

/* --- results --- */

static void answer_row(struct question *q, const PGresult *r)
{
    if (PQntuples(r) == 0 || PQgetisnull(r, 0, 0))
        helper_answer_none(q);
    else if (PQntuples(r) > 1 || PQnfields(r) != 1)
        helper_answer_error(q, "the query gives more than one row or column");
    else
        sql_answer(q, PQfname(r, 0),
                   span_of(PQgetvalue(r, 0, 0), (size_t)PQgetlength(r, 0, 0)));
}

static void answer_error(struct question *q, const PGresult *r)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

    sql_answer_error(q, state ? state : "", message ? message : "");
}

static void take_result(struct pgsql_conn *c, const PGresult *r)
{
    struct question *q;

    if (PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
        c->has_result = false;
        c->is_setting = false;
        return;
    }
    /* Behind some proxies it cannot be set: then it is as the server likes. */
    if (c->is_setting || c->has_result)
        return;
    if (!link_is_asked(c->link)) {
        link_fail(c->link, "a result that nobody had asked for");
        return;
    }
    c->has_result = true;
    q = link_answered(c->link);
    if (!q)
        return;
    if (PQresultStatus(r) == PGRES_TUPLES_OK)
        answer_row(q, r);
    else
        answer_error(q, r);
}

/* A NULL is the end of a query's results, two of them in a row that of what
 * has come. */
static void take_results(struct pgsql_conn *c)
{
    bool was_null = false;

    while (!PQisBusy(c->pg)) {
        PGresult *r = PQgetResult(c->pg);

        if (!r && was_null)
            return;
        was_null = !r;
        if (!r)
            continue;
        take_result(c, r);
        PQclear(r);
    }
}

static void on_ready(void *ctx, int events)
{
    struct pgsql_conn *c = ctx;

    if (!c->is_up) {
        go_on_connecting(c);
        return;
    }
    if (events & LOOP_READ && !PQconsumeInput(c->pg)) {
        fail(c);
        return;
    }
    take_results(c);
    if (PQstatus(c->pg) == CONNECTION_BAD)
        fail(c);
    else
        flush(c);
}

void pgsql_conn_ask(struct pgsql_conn *c, const struct question *q)
{
    const char *params[] = {q->user.p, q->realm.p};

    if (!PQsendQueryParams(c->pg, c->to->query[q->alg], c->to->n_params[q->alg],
                           NULL, params, NULL, NULL, 0) ||
        !PQpipelineSync(c->pg))
        fail(c);
    else
        flush(c);
}

/* --- life --- */

static void ignore_notice(void *ctx, const PGresult *r)
{
    (void)ctx;
    (void)r;
}

/* What is given first is overridden by conninfo, and that by what follows. */
static PGconn *start(const struct pgsql_target *to)
{
    const char *keys[] = {"fallback_application_name",
                          "gssencmode",
                          "dbname",
                          "client_encoding",
                          to->password ? "password" : NULL,
                          NULL};
    const char *values[] = {"msrprelay-lookup", "disable", to->conninfo, "UTF8",
                            to->password,       NULL};

    return PQconnectStartParams(keys, values, 1);
}

struct pgsql_conn *pgsql_conn_open(const struct pgsql_target *to,
                                   struct link *l)
{
    struct pgsql_conn *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->to = to;
    c->link = l;
    c->pg = start(to);
    if (!c->pg) {
        free(c);
        return NULL;
    }
    PQsetNoticeReceiver(c->pg, ignore_notice, NULL);
    if (PQstatus(c->pg) == CONNECTION_BAD)
        fail(c);
    else
        watch(c, LOOP_WRITE); /* as if PQconnectPoll() had said so */
    return c;
}

void pgsql_conn_close(struct pgsql_conn *c)
{
    if (!c)
        return;
    unwatch(c);
    PQfinish(c->pg);
    free(c);
}
