#include "server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "address_count.h"
#include "dialler.h"
#include "err.h"
#include "hop.h"
#include "listener.h"
#include "loop.h"
#include "net_make.h"
#include "policy_make.h"
#include "privileges.h"
#include "relay.h"
#include "rnd.h"
#include "users_file.h"

enum {
    TICK_MS = 100,
    /* Least octets of an input block: bulk comes in few reads. */
    INPUT_MIN = 65536,
    /* Room in the output behind the high-water mark, for responses and REPORTs
     * besides what one input block may add. */
    RESERVE = 262144,
    /* What a connection may read in a turn before others have theirs. */
    READ_PER_TURN = INPUT_MIN,
    /* After the drain, how long last REPORTs may take to leave. */
    GOODBYE_MS = 1000,
};

struct port {
    struct server *server;
    struct listener *listener;
    struct hop_origin origin;
};

struct server {
    const struct config *config;
    struct loop *loop;
    struct log *log;
    struct net *net;
    struct tls_ctx *tls; /* NULL if no listener needs it */
    struct dialler dialler;
    struct users *users;
    struct policy *policy;
    struct relay *relay;
    struct hops hops;
    struct address_count addresses;
    struct alarm *tick;
    struct port *ports;
    size_t n_ports;
    struct log_limit refusal_log;
    uint64_t refused; /* connections, at once */
    bool draining;
    bool said_goodbye;
    uint64_t drain_until_ms;
};

/* --- accepting --- */

static void log_refused(struct server *s, const char *why)
{
    uint32_t held;

    s->refused++;
    if (log_limit_pass(&s->refusal_log, loop_now_ms(s->loop), 5, 1000, &held))
        log_warn(s->log, "connection refused reason=\"%s\" held_back=%u", why,
                 held);
}

static void on_accept(void *ctx, struct listener *l, int fd,
                      const struct addr *peer)
{
    struct port *port = ctx;
    struct server *s = port->server;
    const struct config *config = s->config;

    (void)l;
    if (s->hops.count >= config->limits.connections &&
        !hops_close_oldest(&s->hops)) {
        log_refused(s, "limits.connections");
        (void)close(fd);
        return;
    }
    if (!address_count_add(&s->addresses, peer,
                           config->limits.connections_per_address)) {
        log_refused(s, "limits.connections_per_address");
        (void)close(fd);
        return;
    }
    if (hop_accept(&s->hops, fd, peer, &port->origin) != 0) {
        address_count_remove(&s->addresses, peer);
        log_refused(s, "out of memory");
    }
}

static void on_rest(void *ctx, struct listener *l, int errnum)
{
    struct port *port = ctx;

    (void)l;
    log_warn(port->server->log, "accepting rests for a second error=\"%s\"",
             strerror(errnum));
}

static void on_gone(void *ctx, const struct addr *peer)
{
    struct server *s = ctx;

    address_count_remove(&s->addresses, peer);
}

/* --- listeners --- */

static int open_port(struct server *s, struct port *port,
                     const struct config_listen *listen)
{
    struct sock_opts opts = sock_opts_of(s->config);
    bool secure = listen->transport == CONFIG_TLS;
    struct addr at = listen->address;
    char text[ADDR_TEXT_MAX];
    int err;

    addr_set_port(&at, (uint16_t)listen->port);
    port->server = s;
    err = listener_new(&port->listener, s->loop, &at, &opts, on_accept, on_rest,
                       port);
    if (err) {
        log_error(s->log, "cannot listen at=%s error=\"%s\"",
                  addr_text(text, &at),
                  err == ERR_IO ? strerror(errno) : err_text(err));
        return err;
    }
    port->origin.port = addr_port(listener_addr(port->listener));
    port->origin.tls = secure ? s->tls : NULL;
    port->origin.may_auth = secure || s->config->auth.allow_tcp;
    at = *listener_addr(port->listener);
    log_info(s->log, "listening transport=%s address=%s port=%u",
             secure ? "tls" : "tcp", addr_host_text(text, &at),
             port->origin.port);
    return 0;
}

