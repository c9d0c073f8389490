/* SPDX-License-Identifier: BSD-2-Clause */
/* status - /status.json and the status page, and the samples of the last 15
 * minutes for both. */
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "err.h"
#include "status_graph.h"
#include "status_page.h"
#include "status_private.h"

/* Of a JSON text: 15 minutes are some 15 KiB, warnings 20 at most. */
enum { JSON_MAX = 131072 };

/* --- samples --- */

/* Processor time in percent of a second. */
static uint64_t cpu_percent_s(void)
{
    struct timespec used = {0};

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 100 + (uint64_t)used.tv_nsec / 10000000;
}

/* Responses that say no. A challenge does not: every login begins with one. */
static uint64_t refusals(const struct relay_stats *r)
{
    uint64_t n = 0;

    for (size_t i = 0; i < CODES; i++)
        if (i != CODE_AT_200 && i != CODE_AT_401)
            n += r->responses_made[i];
    return n + r->auths[RELAY_AUTH_WRONG];
}

static void status_on_sample(void *ctx)
{
    struct server *s = ctx;
    struct relay_stats r;
    struct net_stats net;

    relay_stats(s->relay, &r);
    net_stats(s->net, &net);
    history_add(
        &s->history,
        &(struct history_sample){
            .at_ms = loop_now_ms(s->loop),
            .value = {
                [HISTORY_MESSAGES] = r.messages_forwarded,
                [HISTORY_OCTETS_IN] = net.octets_in,
                [HISTORY_OCTETS_OUT] = net.octets_out,
                [HISTORY_REPORTS] = r.reports_forwarded + r.reports_made,
                [HISTORY_LOSSES] = r.reports_made + r.reports_dropped,
                [HISTORY_LOGINS] = r.auths[RELAY_AUTH_OK],
                [HISTORY_REFUSALS] = refusals(&r),
                [HISTORY_CPU] = cpu_percent_s(),
                [HISTORY_CONNECTIONS] = s->hops.count,
                [HISTORY_SESSIONS] = r.sessions_now,
            }});
    alarm_set(s->sampler, HISTORY_STEP_MS);
}

int status_start(struct server *s)
{
    int err = alarm_new(&s->sampler, s->loop, status_on_sample, s);

    if (err)
        return err;
    s->started_ms = loop_now_ms(s->loop);
    status_on_sample(s);
    return 0;
}

void status_stop(struct server *s)
{
    alarm_free(s->sampler);
    s->sampler = NULL;
}

/* --- the figures --- */

static void status_gather(struct status *out, struct server *s)
{
    out->server = s;
    http_endpoints_gather(&out->now, s);
}

static const struct status_field uptime = {"uptime_s", "Up", AS_SECONDS};

static uint64_t uptime_s(const struct server *s)
{
    return (loop_now_ms(s->loop) - s->started_ms) / 1000;
}

static void put_sections(struct status_out *o, const struct status *s)
{
    for (size_t i = 0; i < status_sections_n; i++)
        status_sections[i](o, s);
}

/* --- JSON --- */

static void put_history(struct json *j, const struct history *h)
{
    json_object_begin(j, "history");
    json_u64(j, "step_s", HISTORY_STEP_MS / 1000);
    for (size_t k = 0; k < HISTORY_SERIES; k++) {
        enum history_series series = (enum history_series)k;

        json_array_begin(j, history_name(series));
        for (size_t i = 0; i < h->n; i++)
            json_double(j, NULL, history_at(h, series, i));
        json_array_end(j);
    }
    json_object_end(j);
}

static void put_all(struct json *j, struct server *s)
{
    char when[CLOCK_TEXT_MAX];
    struct status_out o;
    struct status all;

    status_gather(&all, s);
    status_out_json(&o, j);
    json_object_begin(j, NULL);
    json_str(j, "name", span_str(s->now.config->relay.name));
    json_str(j, "version", span_str(MSRP_VERSION));
    json_str(j, "time", span_of(when, clock_text(when, clock_unix_ms())));
    status_u64(&o, &uptime, uptime_s(s));
    json_str(j, "state", span_str(server_state_text(s->state)));
    put_sections(&o, &all);
    put_history(j, &s->history);
    json_object_end(j);
}

void status_json(struct server *s, struct text *body)
{
    char *room = malloc(JSON_MAX);
    struct json j;

    if (!room) {
        body->err = ERR_NOMEM;
        return;
    }
    json_init(&j, room, JSON_MAX);
    put_all(&j, s);
    text_put(body, json_text(&j));
    text_put(body, SPAN("\n"));
    if (j.full)
        body->err = ERR_FULL;
    free(room);
}

/* --- the page --- */

struct filling {
    struct server *server;
    struct status all;
};

/* With what there is now, as the sections say it. */
static void put_graphs(struct text *t, const struct status *s)
{
    double now[HISTORY_SERIES];

    for (size_t i = 0; i < HISTORY_SERIES; i++)
        now[i] = history_now(&s->server->history, (enum history_series)i);
    now[HISTORY_CONNECTIONS] = (double)s->server->hops.count;
    now[HISTORY_SESSIONS] = (double)s->now.relay.sessions_now;
    status_graphs(t, &s->server->history, now);
}

static void fill_part(void *ctx, struct span name, struct text *t)
{
    struct filling *f = ctx;
    const struct server *s = f->server;
    char when[CLOCK_TEXT_MAX];
    struct status_out o;

    status_out_html(&o, t);
    if (span_eq(name, SPAN("name")))
        status_escape(t, span_str(s->now.config->relay.name));
    else if (span_eq(name, SPAN("state")))
        text_put(t, span_str(server_state_text(s->state)));
    else if (span_eq(name, SPAN("version")))
        text_put(t, SPAN(MSRP_VERSION));
    else if (span_eq(name, SPAN("uptime")))
        status_u64(&o, &uptime, uptime_s(s));
    else if (span_eq(name, SPAN("time"))) {
        (void)clock_text(when, clock_unix_ms());
        text_printf(t, "%.8s UTC", when + sizeof "2026-11-22T" - 1);
    } else if (span_eq(name, SPAN("graphs")))
        put_graphs(t, &f->all);
    else if (span_eq(name, SPAN("sections")))
        put_sections(&o, &f->all);
}

void status_html(struct server *s, struct text *body)
{
    struct filling f = {.server = s};

    status_gather(&f.all, s);
    status_page_write(body, fill_part, &f);
}
