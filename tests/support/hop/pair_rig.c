/* SPDX-License-Identifier: BSD-2-Clause */
#include "pair_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "dispatch.h"

enum { PATIENCE_MS = 20000 };

/* --- the relay --- */

static bool may_dial(void *ctx, const struct addr *to, struct span host,
                     bool secure)
{
    const struct pair_rig *w = ctx;

    (void)to;
    (void)host;
    (void)secure;
    return w->may_dial;
}

static void on_gone(void *ctx, const struct addr *peer)
{
    (void)ctx;
    (void)peer;
}

static struct tls_settings settings_of(struct pair_rig *w, bool any)
{
    return (struct tls_settings){
        .certificate = tls_files_path(w->files, "relay.pem"),
        .private_key = tls_files_path(w->files, "relay.key"),
        .ca_file = tls_files_path(w->files, "ca.pem"),
        .ciphers = "",
        .ciphersuites = "",
        .insecure = any,
        .any_peer = any};
}

static void make_tls(struct pair_rig *w)
{
    const struct tls_files_cert relay = {.common_name = "relay",
                                         .san = "DNS:relay.example"};
    const struct tls_files_cert phone = {.common_name = "phone",
                                         .san = "DNS:phone.example"};
    struct tls_settings s;
    char why[TLS_WHY_MAX];
    enum tls_fault fault;

    w->files = tls_files_new();
    assert_non_null(w->files);
    assert_true(tls_files_issue(w->files, "relay", &relay));
    assert_true(tls_files_issue(w->files, "phone", &phone));
    s = settings_of(w, true);
    assert_int_equal(tls_server_new(&w->server, &s, &fault, why), 0);
    assert_int_equal(tls_client_new(&w->any, &s, &fault, why), 0);
    s = settings_of(w, false);
    assert_int_equal(tls_client_new(&w->client, &s, &fault, why), 0);
}

static void make_net(struct pair_rig *w)
{
    const struct net_settings net = {.read_per_turn = 65536,
                                     .input_size = 65536,
                                     .output_max = 1 << 20,
                                     .handshake_ms = PATIENCE_MS,
                                     .stall_ms = PATIENCE_MS,
                                     .ws_head_max = 16384};
    const struct resolve_settings names = {.dns = {.try_ms = 1000, .tries = 1},
                                           .deadline_ms = 1000};
    const struct dial_settings dial = {.connect_ms = PATIENCE_MS,
                                       .total_ms = PATIENCE_MS};

    assert_int_equal(loop_new(&w->loop), 0);
    assert_int_equal(net_new(&w->net, w->loop, &net), 0);
    assert_int_equal(resolve_new(&w->resolve, w->loop, &w->rnd, &names), 0);
    assert_int_equal(
        dial_new(&w->dial, w->loop, w->resolve, &w->rnd, &dial, may_dial, w),
        0);
}

static void make_relay(struct pair_rig *w)
{
    const struct hops_times times = {PATIENCE_MS, PATIENCE_MS, PATIENCE_MS};
    uint64_t seed[2] = {1, 2};

    w->policy = (struct policy){.name = SPAN("relay.example"),
                                .realm = SPAN("example"),
                                .max_chunk_size = 65536,
                                .high_water = 65536,
                                .low_water = 16384,
                                .hold_ms = PATIENCE_MS,
                                .transaction_ms = PATIENCE_MS};
    assert_int_equal(users_parse(&w->users, SPAN(""), NULL, NULL), 0);
    assert_int_equal(log_new(&w->log, LOG_LEVEL_ERROR, "stderr"), 0);
    assert_int_equal(relay_new(&w->relay, &w->policy, w->users, w->log,
                               loop_now_ms(w->loop)),
                     0);
    assert_int_equal(hops_init(&w->hops, w->loop, &times, seed), 0);
    w->hops.net = w->net;
    w->hops.relay = w->relay;
    w->hops.log = w->log;
    w->hops.dial = w->dial;
    w->hops.on_gone = on_gone;
    w->hops.max = 100;
    w->hops.head_size = 8192;
    w->hops.path_uris = 16;
    w->hops.tls_client = w->hops.tls_peer = w->client;
    w->hops.tls_any = w->any;
    relay_on_dial(w->relay, hop_dial, &w->hops, true);
    relay_on_anchored_dial(w->relay, hop_dial_for_pair, &w->hops);
}

int pair_rig_set_up(void **state)
{
    struct pair_rig *w = calloc(1, sizeof *w);

    assert_non_null(w);
    rnd_init(&w->rnd);
    w->may_dial = true;
    make_tls(w);
    make_net(w);
    make_relay(w);
    *state = w;
    return 0;
}

