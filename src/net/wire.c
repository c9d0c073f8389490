/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire.h"

#include <errno.h>
#include <openssl/bio.h>
#include <stdlib.h>
#include <unistd.h>

#include "err.h"
#include "input.h"
#include "transport.h"

enum {
    RECORD = 16384,     /* most plain octets in a TLS record */
    RECORD_OVER = 512,  /* more than any cipher adds to them */
    RECORD_HEAD = 5,    /* type, version and length */
    READ_BLOCK = 65536, /* one system call fetches four full records */
    WRITE_BLOCK = 8 * (RECORD + RECORD_OVER),
    BLOCKS_KEPT = 4,
    /* Records in a row without application data. Key updates and alerts are
     * rare; a peer that sends only such works for nobody (S-18). */
    DATALESS_MAX = 32,
};

struct wire_pool {
    BIO_METHOD *method;
    BIO *bio; /* its data: the transport whose turn it is */
    struct input_pool *reads;
    struct input_pool *writes;
};

struct wire {
    struct wire_pool *pool;
    struct input in;  /* fetched, not yet taken by OpenSSL */
    struct input out; /* written by OpenSSL, not yet taken by the kernel */
    /* The record that OpenSSL reads: octets of its head that it has taken, and
     * octets of its body that it has not. */
    unsigned char head[RECORD_HEAD];
    uint8_t head_n;
    uint16_t body_left;
    uint16_t dataless; /* records since the last application data */
    bool up;
    bool heard; /* something came */
    bool eof;
    bool abused;
};

/* --- reading --- */

static bool is_transient(int errnum)
{
    return errnum == EAGAIN || errnum == EWOULDBLOCK || errnum == EINTR;
}

/* One read of what the turn allows. */
static int wire_fetch(struct transport *t)
{
    struct wire *w = t->wire;
    size_t room;
    ssize_t n;
    char *dst;

    if (!t->allowed)
        return ERR_AGAIN;
    if (input_reserve(&w->in, &dst, &room))
        return ERR_NOMEM;
    if (room > t->allowed)
        room = t->allowed;
    n = read(t->fd, dst, room);
    if (n > 0) {
        w->heard = true;
        input_commit(&w->in, (size_t)n);
        transport_fetched(t, (size_t)n, room);
        return 0;
    }
    input_settle(&w->in);
    if (n < 0)
        return is_transient(errno) ? ERR_AGAIN : ERR_IO;
    w->eof = true;
    return ERR_EOF;
}

/* May another record begin in this turn? In a row without data each takes more
 * of the turn than the last: a key update costs ten times what a record with an
 * octet does. */
static int begin_record(struct transport *t)
{
    struct wire *w = t->wire;
    uint32_t steps = 1 + w->dataless;

    if (!t->steps)
        return ERR_AGAIN;
    if (w->up && w->dataless > DATALESS_MAX) {
        w->abused = true;
        return ERR_TLS;
    }
    t->steps -= steps < t->steps ? steps : t->steps;
    w->dataless += w->up;
    return 0;
}

/* Takes up to n octets of the record at hand: no more than its head, or its
 * body. */
static size_t take_of_record(struct wire *w, char *dst, size_t n)
{
    size_t part = w->body_left ? w->body_left : RECORD_HEAD - w->head_n;
    struct span all = input_peek(&w->in);

    if (n > part)
        n = part;
    if (n > all.n)
        n = all.n;
    memcpy(dst, all.p, n);
    input_drop(&w->in, n);
    if (w->body_left) {
        w->body_left -= (uint16_t)n;
        return n;
    }
    memcpy(w->head + w->head_n, dst, n);
    w->head_n += (uint8_t)n;
    if (w->head_n == RECORD_HEAD) {
        w->body_left = (uint16_t)(w->head[3] << 8 | w->head[4]);
        w->head_n = 0;
    }
    return n;
}

static int bio_read(BIO *b, char *dst, int n)
{
    struct transport *t = BIO_get_data(b);
    struct wire *w = t->wire;
    int err = 0;

    BIO_clear_retry_flags(b);
    if (n <= 0)
        return 0;
    if (input_is_empty(&w->in))
        err = wire_fetch(t);
    if (!err && !w->body_left && !w->head_n)
        err = begin_record(t);
    if (!err)
        return (int)take_of_record(w, dst, (size_t)n);
    if (err == ERR_AGAIN)
        BIO_set_retry_read(b);
    return err == ERR_EOF ? 0 : -1;
}

/* --- writing --- */

