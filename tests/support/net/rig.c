/* SPDX-License-Identifier: BSD-2-Clause */
#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"

enum { PATIENCE_S = 20 };

/* --- the owner --- */

static void on_open(void *ctx)
{
    struct rig *r = ctx;

    r->opens++;
    if (r->on_open)
        r->on_open(r);
}

static void on_proxied(void *ctx, const struct proxy_source *source)
{
    struct rig *r = ctx;

    r->proxied++;
    r->source = *source;
    if (r->on_proxied)
        r->on_proxied(r);
}

static void on_input(void *ctx, struct span *in)
{
    struct rig *r = ctx;

    assert_int_equal(r->closes, 0);
    r->inputs++;
    if (r->on_input)
        r->on_input(r, in);
    else
        rig_take(r, in, in->n);
}

static void on_sent(void *ctx, uint64_t position)
{
    struct rig *r = ctx;

    assert_int_equal(r->closes, 0);
    assert_true(position > r->sent);
    assert_int_equal(position, conn_position(r->conn) - conn_queued(r->conn));
    r->sent = position;
    if (r->on_sent)
        r->on_sent(r);
}

static void on_closed(void *ctx, enum conn_why why)
{
    struct rig *r = ctx;

    r->closes++;
    r->why = why;
    r->conn = NULL;
    if (r->on_closed)
        r->on_closed(r);
}

static const struct conn_ops owner_ops = {.proxied = on_proxied,
                                          .open = on_open,
                                          .input = on_input,
                                          .sent = on_sent,
                                          .closed = on_closed};

void rig_take(struct rig *r, struct span *in, size_t n)
{
    if (r->got_n + n > r->got_room) {
        r->got_room = (r->got_n + n) * 2;
        r->got = realloc(r->got, r->got_room);
        assert_non_null(r->got);
    }
    memcpy(r->got + r->got_n, in->p, n);
    r->got_n += n;
    *in = span_from(*in, n);
}

/* --- making one --- */

