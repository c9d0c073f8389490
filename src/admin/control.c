/* SPDX-License-Identifier: BSD-2-Clause */
#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "conn.h"
#include "err.h"
#include "listener.h"
#include "net.h"
#include "timer.h"

enum {
    INPUT_SIZE = 2 * CONTROL_REQUEST_MAX,
    /* Octets that may wait before no further step is made. A step adds at most
     * a few rows, except answers that cannot be made in steps. */
    OUTPUT_HIGH = 65536,
    OUTPUT_MAX = 16 * OUTPUT_HIGH,
    OUTPUT_ROWS = OUTPUT_MAX - CONTROL_ROW_MAX, /* the last one always fits */
    WHY_MAX = 256,
};

/* Accepted when all places were taken: a client that has just left may not have
 * been noticed yet. */
struct parked {
    int fd;
    uid_t uid;
    struct addr peer;
};

struct control {
    struct loop *loop;
    struct net *net; /* its own: these connections are not the relay's */
    struct control_setup setup;
    struct timer_fifo *idle;
    struct control_listener *listener; /* of the last client, or NULL */
    struct list clients;
    size_t n_clients;
    struct parked parked[CONTROL_CLIENTS_MAX];
    size_t n_parked;
    struct loop_defer unpark; /* at the end of the turn */
    struct log_limit refusal_log;
};

struct control_listener {
    struct control *control;
    struct listener *listener;
    char *path;
};

/* A connection. */
struct client {
    struct list of_control;
    struct control *control;
    struct conn *conn;
    struct timer idle;
    struct loop_defer next; /* further steps of the answer */
    bool answering;
    bool waiting;    /* the answer, for control_resume() */
    bool failed;     /* the answer */
    bool over;       /* further input is discarded */
    size_t left_out; /* rows of the answer that found no room */
    struct control_call call;
    char why[WHY_MAX];
    char line[CONTROL_REQUEST_MAX];
    char row[CONTROL_ROW_MAX];
    max_align_t state[];
};

static struct client *client_of(struct control_call *call)
{
    return CONTAINER(call, struct client, call);
}

/* --- rows --- */

void control_row(struct control_call *call, struct json *j)
{
    struct client *c = client_of(call);

    json_init(j, c->row, sizeof c->row - 1);
    json_object_begin(j, NULL);
}

/* Sends what was written, if it leaves room after it. */
static bool send_row(struct client *c, struct json *j, size_t room)
{
    struct span parts[2];

    json_object_end(j);
    parts[0] = json_text(j);
    parts[1] = SPAN("\n");
    return parts[0].n && conn_queued(c->conn) + parts[0].n + 1 <= room &&
           conn_write(c->conn, parts, 2) == 0;
}

void control_row_end(struct control_call *call, struct json *j)
{
    struct client *c = client_of(call);

    if (!send_row(c, j, OUTPUT_ROWS))
        c->left_out++;
}

void control_fail(struct control_call *call, const char *why)
{
    struct client *c = client_of(call);

    c->failed = true;
    span_copy(c->why, sizeof c->why, span_str(why));
}

static void control_finish(struct client *c)
{
    c->over = true;
    conn_finish(c->conn);
}

/* The last row; without it the client must not wait for more. */
static void say_end(struct client *c)
{
    struct json j;

    control_row(&c->call, &j);
    json_bool(&j, "ok", !c->failed);
    if (c->failed)
        json_str(&j, "error", span_str(c->why));
    if (c->left_out)
        json_u64(&j, "left_out", c->left_out);
    if (!send_row(c, &j, OUTPUT_MAX))
        control_finish(c);
}

static void control_refuse(struct client *c, const char *why)
{
    control_fail(&c->call, why);
    say_end(c);
    c->failed = false;
}

/* --- an answer --- */

static void control_give_up(struct client *c)
{
    const struct control_setup *setup = &c->control->setup;

    if (!c->answering)
        return;
    c->answering = false;
    loop_defer_cancel(&c->next);
    setup->end(setup->ctx, &c->call);
}

/* As many steps as may be now. The client reads no further request until the
 * last one. */
