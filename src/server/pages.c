/* pages - what is answered over HTTP: figures, and how the relay is. */

#include "err.h"
#include "expo.h"
#include "listener.h"
#include "metrics.h"
#include "process.h"
#include "resolve.h"
#include "server_private.h"
#include "web.h"

enum { LIFE_MS = 10000 };

/* --- the pages --- */

static void pages_gather(struct metrics *m, const struct server *s)
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
    net_stats(s->net, &m->net);
    dial_stats(s->dialler.dial, &m->dial);
    resolve_stats(s->dialler.resolve, &m->dns);
    loop_stats(s->loop, &m->loop);
    process_read(&m->process);
}

void pages_metrics(struct server *s, struct text *body)
{
    struct metrics m;

    pages_gather(&m, s);
    metrics_write(body, &m);
}

static unsigned fill_metrics(void *ctx, struct text *body)
{
    pages_metrics(ctx, body);
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

static const struct web_page pages[] = {
    {"/metrics", EXPO_CONTENT_TYPE, fill_metrics},
    {"/healthz", "text/plain", fill_healthz},
    {"/readyz", "text/plain", fill_readyz},
};

/* --- where they are --- */

static struct addr pages_address(const struct config *config)
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

void pages_keep(struct setup *setup, const struct server *s)
{
    if (s->now.web && is_same_place(setup->config, s->now.config))
        setup->web = s->now.web;
}

static int listen_for_pages(struct setup *setup, struct server *s)
{
    const struct web_setup web = {.pages = pages,
                                  .n_pages = sizeof pages / sizeof *pages,
                                  .ctx = s,
                                  .life_ms = LIFE_MS};
    struct addr at = pages_address(setup->config);
    int fd;
    int err = takeover_listen(&fd, setup, s, &at, &(struct sock_opts){0});

    return err ? err : web_new(&setup->web, s->loop, fd, &web);
}

int pages_open(struct setup *setup, struct server *s, struct config_report *r)
{
    const struct config *config = setup->config;
    int err;

    if (!*config->metrics.address || setup->web)
        return 0;
    err = listen_for_pages(setup, s);
    if (err)
        config_report(
            r, config_place(config, "metrics.address"),
            "cannot listen at %s port %llu: %s", config->metrics.address,
            (unsigned long long)config->metrics.port, err_reason(err));
    return err;
}

void pages_abandon(struct setup *setup, struct server *s)
{
    if (setup->web != s->now.web)
        web_free(setup->web);
    setup->web = NULL;
}

void pages_commit(struct server *s, const struct setup *old)
{
    if (old->web == s->now.web)
        return;
    web_free(old->web);
    if (!s->now.web) {
        log_info(s->log, "listening no more transport=http");
        return;
    }
    listener_reserve(web_listener(s->now.web));
    listeners_log(s, "listening", "http", web_listener(s->now.web));
}

void pages_give(struct server *s, uid_t uid, gid_t gid)
{
    if (s->now.web)
        (void)listener_set_owner(web_listener(s->now.web), uid, gid);
}

void pages_close(struct server *s)
{
    web_free(s->now.web);
    s->now.web = NULL;
}
