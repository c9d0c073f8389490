/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl_selftest.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl_ask.h"
#include "ctl_show.h"
#include "err.h"
#include "selftest_client.h"

struct selftest {
    const struct ctl_args *args;
    struct rnd rnd;
    json_t *rows; /* what the relay told */
    struct ctl_show show;
    size_t n_ok, n_failed;
};

static void keep_row(void *ctx, json_t *row)
{
    struct selftest *t = ctx;

    (void)json_array_append(t->rows, row);
}

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));

    return text ? text : "";
}

static uint16_t port_of(const json_t *row, const char *key)
{
    return (uint16_t)json_integer_value(json_object_get(row, key));
}

static void show_outcome(struct selftest *t, const json_t *row,
                         const char *outcome, const char *why)
{
    json_t *shown = json_pack(
        "{s:s,s:s,s:i,s:s,s:s}", "transport", text_of(row, "transport"),
        "address", text_of(row, "address"), "port", (int)port_of(row, "port"),
        "outcome", outcome, "why", why);

    ctl_show_row(&t->show, shown);
    json_decref(shown);
}

static void try_listener(struct selftest *t, const json_t *row)
{
    const char *transport = text_of(row, "transport");
    const char *name = text_of(row, "name");
    struct selftest_target target = {
        .host = text_of(row, "host"),
        .port = port_of(row, "port"),
        .tls = strcmp(transport, "tls") == 0 || strcmp(transport, "wss") == 0,
        .websocket =
            strcmp(transport, "ws") == 0 || strcmp(transport, "wss") == 0,
        .proxy_header = json_is_true(json_object_get(row, "proxy_header")),
        .tls_in_front = json_is_true(json_object_get(row, "tls_in_front")),
        .name = name,
        .uri_port = port_of(row, "uri_port"),
        .expect = t->args->name ? t->args->name : name,
        .ca_file = t->args->ca_file,
        .user = span_str(text_of(row, "user")),
        .password = span_str(text_of(row, "password")),
    };
    char why[SELFTEST_WHY_MAX] = "";

    if (!json_is_true(json_object_get(row, "auth"))) {
        show_outcome(t, row, "skipped",
                     "clients cannot log in here (auth.allow_tcp is false)");
        return;
    }
    if (selftest_client_run(why, &target, &t->rnd)) {
        t->n_failed++;
        show_outcome(t, row, "failed", why);
        return;
    }
    t->n_ok++;
    show_outcome(t, row, "ok", "");
}

static void try_all(struct selftest *t)
{
    const json_t *row;
    size_t i;

    json_array_foreach(t->rows, i, row)
    {
        try_listener(t, row);
    }
}

static enum ctl_exit judge(const struct selftest *t)
{
    if (t->n_failed)
        return ctl_complain(CTL_FAILED, "clients do not get in everywhere", "");
    if (t->n_ok == 0)
        return ctl_complain(CTL_FAILED,
                            "no listener lets clients log in: add one with "
                            "transport = \"tls\" to listen",
                            "");
    return CTL_OK;
}

static enum ctl_exit run(struct selftest *t, const struct ctl_end *end)
{
    if (!end->ok)
        return ctl_complain(CTL_FAILED, end->error, "");
    ctl_show_begin(&t->show, stdout, CONTROL_LIST, t->args->json);
    try_all(t);
    ctl_show_end(&t->show, end);
    return judge(t);
}

enum ctl_exit ctl_selftest(const struct ctl_args *a, int fd, int timeout_ms)
{
    struct selftest t = {.args = a, .rows = json_array()};
    enum ctl_exit code;
    struct ctl_end end;
    int err;

    (void)signal(SIGPIPE, SIG_IGN);
    rnd_init(&t.rnd);
    err = t.rows ? ctl_ask(&end, fd, a->line, timeout_ms, keep_row, &t)
                 : ERR_NOMEM;
    if (err)
        code = ctl_complain_cut(err);
    else
        code = run(&t, &end);
    json_decref(t.rows);
    explicit_bzero(&t.rnd, sizeof t.rnd);
    return code;
}
