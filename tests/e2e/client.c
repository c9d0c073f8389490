/* SPDX-License-Identifier: BSD-2-Clause */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "scene.h"
#include "ws_side.h"

enum {
    READ_SIZE = 65536,
    READS_PER_TURN = 16,
    /* Below this the test may put more into the output. */
    ROOM = 262144,
    HEAD_SIZE = 65536,
    PATH_URIS = 32,
};

/* --- life ----------------------------------------------------------------- */

static void say_ahead(int fd, const struct client_opts *opts)
{
    size_t step = opts->slowly ? 1 : opts->ahead.n;

    for (size_t at = 0; at < opts->ahead.n; at += step)
        assert_int_equal(send(fd, opts->ahead.p + at, step, MSG_NOSIGNAL),
                         step);
}

static int connect_to(const struct client_opts *opts)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)opts->port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in from = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    assert_true(fd >= 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (opts->receive_buffer)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &opts->receive_buffer,
                   sizeof opts->receive_buffer);
    if (opts->segment)
        setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &opts->segment,
                   sizeof opts->segment);
    if (opts->from) {
        assert_int_equal(inet_pton(AF_INET, opts->from, &from.sin_addr), 1);
        assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    }
    if (opts->to)
        assert_int_equal(inet_pton(AF_INET, opts->to, &to.sin_addr), 1);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    say_ahead(fd, opts);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static struct client *client_on(int fd, SSL_CTX *tls)
{
    struct client *c = calloc(1, sizeof *c);

    assert_non_null(c);
    list_init(&c->of_scene);
    list_init(&c->got);
    list_init(&c->taken);
    parser_init(&c->parser, HEAD_SIZE, PATH_URIS);
    c->fd = fd;
    c->state = CLIENT_OPEN;
    if (tls) {
        c->state = CLIENT_HANDSHAKE;
        c->ssl = SSL_new(tls);
        assert_non_null(c->ssl);
        assert_int_equal(SSL_set_fd(c->ssl, c->fd), 1);
    }
    return c;
}

struct client *client_new(const struct client_opts *opts)
{
    struct client *c = client_on(connect_to(opts), opts->tls);

    if (!c->ssl)
        return c;
    SSL_set_connect_state(c->ssl);
    if (opts->session)
        assert_int_equal(SSL_set_session(c->ssl, opts->session), 1);
    return c;
}

struct client *client_accepted(int fd, SSL_CTX *tls)
{
    struct client *c = client_on(fd, tls);
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (c->ssl)
        SSL_set_accept_state(c->ssl);
    return c;
}

static void close_fd(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    c->state = CLIENT_ENDED;
}

static void free_frames(struct list *frames)
{
    struct list *m;

    while ((m = list_take_first(frames))) {
        struct got *g = CONTAINER(m, struct got, of_client);

        free((void *)(uintptr_t)g->text.p);
        free(g);
    }
}

void client_free(struct client *c)
{
    list_remove(&c->of_scene);
    close_fd(c);
    SSL_free(c->ssl);
    free_frames(&c->got);
    free_frames(&c->taken);
    free(c->in.p);
    free(c->out.p);
    free(c->frame.p);
    ws_side_free(c->ws);
    free(c);
}

static void end(struct client *c, enum client_end why)
{
    c->end = why;
    close_fd(c);
    if (c->pipe)
        close_fd(c->pipe);
}

/* --- frames in ------------------------------------------------------------ */

/* The frame is complete: what was gathered of it becomes a got. */
static void keep_frame(struct client *c, char flag)
{
    struct got *g = calloc(1, sizeof *g);
    size_t end_n = 7 + c->head.tid.n + 3;

    assert_non_null(g);
    list_init(&g->of_client);
    g->text = span_of(c->frame.p, c->frame.n);
    g->head = c->head;
    g->head.base = g->text.p;
    g->flag = flag;
    if (c->head.has_body) {
        size_t n = g->text.n - c->head.len - end_n;

        g->body = span_of(g->text.p + c->head.len, n < 2 ? 0 : n - 2);
    }
    secrets_add_frame(c->scene->secrets, g->text);
    list_append(c->on_frame && c->on_frame(c, g) ? &c->taken : &c->got,
                &g->of_client);
    c->frame = (struct bytes){0};
}