void pair_rig_turn(struct pair_rig *w)
{
    loop_turn(w->loop, false);
    relay_clock(w->relay, loop_now_ms(w->loop));
    relay_tick(w->relay);
}

/* When a wait that begins now has failed. */
static uint64_t deadline_ms(const struct pair_rig *w)
{
    return loop_now_ms(w->loop) + PATIENCE_MS;
}

static bool has_time(const struct pair_rig *w, uint64_t until_ms)
{
    return loop_now_ms(w->loop) < until_ms;
}

int pair_rig_tear_down(void **state)
{
    struct pair_rig *w = *state;

    anchored_token_end(w->relay, w->token, ANCHORED_DELETE);
    hops_drop_all(&w->hops);
    pair_rig_turn(w);
    assert_int_equal(w->hops.count, 0);
    relay_free(w->relay);
    hops_fini(&w->hops);
    dial_free(w->dial);
    resolve_free(w->resolve);
    net_free(w->net);
    loop_free(w->loop);
    users_free(w->users);
    log_free(w->log);
    tls_ctx_unref(w->server);
    tls_ctx_unref(w->any);
    tls_ctx_unref(w->client);
    tls_files_free(w->files);
    free(w);
    return 0;
}

/* --- the other ends --- */

SSL_CTX *pair_rig_context(struct pair_rig *w, const char *stem)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    char name[64];

    assert_non_null(ctx);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    if (!stem)
        return ctx;
    (void)snprintf(name, sizeof name, "%s.pem", stem);
    assert_int_equal(
        SSL_CTX_use_certificate_chain_file(ctx, tls_files_path(w->files, name)),
        1);
    (void)snprintf(name, sizeof name, "%s.key", stem);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(
                         ctx, tls_files_path(w->files, name), SSL_FILETYPE_PEM),
                     1);
    return ctx;
}

struct fingerprint pair_rig_fingerprint(struct pair_rig *w, const char *stem)
{
    struct fingerprint f = {.function = FINGERPRINT_SHA256, .n = 32};
    SSL_CTX *ctx = pair_rig_context(w, stem);

    assert_int_equal(X509_digest(SSL_CTX_get0_certificate(ctx), EVP_sha256(),
                                 f.octets, NULL),
                     1);
    SSL_CTX_free(ctx);
    return f;
}

static void secure(struct far_end *e, SSL_CTX *ctx, bool accepts)
{
    e->ssl = SSL_new(ctx);
    assert_non_null(e->ssl);
    assert_int_equal(SSL_set_fd(e->ssl, e->fd), 1);
    if (accepts)
        SSL_set_accept_state(e->ssl);
    else
        SSL_set_connect_state(e->ssl);
    SSL_CTX_free(ctx);
}

int pair_rig_listen(uint16_t *port)
{
    struct addr at;
    int fd;

    assert_int_equal(addr_parse(&at, SPAN("127.0.0.1"), 0), 0);
    assert_int_equal(sock_listen(&fd, &at, &(struct sock_opts){0}), 0);
    assert_int_equal(sock_local(&at, fd), 0);
    *port = addr_port(&at);
    return fd;
}

