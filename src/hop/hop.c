/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <unistd.h>

#include "err.h"
#include "host_names.h"
#include "hop_private.h"
#include "session.h"
#include "writer.h"

static struct hop *hop_of(const struct link *l)
{
    return CONTAINER((void *)(uintptr_t)l, struct hop, link);
}

/* --- the link's functions, called by core --- */

_Static_assert((int)CONN_PARTS_MAX >= (int)FRAME_PARTS, "a frame is one write");

/* Output of one that has proved nothing may wait up to so much (S-15). */
enum { UNPROVEN_OUTPUT_MAX = 16384 };

static bool has_room(const struct hop *h, const struct frame *f)
{
    return h->link.trust.proven || h->link.is_relay ||
           conn_queued(h->conn) + f->octets <= UNPROVEN_OUTPUT_MAX;
}

/* Hands it to the connection, or keeps it until there is one. */
static int hop_write(struct hop *h, const struct frame *f)
{
    if (hop_is_withheld(h))
        return hop_put_early(h, f);
    return has_room(h, f)
               ? conn_write_part(h->conn, f->parts, f->n, f->flag != 0)
               : ERR_FULL;
}

static int hop_put(struct link *l, const struct frame *f)
{
    struct hop *h = hop_of(l);
    int err;

    hop_log_out(h, f);
    err = hop_write(h, f);
    if (!err && hop_clear(h) == HOP_CLEAR_DUE)
        err = hop_clear_probe(h);
    h->full |= err == ERR_FULL;
    h->put = l->ops->position(l);
    return err;
}

static size_t hop_queued(const struct link *l)
{
    const struct hop *h = hop_of(l);

    return (h->conn ? conn_queued(h->conn) : 0) + hop_early_n(h);
}

/* What a position in the connection's output is in what the relay has put. */
static uint64_t hop_position_of(const struct hop *h, uint64_t position)
{
    size_t probe_n = h->dialled ? h->dialled->probe_n : 0;

    return position > probe_n ? position - probe_n : 0;
}

static uint64_t hop_position(const struct link *l)
{
    const struct hop *h = hop_of(l);

    return hop_position_of(h, h->conn ? conn_position(h->conn) : 0) +
           hop_early_n(h);
}

static size_t hop_unacked(const struct link *l)
{
    const struct hop *h = hop_of(l);

    return h->conn ? conn_unacked(h->conn) : 0;
}

static uint64_t hop_held_ms(const struct link *l)
{
    const struct hop *h = hop_of(l);

    return h->conn ? conn_held_ms(h->conn) : 0;
}

static void hop_pause(struct link *l)
{
    struct hop *h = hop_of(l);

    if (h->conn)
        conn_pause(h->conn);
}

static void hop_resume(struct link *l)
{
    struct hop *h = hop_of(l);

    if (h->conn)
        conn_resume(h->conn);
}

static void hop_close(struct link *l, const char *why)
{
    struct hop *h = hop_of(l);

    h->why = why;
    hop_clear_stop(h);
    hop_pause(l); /* no more input is handled */
    loop_defer(h->all->loop, &h->end);
}

static void hop_probe(struct link *l)
{
    struct hop *h = hop_of(l);

    if (h->conn)
        conn_probe(h->conn);
}

/* Its user is the one of its oldest session; other relays' links have none of
 * their own. */
static void hop_rate(struct hop *h)
{
    const struct list *first = list_first(&h->link.sessions.issued);
    struct span account = SPAN("");
    uint64_t now_ms = loop_now_ms(h->all->loop);

    if (first && !h->left)
        account = session_account(CONTAINER(first, struct session, of_link));
    if (h->user_rate && user_rate_is_of(h->user_rate, account))
        return;
    user_rates_give(&h->all->user_rates, h->user_rate, now_ms);
    h->user_rate = account.n
                       ? user_rates_take(&h->all->user_rates, account, now_ms)
                       : NULL;
    if (h->conn)
        conn_set_shared_rate(
            h->conn, h->user_rate ? user_rate_bucket(h->user_rate) : NULL);
}

