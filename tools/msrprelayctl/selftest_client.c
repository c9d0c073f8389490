/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftest_client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "cat_auth.h"
#include "cat_dial.h"
#include "cat_tls.h"
#include "codes.h"
#include "err.h"
#include "parser.h"
#include "path.h"
#include "selftest_fault.h"
#include "selftest_ws.h"
#include "wire.h"

enum {
    HEAD_MAX = 16384,
    PATH_URIS = 16,
    TEXT = 24, /* octets of the message */
    IN_MAX = 65536,
    CLOSE_MS = 1000,
};

struct selftest_client {
    const struct selftest_target *target;
    struct rnd *rnd;
    char *why;
    struct wire wire;
    struct tx tx;     /* MSRP */
    struct tx framed; /* ... in WebSocket frames */
    struct parser parser;
    struct cat_auth auth;
    char *own;       /* heap */
    char *to_itself; /* the same */
    uint64_t deadline_ms;
    char key[SELFTEST_WS_KEY + 1];
    bool is_upgraded;
    char tid[TX_TID]; /* of the SEND */
    char text[TEXT];
    size_t n_got;    /* octets of it that came back */
    bool is_message; /* what comes in now */
    bool was_sent, has_come;
    size_t in_n;
    char in[IN_MAX]; /* MSRP that came in WebSocket frames */
};

static int fail(struct selftest_client *c, const char *what)
{
    (void)span_copy(c->why, SELFTEST_WHY_MAX, span_str(what));
    return ERR_DENIED;
}

/* --- the connection --- */

/* A new connection has room for it. */
static bool send_proxy_header(int fd)
{
    static const struct span header = SPAN("PROXY UNKNOWN\r\n");

    return send(fd, header.p, header.n, MSG_NOSIGNAL) == (ssize_t)header.n;
}

static int dial(struct selftest_client *c)
{
    const struct selftest_target *t = c->target;
    struct cat_dial_to to;
    int fd, err;

    (void)span_copy(to.host, sizeof to.host, span_str(t->host));
    (void)snprintf(to.port, sizeof to.port, "%u", t->port);
    err = cat_dial_connect(&fd, &to, SELFTEST_MS);
    if (err) {
        selftest_fault_dial(c->why, err, errno);
        return ERR_DENIED;
    }
    if (wire_init(&c->wire, fd))
        return fail(c, err_text(ERR_NOMEM));
    if (t->proxy_header && !send_proxy_header(fd)) {
        selftest_fault_talk(c->why, ERR_IO, false);
        return ERR_DENIED;
    }
    return 0;
}

static int shake_hands(struct selftest_client *c)
{
    const struct selftest_target *t = c->target;
    struct wire_tls how = {.name = t->expect};
    int err = cat_tls_new(&how.ctx);

    if (err)
        return fail(c, err_text(err));
    err = cat_tls_trust_ca(how.ctx, t->ca_file);
    if (err) {
        selftest_fault_ca(c->why, t->ca_file);
    } else {
        err = wire_handshake(&c->wire, &how, SELFTEST_MS);
        if (err)
            selftest_fault_tls(c->why, err, &c->wire, t->expect);
    }
    SSL_CTX_free(how.ctx); /* the connection holds on to it */
    return err ? ERR_DENIED : 0;
}

/* --- octets out --- */

/* What is to be sent goes into frames: one for each of MSRP's. */
static int put_into_frames(struct selftest_client *c)
{
    char frame[SELFTEST_WS_HEAD + IN_MAX];
    char *payload = frame + SELFTEST_WS_HEAD;
    struct span whole;
    size_t n = 0;

    while (c->tx.out.len) {
        struct span run = buf_peek(&c->tx.out);

        if (run.n > SELFTEST_WS_PAYLOAD_MAX - n)
            return ERR_LIMIT;
        memcpy(payload + n, run.p, run.n);
        n += run.n;
        buf_drop(&c->tx.out, run.n);
    }
    if (n == 0)
        return 0;
    whole = selftest_ws_frame(frame, n, c->rnd);
    return buf_put(&c->framed.out, &whole, 1);
}

static struct tx *outermost(struct selftest_client *c)
{
    return c->target->websocket ? &c->framed : &c->tx;
}

static int flush(struct selftest_client *c)
{
    int err = c->is_upgraded ? put_into_frames(c) : 0;

    if (!err)
        err = wire_write(&c->wire, outermost(c));
    return err == ERR_AGAIN ? 0 : err;
}

static int ask_for_websocket(struct selftest_client *c)
{
    char request[SELFTEST_WS_REQUEST_MAX];
    struct span text = span_of(
        request, selftest_ws_request(request, c->key, c->target->name, c->rnd));

    return text.n ? buf_put(&c->framed.out, &text, 1) : ERR_LIMIT;
}

/* --- the message --- */

