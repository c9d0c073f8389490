/* SPDX-License-Identifier: BSD-2-Clause */
#include "server.h"

#include <signal.h>
#include <stdlib.h>

#include "accounting.h"
#include "dispatch.h"
#include "clock.h"
#include "err.h"
#include "net_make.h"
#include "rnd.h"
#include "server_private.h"

enum {
    TICK_MS = 100,
    SLOW_TICK_MS = 1000,
    PAIR_LABEL_MAX = 256, /* octets of a label, as the log shows it */
};

/* --- signals and time --- */

static void on_end_signal(void *ctx, int signo)
{
    struct server *s = ctx;

    log_info(s->log, "signal=%d", signo);
    server_end(s);
}

static void on_reload_signal(void *ctx, int signo)
{
    (void)signo;
    (void)server_reload(ctx, NULL, NULL);
}

static void on_reopen_signal(void *ctx, int signo)
{
    (void)signo;
    logs_reopen(ctx);
}

static void on_dump_signal(void *ctx, int signo)
{
    (void)signo;
    state_dump_begin(ctx);
}

static const struct {
    int signo;
    loop_signal_fn fn;
} signals[] = {
    {SIGTERM, on_end_signal},   {SIGINT, on_end_signal},
    {SIGHUP, on_reload_signal}, {SIGUSR1, on_reopen_signal},
    {SIGUSR2, on_dump_signal},
};

/* Blocked while the loop does not run: a second TERM, or an USR1 during the
 * start, must not kill the process. What was caught before is dropped then: for
 * the last turn there are no tables to show, and nothing to reload. */
static void hold_signals(bool on)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaddset(&set, signals[i].signo);
    (void)sigprocmask(on ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static int catch_signals(struct server *s)
{
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        int err = loop_on_signal(s->loop, signals[i].signo, signals[i].fn, s);

        if (err)
            return err;
    }
    return 0;
}

static void on_tick(void *ctx)
{
    struct server *s = ctx;

    relay_clock(s->relay, loop_now_ms(s->loop));
    relay_time_of_day(s->relay, clock_unix_ms() / 1000);
    relay_tick(s->relay);
    tls_tickets_tick(s->tickets, loop_now_ms(s->loop));
    if (loop_now_ms(s->loop) - s->slow_tick_ms >= SLOW_TICK_MS) {
        s->slow_tick_ms = loop_now_ms(s->loop);
        anchoring_tick(s);
        memory_tick(s);
    }
    server_check_end(s);
    alarm_set(s->tick, TICK_MS);
}

/* Twice as often as asked for: one sign may be late. */
static void on_watchdog(void *ctx)
{
    struct server *s = ctx;

    notify_alive(&s->notify);
    alarm_set(s->watchdog, s->notify.watchdog_ms / 2);
}

static int start_clocks(struct server *s)
{
    int err = alarm_new(&s->tick, s->loop, on_tick, s);

    if (err)
        return err;
    alarm_set(s->tick, TICK_MS);
    err = status_start(s);
    if (err)
        return err;
    if (s->notify.watchdog_ms == 0)
        return 0;
    return alarm_new(&s->watchdog, s->loop, on_watchdog, s);
}

/* --- the beginning --- */

/* Until the configuration is in use, log lines go to whoever starts the
 * relay. */
static int open_logs(struct server *s, const struct config *config)
{
    int err = log_new(&s->log, s->debug ? LOG_LEVEL_DEBUG : config->log.level,
                      "stderr");

    return err ? err : log_new(&s->accounting, LOG_LEVEL_INFO, "");
}

static void server_on_fault(void *ctx, struct config_place at, const char *what)
{
    logs_judgement(ctx, LOG_LEVEL_ERROR,
                   &(struct judgement){"cannot start", "fault", at, what});
}

/* A connection from this address has ended. */
static void on_gone(void *ctx, const struct addr *peer)
{
    struct server *s = ctx;

    address_count_remove(&s->addresses, peer);
}

