/* SPDX-License-Identifier: BSD-2-Clause */
/* http_endpoints - what is answered over HTTP: figures, and how the relay is.
 */

#include "err.h"
#include "prometheus.h"
#include "listener.h"
#include "metrics.h"
#include "process.h"
#include "resolve.h"
#include "server_private.h"
#include "status_page.h"
#include "http_server.h"

enum { LIFE_MS = 10000 };

/* --- the pages --- */

void http_endpoints_gather(struct metrics *m, const struct server *s)
{
    *m = (struct metrics){
        .version = MSRP_VERSION,
        .is_ready = server_is_ready(s),
        .is_draining = s->state != SERVER_RUNNING,
        .connections_max = s->now.config->limits.connections,
        .users = users_count(s->now.users),
        .log_lost = log_lost(s->log),
        .accounting_lost = log_lost(s->accounting),
        .server = s->stats,
        .hops = s->hops.stats,
    };
    if (s->now.tls)
        m->certificate_ends_s = (double)tls_ctx_expires(s->now.tls);
    relay_stats(s->relay, &m->relay);
    anchor_stats(s->anchor, &m->anchor);
    anchored_stats(s->relay, &m->anchored);
    ng_stats(s->ng, &m->ng);
    net_stats(s->net, &m->net);
    dial_stats(s->dialler.dial, &m->dial);
    resolve_stats(s->dialler.resolve, &m->dns);
    loop_stats(s->loop, &m->loop);
    lookup_stats(s->lookup, &m->lookup);
    process_read(&m->process);
}

void http_endpoints_metrics(struct server *s, struct text *body)
{
    struct metrics m;

    http_endpoints_gather(&m, s);
    metrics_write(body, &m);
}

static unsigned fill_metrics(void *ctx, struct text *body)
{
    http_endpoints_metrics(ctx, body);
    return 200;
}

/* An answer of any kind shows that the loop turns. */
static unsigned fill_healthz(void *ctx, struct text *body)
{
    (void)ctx;
    text_put(body, SPAN("alive\n"));
    return 200;
}

static unsigned fill_readyz(void *ctx, struct text *body)
{
    bool ready = server_is_ready(ctx);

    text_put(body, ready ? SPAN("ready\n") : SPAN("draining\n"));
    return ready ? 200 : 503;
}

static unsigned fill_status(void *ctx, struct text *body)
{
    status_json(ctx, body);
    return 200;
}

static unsigned fill_page(void *ctx, struct text *body)
{
    status_html(ctx, body);
    return 200;
}

static unsigned fill_icon(void *ctx, struct text *body)
{
    (void)ctx;
    text_put(body, status_page_icon());
    return 200;
}

static const struct http_server_page pages[] = {
    {"/", "text/html; charset=utf-8", fill_page, status_page_headers},
    {"/icon.svg", "image/svg+xml", fill_icon, status_page_headers},
    {"/status.json", "application/json", fill_status, status_page_headers},
    {"/metrics", PROMETHEUS_CONTENT_TYPE, fill_metrics, NULL},
    {"/healthz", "text/plain", fill_healthz, NULL},
    {"/readyz", "text/plain", fill_readyz, NULL},
};

/* --- where they are --- */

static struct addr http_endpoints_address(const struct config *config)
{
    struct addr at = {0};

    /* It was checked when the file was read. */
    (void)addr_parse(&at, span_str(config->metrics.address),
                     (uint16_t)config->metrics.port);
    return at;
}

static bool is_same_place(const struct config *a, const struct config *b)
{
    return a->metrics.port == b->metrics.port &&
           strcmp(a->metrics.address, b->metrics.address) == 0;
}

void http_endpoints_keep(struct setup *setup, const struct server *s)
{
    if (s->now.http_server && is_same_place(setup->config, s->now.config))
        setup->http_server = s->now.http_server;
}

static int http_endpoints_listen(struct setup *setup, struct server *s)
{
    const struct http_server_setup http = {.pages = pages,
                                           .n_pages =
                                               sizeof pages / sizeof *pages,
                                           .ctx = s,
                                           .life_ms = LIFE_MS};
    struct addr at = http_endpoints_address(setup->config);
    int fd;
    int err = takeover_listen(&fd, setup, s, &at, &(struct sock_opts){0});

    return err ? err : http_server_new(&setup->http_server, s->loop, fd, &http);
}

int http_endpoints_open(struct setup *setup, struct server *s,
                        struct config_report *r)
{
    const struct config *config = setup->config;
    struct addr at;
    int err, refused;

    if (!*config->metrics.address || setup->http_server)
        return 0;
    err = http_endpoints_listen(setup, s);
    if (!err)
        return 0;
    at = http_endpoints_address(config);
    refused = listeners_refused(s, "metrics", &at, err);
    config_report(r, config_place(config, "metrics.address"),
                  "cannot listen at %s port %llu: %s", config->metrics.address,
                  (unsigned long long)config->metrics.port, err_reason(err));
    return refused;
}

void http_endpoints_abandon(struct setup *setup, struct server *s)
{
    if (setup->http_server != s->now.http_server)
        http_server_free(setup->http_server);
    setup->http_server = NULL;
}

void http_endpoints_commit(struct server *s, const struct setup *old)
{
    if (old->http_server == s->now.http_server)
        return;
    http_server_free(old->http_server);
    if (!s->now.http_server) {
        log_info(s->log, "stopped listening transport=http");
        return;
    }
    listener_reserve(http_server_listener(s->now.http_server));
    listeners_log(s, "listening", "http",
                  http_server_listener(s->now.http_server));
}

void http_endpoints_chown(struct server *s, uid_t uid, gid_t gid)
{
    if (s->now.http_server)
        (void)listener_set_owner(http_server_listener(s->now.http_server), uid,
                                 gid);
}

void http_endpoints_close(struct server *s)
{
    http_server_free(s->now.http_server);
    s->now.http_server = NULL;
}