static int open_ports(struct server *s)
{
    size_t n = s->config->listen.n;

    s->ports = calloc(n, sizeof *s->ports);
    if (!s->ports)
        return ERR_NOMEM;
    for (; s->n_ports < n; s->n_ports++) {
        int err = open_port(s, &s->ports[s->n_ports],
                            &s->config->listen.items[s->n_ports]);

        if (err)
            return err;
    }
    return 0;
}

static void close_ports(struct server *s)
{
    for (size_t i = 0; i < s->n_ports; i++) {
        listener_free(s->ports[i].listener);
        s->ports[i].listener = NULL;
    }
}

/* --- the end --- */

/* Lets what is in flight finish until timers.drain is over, then gives it up
 * and lets the REPORTs of that leave. */
static void drain(struct server *s)
{
    uint64_t now_ms = loop_now_ms(s->loop);

    if (s->hops.count == 0) {
        loop_stop(s->loop);
        return;
    }
    if (s->said_goodbye) {
        if (now_ms >= s->drain_until_ms + GOODBYE_MS)
            loop_stop(s->loop);
        return;
    }
    if (now_ms < s->drain_until_ms) {
        hops_close_idle(&s->hops);
        return;
    }
    log_info(s->log, "giving up connections=%zu", s->hops.count);
    hops_close_all(&s->hops);
    s->said_goodbye = true;
}

static void on_end_signal(void *ctx, int signo)
{
    struct server *s = ctx;

    log_info(s->log, "signal=%d %s", signo, s->draining ? "leaving" : "ending");
    if (s->draining) {
        loop_stop(s->loop);
        return;
    }
    s->draining = true;
    s->drain_until_ms = loop_now_ms(s->loop) + s->config->timers.drain_ms;
    close_ports(s);
    drain(s);
}

static void on_reopen_signal(void *ctx, int signo)
{
    struct server *s = ctx;

    (void)signo;
    if (log_reopen(s->log) != 0)
        log_error(s->log, "cannot reopen log target=\"%s\"",
                  s->config->log.target);
}

/* Reload is not there yet; a HUP must not end the process all the same. */
static void on_reload_signal(void *ctx, int signo)
{
    struct server *s = ctx;

    (void)signo;
    log_warn(s->log, "reload is not supported by this version: restart");
}

/* How often each limit was met. */
static void log_limits(struct server *s, const struct relay_stats *stats)
{
    const struct hops_stats *hops = &s->hops.stats;

    log_info(
        s->log,
        "table=limits opened=%llu refused=%llu made_room=%llu "
        "bad_input=%llu probation=%llu idle=%llu handshake=%llu "
        "stalled=%llu full=%llu waits=%llu too_many_sessions=%llu "
        "too_large=%llu",
        (unsigned long long)hops->opened, (unsigned long long)s->refused,
        (unsigned long long)hops->made_room,
        (unsigned long long)hops->bad_input,
        (unsigned long long)hops->probation, (unsigned long long)hops->idle,
        (unsigned long long)hops->handshake, (unsigned long long)hops->stalled,
        (unsigned long long)hops->full, (unsigned long long)stats->waits,
        (unsigned long long)stats->too_many_sessions,
        (unsigned long long)stats->too_large);
}

static void on_dump_signal(void *ctx, int signo)
{
    struct server *s = ctx;
    struct relay_stats stats;

    (void)signo;
    relay_stats(s->relay, &stats);
    log_info(s->log,
             "table=relay connections=%zu sessions=%llu transactions=%llu "
             "auth_ok=%llu auth_failed=%llu chunks=%llu octets=%llu "
             "responses=%llu errors=%llu reports_made=%llu "
             "reports_forwarded=%llu timeouts=%llu dropped=%llu",
             s->hops.count, (unsigned long long)stats.sessions_now,
             (unsigned long long)stats.transactions_now,
             (unsigned long long)stats.auth_ok,
             (unsigned long long)stats.auth_failed,
             (unsigned long long)stats.chunks_forwarded,
             (unsigned long long)stats.octets_forwarded,
             (unsigned long long)stats.responses_ok,
             (unsigned long long)stats.responses_error,
             (unsigned long long)stats.reports_made,
             (unsigned long long)stats.reports_forwarded,
             (unsigned long long)stats.timeouts,
             (unsigned long long)stats.dropped);
    log_limits(s, &stats);
    hops_log(&s->hops);
}

