#include "hop.h"

#include <stdlib.h>
#include <unistd.h>

#include "err.h"

/* An hour: no session's connection is closed for idleness before (R4976-6.5-b,
 * R4976-5.4-a). */
enum { SESSION_IDLE_MS = 3600 * 1000 };

struct hop {
    struct link link;
    struct hops *all;
    struct conn *conn;
    struct parser parser;
    struct timer probation;
    struct timer idle;
    struct list by_use;
    struct loop_defer end; /* close() of the link, made at the turn's end */
    const char *why;       /* ... and why */
    bool full;             /* its output took no more */
    bool left;             /* the relay has been told of the end */
    uint64_t used_ms;
};

static struct hop *hop_of(const struct link *l)
{
    return CONTAINER((void *)(uintptr_t)l, struct hop, link);
}

static unsigned long long number_of(const struct hop *h)
{
    return h->link.number;
}

/* --- the link's functions: what the relay asks of this neighbour --- */

/* One line for each head out: the parts of a frame begin with its start line.
 */
static void log_out(const struct hop *h, const struct span *parts, size_t n)
{
    char tid[MSG_TID_MAX + 8], what[32];

    if (n > 3 && span_eq(parts[0], SPAN("MSRP ")))
        log_debug(h->all->log, "c=%llu out %s tid=%s", number_of(h),
                  log_escape(what, sizeof what, parts[3]),
                  log_escape(tid, sizeof tid, parts[1]));
}

static int hop_put(struct link *l, const struct span *parts, size_t n)
{
    struct hop *h = hop_of(l);
    int err;

    if (log_wants(h->all->log, LOG_LEVEL_DEBUG))
        log_out(h, parts, n);
    err = conn_write(h->conn, parts, n);
    h->full |= err == ERR_FULL;
    return err;
}

static size_t hop_queued(const struct link *l)
{
    return conn_queued(hop_of(l)->conn);
}

static uint64_t hop_position(const struct link *l)
{
    return conn_position(hop_of(l)->conn);
}

static void hop_pause(struct link *l)
{
    conn_pause(hop_of(l)->conn);
}

static void hop_resume(struct link *l)
{
    conn_resume(hop_of(l)->conn);
}

static void hop_close(struct link *l, const char *why)
{
    struct hop *h = hop_of(l);

    h->why = why;
    conn_pause(h->conn); /* what it still says, nobody hears */
    loop_defer(h->all->loop, &h->end);
}

static bool hop_has_name(const struct link *l, struct span host)
{
    return conn_peer_has_name(hop_of(l)->conn, host);
}

static const struct link_ops link_ops = {
    .put = hop_put,
    .queued = hop_queued,
    .position = hop_position,
    .pause = hop_pause,
    .resume = hop_resume,
    .close = hop_close,
    .has_name = hop_has_name,
};

/* --- the connection's callbacks --- */

static void tell_time(const struct hop *h)
{
    relay_clock(h->all->relay, loop_now_ms(h->all->loop));
}

/* For the relay the link is gone from here on, though its output may still be
 * on the way. */
static void leave(struct hop *h, bool stalled)
{
    if (h->left)
        return;
    h->left = true;
    tell_time(h);
    relay_link_closed(h->all->relay, &h->link, stalled);
}

/* What the relay asked for with hop_close(). */
static void on_end(void *ctx)
{
    struct hop *h = ctx;

    leave(h, false);
    if (h->full) /* he does not read: there is nothing to wait for */
        conn_fail(h->conn, CONN_WHY_FULL);
    else
        conn_finish(h->conn);
}

static void mark_used(struct hop *h)
{
    h->used_ms = loop_now_ms(h->all->loop);
    list_remove(&h->by_use);
    list_append(&h->all->by_use, &h->by_use);
}