static void hop_changed(struct link *l)
{
    hop_place(hop_of(l));
    hop_rate(hop_of(l));
    hop_check_use(hop_of(l));
}

static bool hop_shows(const struct link *l, const struct fingerprint *any,
                      size_t n)
{
    const struct hop *h = hop_of(l);

    return h->conn && conn_peer_shows(h->conn, any, n);
}

static const struct link_ops link_ops = {
    .put = hop_put,
    .queued = hop_queued,
    .position = hop_position,
    .unacked = hop_unacked,
    .pause = hop_pause,
    .resume = hop_resume,
    .close = hop_close,
    .probe = hop_probe,
    .held_ms = hop_held_ms,
    .changed = hop_changed,
    .shows = hop_shows,
};

/* --- the connection's callbacks --- */

static void tell_time(const struct hop *h)
{
    relay_clock(h->all->relay, loop_now_ms(h->all->loop));
}

void hop_leave(struct hop *h, bool stalled)
{
    if (h->left)
        return;
    h->left = true;
    tell_time(h);
    relay_link_closed(h->all->relay, &h->link, stalled);
    hop_place(h);
    hop_rate(h);
}

/* The end that hop_close() asked for. */
static void hop_on_end(void *ctx)
{
    struct hop *h = ctx;

    if (!h->conn) {
        hop_stop_dialling(h);
        return;
    }
    if (h->evicted) {
        conn_close(h->conn);
        return;
    }
    hop_leave(h, false);
    if (h->full) /* it does not read: waiting is pointless */
        conn_fail(h->conn, CONN_WHY_FULL);
    else if (h->bad_input)
        conn_reject(h->conn);
    else
        conn_finish(h->conn);
}

static void mark_used(struct hop *h)
{
    h->used_ms = loop_now_ms(h->all->loop);
}

static void on_name(void *ctx, struct span name)
{
    (void)host_names_add(ctx, name);
}

/* What the peer has proved: the names are taken from its certificate once. One
 * without counts as a relay by its address, if it is one of these (S-4). */
static void hop_take_names(struct hop *h)
{
    const struct cidr_list *addresses = h->all->relay_addresses;
    struct host_names *names = NULL;

    if (!hop_has_fingerprint(h) && conn_peer_is_host(h->conn))
        names = host_names_new();
    if (names)
        conn_peer_names(h->conn, on_name, names);
    h->link.names = names;
    h->link.by_address =
        !names && addresses && cidr_list_has(addresses, conn_peer(h->conn));
}

void hop_up(struct hop *h)
{
    relay_link_known(h->all->relay, &h->link);
    hop_place(h);
}

static void hop_on_open(void *ctx)
{
    struct hop *h = ctx;

    h->open = true;
    h->all->stats.opened++;
    if (!hop_may_be_used(h)) {
        conn_close(h->conn);
        return;
    }
    hop_take_names(h);
    if (h->link.secure)
        h->link.subject->tls = hop_tls_version(h);
    if (hop_clear(h) == HOP_CLEAR_NONE)
        hop_up(h);
    else
        hop_place(h);
    if (!h->dialled)
        timer_start(h->all->probation, &h->probation);
    timer_start(h->all->idle, &h->idle);
    hop_log_open(h);
}

/* On a transport with messages (WebSocket) each message must be one chunk, and
 * each chunk one message (R7977-5.1-c, -d). Does that hold for the octets about
 * to be parsed? */
static bool is_in_bounds(struct hop *h)
{
    uint64_t message = conn_message(h->conn);

    if (message == 0)
        return true;
    if (h->in_chunk)
        return message == h->message;
    if (message == h->message)
        return false;
    h->message = message;
    h->in_chunk = true;
    return true;
}

/* 0 with the next event, ERR_AGAIN if more input is needed, or what is wrong
 * with the input. */
static int next_event(struct hop *h, struct parse_event *ev, struct span *in)
{
    int err;

    if (in->n > 0 && !is_in_bounds(h))
        return ERR_SYNTAX;
    err = parser_next(h->parser, in, ev);
    if (!err && ev->type == PARSE_END)
        h->in_chunk = false;
    return err;
}