static void on_session_end(void *ctx, const struct session_record *r)
{
    struct server *s = ctx;
    char line[ACCOUNTING_LINE_MAX], subject[SUBJECT_LINE_MAX];

    log_info(s->log, "c=%llu s=%s session ended%s reason=%s",
             (unsigned long long)r->connection, r->short_id,
             subject_line(subject, r->subject, r->user),
             session_why_name(r->why));
    log_raw(s->accounting,
            accounting_line(line, r, span_str(s->now.config->relay.name),
                            loop_now_ms(s->loop), clock_unix_ms()));
}

static void on_pair_end(void *ctx, const struct anchored_record *r)
{
    struct server *s = ctx;
    char line[ACCOUNTING_PAIR_MAX], id[PAIR_LABEL_MAX];

    log_info(s->log, "s=%s anchored session ended call_id=%s end=%s",
             r->short_id, log_value(id, sizeof id, r->call_id),
             anchored_why_name(r->why));
    log_raw(s->accounting,
            accounting_pair_line(line, r, span_str(s->now.config->relay.name),
                                 loop_now_ms(s->loop), clock_unix_ms()));
}

static int open_hops(struct server *s)
{
    const struct config *config = s->now.config;
    const struct hops_times times = {config->timers.probation_ms,
                                     config->timers.idle_ms,
                                     config->timers.transaction_ms};
    struct rnd rnd;
    uint64_t seed[2];
    int err;

    rnd_init(&rnd);
    rnd_bytes(&rnd, seed, sizeof seed);
    err = hops_init(&s->hops, s->loop, &times, seed);
    s->hops.net = s->net;
    s->hops.relay = s->relay;
    s->hops.log = s->log;
    s->hops.dial = s->dialler.dial;
    s->hops.on_proxied = listeners_on_proxied;
    s->hops.on_gone = on_gone;
    s->hops.ctx = s;
    return err;
}

/* Sockets that the service manager opened for an address that the configuration
 * does not have. */
static void drop_inherited(struct server *s)
{
    char text[ADDR_TEXT_MAX];

    while (listen_fds_drop(&s->inherited, text))
        log_warn(s->log, "inherited socket closed: not in listen address=%s",
                 text);
}

/* From root to relay.user, with what was opened. */
static int become_user(struct server *s)
{
    int err;

    if (!s->user.change)
        return 0;
    listeners_chown(s, s->user.uid, s->user.gid);
    http_endpoints_chown(s, s->user.uid, s->user.gid);
    control_listener_chown(s);
    err = privileges_drop(&s->user, s->log);
    s->user.change = false;
    return err;
}

/* Binds and opens logs; after that root is not needed. */
static int open_setup(struct server *s, const struct config_loaded *from)
{
    struct config_report report = {.fault = server_on_fault, .ctx = s};
    int err = setup_make(&s->now, s, from, &report);

    if (err)
        return err;
    drop_inherited(s);
    return become_user(s);
}

static int open_relay(struct server *s)
{
    struct net_settings settings = net_settings_of(s->now.config);
    int err = net_new(&s->net, s->loop, &settings);

    if (!err)
        err = relay_new(&s->relay, s->now.policy, s->now.users, s->log,
                        loop_now_ms(s->loop));
    if (!err)
        err = lookups_init(s);
    if (!err)
        err = dialler_open(&s->dialler, s->loop, s->now.config);
    if (!err && s->dialler.own.n == 0)
        log_warn(s->log, "own addresses unknown: dial.deny must have them");
    if (!err)
        err = open_hops(s);
    if (err)
        return err;
    relay_on_session_end(s->relay, on_session_end, s);
    relay_time_of_day(s->relay, clock_unix_ms() / 1000);
    relay_on_anchored_end(s->relay, on_pair_end, s);
    return anchoring_start(s);
}