static void on_open(void *ctx)
{
    struct hop *h = ctx;
    char peer[ADDR_TEXT_MAX];

    h->all->stats.opened++;
    h->link.is_host = conn_peer_is_host(h->conn);
    relay_link_known(h->all->relay, &h->link);
    timer_start(h->all->probation, &h->probation);
    timer_start(h->all->idle, &h->idle);
    log_info(h->all->log, "c=%llu open peer=%s tls=%s host_certificate=%s",
             number_of(h), addr_text(peer, conn_peer(h->conn)),
             h->link.secure ? conn_tls_version(h->conn) : "none",
             h->link.is_host ? "yes" : "no");
}

static void log_in(const struct hop *h, const struct msg *m)
{
    char tid[MSG_TID_MAX + 8], what[32];

    log_debug(h->all->log, "c=%llu in %s tid=%s%s%s", number_of(h),
              log_escape(what, sizeof what, msg_text(m, m->method_name)),
              log_escape(tid, sizeof tid, msg_text(m, m->tid)),
              m->fault ? " fault=" : "",
              m->fault ? msg_fault_text(m->fault) : "");
}

static void on_input(void *ctx, struct span *in)
{
    struct hop *h = ctx;
    struct relay *relay = h->all->relay;
    struct parse_event ev;

    tell_time(h);
    mark_used(h);
    while (relay_is_ready(relay, &h->link)) {
        int err;

        relay_prepare(relay, &h->link, &h->parser);
        err = parser_next(&h->parser, in, &ev);
        if (err == ERR_AGAIN)
            return;
        if (err) {
            h->all->stats.bad_input++;
            log_info(h->all->log, "c=%llu bad input error=%s", number_of(h),
                     err_name(err));
            link_close(&h->link, "bad input");
            return;
        }
        if (ev.type == PARSE_HEAD && log_wants(h->all->log, LOG_LEVEL_DEBUG))
            log_in(h, ev.head);
        relay_on_event(relay, &h->link, &ev);
    }
}

static void on_sent(void *ctx, uint64_t position)
{
    struct hop *h = ctx;

    if (h->left)
        return;
    tell_time(h);
    relay_link_sent(h->all->relay, &h->link, position);
}

static void hop_free(struct hop *h)
{
    struct hops *all = h->all;

    timer_stop(&h->probation);
    timer_stop(&h->idle);
    loop_defer_cancel(&h->end);
    list_remove(&h->by_use);
    all->count--;
    free(h);
}

static void count_end(struct hops_stats *stats, enum conn_why why)
{
    stats->handshake += why == CONN_WHY_HANDSHAKE;
    stats->stalled += why == CONN_WHY_STALL;
    stats->full += why == CONN_WHY_FULL;
}

static void on_closed(void *ctx, enum conn_why why)
{
    struct hop *h = ctx;
    struct hops *all = h->all;

    leave(h, why == CONN_WHY_STALL);
    count_end(&all->stats, why);
    log_info(
        all->log, "c=%llu closed reason=\"%s\" in=%llu out=%llu", number_of(h),
        h->why ? h->why : conn_why_text(why),
        (unsigned long long)conn_octets_in(h->conn),
        (unsigned long long)(conn_position(h->conn) - conn_queued(h->conn)));
    all->on_gone(all->ctx, conn_peer(h->conn));
    hop_free(h);
}

static const struct conn_ops conn_ops = {
    .open = on_open,
    .input = on_input,
    .sent = on_sent,
    .closed = on_closed,
};

/* --- time --- */

static void on_probation_over(struct timer *t)
{
    struct hop *h = CONTAINER(t, struct hop, probation);

    if (h->link.proven)
        return;
    h->all->stats.probation++;
    link_close(&h->link, "probation");
}

static void on_idle(struct timer *t)
{
    struct hop *h = CONTAINER(t, struct hop, idle);
    uint64_t limit_ms = h->all->idle_ms;

    if (!list_is_empty(&h->link.sessions) && limit_ms < SESSION_IDLE_MS)
        limit_ms = SESSION_IDLE_MS;
    if (loop_now_ms(h->all->loop) - h->used_ms >= limit_ms) {
        h->all->stats.idle++;
        link_close(&h->link, "idle");
    } else {
        timer_start(h->all->idle, t);
    }
}