/* Octets that begin the input show a proxy that is not to send a header. */
static bool hop_is_unwanted_proxy(const struct hop *h, struct span in)
{
    return !h->dialled && conn_octets_in(h->conn) == in.n && proxy_begins(in);
}

static void reject(struct hop *h, int err, struct span in)
{
    const char *why =
        hop_is_unwanted_proxy(h, in) ? proxy_unwanted : "bad input";

    h->bad_input = true;
    h->all->stats.bad_input++;
    hop_log_bad_input(h, err);
    hop_clear_rejected(h);
    link_close(&h->link, why);
}

/* A parser that is ready for a frame, unless there is one already. */
static bool take_parser(struct hop *h)
{
    struct hops *all = h->all;

    if (h->parser)
        return true;
    h->parser = pool_take(&all->parsers);
    if (!h->parser)
        return false;
    parser_init(h->parser, h->head_size, h->path_uris);
    h->parser->memos =
        &all->path_memos[h->link.number % (uint64_t)HOPS_PATH_MEMOS];
    return true;
}

/* Between two frames there is nothing to remember. */
static void give_parser(struct hop *h)
{
    if (!parser_is_new(h->parser))
        return;
    pool_give(&h->all->parsers, h->parser);
    h->parser = NULL;
}

/* Handles what is whole in the input, as far as the relay takes it. */
static void parse(struct hop *h, struct span *in)
{
    struct relay *relay = h->all->relay;
    const struct span all = *in;
    struct parse_event ev;

    while (relay_is_ready(relay, &h->link)) {
        int err;

        relay_prepare(relay, &h->link, h->parser);
        err = next_event(h, &ev, in);
        if (err == ERR_AGAIN)
            return;
        if (err) {
            reject(h, err, all);
            return;
        }
        if (ev.type == PARSE_HEAD)
            hop_log_in(h, ev.head);
        if (hop_clear(h) == HOP_CLEAR_NONE || !hop_clear_event(h, &ev))
            relay_on_event(relay, &h->link, &ev);
    }
}

static void hop_on_input(void *ctx, struct span *in)
{
    struct hop *h = ctx;

    tell_time(h);
    mark_used(h);
    hop_log_open(h);
    if (hop_clear(h) == HOP_CLEAR_NONE)
        hop_proved(h);
    if (!take_parser(h)) {
        link_close(&h->link, "out of memory");
        return;
    }
    parse(h, in);
    give_parser(h);
}

static void hop_on_sent(void *ctx, uint64_t position)
{
    struct hop *h = ctx;
    uint64_t before = h->sent;

    h->sent = hop_position_of(h, position);
    if (before < h->put) /* not only a PING of the transport's */
        mark_used(h);
    if (h->left)
        return;
    tell_time(h);
    h->stalls = 0;
    relay_link_sent(h->all->relay, &h->link, h->sent);
}

/* What waits for another relay's link fails at the first stall, but the link is
 * closed for the others on it at the third (S-13 d). */
static bool hop_on_stalled(void *ctx)
{
    enum { STALLS_MAX = 3 };
    struct hop *h = ctx;

    if (!h->link.is_relay || ++h->stalls >= STALLS_MAX)
        return false;
    tell_time(h);
    relay_link_give_up(h->all->relay, &h->link);
    return true;
}

void hop_free(struct hop *h)
{
    struct hops *all = h->all;

    timer_stop(&h->probation);
    timer_stop(&h->idle);
    loop_defer_cancel(&h->end);
    place_set(&all->places, &h->place, PLACE_KEPT, SPAN(""));
    user_rates_give(&all->user_rates, h->user_rate, loop_now_ms(all->loop));
    if (!list_is_empty(&h->by_age)) {
        hop_walks_skip(h);
        list_remove(&h->by_age);
        all->count--;
        all->evicting -= h->evicted;
    }
    host_names_free((struct host_names *)(uintptr_t)h->link.names);
    free((void *)(uintptr_t)h->link.name.p);
    subject_unref(h->link.subject);
    hop_dialled_free(h);
    pool_give(&all->parsers, h->parser);
    free(h);
}

