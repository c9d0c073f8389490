/* SPDX-License-Identifier: BSD-2-Clause */
#include "transport.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "err.h"
#include "loop.h"
#include "wire.h"

enum { RUNS_MAX = 64 };

/* Before each call of OpenSSL: it is about this wire, and what an earlier call
 * left would be taken for this one's (SSL_get_error()). To look first is
 * cheaper than to clear a queue that is empty. */
static void begin_call(struct transport *t)
{
    wire_select(t);
    if (ERR_peek_error())
        ERR_clear_error();
}

/* The result of an OpenSSL call that did not succeed. `wants` gets the events
 * to wait for before it is tried again: a read may have to write first (a key
 * update) and a write to read. */
static int outcome(struct transport *t, int ret, uint8_t *wants)
{
    switch (SSL_get_error(t->state, ret)) {
    case SSL_ERROR_WANT_READ:
        *wants = LOOP_READ;
        return ERR_AGAIN;
    case SSL_ERROR_WANT_WRITE:
        *wants = LOOP_WRITE;
        return ERR_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return ERR_EOF;
    case SSL_ERROR_SYSCALL:
        t->failed = true;
        if (!wire_is_abused(t->wire))
            return ERR_IO;
        t->fault = "too many records without data";
        t->failure = TLS_FAILURE_OTHER;
        return ERR_TLS;
    default:
        t->failed = true;
        return tls_session_error(&t->fault, &t->failure, t->state);
    }
}

/* Gives the kernel what OpenSSL has written. */
static int tls_flush(struct transport *t)
{
    int err = wire_flush(t);

    t->unsent = (uint32_t)wire_unsent(t->wire);
    return err;
}

static int tls_handshake(struct transport *t)
{
    int ret;

    begin_call(t);
    ret = SSL_do_handshake(t->state);
    if (tls_flush(t) == ERR_IO && ret == 1)
        return ERR_IO;
    if (ret != 1)
        return outcome(t, ret, &t->read_wants);
    if (tls_session_judge(t->state)) {
        t->failed = true;
        t->fault = "no certificate";
        t->failure = TLS_FAILURE_CERT;
        return ERR_CERT;
    }
    t->up = true;
    wire_up(t->wire);
    t->read_wants = LOOP_READ;
    return 0;
}

/* OpenSSL may have to write: an answer to a key update waits for the next
 * write, an alert does not. */
static int tls_read(struct transport *t, void *dst, size_t room, size_t *got)
{
    int ret, err;

    begin_call(t);
    ret = SSL_read_ex(t->state, dst, room, got);
    t->unsent = (uint32_t)wire_unsent(t->wire);
    if (ret != 1) {
        err = outcome(t, ret, &t->read_wants);
        if (err == ERR_TLS || err == ERR_CERT)
            (void)tls_flush(t);
        return err;
    }
    wire_got_data(t->wire);
    t->read_wants = LOOP_READ;
    return 0;
}

/* Encrypts runs as far as there is room, one record each: they come from blocks
 * that hold just as much. ends[i] is where run i ends among the octets that are
 * unsent. *n becomes how many runs it was. */
static int tls_encrypt(struct transport *t, const struct span *runs, size_t *n,
                       size_t *ends)
{
    size_t i;

    for (i = 0; i < *n && wire_has_room(t->wire, runs[i].n); i++) {
        size_t done;
        int ret;

        begin_call(t);
        ret = SSL_write_ex(t->state, runs[i].p, runs[i].n, &done);
        if (ret != 1) {
            *n = i;
            return outcome(t, ret, &t->write_wants);
        }
        t->write_wants = LOOP_WRITE;
        assert(done == runs[i].n); /* there was room */
        ends[i] = wire_unsent(t->wire);
    }
    *n = i;
    return 0;
}

/* Encrypts as many of the runs as a block holds, and gives them to the kernel.
 * *n becomes how many these are, *taken their octets. */
