/* SPDX-License-Identifier: BSD-2-Clause */
#include "load.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cat_dial.h"
#include "channel.h"
#include "client_group.h"
#include "err.h"
#include "loop.h"
#include "path.h"
#include "schedule.h"

enum {
    CONNECTING_MAX = 64, /* connections that are not ready yet */
    LOOK_MS = 100,
    FAULT_QUIET_MS = 1000 /* after a fault, this long without news ends it */
};

enum phase {
    CONNECTING, /* no traffic; the alarm is for the next to get ready */
    WARMING,    /* traffic; the alarm is for measuring */
    MEASURING,  /* the alarm ends it, or without a duration looks around */
    DRAINING,   /* nothing new begins; the alarm is for looking around */
    OVER
};

struct load {
    const struct load_options *options;
    struct traffic *traffic;
    struct load_result *result;
    enum phase phase;
    struct loop *loop;
    struct alarm *alarm;
    struct schedule schedule;
    struct channels channels;
    struct client_groups all;
    struct rnd rnd;
    struct cat_dial_to name;              /* whom the certificate must be for */
    struct addr senders_to, receivers_to; /* where they connect */
    struct client_group *groups; /* those of the senders, then the receivers' */
    size_t per_side;             /* connections of the senders */
    size_t n_groups, n_started, n_ready, n_lost;
    uint64_t quiet_ms; /* for how long nothing has moved */
    uint64_t moved;    /* octets, when that was last looked at */
};

static uint64_t ns_of(uint64_t ms)
{
    return ms * 1000000;
}

static int no_load(struct load *l, const char *what, const char *why)
{
    snprintf(l->result->why, sizeof l->result->why, "%s: %s", what, why);
    l->phase = OVER;
    return ERR_DENIED;
}

/* --- connecting ----------------------------------------------------------- */

static void start_more(struct load *l)
{
    while (l->n_started < l->n_groups &&
           l->n_started - l->n_ready < CONNECTING_MAX) {
        size_t i = l->n_started++;
        int err = client_group_start(
            &l->groups[i], i < l->per_side ? &l->senders_to : &l->receivers_to);

        if (!err)
            continue;
        no_load(l, l->name.host, err_reason(err));
        return;
    }
}

static void begin_traffic(struct load *l);

static void on_group_ready(void *ctx, struct client_group *g)
{
    struct load *l = ctx;

    (void)g;
    l->n_ready++;
    alarm_set(l->alarm, l->options->timeout_ms);
    if (l->n_ready == l->n_groups)
        begin_traffic(l);
    else
        start_more(l);
}

static void on_group_lost(void *ctx, struct client_group *g, const char *why)
{
    struct load *l = ctx;
    struct traffic *t = l->traffic;

    if (l->phase == CONNECTING) {
        no_load(l, l->name.host, why);
        return;
    }
    l->n_lost++;
    if (!g->stalls)
        t->counters.connections_lost++;
    for (uint64_t i = 0; i < t->n_flows; i++)
        if (t->flows[i].from == &g->conn || t->flows[i].to == &g->conn)
            flow_die(&t->flows[i]);
}

static const struct client_group_ops client_group_ops = {
    .ready = on_group_ready,
    .lost = on_group_lost,
};

/* --- traffic -------------------------------------------------------------- */

static struct client *client_at(struct load *l, struct client_group **group,
                                bool sender, size_t pair)
{
    size_t each = l->options->sessions_per_connection;

    *group = &l->groups[(sender ? 0 : l->per_side) + pair / each];
    return &(*group)->clients[pair % each];
}

/* From the sender of a pair to its receiver, or the other way. */
static int make_flow(struct load *l, size_t pair, bool forth)
{
    struct traffic *t = l->traffic;
    struct client_group *from_group, *to_group;
    struct client *from = client_at(l, &from_group, forth, pair);
    struct client *to = client_at(l, &to_group, !forth, pair);
    char *path = path_join(span_str(from->use_path), span_str(to->sdp));
    struct flow_paths paths = {.from = span_str(from->own),
                               .receiver = to->own};
    struct flow *f = &t->flows[t->n_flows];
    int err;

    if (!path)
        return ERR_NOMEM;
    paths.to = span_str(path);
    err = flow_init(f, t, t->n_flows++, &from_group->conn, &to_group->conn,
                    &paths);
    free(path);
    if (to_group->stalls)
        flow_will_stall(f);
    return err;
}

static int make_flows(struct load *l)
{
    struct traffic *t = l->traffic;
    size_t pairs = l->options->pairs;
    int err = 0;

    if (l->options->idle)
        return 0;
    t->flows = calloc(pairs * 2, sizeof *t->flows);
    if (!t->flows)
        return ERR_NOMEM;
    for (size_t i = 0; !err && i < pairs; i++)
        err = make_flow(l, i, true);
    for (size_t i = 0; !err && l->options->duplex && i < pairs; i++)
        err = make_flow(l, i, false);
    return err;
}