/* `raw` is what the parser has consumed for the event. */
static void gather(struct client *c, const struct parse_event *ev,
                   struct span raw)
{
    bytes_add(&c->frame, raw);
    if (ev->type == PARSE_HEAD) {
        assert_int_equal(raw.n, ev->head->len); /* no CRLF in front */
        c->head = *ev->head;
    } else if (ev->type == PARSE_END) {
        keep_frame(c, ev->flag);
    }
}

void client_parse(struct client *c)
{
    struct span all = bytes_peek(&c->in), rest = all;
    struct parse_event ev;
    int err;

    while ((err = parser_next(&c->parser, &rest, &ev)) == 0) {
        if (ev.type == PARSE_HEAD)
            assert_int_equal(ev.head->fault, MSG_FAULT_NONE);
        if (!c->on_event || !c->on_event(c, &ev))
            gather(c, &ev, span_of(all.p, (size_t)(rest.p - all.p)));
        c->in.at += all.n - rest.n;
        c->ends += ev.type == PARSE_END;
        all = rest;
    }
    assert_int_equal(err, ERR_AGAIN);
    c->in.at += all.n - rest.n;
    assert_int_equal(all.n - rest.n, 0); /* no CRLF between frames */
}

/* --- the socket ----------------------------------------------------------- */

/* What a call of OpenSSL that did not succeed means for the client. */
static void take_tls_error(struct client *c, int ret)
{
    switch (SSL_get_error(c->ssl, ret)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return;
    case SSL_ERROR_ZERO_RETURN:
        end(c, CLIENT_END_EOF);
        return;
    case SSL_ERROR_SYSCALL:
        end(c, CLIENT_END_RESET);
        return;
    default:
        end(c, ERR_GET_REASON(ERR_peek_error()) ==
                       SSL_R_UNEXPECTED_EOF_WHILE_READING
                   ? CLIENT_END_EOF
                   : CLIENT_END_TLS);
    }
}

/* Octets read, 0 when there are none for now or the client has ended. */
static size_t read_tls(struct client *c, char *dst, size_t room)
{
    size_t n;
    int ret;

    ERR_clear_error();
    ret = SSL_read_ex(c->ssl, dst, room, &n);
    if (ret == 1)
        return n;
    take_tls_error(c, ret);
    return 0;
}

static size_t read_tcp(struct client *c, char *dst, size_t room)
{
    ssize_t n = recv(c->fd, dst, room, 0);

    if (n > 0)
        return (size_t)n;
    if (n == 0)
        end(c, CLIENT_END_EOF);
    else if (errno != EAGAIN && errno != EINTR)
        end(c, CLIENT_END_RESET);
    return 0;
}

static void pass_on(struct client *c)
{
    bytes_add(&c->pipe->out, bytes_peek(&c->in));
    if (c->tap)
        bytes_add(c->tap, bytes_peek(&c->in));
    c->in.at = c->in.n;
}

static void read_some(struct client *c)
{
    for (int i = 0; i < READS_PER_TURN && c->state == CLIENT_OPEN && !c->deaf;
         i++) {
        size_t room = c->most && c->most < READ_SIZE ? c->most : READ_SIZE;
        struct bytes *in = c->ws ? ws_side_input(c->ws) : &c->in;
        char *dst = bytes_reserve(in, room);
        size_t n = c->ssl ? read_tls(c, dst, room) : read_tcp(c, dst, room);

        in->n += n;
        c->octets_in += n;
        if (c->pipe)
            pass_on(c);
        else if (n && c->ws)
            ws_side_unpack(c->ws);
        else if (n && !c->raw)
            client_parse(c);
        if (n == 0 || c->most)
            return;
    }
}

