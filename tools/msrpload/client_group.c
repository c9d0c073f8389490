/* SPDX-License-Identifier: BSD-2-Clause */
#include "client_group.h"

#include <stdlib.h>

#include "err.h"
#include "path.h"
#include "uri.h"

static struct client_group *group_of(struct channel *channel)
{
    return CONTAINER(channel, struct client_group, conn.channel);
}

/* --- clients -------------------------------------------------------------- */

static int client_init(struct client *c, const struct client_groups *all,
                       size_t number)
{
    char name[LOAD_OPTIONS_NAME];
    struct uri uri;
    int err = uri_parse(&uri, span_str(all->options->relay));

    if (err)
        return err;
    load_options_user(name, all->options, number);
    c->user = strdup(name);
    c->own = path_nowhere_uri(all->rnd, uri.secure);
    return c->user && c->own ? 0 : ERR_NOMEM;
}

static void client_fini(struct client *c)
{
    free(c->user);
    free(c->own);
    free(c->use_path);
    free(c->sdp);
}

int client_group_init(struct client_group *g, struct client_groups *all,
                      size_t n, size_t first)
{
    int err = 0;

    *g = (struct client_group){.all = all};
    out_conn_init(&g->conn);
    g->clients = calloc(n, sizeof *g->clients);
    if (!g->clients)
        return ERR_NOMEM;
    g->n_clients = n;
    for (size_t i = 0; !err && i < n; i++)
        err = client_init(&g->clients[i], all, first + i);
    return err;
}

void client_group_fini(struct client_group *g)
{
    if (!g->all)
        return;
    channel_fini(&g->conn.channel);
    if (g->authenticating)
        cat_auth_fini(&g->auth);
    for (size_t i = 0; i < g->n_clients; i++)
        client_fini(&g->clients[i]);
    free(g->clients);
}

/* --- authentication ------------------------------------------------------- */

static void be_lost(struct client_group *g, const char *why)
{
    g->all->ops->lost(g->all->ctx, g, why);
}

/* Moves what AUTH has put together to the connection. */
static int drain_scratch(struct client_group *g)
{
    struct buf *from = &g->all->scratch.out;
    int err = 0;

    while (!err && from->len > 0) {
        struct span run = buf_peek(from);

        err = channel_put(&g->conn.channel, &run, 1);
        buf_drop(from, run.n);
    }
    return err;
}

static int authenticate_next(struct client_group *g)
{
    struct client_groups *all = g->all;
    struct client *client = &g->clients[g->n_ready];
    struct cat_auth_rules rules = {
        .relays = &all->options->relay,
        .n_relays = 1,
        .user = span_str(client->user),
        .password = span_str(all->options->password),
        .own = span_str(client->own),
        .expires_s = all->options->expires_s,
    };
    int err;

    cat_auth_init(&g->auth, &rules, &all->scratch, all->rnd);
    g->authenticating = true;
    err = cat_auth_start(&g->auth);
    return err ? err : drain_scratch(g);
}

static int on_authenticated(struct client_group *g)
{
    struct client *client = &g->clients[g->n_ready];

    client->use_path = strdup(g->auth.use_path);
    client->sdp =
        path_for_sdp(span_str(g->auth.use_path), span_str(client->own));
    cat_auth_fini(&g->auth);
    g->authenticating = false;
    if (!client->use_path || !client->sdp)
        return ERR_NOMEM;
    g->n_ready++;
    if (!client_group_is_ready(g))
        return authenticate_next(g);
    g->all->ops->ready(g->all->ctx, g);
    return 0;
}

static int on_auth_response(struct client_group *g, const struct msg *head)
{
    int err = cat_auth_on_response(&g->auth, head);

    if (!err)
        err = drain_scratch(g);
    return err || !g->auth.done ? err : on_authenticated(g);
}

/* --- what the connection says --------------------------------------------- */

static void on_open(struct channel *channel)
{
    int err = authenticate_next(group_of(channel));

    if (err)
        channel_fail(channel, err);
}

static int on_send(struct client_group *g, const struct msg *head)
{
    struct traffic *t = g->all->traffic;
    struct label id;

    g->incoming = flow_find(&id, t, &g->conn, head);
    if (g->incoming)
        return sink_on_head(g->incoming, &id, head);
    t->counters.stray++;
    return 0;
}

static int on_head(struct client_group *g, const struct msg *head)
{
    g->incoming = NULL;
    switch (head->method) {
    case MSG_RESPONSE:
        if (g->authenticating)
            return on_auth_response(g, head);
        flow_on_response(g->all->traffic, &g->conn, head);
        return 0;
    case MSG_REPORT:
        flow_on_report(g->all->traffic, &g->conn, head);
        return 0;
    case MSG_SEND:
        return on_send(g, head);
    case MSG_AUTH:
    case MSG_OTHER:
        g->all->traffic->counters.stray++;
        return 0;
    }
    return 0;
}

static int on_end(struct client_group *g, char flag)
{
    int err;

    if (!g->incoming)
        return 0;
    err = sink_on_end(g->incoming, flag);
    if (g->stalls && flag == '$')
        channel_stop_reading(&g->conn.channel);
    return err;
}

static int on_event(struct channel *channel, const struct parse_event *ev)
{
    struct client_group *g = group_of(channel);

    switch (ev->type) {
    case PARSE_HEAD:
        return on_head(g, ev->head);
    case PARSE_BODY:
        if (g->incoming)
            sink_on_body(g->incoming, ev->body);
        return 0;
    case PARSE_END:
        return on_end(g, ev->flag);
    }
    return 0;
}

static int on_fill(struct channel *channel)
{
    return out_conn_fill(&group_of(channel)->conn);
}

static void on_closed(struct channel *channel, int err, const char *why)
{
    struct client_group *g = group_of(channel);

    if (err)
        why = err == ERR_DENIED ? g->auth.why : err_text(err);
    be_lost(g, why);
}

static const struct channel_ops channel_ops = {
    .open = on_open,
    .event = on_event,
    .fill = on_fill,
    .closed = on_closed,
};

int client_group_start(struct client_group *g, const struct addr *to)
{
    return channel_open(&g->conn.channel, g->all->channels, to, &channel_ops);
}
