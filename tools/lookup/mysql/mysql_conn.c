/* SPDX-License-Identifier: BSD-2-Clause */
#include "mysql_conn.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <mysql.h>

#include "err.h"
#include "helper.h"
#include "sql.h"

/* Where the system keeps the certificates that it trusts, by hash. */
static const char system_certificates[] = "/etc/ssl/certs";

/* What is under way; each is a pair of calls of libmariadb, one that begins and
 * one that goes on once the socket is ready. */
enum step {
    STEP_CONNECT,
    STEP_TIMEOUT, /* MariaDB's limit for a query; MySQL does not know it */
    STEP_TIMEOUT_MYSQL, /* and MySQL's, which MariaDB does not know */
    STEP_IDLE,          /* nothing: the server has nothing to say */
    STEP_PREPARE,       /* from here on there is a question */
    STEP_EXECUTE,
    STEP_STORE
};

/* A column of a result, as long as any that is of use, and one octet more. */
struct column {
    char value[HELPER_VALUE_MAX + 1];
    unsigned long n;
    my_bool is_null;
    char name[64];
};

struct mysql_conn {
    const struct mysql_target *to;
    struct link *link;
    MYSQL my;
    MYSQL_STMT *statements[DIGEST_ALGS]; /* NULL: not prepared */
    enum step step;
    enum digest_alg alg;
    struct column column;
    MYSQL_BIND params[2]; /* of the question, as long as somebody waits */
    unsigned long lengths[2];
    char query[128]; /* of STEP_TIMEOUT */
    struct loop_io io;
    bool is_watching;
    /* Where the steps leave their results. */
    MYSQL *connected;
    int failed;
};

static void take_step(struct mysql_conn *c, enum step step);

/* --- waiting for the socket --- */

static void on_ready(void *ctx, int events);

static void watch(struct mysql_conn *c, int events)
{
    loop_io_init(&c->io, link_loop(c->link), mysql_get_socket(&c->my), on_ready,
                 c);
    c->is_watching = true;
    loop_io_want(&c->io, events);
}

/* libmariadb may use another socket after each step of connecting. */
static void unwatch(struct mysql_conn *c)
{
    if (c->is_watching)
        loop_io_want(&c->io, 0);
    c->is_watching = false;
}

static void fail(struct mysql_conn *c)
{
    const char *why = mysql_error(&c->my);

    link_fail(c->link, "%s", *why ? why : "the connection failed");
}

static void become_idle(struct mysql_conn *c)
{
    c->step = STEP_IDLE;
    watch(c, LOOP_READ); /* for the end of the connection */
}

/* --- a question --- */

static MYSQL_STMT *statement(const struct mysql_conn *c)
{
    return c->statements[c->alg];
}

/* Of the client's own errors the connection does not recover. */
static bool is_lost(unsigned errnum)
{
    enum { CLIENT_FIRST = 2000, CLIENT_LAST = 2999 };

    return errnum >= CLIENT_FIRST && errnum <= CLIENT_LAST;
}

static void answer_error(struct mysql_conn *c, const char *why)
{
    struct question *q = link_answered(c->link);

    helper_answer_error(q, why);
    become_idle(c);
}

/* It is prepared again for the next question: what was wrong may be mended. */
static void answer_sql_error(struct mysql_conn *c)
{
    MYSQL_STMT *s = statement(c);

    if (is_lost(mysql_stmt_errno(s))) {
        link_fail(c->link, "%s", mysql_stmt_error(s));
        return;
    }
    sql_answer_error(link_answered(c->link), mysql_stmt_sqlstate(s),
                     mysql_stmt_error(s));
    c->statements[c->alg] = NULL;
    mysql_stmt_close(s);
    become_idle(c);
}

static void answer_row(struct mysql_conn *c)
{
    MYSQL_STMT *s = statement(c);
    struct question *q = link_answered(c->link);
    struct column *column = &c->column;
    uint64_t n = mysql_stmt_num_rows(s);

    if (n > 1) {
        helper_answer_error(q, "the query gives more than one row or column");
    } else if (n == 0 || mysql_stmt_fetch(s) == 1 || column->is_null) {
        helper_answer_none(q);
    } else {
        if (column->n > sizeof column->value)
            column->n = sizeof column->value;
        sql_answer(q, column->name, span_of(column->value, column->n));
    }
    explicit_bzero(column->value, sizeof column->value);
    mysql_stmt_free_result(s);
    become_idle(c);
}