/* Both are of the one session: out of the relay through its URI, and back in
 * through the same. */
static int send_message(struct selftest_client *c)
{
    struct span use_path = span_str(c->auth.use_path);
    struct frame f;
    char *back = path_for_sdp(use_path, span_str(c->own));

    c->to_itself = back ? path_join(use_path, span_str(back)) : NULL;
    free(back);
    if (!c->to_itself)
        return ERR_NOMEM;
    rnd_alnum(c->rnd, c->text, TEXT);
    tx_new_tid(&c->tx, c->tid);
    frame_init(&f);
    frame_request(&f, span_of(c->tid, TX_TID), SPAN("SEND"));
    frame_header(&f, SPAN("To-Path"), span_str(c->to_itself));
    frame_header(&f, SPAN("From-Path"), span_str(c->own));
    frame_header(&f, SPAN("Message-ID"), span_of(c->tid, TX_TID));
    frame_range(&f, 1, TEXT, TEXT);
    frame_header(&f, SPAN("Content-Type"), SPAN("text/plain"));
    frame_add(&f, SPAN("\r\n"));
    frame_add(&f, span_of(c->text, TEXT));
    frame_end_body(&f, span_of(c->tid, TX_TID), '$');
    return tx_frame(&c->tx, &f);
}

static int say_200(struct selftest_client *c, const struct msg *head)
{
    struct span tid = msg_text(head, head->tid);
    struct span back = msg_text(head, head->from), first;
    struct frame f;

    if (!msg_path_next(&first, &back)) /* RFC 4975, 7.2: SEND's first only */
        return fail(c, "the message came without its sender");
    frame_init(&f);
    frame_response(&f, tid, 200, code_comment(200));
    frame_header(&f, SPAN("To-Path"), first);
    frame_header(&f, SPAN("From-Path"), span_str(c->own));
    frame_end(&f, tid, '$');
    return tx_frame(&c->tx, &f);
}

/* --- what comes in --- */

static int on_response(struct selftest_client *c, const struct msg *head)
{
    int err;

    if (!c->auth.done) {
        err = cat_auth_on_response(&c->auth, head);
        if (err == ERR_DENIED) {
            selftest_fault_auth(c->why, c->auth.why);
            return ERR_DENIED;
        }
        return err || !c->auth.done ? err : send_message(c);
    }
    if (!span_eq(msg_text(head, head->tid), span_of(c->tid, TX_TID)))
        return 0;
    if (head->code != 200) {
        selftest_fault_response(c->why, head->code);
        return ERR_DENIED;
    }
    c->was_sent = true;
    return 0;
}

static int on_head(struct selftest_client *c, const struct msg *head)
{
    c->is_message = false;
    switch (head->method) {
    case MSG_RESPONSE:
        return on_response(c, head);
    case MSG_SEND:
        c->is_message = true;
        c->n_got = 0;
        return say_200(c, head);
    case MSG_REPORT:
        selftest_fault_report(c->why, msg_text(head, head->status));
        return ERR_DENIED;
    case MSG_AUTH:
    case MSG_OTHER:
        break;
    }
    return 0;
}

static int on_body(struct selftest_client *c, struct span body)
{
    if (!c->is_message)
        return 0;
    if (body.n > TEXT - c->n_got ||
        memcmp(c->text + c->n_got, body.p, body.n) != 0)
        return fail(c, "the message came back changed");
    c->n_got += body.n;
    return 0;
}

static int on_event(struct selftest_client *c, const struct parse_event *ev)
{
    switch (ev->type) {
    case PARSE_HEAD:
        return on_head(c, ev->head);
    case PARSE_BODY:
        return on_body(c, ev->body);
    case PARSE_END:
        if (c->is_message && c->n_got == TEXT)
            c->has_come = true;
        break;
    }
    return 0;
}

/* Takes MSRP apart as far as it has come. */
static int parse(struct selftest_client *c, struct span *in)
{
    struct parse_event ev;
    int err = 0;

    while (!err) {
        err = parser_next(&c->parser, in, &ev);
        if (err == ERR_SYNTAX || err == ERR_LIMIT)
            return fail(c, "what answers there does not speak MSRP: is "
                           "another program at this port?");
        if (!err)
            err = on_event(c, &ev);
    }
    return err == ERR_AGAIN ? 0 : err;
}

/* The same with what is in WebSocket frames. */
static int take_frames(struct selftest_client *c, struct span *in)
{
    struct span payload, rest;
    int err;

    while ((err = selftest_ws_next(&payload, in)) == 0) {
        if (payload.n > sizeof c->in - c->in_n)
            return ERR_LIMIT;
        if (payload.n)
            memcpy(c->in + c->in_n, payload.p, payload.n);
        c->in_n += payload.n;
    }
    if (err != ERR_AGAIN)
        return err;
    rest = span_of(c->in, c->in_n);
    err = parse(c, &rest);
    memmove(c->in, rest.p, rest.n);
    c->in_n = rest.n;
    return err;
}