static void go_on(void *ctx)
{
    struct client *c = ctx;
    const struct control_setup *setup = &c->control->setup;
    bool done = false;

    for (int i = 0; i < CONTROL_STEPS && !done; i++) {
        if (c->waiting || conn_queued(c->conn) >= OUTPUT_HIGH)
            return; /* control_resume() or on_sent() goes on */
        done = setup->step(setup->ctx, &c->call) || c->failed;
        c->call.steps++;
    }
    if (!done) {
        loop_defer(c->control->loop, &c->next);
        return;
    }
    say_end(c);
    control_give_up(c);
    timer_start(c->control->idle, &c->idle);
    conn_resume(c->conn);
}

void control_wait(struct control_call *call)
{
    client_of(call)->waiting = true;
}

void control_resume(struct control_call *call)
{
    struct client *c = client_of(call);

    c->waiting = false;
    loop_defer(c->control->loop, &c->next);
}

static void control_begin(struct client *c)
{
    c->answering = true;
    c->waiting = c->failed = false;
    c->left_out = 0;
    c->call.steps = 0;
    memset(c->call.state, 0, c->control->setup.state_size);
    conn_pause(c->conn);
    loop_defer(c->control->loop, &c->next);
}

/* --- requests --- */

/* A line, without its line feed. A client that sends anything but text speaks
 * another protocol. */
static void control_take_line(struct client *c, struct span line)
{
    struct control_request request;
    const char *why;

    memcpy(c->line, line.p, line.n);
    if (control_request_parse(&request, &why, c->line, line.n) == 0) {
        c->call.request = request;
        control_begin(c);
        return;
    }
    control_refuse(c, why);
    if (control_request_is_text(line))
        timer_start(c->control->idle, &c->idle);
    else
        control_finish(c);
}

static void control_on_input(void *ctx, struct span *in)
{
    struct client *c = ctx;
    size_t n;

    while (!c->answering && !c->over && (n = span_find(*in, '\n')) < in->n &&
           n <= CONTROL_REQUEST_MAX)
        control_take_line(c, span_cut(in, '\n'));
    if (c->answering || in->n <= CONTROL_REQUEST_MAX)
        return;
    if (!c->over)
        control_refuse(c, "line too long");
    *in = span_from(*in, in->n);
    control_finish(c);
}

/* --- a connection --- */

static void control_on_open(void *ctx)
{
    struct client *c = ctx;

    timer_start(c->control->idle, &c->idle);
}

static void control_on_sent(void *ctx, uint64_t position)
{
    struct client *c = ctx;

    (void)position;
    timer_start(c->control->idle, &c->idle);
    if (c->answering && conn_queued(c->conn) < OUTPUT_HIGH)
        loop_defer(c->control->loop, &c->next);
}

static void client_free(struct client *c)
{
    timer_stop(&c->idle);
    loop_defer_cancel(&c->next);
    list_remove(&c->of_control);
    c->control->n_clients--;
    if (c->control->listener)
        control_reserve(c->control->listener);
    free(c);
}

static void control_on_closed(void *ctx, enum conn_why why)
{
    struct client *c = ctx;

    (void)why;
    control_give_up(c);
    client_free(c);
}

static const struct conn_ops conn_ops = {
    .open = control_on_open,
    .input = control_on_input,
    .sent = control_on_sent,
    .closed = control_on_closed,
};

static void control_on_idle(struct timer *t)
{
    conn_close(CONTAINER(t, struct client, idle)->conn);
}

/* --- accepting --- */

/* In a word, as far as it fits into the socket at once. */
static void control_turn_away(struct control *c, int fd, const char *row,
                              const char *why)
{
    uint32_t held;

    if (log_limit_pass(&c->refusal_log, loop_now_ms(c->loop), 5, 1000, &held))
        log_warn(c->setup.log, "control connection refused reason=\"%s\"", why);
    (void)send(fd, row, strlen(row), MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)close(fd);
}

static void serve(struct control *control, int fd, const struct addr *peer,
                  uid_t uid)
{
    struct client *c = calloc(1, sizeof *c + control->setup.state_size);
    const struct conn_from from = {.fd = fd, .peer = peer};

    if (!c) {
        control_turn_away(control, fd, "", err_text(ERR_NOMEM));
        return;
    }
    c->control = control;
    c->call.uid = uid;
    c->call.state = c->state;
    timer_init(&c->idle);
    loop_defer_init(&c->next, go_on, c);
    list_init(&c->of_control);
    control->n_clients++;
    if (conn_accept(&c->conn, control->net, &from, &conn_ops, c))
        client_free(c);
    else
        list_append(&control->clients, &c->of_control);
}

