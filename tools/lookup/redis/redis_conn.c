/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis_conn.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <unistd.h>

#include "conn.h"
#include "err.h"
#include "sock.h"

enum {
    WORDS_MAX = 4,
    REPLY_MAX = 64 * 1024, /* octets of a reply that is not whole yet */
};

struct redis_conn {
    const struct redis_target *to;
    struct link *link;
    redis_reply_fn reply;
    struct addrinfo *list, *next; /* addresses, and the one to try now */
    int fd;                       /* owned while it is connecting, else -1 */
    struct loop_io io;            /* the same */
    struct conn *conn;            /* NULL while it is connecting, and after */
    redisReader *reader;
    unsigned greetings; /* replies due before it is up */
    bool is_closing;
};

static void try_next(struct redis_conn *c);

/* --- commands --- */

void redis_conn_send(struct redis_conn *c, size_t n, const struct span *words)
{
    const char *argv[WORDS_MAX];
    size_t lengths[WORDS_MAX];
    char *text;
    int length;
    int err;

    assert(n <= WORDS_MAX);
    for (size_t i = 0; i < n; i++) {
        argv[i] = words[i].p;
        lengths[i] = words[i].n;
    }
    length = redisFormatCommandArgv(&text, (int)n, argv, lengths);
    if (length < 0) {
        link_fail(c->link, "%s", err_text(ERR_NOMEM));
        return;
    }
    err = conn_write(c->conn, &(struct span){text, (size_t)length}, 1);
    explicit_bzero(text, (size_t)length);
    redisFreeCommand(text);
    if (err)
        link_fail(c->link, "%s", err_text(err));
}

static void greet(struct redis_conn *c)
{
    const struct redis_target *to = c->to;
    struct span words[3];
    size_t n = 0;

    if (to->password) {
        words[n++] = SPAN("AUTH");
        if (to->user)
            words[n++] = span_str(to->user);
        words[n++] = span_str(to->password);
        c->greetings++;
        redis_conn_send(c, n, words);
    }
    if (to->database) {
        words[0] = SPAN("SELECT");
        words[1] = span_str(to->database);
        c->greetings++;
        redis_conn_send(c, 2, words);
    }
    if (c->greetings == 0)
        link_up(c->link);
}

/* --- replies --- */

/* An error may repeat the command, which may have had the password: its first
 * word says what it is. */
static void take_greeting(struct redis_conn *c, const redisReply *r)
{
    if (r->type == REDIS_REPLY_ERROR) {
        struct span rest = span_of(r->str, r->len);
        struct span word = span_cut(&rest, ' ');

        link_fail(c->link, "the server refuses to begin: %.*s", SPAN_ARG(word));
    } else if (--c->greetings == 0) {
        link_up(c->link);
    }
}

static void take_reply(struct redis_conn *c, const redisReply *r)
{
    if (c->greetings)
        take_greeting(c, r);
    else if (link_is_asked(c->link))
        c->reply(c->link, r);
    else if (r->type == REDIS_REPLY_ERROR) /* too many clients */
        link_fail(c->link, "%.*s", (int)r->len, r->str);
    else
        link_fail(c->link, "a reply that nobody had asked for");
}

static int take_replies(struct redis_conn *c)
{
    void *reply = NULL;

    while (redisReaderGetReply(c->reader, &reply) == REDIS_OK) {
        if (!reply)
            return 0;
        take_reply(c, reply);
        freeReplyObject(reply);
        reply = NULL;
    }
    return ERR_SYNTAX;
}

static void on_input(void *ctx, struct span *in)
{
    struct redis_conn *c = ctx;

    if (redisReaderFeed(c->reader, in->p, in->n) != REDIS_OK || take_replies(c))
        link_fail(c->link, "what came is not the protocol of Redis");
    else if (c->reader->len - c->reader->pos > REPLY_MAX)
        link_fail(c->link, "a reply is too long");
    *in = span_from(*in, in->n);
}

/* --- the connection --- */

static void on_open(void *ctx)
{
    greet(ctx);
}

static void on_sent(void *ctx, uint64_t position)
{
    (void)ctx;
    (void)position;
}

static void on_closed(void *ctx, enum conn_why why)
{
    struct redis_conn *c = ctx;
    const char *fault = conn_fault(c->conn);

    c->conn = NULL;
    if (c->is_closing)
        return;
    if (why == CONN_WHY_EOF || why == CONN_WHY_RESET)
        link_fail(c->link, "the server closed the connection");
    else
        link_fail(c->link, "%s", *fault ? fault : conn_why_text(why));
}

static const struct conn_ops conn_ops = {
    .open = on_open,
    .input = on_input,
    .sent = on_sent,
    .closed = on_closed,
};

static void stop_connecting(struct redis_conn *c)
{
    if (c->fd < 0)
        return;
    loop_io_want(&c->io, 0);
    close(c->fd);
    c->fd = -1;
}

static void on_connected(void *ctx, int events)
{
    struct redis_conn *c = ctx;
    struct addr peer = {.len = 0};
    struct conn_to to = {
        .fd = c->fd, .peer = &peer, .tls = c->to->tls, .host = c->to->tls_name};
    int errnum = 0, err;
    socklen_t len = sizeof errnum;

    (void)events;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &errnum, &len))
        errnum = errno;
    if (errnum) {
        stop_connecting(c);
        errno = errnum;
        try_next(c);
        return;
    }
    memcpy(&peer, c->next->ai_addr, c->next->ai_addrlen);
    peer.len = c->next->ai_addrlen;
    loop_io_want(&c->io, 0);
    c->fd = -1;
    err = conn_connect(&c->conn, c->to->net, &to, &conn_ops, c);
    if (err)
        link_fail(c->link, "%s", err_text(err));
}

static void try_this(struct redis_conn *c)
{
    struct addr at = {.len = c->next->ai_addrlen};

    memcpy(&at, c->next->ai_addr, c->next->ai_addrlen);
    if (sock_connect(&c->fd, &at, &(struct sock_opts){.nodelay = true})) {
        c->fd = -1;
        try_next(c);
        return;
    }
    loop_io_init(&c->io, link_loop(c->link), c->fd, on_connected, c);
    loop_io_want(&c->io, LOOP_WRITE);
}

/* The one at hand has failed with errno. */
static void try_next(struct redis_conn *c)
{
    c->next = c->next->ai_next;
    if (c->next)
        try_this(c);
    else
        link_fail(c->link, "%s", strerror(errno));
}

struct redis_conn *redis_conn_open(const struct redis_target *to,
                                   struct link *l, redis_reply_fn reply)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM};
    struct redis_conn *c = calloc(1, sizeof *c);
    int err;

    if (!c)
        return NULL;
    c->to = to;
    c->link = l;
    c->reply = reply;
    c->fd = -1;
    c->reader = redisReaderCreate();
    if (!c->reader) {
        redis_conn_close(c);
        return NULL;
    }
    err = getaddrinfo(to->host, to->port, &hints, &c->list);
    if (err) {
        c->list = NULL;
        link_fail(l, "%s", gai_strerror(err));
        return c;
    }
    c->next = c->list;
    try_this(c);
    return c;
}

void redis_conn_close(struct redis_conn *c)
{
    if (!c)
        return;
    c->is_closing = true;
    stop_connecting(c);
    if (c->conn)
        conn_close(c->conn);
    if (c->reader)
        redisReaderFree(c->reader);
    if (c->list)
        freeaddrinfo(c->list);
    free(c);
}
