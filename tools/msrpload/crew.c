#include "crew.h"

#include <errno.h>
#include <stdlib.h>

#include "err.h"
#include "path.h"
#include "uri.h"

static struct crew *crew_of(struct channel *channel)
{
    return CONTAINER(channel, struct crew, outlet.channel);
}

/* --- clients -------------------------------------------------------------- */

static int client_init(struct client *c, const struct crews *all, size_t number)
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

int crew_init(struct crew *c, struct crews *all, size_t n, size_t first)
{
    int err = 0;

    *c = (struct crew){.all = all};
    outlet_init(&c->outlet);
    c->clients = calloc(n, sizeof *c->clients);
    if (!c->clients)
        return ERR_NOMEM;
    c->n_clients = n;
    for (size_t i = 0; !err && i < n; i++)
        err = client_init(&c->clients[i], all, first + i);
    return err;
}

void crew_fini(struct crew *c)
{
    if (!c->all)
        return;
    channel_fini(&c->outlet.channel);
    if (c->authenticating)
        cat_auth_fini(&c->auth);
    for (size_t i = 0; i < c->n_clients; i++)
        client_fini(&c->clients[i]);
    free(c->clients);
}

/* --- authentication ------------------------------------------------------- */

static void be_lost(struct crew *c, const char *why)
{
    c->all->ops->lost(c->all->ctx, c, why);
}

/* Moves what AUTH has put together to the connection. */
static int drain_scratch(struct crew *c)
{
    struct buf *from = &c->all->scratch.out;
    int err = 0;

    while (!err && from->len > 0) {
        struct span run = buf_peek(from);

        err = channel_put(&c->outlet.channel, &run, 1);
        buf_drop(from, run.n);
    }
    return err;
}

static int authenticate_next(struct crew *c)
{
    struct crews *all = c->all;
    struct client *client = &c->clients[c->n_ready];
    struct cat_auth_rules rules = {
        .relays = &all->options->relay,
        .n_relays = 1,
        .user = span_str(client->user),
        .password = span_str(all->options->password),
        .own = span_str(client->own),
        .expires_s = all->options->expires_s,
    };
    int err;

    cat_auth_init(&c->auth, &rules, &all->scratch, all->rnd);
    c->authenticating = true;
    err = cat_auth_start(&c->auth);
    return err ? err : drain_scratch(c);
}

static int on_authenticated(struct crew *c)
{
    struct client *client = &c->clients[c->n_ready];

    client->use_path = strdup(c->auth.use_path);
    client->sdp =
        path_for_sdp(span_str(c->auth.use_path), span_str(client->own));
    cat_auth_fini(&c->auth);
    c->authenticating = false;
    if (!client->use_path || !client->sdp)
        return ERR_NOMEM;
    c->n_ready++;
    if (!crew_is_ready(c))
        return authenticate_next(c);
    c->all->ops->ready(c->all->ctx, c);
    return 0;
}

static int on_auth_response(struct crew *c, const struct msg *head)
{
    int err = cat_auth_on_response(&c->auth, head);

    if (!err)
        err = drain_scratch(c);
    return err || !c->auth.done ? err : on_authenticated(c);
}

/* --- what the connection says --------------------------------------------- */

static void on_open(struct channel *channel)
{
    int err = authenticate_next(crew_of(channel));

    if (err)
        channel_fail(channel, err);
}

static int on_send(struct crew *c, const struct msg *head)
{
    struct traffic *t = c->all->traffic;
    struct label id;

    c->incoming = flow_find(&id, t, &c->outlet, head);
    if (c->incoming)
        return sink_on_head(c->incoming, &id, head);
    t->tally.stray++;
    return 0;
}

static int on_head(struct crew *c, const struct msg *head)
{
    c->incoming = NULL;
    switch (head->method) {
    case MSG_RESPONSE:
        if (c->authenticating)
            return on_auth_response(c, head);
        flow_on_response(c->all->traffic, &c->outlet, head);
        return 0;
    case MSG_REPORT:
        flow_on_report(c->all->traffic, &c->outlet, head);
        return 0;
    case MSG_SEND:
        return on_send(c, head);
    case MSG_AUTH:
    case MSG_OTHER:
        c->all->traffic->tally.stray++;
        return 0;
    }
    return 0;
}

static int on_end(struct crew *c, char flag)
{
    int err;

    if (!c->incoming)
        return 0;
    err = sink_on_end(c->incoming, flag);
    if (c->stalls && flag == '$')
        channel_stop_reading(&c->outlet.channel);
    return err;
}

static int on_event(struct channel *channel, const struct parse_event *ev)
{
    struct crew *c = crew_of(channel);

    switch (ev->type) {
    case PARSE_HEAD:
        return on_head(c, ev->head);
    case PARSE_BODY:
        if (c->incoming)
            sink_on_body(c->incoming, ev->body);
        return 0;
    case PARSE_END:
        return on_end(c, ev->flag);
    }
    return 0;
}

static int on_fill(struct channel *channel)
{
    return outlet_fill(&crew_of(channel)->outlet);
}

static void on_closed(struct channel *channel, int err)
{
    struct crew *c = crew_of(channel);

    if (err == ERR_DENIED)
        be_lost(c, c->auth.why);
    else if (err == ERR_IO && errno)
        be_lost(c, strerror(errno));
    else
        be_lost(c, err_text(err));
}

static const struct channel_ops channel_ops = {
    .open = on_open,
    .event = on_event,
    .fill = on_fill,
    .closed = on_closed,
};

int crew_start(struct crew *c, const struct sockaddr *to, socklen_t to_n,
               SSL_CTX *ctx, const char *name)
{
    return channel_open(&c->outlet.channel, c->all->channels, &channel_ops, to,
                        to_n, ctx, name);
}
