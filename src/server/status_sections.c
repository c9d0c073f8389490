/* SPDX-License-Identifier: BSD-2-Clause */
/* status_sections - what /status.json and the status page show, section by
 * section.
 *
 * A new section is a function here and its line in `status_sections`, at the
 * end; both the JSON and the page have it then, and the page's script refreshes
 * it. No names of users, no tokens, and no addresses of peers: whoever can read
 * the metrics can read this. */
#include <math.h>

#include "clock.h"
#include "listener.h"
#include "status_private.h"

enum { LINKS_MAX = 50 }; /* relay links that are listed */

/* --- figures --- */

static void section_rates(struct status_out *o, const struct status *s)
{
    static const struct {
        enum history_series series;
        struct status_field field;
    } all[] = {
        {HISTORY_MESSAGES, {"messages", "Messages", AS_RATE}},
        {HISTORY_OCTETS_IN, {"octets_in", "Received", AS_OCTET_RATE}},
        {HISTORY_OCTETS_OUT, {"octets_out", "Sent", AS_OCTET_RATE}},
        {HISTORY_REPORTS, {"reports", "REPORTs", AS_RATE}},
        {HISTORY_LOSSES, {"losses", "Losses", AS_RATE}},
        {HISTORY_LOGINS, {"logins", "Logins", AS_RATE}},
        {HISTORY_REFUSALS, {"refusals", "Refused requests", AS_RATE}},
        {HISTORY_CPU, {"cpu", "Processor", AS_PERCENT}},
    };

    status_section_begin(o, "rates", "Rates per second");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        status_real(o, &all[i].field,
                    history_now(&s->server->history, all[i].series));
    status_section_end(o);
}

static void put_transports(struct status_out *o, const struct net_stats *net)
{
    status_group_begin(o, "by_transport", "By transport");
    for (size_t i = 0; i < NET_TRANSPORTS; i++) {
        const char *name = net_transport_text((enum net_transport)i);
        uint64_t n = 0;

        for (size_t k = 0; k < CONN_STATES; k++)
            n += net->now[i][k];
        status_u64(o, &(struct status_field){name, name, AS_COUNT}, n);
    }
    status_group_end(o);
}

static void put_states(struct status_out *o, const struct net_stats *net)
{
    status_group_begin(o, "by_state", "By state");
    for (size_t k = 0; k < CONN_STATES; k++) {
        const char *name = conn_state_text((enum conn_state)k);
        uint64_t n = 0;

        for (size_t i = 0; i < NET_TRANSPORTS; i++)
            n += net->now[i][k];
        status_u64(o, &(struct status_field){name, name, AS_COUNT}, n);
    }
    status_group_end(o);
}

static void section_connections(struct status_out *o, const struct status *s)
{
    static const struct status_field now = {"now", "Now", AS_COUNT};
    static const struct status_field paused = {
        "backpressure", "Paused: a receiver is slow", AS_COUNT};
    static const struct status_field longest = {"backpressure_longest_ms",
                                                "Longest pause, ms", AS_COUNT};
    static const struct status_field queued = {"queued_octets",
                                               "Queued for sending", AS_OCTETS};
    static const struct status_field refused = {
        "refused", "Refused since the start", AS_COUNT};
    const struct server_stats *stats = &s->now.server;

    status_section_begin(o, "connections", "Connections");
    status_u64(o, &now, s->server->hops.count);
    status_u64(o, &paused, s->now.relay.links_waiting_now);
    status_u64(o, &longest, s->now.relay.longest_wait_ms);
    status_u64(o, &queued, s->now.net.octets_queued);
    status_u64(o, &refused,
               stats->refused_full + stats->refused_address +
                   stats->refused_memory + stats->refused_nomem);
    put_transports(o, &s->now.net);
    put_states(o, &s->now.net);
    status_section_end(o);
}