static void on_tick(void *ctx)
{
    struct server *s = ctx;

    relay_clock(s->relay, loop_now_ms(s->loop));
    relay_tick(s->relay);
    if (s->draining)
        drain(s);
    alarm_set(s->tick, TICK_MS);
}

/* --- the beginning --- */

static int open_log(struct server *s, bool debug)
{
    const struct config *config = s->config;

    return log_new(&s->log, debug ? LOG_LEVEL_DEBUG : config->log.level,
                   debug ? "stderr" : config->log.target);
}

static int open_net(struct server *s)
{
    const struct config *config = s->config;
    size_t input = config->limits.head_size;
    struct net_settings settings = {
        .read_per_turn = READ_PER_TURN,
        .rate = config->limits.rate,
        .handshake_ms = config->timers.handshake_ms,
        .stall_ms = config->timers.stall_ms,
        .sock = sock_opts_of(config),
    };

    settings.input_size = input > INPUT_MIN ? input : INPUT_MIN;
    settings.output_max =
        config->send.high_water + settings.input_size + RESERVE;
    return net_new(&s->net, s->loop, &settings);
}

static bool needs_tls(const struct config *config)
{
    for (size_t i = 0; i < config->listen.n; i++)
        if (config->listen.items[i].transport == CONFIG_TLS)
            return true;
    return false;
}

static int load_tls(struct server *s)
{
    const struct config *config = s->config;
    struct tls_settings settings = tls_settings_of(config);
    enum tls_fault fault;
    char why[TLS_WHY_MAX];
    int err;

    if (!needs_tls(config))
        return 0;
    err = tls_server_new(&s->tls, &settings, &fault, why);
    if (err)
        log_error(s->log, "cannot set up tls error=\"%s\"", why);
    return err;
}

static int load_users(struct server *s)
{
    const char *path = s->config->auth.users_file;
    int err = users_file_load(&s->users, path, NULL, NULL);

    if (err)
        log_error(s->log, "cannot load users file=%s error=\"%s\"", path,
                  err_text(err));
    return err;
}

/* In URIs given out over a connection that was dialled: where we would be. */
static uint16_t uri_port(const struct server *s)
{
    for (size_t i = 0; i < s->n_ports; i++)
        if (s->ports[i].origin.tls)
            return s->ports[i].origin.port;
    return s->n_ports ? s->ports[0].origin.port : 0;
}

static int open_hops(struct server *s)
{
    const struct config *config = s->config;
    int err = hops_init(&s->hops, s->loop, config->timers.probation_ms,
                        config->timers.idle_ms);

    s->hops.net = s->net;
    s->hops.relay = s->relay;
    s->hops.log = s->log;
    s->hops.max = config->limits.connections;
    s->hops.dial = s->dialler.dial;
    s->hops.tls_client = s->dialler.tls;
    s->hops.uri_port = uri_port(s);
    s->hops.head_size = (uint32_t)config->limits.head_size;
    s->hops.path_uris = (uint32_t)config->limits.path_uris;
    s->hops.on_gone = on_gone;
    s->hops.ctx = s;
    relay_on_dial(s->relay, hop_dial, &s->hops, config->dial.allow_tcp);
    return err;
}