/* --- all of them --- */

int hops_init(struct hops *h, struct loop *loop, uint64_t probation_ms,
              uint64_t idle_ms)
{
    int err;

    memset(h, 0, sizeof *h);
    h->loop = loop;
    h->idle_ms = idle_ms;
    list_init(&h->by_use);
    err = timer_fifo_new(&h->probation, loop, probation_ms, on_probation_over);
    if (!err)
        err = timer_fifo_new(&h->idle, loop, idle_ms, on_idle);
    return err;
}

void hops_fini(struct hops *h)
{
    timer_fifo_free(h->probation);
    timer_fifo_free(h->idle);
}

int hop_accept(struct hops *all, int fd, const struct addr *peer,
               const struct hop_origin *origin)
{
    struct hop *h = calloc(1, sizeof *h);
    int err;

    if (!h) {
        (void)close(fd);
        return ERR_NOMEM;
    }
    h->all = all;
    link_init(&h->link, &link_ops, ++all->next_number);
    h->link.secure = origin->tls != NULL;
    h->link.may_auth = origin->may_auth;
    h->link.port = origin->port;
    parser_init(&h->parser, all->head_size, all->path_uris);
    timer_init(&h->probation);
    timer_init(&h->idle);
    list_init(&h->by_use);
    loop_defer_init(&h->end, on_end, h);
    err = conn_accept(&h->conn, all->net, fd, peer, origin->tls, h->link.number,
                      &conn_ops, h);
    if (err) {
        free(h);
        return err;
    }
    all->count++;
    mark_used(h);
    relay_link_opened(all->relay, &h->link);
    return 0;
}

bool hops_close_oldest(struct hops *all)
{
    struct list *m, *next;

    LIST_EACH(m, next, &all->by_use)
    {
        struct hop *h = CONTAINER(m, struct hop, by_use);

        if (relay_link_is_idle(&h->link)) {
            h->why = "made room";
            all->stats.made_room++;
            conn_close(h->conn);
            return true;
        }
    }
    return false;
}

void hops_close_idle(struct hops *all)
{
    struct list *m, *next;

    LIST_EACH(m, next, &all->by_use)
    {
        struct hop *h = CONTAINER(m, struct hop, by_use);

        if (relay_link_is_idle(&h->link) && conn_queued(h->conn) == 0)
            link_close(&h->link, "shutting down");
    }
}

void hops_close_all(struct hops *all)
{
    struct list *m, *next;

    relay_clock(all->relay, loop_now_ms(all->loop));
    LIST_EACH(m, next, &all->by_use)
    relay_link_give_up(all->relay, &CONTAINER(m, struct hop, by_use)->link);
    LIST_EACH(m, next, &all->by_use)
    link_close(&CONTAINER(m, struct hop, by_use)->link, "shutting down");
}

void hops_drop_all(struct hops *all)
{
    struct list *m;

    while ((m = list_first(&all->by_use))) {
        struct hop *h = CONTAINER(m, struct hop, by_use);

        h->why = "shutting down";
        conn_close(h->conn);
    }
}

void hops_log(const struct hops *all)
{
    const struct list *m;

    for (m = all->by_use.next; m != &all->by_use; m = m->next) {
        const struct hop *h =
            CONTAINER((void *)(uintptr_t)m, struct hop, by_use);
        char peer[ADDR_TEXT_MAX];

        log_info(all->log,
                 "table=connection c=%llu peer=%s sessions=%u transactions=%u "
                 "queued=%zu blocked=%s in=%llu out=%llu",
                 number_of(h), addr_text(peer, conn_peer(h->conn)),
                 h->link.n_sessions, h->link.n_txns, conn_queued(h->conn),
                 h->link.blocked ? "yes" : "no",
                 (unsigned long long)conn_octets_in(h->conn),
                 (unsigned long long)conn_position(h->conn));
    }
}