static size_t write_once(struct client *c, struct span s)
{
    size_t done;
    ssize_t n;
    int ret;

    if (c->ssl) {
        ERR_clear_error();
        ret = SSL_write_ex(c->ssl, s.p, s.n, &done);
        if (ret == 1)
            return done;
        take_tls_error(c, ret);
        return 0;
    }
    n = send(c->fd, s.p, s.n, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        end(c, CLIENT_END_RESET);
    return n > 0 ? (size_t)n : 0;
}

static void write_some(struct client *c)
{
    while (c->on_room && client_queued(c) < ROOM)
        c->on_room(c);
    if (c->ws)
        ws_side_pack(c->ws);
    while (c->state == CLIENT_OPEN && bytes_peek(&c->out).n) {
        size_t n = write_once(c, bytes_peek(&c->out));

        if (n == 0)
            return;
        c->out.at += n;
        c->octets_out += n;
    }
}

short client_wants(const struct client *c)
{
    short events = 0;

    if (c->state == CLIENT_ENDED)
        return 0;
    if (c->state == CLIENT_HANDSHAKE)
        return (SSL_in_before(c->ssl) && !SSL_is_server(c->ssl)) ||
                       SSL_want_write(c->ssl)
                   ? POLLOUT
                   : POLLIN;
    if (!c->deaf && (!c->pipe || client_queued(c->pipe) < ROOM))
        events |= POLLIN;
    if (client_queued(c) || c->on_room)
        events |= POLLOUT;
    return events;
}

bool client_has_input(const struct client *c)
{
    return c->state == CLIENT_OPEN && !c->deaf && c->ssl &&
           SSL_has_pending(c->ssl);
}

static void shake_hands(struct client *c)
{
    int ret;

    ERR_clear_error();
    ret = SSL_do_handshake(c->ssl);
    if (ret == 1)
        c->state = CLIENT_OPEN;
    else
        take_tls_error(c, ret);
}

void client_turn(struct client *c, short events)
{
    if (c->state == CLIENT_HANDSHAKE)
        shake_hands(c);
    if (c->state == CLIENT_OPEN && events & POLLOUT)
        write_some(c);
    if (c->state == CLIENT_OPEN &&
        (events & (POLLIN | POLLHUP | POLLERR) || client_has_input(c)))
        read_some(c);
}

/* --- what tests call ------------------------------------------------------ */

void client_put(struct client *c, struct span octets)
{
    if (span_starts(octets, SPAN("MSRP ")))
        secrets_add_frame(c->scene->secrets, octets);
    bytes_add(c->ws ? ws_side_output(c->ws) : &c->out, octets);
}

size_t client_queued(const struct client *c)
{
    return bytes_peek(&c->out).n + (c->ws ? ws_side_queued(c->ws) : 0);
}

char *client_unput(struct client *c, size_t *n)
{
    char *copy = malloc(client_queued(c) + 1);

    assert_non_null(copy);
    *n = client_queued(c);
    memcpy(copy, bytes_peek(&c->out).p, *n);
    c->out.at = c->out.n;
    return copy;
}

struct got *client_take(struct client *c)
{
    struct list *m = list_take_first(&c->got);

    if (!m)
        return NULL;
    list_append(&c->taken, m);
    return CONTAINER(m, struct got, of_client);
}

void client_close(struct client *c)
{
    if (c->ssl && c->state == CLIENT_OPEN)
        SSL_shutdown(c->ssl);
    close_fd(c);
}

void client_half_close(struct client *c)
{
    if (c->state == CLIENT_ENDED)
        return;
    if (c->ssl)
        SSL_shutdown(c->ssl);
    assert_int_equal(shutdown(c->fd, SHUT_WR), 0);
}

void client_vanish(struct client *c)
{
    close_fd(c);
}

void client_reset(struct client *c)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    assert_int_equal(setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now),
                     0);
    close_fd(c);
}