/* The statement is prepared: is it one that can be asked? */
static void take_prepared(struct mysql_conn *c)
{
    MYSQL_STMT *s = statement(c);
    MYSQL_RES *meta;
    bool fits = mysql_stmt_field_count(s) == 1;

    if (mysql_stmt_param_count(s) < 1 || mysql_stmt_param_count(s) > 2) {
        answer_error(c, "the query has not one or two ?");
        return;
    }
    meta = mysql_stmt_result_metadata(s);
    if (meta && fits)
        snprintf(c->column.name, sizeof c->column.name, "%s",
                 mysql_fetch_field_direct(meta, 0)->name);
    if (meta)
        mysql_free_result(meta);
    if (fits)
        take_step(c, STEP_EXECUTE);
    else
        answer_error(c, "the query gives more than one row or column");
}

static void bind_param(struct mysql_conn *c, size_t i, struct span value)
{
    c->lengths[i] = value.n;
    c->params[i] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING,
                                .buffer = (void *)value.p,
                                .buffer_length = value.n,
                                .length = &c->lengths[i]};
}

static void bind_result(struct mysql_conn *c)
{
    struct column *column = &c->column;
    MYSQL_BIND bind = {.buffer_type = MYSQL_TYPE_STRING,
                       .buffer = column->value,
                       .buffer_length = sizeof column->value,
                       .length = &column->n,
                       .is_null = &column->is_null};

    column->is_null = 0;
    column->n = 0;
    mysql_stmt_bind_result(statement(c), &bind);
}

void mysql_conn_ask(struct mysql_conn *c, const struct question *q)
{
    assert(c->step == STEP_IDLE);
    unwatch(c);
    c->alg = q->alg;
    bind_param(c, 0, q->user);
    bind_param(c, 1, q->realm);
    if (statement(c)) {
        take_prepared(c);
        return;
    }
    c->statements[c->alg] = mysql_stmt_init(&c->my);
    if (statement(c))
        take_step(c, STEP_PREPARE);
    else
        link_fail(c->link, "%s", err_text(ERR_NOMEM));
}

/* --- the steps --- */

static int begin_connect(struct mysql_conn *c)
{
    const struct mysql_target *to = c->to;

    return mysql_real_connect_start(&c->connected, &c->my, to->host, to->user,
                                    to->password, to->database, to->port,
                                    to->socket, 0);
}

/* What takes longer than the helper waits is ended by the server as well. */
static int begin_timeout(struct mysql_conn *c)
{
    uint64_t ms = sql_timeout_ms(helper_timeout_ms(link_helper(c->link)));

    if (c->step == STEP_TIMEOUT)
        snprintf(c->query, sizeof c->query,
                 "SET SESSION max_statement_time = %" PRIu64 ".%03" PRIu64,
                 ms / 1000, ms % 1000);
    else
        snprintf(c->query, sizeof c->query,
                 "SET SESSION max_execution_time = %" PRIu64, ms);
    return mysql_real_query_start(&c->failed, &c->my, c->query,
                                  strlen(c->query));
}

static int begin_execute(struct mysql_conn *c)
{
    MYSQL_STMT *s = statement(c);

    mysql_stmt_bind_param(s, c->params);
    return mysql_stmt_execute_start(&c->failed, s);
}

static int begin_store(struct mysql_conn *c)
{
    bind_result(c);
    return mysql_stmt_store_result_start(&c->failed, statement(c));
}

static int begin(struct mysql_conn *c)
{
    const char *query = c->to->query[c->alg];

    switch (c->step) {
    case STEP_CONNECT:
        return begin_connect(c);
    case STEP_TIMEOUT:
    case STEP_TIMEOUT_MYSQL:
        return begin_timeout(c);
    case STEP_PREPARE:
        return mysql_stmt_prepare_start(&c->failed, statement(c), query,
                                        strlen(query));
    case STEP_EXECUTE:
        return begin_execute(c);
    case STEP_STORE:
        return begin_store(c);
    case STEP_IDLE:
        break;
    }
    return 0;
}

static int go_on(struct mysql_conn *c, int ready)
{
    switch (c->step) {
    case STEP_CONNECT:
        return mysql_real_connect_cont(&c->connected, &c->my, ready);
    case STEP_TIMEOUT:
    case STEP_TIMEOUT_MYSQL:
        return mysql_real_query_cont(&c->failed, &c->my, ready);
    case STEP_PREPARE:
        return mysql_stmt_prepare_cont(&c->failed, statement(c), ready);
    case STEP_EXECUTE:
        return mysql_stmt_execute_cont(&c->failed, statement(c), ready);
    case STEP_STORE:
        return mysql_stmt_store_result_cont(&c->failed, statement(c), ready);
    case STEP_IDLE:
        break;
    }
    return 0;
}