static void hop_count_end(struct hops_stats *stats, enum conn_why why)
{
    stats->handshake += why == CONN_WHY_HANDSHAKE;
    stats->stalled += why == CONN_WHY_STALL;
    stats->full += why == CONN_WHY_FULL;
}

static void hop_on_closed(void *ctx, enum conn_why why)
{
    struct hop *h = ctx;
    struct hops *all = h->all;

    if (h->open)
        hop_ended_unproved(h, why);
    else
        hop_never_opened(h, why);
    hop_leave(h, why == CONN_WHY_STALL);
    hop_count_end(&all->stats, why);
    if (hop_is_silent(h))
        all->stats.health_checks++;
    hop_log_closed(h, why);
    if (h->is_counted)
        all->on_gone(all->ctx, conn_peer(h->conn));
    hop_free(h);
}

static void hop_on_slowed(void *ctx)
{
    struct hop *h = ctx;

    h->all->stats.slowed++;
    if (!h->was_slowed)
        hop_log_slowed(h);
    h->was_slowed = true;
}

const struct conn_ops hop_conn_ops = {
    .proxied = hop_on_proxied,
    .open = hop_on_open,
    .input = hop_on_input,
    .sent = hop_on_sent,
    .stalled = hop_on_stalled,
    .slowed = hop_on_slowed,
    .closed = hop_on_closed,
};

/* --- its beginning --- */

struct hop *hop_new(struct hops *all)
{
    struct hop *h = calloc(1, sizeof *h);

    if (!h)
        return NULL;
    h->all = all;
    link_init(&h->link, &link_ops, ++all->next_number);
    h->head_size = all->head_size;
    h->path_uris = all->path_uris;
    timer_init(&h->probation);
    timer_init(&h->idle);
    list_init(&h->by_age);
    place_init(&h->place, h->link.number);
    loop_defer_init(&h->end, hop_on_end, h);
    return h;
}

void hop_enter(struct hop *h)
{
    h->all->count++;
    h->since_ms = loop_now_ms(h->all->loop);
    list_append(&h->all->by_age, &h->by_age);
    mark_used(h);
    relay_link_opened(h->all->relay, &h->link);
    hop_place(h);
}

bool hop_is_proxied(const struct hop_origin *origin, const struct addr *peer)
{
    return origin->proxy && cidr_list_has(origin->proxy, peer);
}

/* A reload may free the listener's. */
static bool hop_take_name(struct hop *h, const char *name)
{
    char *own;

    if (!*name)
        return true;
    own = strdup(name);
    if (own)
        h->link.name = span_str(own);
    return own;
}

/* A hop of what was accepted, without its connection; NULL when out of memory.
 */
static struct hop *hop_of_origin(struct hops *all, const struct addr *peer,
                                 const struct hop_origin *origin)
{
    struct hop *h = hop_new(all);

    if (!h)
        return NULL;
    if (!hop_take_origin(h, peer, origin) || !hop_take_name(h, origin->name)) {
        hop_free(h);
        return NULL;
    }
    h->in_front = origin->tls_in_front && !origin->tls;
    h->bound_port = origin->bound_port;
    h->tls_port = origin->tls_port;
    h->link.secure = origin->tls || h->in_front;
    h->link.may_auth = origin->may_auth;
    h->link.port = origin->port;
    h->link.max_chunk_size = origin->max_chunk_size;
    return h;
}

int hop_accept(struct hops *all, int fd, const struct addr *peer,
               const struct hop_origin *origin)
{
    const struct conn_from from = {.fd = fd,
                                   .peer = peer,
                                   .tls = origin->tls,
                                   .ws = origin->transport == NET_WS ||
                                         origin->transport == NET_WSS,
                                   .proxied = hop_is_proxied(origin, peer)};
    struct hop *h = hop_of_origin(all, peer, origin);
    int err;

    if (!h) {
        (void)close(fd);
        return ERR_NOMEM;
    }
    h->is_counted = !from.proxied;
    h->link.needs_session = from.ws;
    err = conn_accept(&h->conn, all->net, &from, &hop_conn_ops, h);
    if (err) {
        hop_free(h);
        return err;
    }
    hop_enter(h);
    return 0;
}