static void section_sessions(struct status_out *o, const struct status *s)
{
    static const struct status_field now = {"now", "Now", AS_COUNT};
    static const struct status_field transactions = {
        "transactions", "Requests without an answer", AS_COUNT};
    static const struct status_field owed = {
        "reports_owed", "REPORTs that wait for room", AS_COUNT};
    static const struct status_field granted = {
        "granted", "Granted since the start", AS_COUNT};

    status_section_begin(o, "sessions", "Sessions");
    status_u64(o, &now, s->now.relay.sessions_now);
    status_u64(o, &transactions, s->now.relay.transactions_now);
    status_u64(o, &owed, s->now.relay.reports_owed_now);
    status_u64(o, &granted, s->now.relay.sessions_ever);
    status_group_begin(o, "ended", "Ended since the start");
    for (size_t i = 0; i < SESSION_WHYS; i++) {
        const char *name = session_why_name((enum session_why)i);

        status_u64(o, &(struct status_field){name, name, AS_COUNT},
                   s->now.relay.sessions_ended[i]);
    }
    status_group_end(o);
    status_section_end(o);
}

/* --- limits --- */

static const struct status_field limit_columns[] = {
    {"name", "Limit", AS_TEXT},   {"used", "Used", AS_AMOUNT},
    {"limit", "Of", AS_AMOUNT},   {"share", "Share", AS_SHARE},
    {"reached", "Met", AS_COUNT},
};

/* One that is known to be near or not. */
static void put_limit(struct status_out *o, const char *name, uint64_t used,
                      uint64_t limit, uint64_t reached)
{
    status_row_begin(o);
    status_text(o, NULL, span_str(name));
    status_u64(o, NULL, used);
    status_u64(o, NULL, limit);
    status_real(o, NULL, limit ? 100 * (double)used / (double)limit : 0);
    status_u64(o, NULL, reached);
    status_row_end(o);
}

/* One that each connection or user has for itself: shown once it was met. */
static void put_reached(struct status_out *o, const char *name, uint64_t limit,
                        uint64_t reached)
{
    if (!reached)
        return;
    status_row_begin(o);
    status_text(o, NULL, span_str(name));
    status_none(o);
    if (limit)
        status_u64(o, NULL, limit);
    else
        status_none(o);
    status_none(o);
    status_u64(o, NULL, reached);
    status_row_end(o);
}

static void section_limits(struct status_out *o, const struct status *s)
{
    const struct config *c = s->server->now.config;
    const struct relay_stats *r = &s->now.relay;
    const struct server_stats *stats = &s->now.server;

    status_table_begin(o, "limits", "Limits", limit_columns,
                       sizeof limit_columns / sizeof *limit_columns);
    put_limit(o, "limits.connections", s->server->hops.count,
              c->limits.connections,
              stats->refused_full + s->now.hops.made_room);
    put_limit(o, "descriptors", s->now.process.open_fds, s->now.process.max_fds,
              stats->accept_pauses);
    put_limit(o, "limits.memory", s->now.process.resident_octets,
              stats->memory_limit, stats->refused_memory);
    put_reached(o, "limits.connections_per_address",
                c->limits.connections_per_address, stats->refused_address);
    put_reached(o, "limits.sessions_per_connection",
                c->limits.sessions_per_connection, r->too_many_sessions);
    put_reached(o, "limits.sessions_per_user", c->limits.sessions_per_user,
                r->too_many_of_user);
    put_reached(o, "limits.sessions_per_relay", c->limits.sessions_per_relay,
                r->too_many_of_relay);
    put_reached(o, "limits.transactions_per_connection",
                c->limits.transactions_per_connection,
                r->too_many_transactions);
    put_reached(o, "limits.requests_per_connection",
                c->limits.requests_per_connection, r->too_many_requests);
    put_reached(o, "limits.message_size", c->limits.message_size, r->too_large);
    put_reached(o, "limits.rate", c->limits.rate, s->now.net.rate_pauses);
    put_reached(o, "auth.max_failures", c->auth.max_failures,
                r->too_many_wrong + r->too_many_of_user_wrong);
    status_table_end(o);
}

/* --- what there is --- */

static void section_listeners(struct status_out *o, const struct status *s)
{
    static const struct status_field columns[] = {
        {"transport", "Transport", AS_TEXT},
        {"address", "Address", AS_TEXT},
        {"port", "Port", AS_NUMBER},
    };
    struct list *m, *next;

    status_table_begin(o, "listeners", "Listeners", columns,
                       sizeof columns / sizeof *columns);
    LIST_EACH(m, next, &s->server->listeners)
    {
        const struct msrp_listener *ml =
            CONTAINER(m, struct msrp_listener, of_server);
        const struct addr *at = listener_addr(ml->listener);
        char text[ADDR_TEXT_MAX];

        status_row_begin(o);
        status_text(o, NULL,
                    span_str(net_transport_text(ml->origin.transport)));
        status_text(o, NULL, span_str(addr_host_text(text, at)));
        status_u64(o, NULL, addr_port(at));
        status_row_end(o);
    }
    status_table_end(o);
}