static int write_block(struct transport *t, const struct span *runs, size_t *n,
                       size_t *taken)
{
    size_t ends[RUNS_MAX], went;
    int err = tls_encrypt(t, runs, n, ends);

    *taken = 0;
    if (tls_flush(t) == ERR_IO)
        return ERR_IO;
    went = *n ? ends[*n - 1] - t->unsent : 0;
    for (size_t i = 0; i < *n; i++) {
        *taken += runs[i].n;
        t->held += ends[i] > went ? (uint32_t)runs[i].n : 0;
    }
    return err;
}

/* What an earlier call encrypted goes first, by itself; then the runs, with one
 * system call for each block of records, as long as the kernel takes them. */
static int tls_write(struct transport *t, const struct span *runs, size_t n,
                     size_t *taken)
{
    size_t total = 0, done = 0;
    int err = tls_flush(t);

    assert(n <= RUNS_MAX);
    if (err)
        return err;
    t->held = 0;
    while (!err && !t->unsent && done < n) {
        size_t some = n - done, octets;

        err = write_block(t, runs + done, &some, &octets);
        assert(err || some); /* an empty block has room for a record */
        done += some;
        total += octets;
    }
    if (!total)
        return err == ERR_EOF ? ERR_IO : err;
    *taken = total;
    return 0;
}

static int tls_wants(const struct transport *t, int intent)
{
    int unsent = t->unsent ? LOOP_WRITE : 0;

    if (!t->up)
        return t->read_wants | unsent;
    return (intent & LOOP_READ ? t->read_wants : 0) |
           (intent & LOOP_WRITE ? t->write_wants : 0) | unsent;
}

static bool tls_has_input(const struct transport *t)
{
    return wire_has_input(t->wire) || SSL_pending(t->state) > 0;
}

static void tls_settle(struct transport *t)
{
    wire_settle(t->wire);
}

static void tls_shutdown(struct transport *t)
{
    if (!t->up || t->failed || SSL_get_shutdown(t->state) & SSL_SENT_SHUTDOWN)
        return;
    begin_call(t);
    (void)SSL_shutdown(t->state); /* close_notify, best effort */
    /* Nothing is read through it any more, and who waits for the peer to close
     * should not hold 16 KB for an alert. */
    (void)SSL_free_buffers(t->state);
    (void)tls_flush(t);
}

static void tls_fini(struct transport *t)
{
    wire_select(t);
    SSL_free(t->state);
    tls_ctx_unref(t->tls);
    wire_free(t->wire);
}

static const struct transport_ops tls_ops = {
    .handshake = tls_handshake,
    .read = tls_read,
    .write = tls_write,
    .wants = tls_wants,
    .has_input = tls_has_input,
    .settle = tls_settle,
    .shutdown = tls_shutdown,
    .fini = tls_fini,
};

/* All but its SSL: 0 or ERR_NOMEM. */
static int init(struct transport *t, int fd, struct wire_pool *wires)
{
    *t = (struct transport){.ops = &tls_ops,
                            .fd = fd,
                            .read_wants = LOOP_READ,
                            .write_wants = LOOP_WRITE};
    return wire_new(&t->wire, wires);
}

/* With an SSL of that context, or without one for `err`. */
static int init_done(struct transport *t, struct tls_ctx *tls,
                     struct ssl_st *ssl, int err)
{
    if (err) {
        wire_free(t->wire);
        return err;
    }
    t->state = ssl;
    t->tls = tls_ctx_ref(tls);
    return 0;
}

int transport_tls_init(struct transport *t, int fd, struct tls_ctx *tls,
                       struct wire_pool *wires)
{
    struct ssl_st *ssl = NULL;
    int err = init(t, fd, wires);

    if (err)
        return err;
    err = tls_session_new(&ssl, tls, wire_bio(t->wire));
    return init_done(t, tls, ssl, err);
}

int transport_tls_to(struct transport *t, int fd, struct tls_ctx *tls,
                     struct span host, struct wire_pool *wires)
{
    struct ssl_st *ssl = NULL;
    int err = init(t, fd, wires);

    if (err)
        return err;
    err = tls_session_to(&ssl, tls, wire_bio(t->wire), host);
    return init_done(t, tls, ssl, err);
}

bool transport_tls_is_silent(const struct transport *t)
{
    return !wire_is_heard(t->wire);
}