static int upgrade(struct selftest_client *c, struct span *in)
{
    int err = selftest_ws_answer(in, c->key);

    if (err == ERR_DENIED)
        return fail(c, "the relay did not open a WebSocket: is a proxy or "
                       "another program at this port?");
    if (err)
        return err == ERR_AGAIN ? 0 : err;
    c->is_upgraded = true;
    return cat_auth_start(&c->auth);
}

static int take_input(struct selftest_client *c)
{
    struct span in = wire_input(&c->wire);
    int err = 0;

    if (!c->target->websocket)
        err = parse(c, &in);
    else if (!c->is_upgraded)
        err = upgrade(c, &in);
    if (!err && c->is_upgraded)
        err = take_frames(c, &in);
    wire_consume(&c->wire, in.n);
    return err;
}

static int read_wire(struct selftest_client *c)
{
    int err = wire_read(&c->wire), taken;

    if (err && err != ERR_AGAIN && err != ERR_EOF)
        return err;
    taken = take_input(c);
    if (taken)
        return taken;
    return err == ERR_EOF && !c->has_come ? ERR_EOF : 0;
}

/* --- all of it --- */

static int await_news(struct selftest_client *c)
{
    uint64_t now_ms = wire_now_ms();
    struct pollfd p = {c->wire.fd, wire_events(&c->wire, outermost(c)), 0};

    if (now_ms >= c->deadline_ms)
        return ERR_TIMEOUT;
    if (poll(&p, 1, (int)(c->deadline_ms - now_ms)) < 0 && errno != EINTR)
        return ERR_IO;
    return 0;
}

static int converse(struct selftest_client *c)
{
    int err =
        c->target->websocket ? ask_for_websocket(c) : cat_auth_start(&c->auth);

    while (!err && !(c->was_sent && c->has_come)) {
        err = flush(c);
        if (!err)
            err = await_news(c);
        if (!err)
            err = read_wire(c);
    }
    if (err && err != ERR_DENIED)
        selftest_fault_talk(c->why, err, c->auth.done);
    return err ? ERR_DENIED : flush(c);
}

static bool is_secure(const struct selftest_target *t)
{
    return t->tls || t->tls_in_front;
}

/* The relay's URI for AUTH, by way of the name that clients know. */
static char *relay_uri(const struct selftest_target *t)
{
    char *uri;

    if (asprintf(&uri, "%s://%s:%u;tcp", is_secure(t) ? "msrps" : "msrp",
                 t->name, t->uri_port) < 0)
        return NULL;
    return uri;
}

/* RFC 7977, 5.1: a client behind a WebSocket has a URI with `ws`. */
static char *own_uri(struct selftest_client *c)
{
    char *uri = path_nowhere_uri(c->rnd, is_secure(c->target));
    char *transport = uri ? strrchr(uri, ';') : NULL;

    if (transport && c->target->websocket)
        memcpy(transport, ";ws", 4);
    return uri;
}

static int talk(struct selftest_client *c)
{
    char *relay = relay_uri(c->target);
    struct cat_auth_rules rules = {
        .relays = &relay,
        .n_relays = 1,
        .user = c->target->user,
        .password = c->target->password,
    };
    int err;

    c->own = own_uri(c);
    if (!relay || !c->own) {
        free(relay);
        return fail(c, err_text(ERR_NOMEM));
    }
    rules.own = span_str(c->own);
    cat_auth_init(&c->auth, &rules, &c->tx, c->rnd);
    err = converse(c);
    cat_auth_fini(&c->auth);
    free(relay);
    return err;
}

int selftest_client_run(char *why, const struct selftest_target *t,
                        struct rnd *rnd)
{
    struct selftest_client *c = calloc(1, sizeof *c);
    int err;

    if (!c) {
        (void)span_copy(why, SELFTEST_WHY_MAX, span_str(err_text(ERR_NOMEM)));
        return ERR_DENIED;
    }
    c->target = t;
    c->rnd = rnd;
    c->why = why;
    c->wire.fd = -1;
    c->deadline_ms = wire_now_ms() + SELFTEST_MS;
    tx_init(&c->tx, rnd, NULL);
    tx_init(&c->framed, rnd, NULL);
    parser_init(&c->parser, HEAD_MAX, PATH_URIS);
    err = dial(c);
    if (!err && t->tls)
        err = shake_hands(c);
    if (!err)
        err = talk(c);
    if (!err)
        wire_close(&c->wire, CLOSE_MS);
    wire_fini(&c->wire);
    tx_fini(&c->tx);
    tx_fini(&c->framed);
    free(c->own);
    free(c->to_itself);
    free(c);
    return err;
}