static void measure(struct load *l)
{
    l->phase = MEASURING;
    counters_mark(&l->result->from, &l->traffic->counters,
                  traffic_now_ns(l->traffic));
    alarm_set(l->alarm,
              l->options->duration_ms ? l->options->duration_ms : LOOK_MS);
}

static void begin_traffic(struct load *l)
{
    struct traffic *t = l->traffic;
    int err = make_flows(l);

    if (err) {
        no_load(l, "traffic", err_text(err));
        return;
    }
    if (!l->options->quiet)
        fprintf(stderr, "msrpload: %zu connections with %zu sessions are up\n",
                l->result->connections, l->result->sessions);
    l->result->began = true;
    t->epoch_ns = traffic_now_ns(t);
    t->from_ns = ns_of(l->options->warm_up_ms);
    t->to_ns = l->options->duration_ms
                   ? t->from_ns + ns_of(l->options->duration_ms)
                   : UINT64_MAX;
    t->sending = true;
    l->phase = WARMING;
    if (l->options->warm_up_ms)
        alarm_set(l->alarm, l->options->warm_up_ms);
    else
        measure(l);
    if (l->options->rate && t->n_flows &&
        schedule_start(&l->schedule, l->loop, t))
        no_load(l, "timer", strerror(errno));
    for (uint64_t i = 0; i < t->n_flows; i++)
        flow_poke(&t->flows[i]);
}

/* --- the end -------------------------------------------------------------- */

static void mark_end(struct load *l)
{
    struct traffic *t = l->traffic;
    uint64_t now_ns = traffic_now_ns(t);

    if (l->phase == WARMING)
        counters_mark(&l->result->from, &t->counters, now_ns);
    counters_mark(&l->result->to, &t->counters, now_ns);
    if (now_ns < t->to_ns)
        t->to_ns = now_ns;
}

/* What is on the way may still arrive. */
static void drain(struct load *l)
{
    mark_end(l);
    l->traffic->sending = false;
    l->phase = DRAINING;
    l->quiet_ms = 0;
    alarm_set(l->alarm, LOOK_MS);
}

static void finish(struct load *l)
{
    if (l->phase != DRAINING)
        mark_end(l);
    l->phase = OVER;
}

static bool is_all_begun(const struct load *l)
{
    return l->phase == DRAINING ||
           (l->options->count && l->traffic->unsent == 0);
}

static bool has_faults(const struct load *l)
{
    const struct counters *t = &l->traffic->counters;

    return t->connections_lost || counters_refusals(t->live.responses) ||
           counters_refusals(t->live.reports);
}

/* Gives up waiting for what does not come. */
static void look_around(struct load *l)
{
    const struct traffic *t = l->traffic;
    const struct flow_counters *c = &t->counters.live;
    uint64_t moved = c->octets_sent + c->octets_received;
    bool is_quiet = t->awaited > 0 && moved == l->moved;

    l->quiet_ms = is_quiet ? l->quiet_ms + LOOK_MS : 0;
    l->moved = moved;
    if (l->quiet_ms >= l->options->timeout_ms ||
        (l->quiet_ms >= FAULT_QUIET_MS && is_all_begun(l) && has_faults(l)))
        finish(l);
    else
        alarm_set(l->alarm, LOOK_MS);
}

static void on_alarm(void *ctx)
{
    struct load *l = ctx;

    switch (l->phase) {
    case CONNECTING:
        no_load(l, l->name.host, err_text(ERR_TIMEOUT));
        break;
    case WARMING:
        measure(l);
        break;
    case MEASURING:
        if (l->options->duration_ms)
            drain(l);
        else
            look_around(l);
        break;
    case DRAINING:
        look_around(l);
        break;
    case OVER:
        break;
    }
}

static void on_signal(void *ctx, int signo)
{
    struct load *l = ctx;

    (void)signo;
    if (l->phase == CONNECTING)
        no_load(l, "interrupted", "not all clients were authenticated");
    else if (l->phase == DRAINING)
        l->phase = OVER;
    else if (l->phase != OVER)
        drain(l);
    l->result->interrupted = true;
}

/* Is there nothing left to wait for? */
static void look_for_end(struct load *l)
{
    switch (l->phase) {
    case WARMING:
    case MEASURING:
        if (l->n_lost == l->n_groups ||
            (is_all_begun(l) && l->traffic->awaited == 0))
            finish(l);
        break;
    case DRAINING:
        if (l->traffic->awaited == 0)
            finish(l);
        break;
    case CONNECTING:
    case OVER:
        break;
    }
}

/* --- the run -------------------------------------------------------------- */

/* Of several addresses, the one that answers. */
static bool choose_address(struct addr *to, const struct cat_dial_to *at)
{
    enum { PATIENCE_MS = 5000 };
    int fd;
    bool good;

    if (cat_dial_connect(&fd, at, PATIENCE_MS))
        return false;
    to->len = sizeof to->in6;
    good = getpeername(fd, &to->sa, &to->len) == 0;
    close(fd);
    return good;
}

