/* SPDX-License-Identifier: BSD-2-Clause */
#include "transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "err.h"
#include "loop.h"

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
        return ERR_IO;
    default:
        t->failed = true;
        return tls_session_error(&t->fault, &t->failure, t->state);
    }
}

static int tls_handshake(struct transport *t)
{
    int ret;

    ERR_clear_error();
    ret = SSL_do_handshake(t->state);
    if (ret != 1)
        return outcome(t, ret, &t->read_wants);
    if (tls_session_judge(t->state)) {
        t->failed = true;
        t->fault = "no certificate";
        t->failure = TLS_FAILURE_CERT;
        return ERR_CERT;
    }
    t->up = true;
    t->read_wants = LOOP_READ;
    return 0;
}

static int tls_read(struct transport *t, void *dst, size_t room, size_t *got)
{
    int ret;

    ERR_clear_error();
    ret = SSL_read_ex(t->state, dst, room, got);
    if (ret != 1)
        return outcome(t, ret, &t->read_wants);
    t->read_wants = LOOP_READ;
    return 0;
}

/* One record each run: they come from blocks that hold just as much. */
static int tls_write(struct transport *t, const struct span *runs, size_t n,
                     size_t *taken)
{
    size_t total = 0;
    int err = 0;

    for (size_t i = 0; i < n && !err; i++) {
        size_t done;
        int ret;

        ERR_clear_error();
        ret = SSL_write_ex(t->state, runs[i].p, runs[i].n, &done);
        if (ret != 1) {
            err = outcome(t, ret, &t->write_wants);
            break;
        }
        t->write_wants = LOOP_WRITE;
        total += done;
        if (done < runs[i].n)
            break;
    }
    if (err == ERR_EOF)
        err = ERR_IO;
    if (!total)
        return err;
    *taken = total;
    return 0;
}

static int tls_wants(const struct transport *t, int intent)
{
    if (!t->up)
        return t->read_wants;
    return (intent & LOOP_READ ? t->read_wants : 0) |
           (intent & LOOP_WRITE ? t->write_wants : 0);
}

static bool tls_has_input(const struct transport *t)
{
    return SSL_has_pending(t->state);
}

static void tls_shutdown(struct transport *t)
{
    if (!t->up || t->failed || SSL_get_shutdown(t->state) & SSL_SENT_SHUTDOWN)
        return;
    ERR_clear_error();
    (void)SSL_shutdown(t->state); /* close_notify, best effort */
}

static void tls_fini(struct transport *t)
{
    SSL_free(t->state);
}

static const struct transport_ops tls_ops = {
    .handshake = tls_handshake,
    .read = tls_read,
    .write = tls_write,
    .wants = tls_wants,
    .has_input = tls_has_input,
    .shutdown = tls_shutdown,
    .fini = tls_fini,
};

static void init(struct transport *t, int fd, struct ssl_st *ssl)
{
    *t = (struct transport){.ops = &tls_ops,
                            .state = ssl,
                            .fd = fd,
                            .read_wants = LOOP_READ,
                            .write_wants = LOOP_WRITE};
}

int transport_tls_init(struct transport *t, int fd, struct tls_ctx *tls)
{
    struct ssl_st *ssl;
    int err = tls_session_new(&ssl, tls, fd);

    if (err)
        return err;
    init(t, fd, ssl);
    return 0;
}

int transport_tls_to(struct transport *t, int fd, struct tls_ctx *tls,
                     struct span host)
{
    struct ssl_st *ssl;
    int err = tls_session_to(&ssl, tls, fd, host);

    if (err)
        return err;
    init(t, fd, ssl);
    return 0;
}

bool transport_tls_is_silent(const struct transport *t)
{
    return BIO_number_read(SSL_get_rbio(t->state)) == 0;
}