/* A connected pair over loopback: the accepted end in *server. */
static int connect_pair(int *server, struct addr *peer, int client_receive)
{
    int listening, client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct addr at;

    assert_true(client >= 0);
    assert_int_equal(addr_parse(&at, SPAN("127.0.0.1"), 0), 0);
    assert_int_equal(sock_listen(&listening, &at, &(struct sock_opts){0}), 0);
    assert_int_equal(sock_local(&at, listening), 0);
    sock_apply(client, &(struct sock_opts){.receive_buffer = client_receive});
    assert_int_equal(connect(client, &at.sa, at.len), 0);
    peer->len = sizeof peer->in6;
    *server =
        accept4(listening, &peer->sa, &peer->len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(*server >= 0);
    close(listening);
    assert_int_equal(fcntl(client, F_SETFL, O_NONBLOCK), 0);
    return client;
}

/* The same without TCP. */
static int make_pair(int *server, struct addr *peer)
{
    int fds[2];

    assert_int_equal(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
        0);
    assert_int_equal(addr_parse(peer, SPAN("127.0.0.1"), 1), 0);
    *server = fds[1];
    return fds[0];
}

struct tls_ctx *rig_server_ctx(struct tls_files *files, bool rsa)
{
    const struct tls_files_cert relay = {
        .common_name = "relay", .san = "DNS:relay.example.com", .rsa = rsa};
    struct tls_settings s = {.ciphers = "", .ciphersuites = ""};
    struct tls_ctx *tls = NULL;
    char why[TLS_WHY_MAX] = "";
    enum tls_fault fault;

    assert_true(tls_files_issue(files, "relay", &relay));
    s.certificate = tls_files_path(files, "relay.pem");
    s.private_key = tls_files_path(files, "relay.key");
    s.ca_file = tls_files_path(files, "ca.pem");
    assert_int_equal(tls_server_new(&tls, &s, &fault, why), 0);
    assert_string_equal(why, "");
    return tls;
}

SSL_CTX *rig_client_ctx(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    assert_non_null(ctx);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return ctx;
}

static void begin_client_tls(struct rig *r, const struct rig_opts *opts)
{
    r->ssl_ctx = opts->client ? opts->client : rig_client_ctx();
    if (opts->client)
        SSL_CTX_up_ref(r->ssl_ctx);
    r->ssl = SSL_new(r->ssl_ctx);
    assert_non_null(r->ssl);
    assert_int_equal(SSL_set_fd(r->ssl, r->fd), 1);
    if (opts->host)
        SSL_set_accept_state(r->ssl);
    else
        SSL_set_connect_state(r->ssl);
}

static int begin_conn(struct rig *r, const struct rig_opts *opts, int fd,
                      const struct addr *peer)
{
    const struct conn_to to = {fd, peer, opts->tls,
                               span_str(opts->host ? opts->host : "")};
    const struct conn_from from = {.fd = fd,
                                   .peer = peer,
                                   .tls = opts->tls,
                                   .ws = opts->ws,
                                   .proxied = opts->proxied};

    if (opts->host)
        return conn_connect(&r->conn, r->net, &to, &owner_ops, r);
    return conn_accept(&r->conn, r->net, &from, &owner_ops, r);
}

static struct net_settings settled(struct net_settings s)
{
    if (!s.input_size)
        s.input_size = 65536;
    if (!s.ws_head_max)
        s.ws_head_max = 8192;
    if (!s.read_per_turn)
        s.read_per_turn = 262144;
    if (!s.output_max)
        s.output_max = 8 << 20;
    if (!s.handshake_ms)
        s.handshake_ms = 60000;
    if (!s.stall_ms)
        s.stall_ms = 60000;
    return s;
}

struct rig *rig_new(const struct rig_opts *opts)
{
    struct net_settings settings = settled(opts->settings);
    struct rig *r = calloc(1, sizeof *r);
    struct addr peer;
    int server;

    assert_non_null(r);
    r->beside = opts->beside;
    if (r->beside) {
        r->loop = r->beside->loop;
        r->net = r->beside->net;
    } else {
        assert_int_equal(loop_new(&r->loop), 0);
        assert_int_equal(net_new(&r->net, r->loop, &settings), 0);
    }
    r->fd = opts->pair ? make_pair(&server, &peer)
                       : connect_pair(&server, &peer, opts->client_receive);
    if (opts->tls && !opts->no_hello)
        begin_client_tls(r, opts);
    assert_int_equal(begin_conn(r, opts, server, &peer), 0);
    assert_int_equal(r->opens, 0);
    return r;
}

void rig_free(struct rig *r)
{
    if (r->conn)
        conn_close(r->conn);
    assert_int_equal(r->closes, 1);
    if (!r->beside) {
        net_free(r->net);
        loop_free(r->loop);
    }
    SSL_free(r->ssl);
    SSL_CTX_free(r->ssl_ctx);
    if (r->fd >= 0)
        close(r->fd);
    free(r->got);
    free(r);
}

/* --- turning --- */

static void step_client_handshake(struct rig *r)
{
    int ret;

    if (!r->ssl || SSL_is_init_finished(r->ssl) || r->client_reason)
        return;
    ERR_clear_error();
    ret = SSL_do_handshake(r->ssl);
    if (ret == 1)
        return;
    ret = SSL_get_error(r->ssl, ret);
    if (ret != SSL_ERROR_WANT_READ && ret != SSL_ERROR_WANT_WRITE)
        r->client_reason = ERR_GET_REASON(ERR_peek_error());
}

void rig_turn(struct rig *r)
{
    loop_turn(r->loop, false);
    step_client_handshake(r);
}

void rig_until(struct rig *r, rig_done_fn done)
{
    time_t begun = time(NULL);

    while (!done(r)) {
        assert_true(time(NULL) - begun < PATIENCE_S);
        rig_turn(r);
    }
}

bool rig_is_open(struct rig *r)
{
    return r->opens && (!r->ssl || SSL_is_init_finished(r->ssl));
}

bool rig_is_closed(struct rig *r)
{
    return r->closes > 0;
}

/* --- the client --- */

/* What a call that moved nothing means. */
static void note_client(struct rig *r, bool eof, int errnum)
{
    if (eof)
        r->client_eof = true;
    else if (errnum == ECONNRESET || errnum == EPIPE)
        r->client_reset = true;
    else
        assert_true(errnum == EAGAIN || errnum == EWOULDBLOCK);
}

static void note_client_tls(struct rig *r, int ret)
{
    switch (SSL_get_error(r->ssl, ret)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        break;
    case SSL_ERROR_ZERO_RETURN:
        r->client_eof = true;
        break;
    default:
        r->client_reason = ERR_GET_REASON(ERR_peek_error());
        r->client_reset = true;
    }
}

size_t rig_send(struct rig *r, const void *data, size_t n)
{
    size_t done = 0;
    ssize_t ret;

    if (r->ssl) {
        ERR_clear_error();
        if (SSL_write_ex(r->ssl, data, n, &done) != 1)
            note_client_tls(r, 0);
        return done;
    }
    ret = send(r->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (ret >= 0)
        return (size_t)ret;
    note_client(r, false, errno);
    return 0;
}

size_t rig_recv(struct rig *r, void *dst, size_t room)
{
    size_t done = 0;
    ssize_t ret;

    if (r->ssl) {
        ERR_clear_error();
        if (SSL_read_ex(r->ssl, dst, room, &done) != 1)
            note_client_tls(r, 0);
        return done;
    }
    ret = recv(r->fd, dst, room, MSG_DONTWAIT);
    if (ret > 0)
        return (size_t)ret;
    note_client(r, ret == 0, errno);
    return 0;
}

void rig_send_all(struct rig *r, const void *data, size_t n)
{
    const char *p = data;

    while (n) {
        size_t done = rig_send(r, p, n);

        assert_false(r->client_reset);
        p += done;
        n -= done;
        rig_turn(r);
    }
}

void rig_recv_all(struct rig *r, void *dst, size_t n)
{
    char *p = dst;

    while (n) {
        size_t done = rig_recv(r, p, n);

        assert_false(r->client_eof || r->client_reset);
        p += done;
        n -= done;
        rig_turn(r);
    }
}

uint64_t rig_wire_sent(const struct rig *r)
{
    return BIO_number_written(SSL_get_wbio(r->ssl));
}

uint64_t rig_wire_got(const struct rig *r)
{
    return BIO_number_read(SSL_get_rbio(r->ssl));
}

void rig_hang_up(struct rig *r)
{
    if (r->ssl)
        SSL_shutdown(r->ssl);
    close(r->fd);
    r->fd = -1;
}

/* --- what tests of one transport share --- */

int rig_set_up_tcp(void **state)
{
    struct rig_world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    w->big = malloc(RIG_BIG);
    w->back = malloc(RIG_BIG);
    assert_true(w->big && w->back);
    for (size_t i = 0; i < RIG_BIG; i++)
        w->big[i] = (char)(i * 2654435761u >> 16);
    *state = w;
    return 0;
}

int rig_set_up_tls(void **state)
{
    struct rig_world *w;

    rig_set_up_tcp(state);
    w = *state;
    w->files = tls_files_new();
    assert_non_null(w->files);
    w->tls = rig_server_ctx(w->files, false);
    return 0;
}

int rig_tear_down(void **state)
{
    struct rig_world *w = *state;

    tls_ctx_unref(w->tls);
    tls_files_free(w->files);
    free(w->big);
    free(w->back);
    free(w);
    return 0;
}

struct rig *rig_open(struct rig_world *w, struct rig_opts opts)
{
    struct rig *r;

    opts.tls = w->tls;
    r = rig_new(&opts);
    rig_until(r, rig_is_open);
    return r;
}

int rig_put(struct rig *r, const void *p, size_t n)
{
    return conn_write(r->conn, &(struct span){p, n}, 1);
}