/* A step that was to limit queries: the server's own limit is good as well. */
static void take_timeout(struct mysql_conn *c)
{
    if (c->failed && is_lost(mysql_errno(&c->my))) {
        fail(c);
    } else if (c->failed && c->step == STEP_TIMEOUT) {
        take_step(c, STEP_TIMEOUT_MYSQL);
    } else {
        become_idle(c);
        link_up(c->link);
    }
}

static void finish(struct mysql_conn *c)
{
    switch (c->step) {
    case STEP_CONNECT:
        if (c->connected)
            take_step(c, STEP_TIMEOUT);
        else
            fail(c);
        break;
    case STEP_TIMEOUT:
    case STEP_TIMEOUT_MYSQL:
        take_timeout(c);
        break;
    case STEP_PREPARE:
        if (c->failed)
            answer_sql_error(c);
        else
            take_prepared(c);
        break;
    case STEP_EXECUTE:
        if (c->failed)
            answer_sql_error(c);
        else
            take_step(c, STEP_STORE);
        break;
    case STEP_STORE:
        if (c->failed)
            answer_sql_error(c);
        else
            answer_row(c);
        break;
    case STEP_IDLE:
        link_fail(c->link, "the server closed the connection");
        break;
    }
}

static void wait_or_finish(struct mysql_conn *c, int waits)
{
    int events = (waits & MYSQL_WAIT_READ ? LOOP_READ : 0) |
                 (waits & MYSQL_WAIT_WRITE ? LOOP_WRITE : 0);

    if (waits)
        watch(c, events);
    else
        finish(c);
}

static void take_step(struct mysql_conn *c, enum step step)
{
    c->step = step;
    c->failed = 0;
    wait_or_finish(c, begin(c));
}

static void on_ready(void *ctx, int events)
{
    struct mysql_conn *c = ctx;
    int ready = (events & LOOP_READ ? MYSQL_WAIT_READ : 0) |
                (events & LOOP_WRITE ? MYSQL_WAIT_WRITE : 0);

    /* What it asks for may be gone already. */
    if (link_is_lost(c->link))
        return;
    unwatch(c);
    wait_or_finish(c, go_on(c, ready));
}

/* --- life --- */

static void use_tls(struct mysql_conn *c)
{
    const struct mysql_target *to = c->to;
    my_bool yes = 1, verify = !to->insecure;

    mysql_options(&c->my, MYSQL_OPT_SSL_ENFORCE, &yes);
    mysql_options(&c->my, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    /* With any of these it verifies, whatever it was told. */
    if (to->insecure)
        return;
    if (to->ca_file)
        mysql_options(&c->my, MYSQL_OPT_SSL_CA, to->ca_file);
    else
        mysql_options(&c->my, MYSQL_OPT_SSL_CAPATH, system_certificates);
}

/* A server may not ask for our files, nor for the password in clear. */
static void set_options(struct mysql_conn *c)
{
    const unsigned protocol =
        c->to->socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
    const unsigned no = 0;

    mysql_options(&c->my, MYSQL_OPT_NONBLOCK, 0);
    mysql_options(&c->my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(&c->my, MYSQL_OPT_PROTOCOL, &protocol);
    mysql_options(&c->my, MYSQL_OPT_LOCAL_INFILE, &no);
    mysql_options(&c->my, MARIADB_OPT_RESTRICTED_AUTH,
                  "mysql_native_password,client_ed25519,caching_sha2_password,"
                  "sha256_password,auth_gssapi_client");
    if (c->to->tls)
        use_tls(c);
}

struct mysql_conn *mysql_conn_open(const struct mysql_target *to,
                                   struct link *l)
{
    struct mysql_conn *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->to = to;
    c->link = l;
    if (!mysql_init(&c->my)) {
        free(c);
        return NULL;
    }
    set_options(c);
    take_step(c, STEP_CONNECT);
    return c;
}

/* libmariadb allows nothing else to a step that is under way. A goodbye to a
 * server that does not read would block: the socket is shut first. */
void mysql_conn_close(struct mysql_conn *c)
{
    int fd;

    if (!c)
        return;
    unwatch(c);
    fd = (int)mysql_get_socket(&c->my);
    if (fd >= 0)
        shutdown(fd, SHUT_RDWR);
    mysql_close(&c->my);
    for (int i = 0; i < DIGEST_ALGS; i++)
        if (c->statements[i])
            mysql_stmt_close(c->statements[i]);
    free(c);
}