/* A full block waits until the kernel has taken it. */
static int bio_write(BIO *b, const char *src, int n)
{
    const struct transport *t = BIO_get_data(b);
    struct wire *w = t->wire;
    size_t room;
    char *dst;

    BIO_clear_retry_flags(b);
    if (n <= 0)
        return 0;
    if (wire_unsent(w) == WRITE_BLOCK) {
        BIO_set_retry_write(b);
        return -1;
    }
    if (input_reserve(&w->out, &dst, &room))
        return -1;
    if ((size_t)n < room)
        room = (size_t)n;
    memcpy(dst, src, room);
    input_commit(&w->out, room);
    return (int)room;
}

static long bio_ctrl(BIO *b, int command, long number, void *p)
{
    const struct transport *t = BIO_get_data(b);

    (void)number;
    switch (command) {
    case BIO_CTRL_FLUSH: /* wire_flush() follows */
        return 1;
    case BIO_CTRL_EOF:
        return t->wire->eof;
    case BIO_C_GET_FD:
        if (p)
            *(int *)p = t->fd;
        return t->fd;
    default:
        return 0;
    }
}

int wire_flush(struct transport *t)
{
    struct wire *w = t->wire;
    struct span all = input_peek(&w->out);
    ssize_t n;

    if (!all.n)
        return 0;
    n = write(t->fd, all.p, all.n);
    if (n < 0)
        return is_transient(errno) ? ERR_AGAIN : ERR_IO;
    t->wire_out += (size_t)n;
    input_drop(&w->out, (size_t)n);
    input_settle(&w->out);
    return (size_t)n < all.n ? ERR_AGAIN : 0;
}

bool wire_has_room(const struct wire *w, size_t n)
{
    return wire_unsent(w) + n + RECORD_OVER <= WRITE_BLOCK;
}

size_t wire_unsent(const struct wire *w)
{
    return input_peek(&w->out).n;
}

/* --- what is read --- */

void wire_up(struct wire *w)
{
    w->up = true;
}

bool wire_is_heard(const struct wire *w)
{
    return w->heard;
}

void wire_got_data(struct wire *w)
{
    w->dataless = 0;
}

bool wire_is_abused(const struct wire *w)
{
    return w->abused;
}

bool wire_has_input(const struct wire *w)
{
    return !input_is_empty(&w->in);
}

void wire_settle(struct wire *w)
{
    input_settle(&w->in);
}

/* --- life --- */

int wire_new(struct wire **out, struct wire_pool *p)
{
    struct wire *w = calloc(1, sizeof *w);

    if (!w)
        return ERR_NOMEM;
    w->pool = p;
    input_init(&w->in, p->reads);
    input_init(&w->out, p->writes);
    *out = w;
    return 0;
}

void wire_free(struct wire *w)
{
    if (!w)
        return;
    input_fini(&w->in);
    input_fini(&w->out);
    free(w);
}

struct bio_st *wire_bio(struct wire *w)
{
    (void)BIO_up_ref(w->pool->bio);
    return w->pool->bio;
}

void wire_select(struct transport *t)
{
    BIO_set_data(t->wire->pool->bio, t);
}

static BIO_METHOD *method_new(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOCKET, "wire");

    if (!m)
        return NULL;
    BIO_meth_set_read(m, bio_read);
    BIO_meth_set_write(m, bio_write);
    BIO_meth_set_ctrl(m, bio_ctrl);
    return m;
}

/* The pool's BIO: 0 or ERR_NOMEM. */
static int bio_new(struct wire_pool *p)
{
    p->method = method_new();
    if (p->method)
        p->bio = BIO_new(p->method);
    if (!p->bio)
        return ERR_NOMEM;
    BIO_set_init(p->bio, 1);
    return 0;
}

int wire_pool_new(struct wire_pool **out)
{
    struct wire_pool *p = calloc(1, sizeof *p);
    int err;

    if (!p)
        return ERR_NOMEM;
    err = bio_new(p);
    if (!err)
        err = input_pool_new(&p->reads, READ_BLOCK, BLOCKS_KEPT);
    if (!err)
        err = input_pool_new(&p->writes, WRITE_BLOCK, BLOCKS_KEPT);
    if (err) {
        wire_pool_free(p);
        return err;
    }
    *out = p;
    return 0;
}

void wire_pool_free(struct wire_pool *p)
{
    if (!p)
        return;
    input_pool_unref(p->reads);
    input_pool_unref(p->writes);
    BIO_free(p->bio);
    BIO_meth_free(p->method);
    free(p);
}