struct certificate_names {
    char text[256];
    size_t n;
};

static void add_name(void *ctx, struct span name)
{
    struct certificate_names *all = ctx;
    size_t left = sizeof all->text - all->n;

    all->n +=
        span_copy(all->text + all->n, left, all->n ? SPAN(", ") : SPAN(""));
    left = sizeof all->text - all->n;
    all->n += span_copy(all->text + all->n, left, name);
}

static void put_certificate(struct status_out *o, const struct tls_ctx *tls,
                            size_t i)
{
    struct certificate_names names = {.n = 0};
    int64_t ends_s = tls_ctx_certificate(tls, i, add_name, &names);
    double days = ((double)ends_s - (double)clock_unix_ms() / 1000) / 86400;

    status_row_begin(o);
    status_text(o, NULL, span_of(names.text, names.n));
    status_u64(o, NULL, ends_s > 0 ? (uint64_t)ends_s : 0);
    status_real(o, NULL, floor(days));
    status_row_end(o);
}

static void section_certificates(struct status_out *o, const struct status *s)
{
    static const struct status_field columns[] = {
        {"names", "Names", AS_TEXT},
        {"ends_at", "Ends", AS_DAY},
        {"days_left", "Left", AS_DAYS_LEFT},
    };
    const struct tls_ctx *tls = s->server->now.tls;

    status_table_begin(o, "certificates", "Certificates", columns,
                       sizeof columns / sizeof *columns);
    for (size_t i = 0; tls && i < tls_ctx_certificates(tls); i++)
        put_certificate(o, tls, i);
    status_table_end(o);
}

static void put_link(void *ctx, const struct relay_link_view *v)
{
    struct status_out *o = ctx;

    status_row_begin(o);
    if (v->host)
        status_text(o, NULL, span_str(v->host));
    else
        status_none(o);
    status_u64(o, NULL, v->port);
    status_text(o, NULL, v->secure ? SPAN("msrps") : SPAN("msrp"));
    status_text(o, NULL,
                v->is_connecting ? SPAN("connecting")
                : v->is_dialled  ? SPAN("dialled")
                                 : SPAN("accepted"));
    status_u64(o, NULL, v->transactions);
    status_u64(o, NULL, v->queued);
    status_row_end(o);
}

static void section_relay_links(struct status_out *o, const struct status *s)
{
    static const struct status_field columns[] = {
        {"host", "Host", AS_TEXT},
        {"port", "Port", AS_NUMBER},
        {"scheme", "Scheme", AS_TEXT},
        {"state", "State", AS_TEXT},
        {"transactions", "Unanswered", AS_COUNT},
        {"queued_octets", "Queued", AS_OCTETS},
    };

    status_table_begin(o, "relay_links", "Links to other relays", columns,
                       sizeof columns / sizeof *columns);
    (void)relay_list_links(s->server->relay, LINKS_MAX, put_link, o);
    status_table_end(o);
}

static void section_warnings(struct status_out *o, const struct status *s)
{
    static const struct status_field columns[] = {
        {"file", "File", AS_TEXT},
        {"line", "Line", AS_NUMBER},
        {"text", "Warning", AS_TEXT},
    };
    const struct config_warnings *w = s->server->now.warnings;

    status_table_begin(o, "warnings", "Warnings about the configuration",
                       columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; w && i < w->n; i++) {
        status_row_begin(o);
        status_text(o, NULL, span_str(w->items[i].file));
        status_u64(o, NULL, w->items[i].line);
        status_text(o, NULL, span_str(w->items[i].what));
        status_row_end(o);
    }
    status_table_end(o);
}

const status_section_fn status_sections[] = {
    section_warnings,  section_limits,      section_certificates,
    section_rates,     section_sessions,    section_connections,
    section_listeners, section_relay_links,
};

const size_t status_sections_n =
    sizeof status_sections / sizeof *status_sections;