static int open_relay(struct server *s)
{
    uint16_t ports[POLICY_PORTS_MAX];
    size_t n = 0;
    int err;

    for (size_t i = 0; i < s->n_ports && n < POLICY_PORTS_MAX; i++)
        ports[n++] = s->ports[i].origin.port;
    err = policy_make(&s->policy, s->config, ports, n);
    if (!err)
        err = relay_new(&s->relay, s->policy, s->users, s->log,
                        loop_now_ms(s->loop));
    return err;
}

static int catch_signals(struct server *s)
{
    static const struct {
        int signo;
        loop_signal_fn fn;
    } signals[] = {
        {SIGTERM, on_end_signal},   {SIGINT, on_end_signal},
        {SIGHUP, on_reload_signal}, {SIGUSR1, on_reopen_signal},
        {SIGUSR2, on_dump_signal},
    };

    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        int err = loop_on_signal(s->loop, signals[i].signo, signals[i].fn, s);

        if (err)
            return err;
    }
    return 0;
}

/* A descriptor for each connection, and some for the rest. */
static void raise_descriptors(struct server *s)
{
    enum { OTHERS = 64 };
    struct rlimit lim;
    rlim_t want = s->config->limits.connections + OTHERS;

    if (getrlimit(RLIMIT_NOFILE, &lim) != 0 || lim.rlim_cur >= want)
        return;
    lim.rlim_cur = want;
    if (lim.rlim_max < want && geteuid() == 0)
        lim.rlim_max = want;
    if (lim.rlim_max < want)
        lim.rlim_cur = lim.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &lim) != 0)
        (void)getrlimit(RLIMIT_NOFILE, &lim);
    if (lim.rlim_cur < want)
        log_warn(s->log,
                 "descriptors=%llu are too few for limits.connections=%llu",
                 (unsigned long long)lim.rlim_cur,
                 (unsigned long long)s->config->limits.connections);
}

static int start(struct server *s)
{
    struct rnd rnd;
    uint64_t seed[2];
    int err;

    rnd_init(&rnd);
    rnd_bytes(&rnd, seed, sizeof seed);
    raise_descriptors(s);
    err = loop_new(&s->loop);
    if (!err)
        err = address_count_init(&s->addresses, seed);
    if (!err)
        err = load_tls(s);
    if (!err)
        err = load_users(s);
    if (!err)
        err = open_net(s);
    if (!err)
        err = open_ports(s);
    if (!err)
        err = privileges_drop(s->config, s->log);
    if (!err)
        err = open_relay(s);
    if (!err)
        err = dialler_open(&s->dialler, s->loop, s->config, s->tls != NULL,
                           s->log);
    if (!err)
        err = open_hops(s);
    if (!err)
        err = catch_signals(s);
    if (!err)
        err = alarm_new(&s->tick, s->loop, on_tick, s);
    if (!err)
        alarm_set(s->tick, TICK_MS);
    return err;
}

/* Copes with a half-made one. */
static void stop(struct server *s)
{
    close_ports(s);
    free(s->ports);
    if (s->relay)
        hops_drop_all(&s->hops);
    if (s->loop)
        loop_turn(s->loop, false); /* what the end deferred */
    if (s->tick)
        alarm_free(s->tick);
    hops_fini(&s->hops);
    dialler_close(&s->dialler);
    relay_free(s->relay);
    policy_free(s->policy);
    if (s->net)
        net_free(s->net);
    users_free(s->users);
    tls_ctx_unref(s->tls);
    if (s->loop) {
        address_count_fini(&s->addresses);
        loop_free(s->loop);
    }
}

int server_run(const struct config *config, bool debug)
{
    struct server s = {.config = config};
    int err = open_log(&s, debug);

    if (err)
        return err;
    err = start(&s);
    if (err) {
        log_error(s.log, "cannot start error=\"%s\"", err_text(err));
    } else {
        log_info(s.log, "started version=%s name=%s", MSRP_VERSION,
                 config->relay.name);
        loop_run(s.loop);
        log_info(s.log, "stopped");
    }
    stop(&s);
    log_free(s.log);
    return err;
}