/* The system's resolver, not the relay's: it knows the names that a user
 * knows. */
static int resolve(struct load *l, struct addr *to,
                   const struct cat_dial_to *at)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found;
    int err = getaddrinfo(at->host, at->port, &hints, &found);

    if (err)
        return no_load(l, at->host, gai_strerror(err));
    if (!found->ai_next || !choose_address(to, at)) {
        memcpy(&to->sa, found->ai_addr, found->ai_addrlen);
        to->len = found->ai_addrlen;
    }
    freeaddrinfo(found);
    return 0;
}

/* `connect` is HOST:PORT, or NULL for `usual`. */
static int find_address(struct load *l, struct addr *to, const char *connect,
                        const struct cat_dial_to *usual)
{
    struct cat_dial_to at = *usual;

    if (connect && cat_dial_parse(&at, span_str(connect), NULL))
        return no_load(l, connect, "not HOST:PORT");
    return resolve(l, to, &at);
}

/* Where to connect, whom to find there, and whether by TLS. */
static int find_relay(struct load *l)
{
    const struct load_options *o = l->options;
    const char *receivers =
        o->connect_receivers ? o->connect_receivers : o->connect;
    char why[TLS_WHY_MAX];
    bool secure;
    int err = cat_dial_from_uri(&l->name, &secure, span_str(o->relay));

    if (err)
        return no_load(l, o->relay, err_text(err));
    l->channels.name = span_str(o->name ? o->name : l->name.host);
    if (secure && channels_use_tls(&l->channels, o->ca_file, o->insecure, why))
        return no_load(l, "TLS", why);
    err = find_address(l, &l->senders_to, o->connect, &l->name);
    return err ? err : find_address(l, &l->receivers_to, receivers, &l->name);
}

static int make_groups(struct load *l)
{
    size_t pairs = l->options->pairs,
           each = l->options->sessions_per_connection;
    int err = 0;

    l->per_side = (pairs + each - 1) / each;
    l->n_groups = 2 * l->per_side;
    l->result->connections = l->n_groups;
    l->result->sessions = 2 * pairs;
    l->groups = calloc(l->n_groups, sizeof *l->groups);
    if (!l->groups)
        return ERR_NOMEM;
    for (size_t i = 0; !err && i < l->n_groups; i++) {
        size_t first = i % l->per_side * each;
        size_t n = pairs - first < each ? pairs - first : each;
        bool receives = i >= l->per_side;

        err = client_group_init(&l->groups[i], &l->all, n,
                                (receives ? pairs : 0) + first);
        l->groups[i].stalls = receives && first < l->options->stall;
    }
    return err;
}

static int prepare(struct load *l)
{
    int err = loop_new(&l->loop);

    if (!err)
        err = alarm_new(&l->alarm, l->loop, on_alarm, l);
    if (!err)
        err = channels_init(&l->channels, l->loop, l->options->timeout_ms);
    if (!err)
        err = find_relay(l);
    if (!err)
        err = make_groups(l);
    if (!err)
        err = loop_on_signal(l->loop, SIGINT, on_signal, l);
    if (!err)
        err = loop_on_signal(l->loop, SIGTERM, on_signal, l);
    return err;
}

static void load_init(struct load *l)
{
    l->schedule.fd = -1;
    rnd_init(&l->rnd);
    rnd_alnum(&l->rnd, l->traffic->run, sizeof l->traffic->run);
    pattern_init(&l->traffic->pattern);
    l->traffic->options = l->options;
    l->all = (struct client_groups){.options = l->options,
                                    .channels = &l->channels,
                                    .traffic = l->traffic,
                                    .rnd = &l->rnd,
                                    .ops = &client_group_ops,
                                    .ctx = l};
    tx_init(&l->all.scratch, &l->rnd, NULL);
}

static void load_fini(struct load *l)
{
    struct traffic *t = l->traffic;

    for (uint64_t i = 0; i < t->n_flows; i++) {
        t->flows[i].counters->unanswered += t->flows[i].unanswered;
        flow_fini(&t->flows[i]);
    }
    free(t->flows);
    t->flows = NULL;
    for (size_t i = 0; l->groups && i < l->n_groups; i++)
        client_group_fini(&l->groups[i]);
    free(l->groups);
    schedule_stop(&l->schedule);
    tx_fini(&l->all.scratch);
    channels_fini(&l->channels);
    alarm_free(l->alarm);
    loop_free(l->loop);
}

int load_run(struct load_result *out, const struct load_options *options,
             struct traffic *t)
{
    struct load l = {.options = options, .traffic = t, .result = out};
    int err;

    *out = (struct load_result){.began = false};
    load_init(&l);
    err = prepare(&l);
    if (!err) {
        alarm_set(l.alarm, options->timeout_ms);
        start_more(&l);
    }
    while (!err && l.phase != OVER) {
        loop_turn(l.loop, true);
        look_for_end(&l);
    }
    load_fini(&l);
    return out->why[0] ? 0 : err;
}