static void turn_away_surplus(struct control *c, int fd)
{
    control_turn_away(c, fd,
                      "{\"ok\":false,\"error\":\"too many connections\"}\n",
                      "too many connections");
}

static void on_unpark(void *ctx)
{
    struct control *c = ctx;

    for (size_t i = 0; i < c->n_parked; i++) {
        const struct parked *p = &c->parked[i];

        if (c->n_clients < CONTROL_CLIENTS_MAX)
            serve(c, p->fd, &p->peer, p->uid);
        else
            turn_away_surplus(c, p->fd);
    }
    c->n_parked = 0;
}

static void control_on_accept(void *ctx, struct listener *l, int fd,
                              const struct addr *peer)
{
    struct control_listener *listener = ctx;
    struct control *c = listener->control;
    uid_t uid;

    (void)l;
    c->listener = listener;
    if (sock_peer_uid(&uid, fd) != 0 || (uid != 0 && uid != geteuid())) {
        control_turn_away(c, fd, "{\"ok\":false,\"error\":\"not allowed\"}\n",
                          "user not allowed");
    } else if (c->n_clients < CONTROL_CLIENTS_MAX) {
        serve(c, fd, peer, uid);
    } else if (c->n_parked < CONTROL_CLIENTS_MAX) {
        c->parked[c->n_parked++] = (struct parked){fd, uid, *peer};
        loop_defer(c->loop, &c->unpark);
    } else {
        turn_away_surplus(c, fd);
    }
}

/* --- listeners --- */

int control_open(struct control_listener **out, struct control *c,
                 const char *path)
{
    struct control_listener *d = calloc(1, sizeof *d);
    int fd, err;

    if (!d)
        return ERR_NOMEM;
    d->control = c;
    err = sock_listen_unix(&fd, path, 0600);
    if (err) {
        free(d);
        return err;
    }
    err = listener_adopt(&d->listener, c->loop, fd, control_on_accept, NULL, d);
    d->path = strdup(path);
    if (err || !d->path) {
        (void)unlink(path);
        free(d->path);
        d->path = NULL;
        control_close(d);
        return err ? err : ERR_NOMEM;
    }
    *out = d;
    return 0;
}

void control_reserve(struct control_listener *d)
{
    listener_reserve(d->listener);
}

void control_close(struct control_listener *d)
{
    if (!d)
        return;
    if (d->control->listener == d)
        d->control->listener = NULL;
    if (d->path)
        (void)unlink(d->path);
    listener_free(d->listener);
    free(d->path);
    free(d);
}

/* --- all of it --- */

int control_new(struct control **out, struct loop *loop,
                const struct control_setup *setup)
{
    const struct net_settings settings = {
        .input_size = INPUT_SIZE,
        .read_per_turn = INPUT_SIZE,
        .output_max = OUTPUT_MAX,
        .handshake_ms = setup->idle_ms,
        .stall_ms = setup->idle_ms,
    };
    struct control *c = calloc(1, sizeof *c);
    int err;

    if (!c)
        return ERR_NOMEM;
    c->loop = loop;
    c->setup = *setup;
    list_init(&c->clients);
    loop_defer_init(&c->unpark, on_unpark, c);
    err = net_new(&c->net, loop, &settings);
    if (!err)
        err = timer_fifo_new(&c->idle, loop, setup->idle_ms, control_on_idle);
    if (err) {
        control_free(c);
        return err;
    }
    *out = c;
    return 0;
}

void control_free(struct control *c)
{
    struct list *m;

    if (!c)
        return;
    loop_defer_cancel(&c->unpark);
    while (c->n_parked > 0)
        (void)close(c->parked[--c->n_parked].fd);
    while ((m = list_first(&c->clients)))
        conn_close(CONTAINER(m, struct client, of_control)->conn);
    timer_fifo_free(c->idle);
    net_free(c->net);
    free(c);
}