void far_end_come(struct pair_rig *w, struct far_end *e, SSL_CTX *ctx)
{
    const struct hop_origin origin = {.name = "",
                                      .transport = ctx ? NET_TLS : NET_TCP,
                                      .tls = ctx ? w->server : NULL,
                                      .port = 2855,
                                      .bound_port = 2855};
    struct addr peer = {.len = sizeof peer.in6};
    uint16_t port;
    int listening = pair_rig_listen(&port), fd;
    struct addr to;

    *e = (struct far_end){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(addr_parse(&to, SPAN("127.0.0.1"), port), 0);
    assert_int_equal(connect(e->fd, &to.sa, to.len), 0);
    fd = accept4(listening, &peer.sa, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(fd >= 0);
    close(listening);
    assert_int_equal(fcntl(e->fd, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(hop_accept(&w->hops, fd, &peer, &origin), 0);
    if (ctx)
        secure(e, ctx, false);
}

void far_end_dialled(struct pair_rig *w, struct far_end *e, int listening,
                     SSL_CTX *ctx)
{
    uint64_t until_ms = deadline_ms(w);

    *e = (struct far_end){.fd = -1};
    assert_int_equal(fcntl(listening, F_SETFL, O_NONBLOCK), 0);
    while (e->fd < 0 && has_time(w, until_ms)) {
        pair_rig_turn(w);
        e->fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    }
    assert_true(e->fd >= 0);
    close(listening);
    if (ctx)
        secure(e, ctx, true);
}

static void far_end_read(struct far_end *e)
{
    size_t room = sizeof e->text - 1 - e->n, n = 0;
    ssize_t got;

    if (!e->ssl) {
        got = recv(e->fd, e->text + e->n, room, 0);
        e->eof |= got == 0 || (got < 0 && errno != EAGAIN);
        n = got > 0 ? (size_t)got : 0;
    } else {
        ERR_clear_error();
        if (SSL_read_ex(e->ssl, e->text + e->n, room, &n) != 1) {
            int err = SSL_get_error(e->ssl, 0);

            n = 0;
            e->eof |= err != SSL_ERROR_WANT_READ && err != SSL_ERROR_WANT_WRITE;
        }
    }
    e->n += n;
    e->text[e->n] = '\0';
}

void far_end_until(struct pair_rig *w, struct far_end *e, const char *part)
{
    uint64_t until_ms = deadline_ms(w);

    while (!strstr(e->text, part) && has_time(w, until_ms)) {
        pair_rig_turn(w);
        far_end_read(e);
        if (e->eof)
            break;
    }
    if (!strstr(e->text, part))
        fail_msg("no \"%s\" in \"%s\"%s", part, e->text, e->eof ? ", EOF" : "");
}

void far_end_until_eof(struct pair_rig *w, struct far_end *e)
{
    uint64_t until_ms = deadline_ms(w);

    while (!e->eof && has_time(w, until_ms)) {
        pair_rig_turn(w);
        far_end_read(e);
    }
    assert_true(e->eof);
}

void far_end_forget(struct far_end *e)
{
    e->n = 0;
    e->text[0] = '\0';
}

void far_end_tell(struct pair_rig *w, struct far_end *e, const char *text)
{
    uint64_t until_ms = deadline_ms(w);
    size_t done;

    if (!e->ssl) {
        assert_int_equal(send(e->fd, text, strlen(text), 0), strlen(text));
        return;
    }
    while (has_time(w, until_ms)) {
        ERR_clear_error();
        if (SSL_write_ex(e->ssl, text, strlen(text), &done) == 1)
            return;
        pair_rig_turn(w);
    }
    fail();
}

void far_end_ask(struct pair_rig *w, struct far_end *e, const char *tid,
                 struct span to, const char *from, const char *body)
{
    char text[FAR_END_TEXT_MAX];

    (void)snprintf(text, sizeof text,
                   "MSRP %s SEND\r\nTo-Path: %.*s\r\nFrom-Path: %s\r\n"
                   "Message-ID: %s\r\n%s%s-------%s$\r\n",
                   tid, SPAN_ARG(to), from, tid,
                   *body ? "Byte-Range: 1-5/5\r\nContent-Type: a/b\r\n\r\n"
                         : "",
                   body, tid);
    far_end_tell(w, e, text);
}

void far_end_answer(struct pair_rig *w, struct far_end *e)
{
    char text[FAR_END_TEXT_MAX], tid[64], to[512], from[512];

    assert_int_equal(sscanf(e->text,
                            "MSRP %63s SEND\r\nTo-Path: %511s\r\n"
                            "From-Path: %511s\r\n",
                            tid, to, from),
                     3);
    (void)snprintf(text, sizeof text,
                   "MSRP %s 200 OK\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
                   "-------%s$\r\n",
                   tid, from, to, tid);
    far_end_forget(e);
    far_end_tell(w, e, text);
}

void far_end_leave(struct far_end *e)
{
    SSL_free(e->ssl);
    close(e->fd);
}

/* --- pairs --- */

void pair_rig_offer(struct pair_rig *w, bool is_secure)
{
    const struct anchored_grant grant = {
        .host = SPAN("127.0.0.1"), .port = 2855, .secure = is_secure};
    const struct anchored_terms terms = {
        .for_a = {.host = SPAN("127.0.0.1"), .port = 2855, .secure = true},
        .call_id = SPAN("call")};
    struct anchored_terms all = terms;

    assert_int_equal(anchored_token_new(&w->token, w->relay, &grant), 0);
    all.token = w->token;
    assert_int_equal(anchored_pair_new(&w->pair, w->relay, &all), 0);
}

void pair_rig_say(struct pair_rig *w, enum anchored_side side, const char *path,
                  struct anchored_said said)
{
    struct span uri = span_str(path);

    said.path = &uri;
    said.n_path = 1;
    relay_clock(w->relay, loop_now_ms(w->loop));
    assert_int_equal(anchored_say(w->relay, w->pair, side, &said), 0);
}

void pair_rig_say_a(struct pair_rig *w, const struct fingerprint *f)
{
    pair_rig_say(w, ANCHORED_A, PAIR_RIG_P_A,
                 (struct anchored_said){.has_fingerprint = true,
                                        .fingerprints = f,
                                        .n_fingerprints = 1});
}

struct span pair_rig_u_a(struct pair_rig *w)
{
    return anchored_pair_uri(w->pair, ANCHORED_A);
}