/* Owns the configuration, with what was loaded, from here on. */
static int server_start(struct server *s, struct config_loaded *from)
{
    struct setup none = {0};
    struct rnd rnd;
    uint64_t seed[2];
    int err;

    rnd_init(&rnd);
    rnd_bytes(&rnd, seed, sizeof seed);
    err = loop_new(&s->loop);
    if (!err)
        err = tls_tickets_new(&s->tickets, loop_now_ms(s->loop));
    if (!err)
        err = address_count_init(&s->addresses, seed);
    if (!err)
        err = listen_fds_init(&s->inherited);
    if (!err)
        err = anchoring_init(s);
    if (!err)
        err = commands_init(s);
    if (!err)
        err = privileges_find(&s->user, from->config, s->log);
    if (err) {
        config_loaded_free(from, NULL);
        return err;
    }
    err = open_setup(s, from);
    if (!err)
        err = open_relay(s);
    if (!err)
        err = catch_signals(s);
    if (!err)
        err = start_clocks(s);
    if (!err)
        err = memory_start(s);
    if (!err)
        setup_use(s, &none);
    return err;
}

/* Copes with a half-made one. */
static void server_stop(struct server *s)
{
    /* What is due in the last turn must not need what is gone by then. */
    alarm_free(s->tick);
    alarm_free(s->watchdog);
    memory_stop(s);
    state_dump_fini(s);
    status_stop(s);
    http_endpoints_close(s);
    control_listener_close(s);
    listeners_close(s);
    anchoring_stop(s);
    listen_fds_fini(&s->inherited);
    if (s->relay)
        hops_drop_all(&s->hops);
    if (s->loop)
        loop_turn(s->loop, false); /* what the end deferred */
    hops_fini(&s->hops);
    dialler_close(&s->dialler);
    anchor_free(s->anchor);
    relay_free(s->relay);
    lookups_fini(s);
    if (s->net)
        net_free(s->net);
    if (s->loop) {
        address_count_fini(&s->addresses);
        loop_free(s->loop);
    }
    setup_free(&s->now);
    tls_tickets_free(s->tickets);
    notify_fini(&s->notify);
}

/* The warnings of the configuration in use are logged, too (S-39). */
static void log_warnings(struct server *s)
{
    for (size_t i = 0; i < s->now.warnings->n; i++) {
        const struct config_warning *w = &s->now.warnings->items[i];

        logs_judgement(s, LOG_LEVEL_WARN,
                       &(struct judgement){
                           "start", "warning", {w->file, w->line}, w->what});
    }
}

static void server_serve(struct server *s)
{
    s->stats.started_s = s->stats.last_reload_ok_s =
        (double)clock_unix_ms() / 1000;
    log_warnings(s);
    log_info(s->log, "started version=%s name=%s", MSRP_VERSION,
             s->now.config->relay.name);
    notify_ready(&s->notify, "running");
    if (s->watchdog)
        on_watchdog(s);
    hold_signals(false);
    loop_run(s->loop);
    hold_signals(true);
    loop_drop_signals(s->loop);
    log_info(s->log, "stopped");
}

int server_run(struct config_loaded *from, bool debug)
{
    struct server s = {.debug = debug, .memory.statm = -1};
    int err;

    hold_signals(true);
    err = open_logs(&s, from->config);
    if (err) {
        config_loaded_free(from, NULL);
        log_free(s.log);
        return err;
    }
    list_init(&s.listeners);
    list_init(&s.ng_listeners);
    state_dump_init(&s);
    notify_init(&s.notify);
    err = server_start(&s, from);
    if (err == ERR_PLACE)
        log_error(s.log, "cannot start error=\"%s\" %s", err_text(err),
                  s.advice);
    else if (err)
        log_error(s.log, "cannot start error=\"%s\"", err_text(err));
    else
        server_serve(&s);
    server_stop(&s);
    log_free(s.accounting);
    log_free(s.log);
    return err;
}
