/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "err.h"

/* Most octets in one write: whole TLS records, and then see what else there
 * is. */
enum { WRITE_MAX = 1024 * 1024 };

uint64_t wire_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int wire_init(struct wire *w, int fd)
{
    *w = (struct wire){.fd = fd};
    w->in = malloc(WIRE_IN);
    return w->in ? 0 : ERR_NOMEM;
}

void wire_fini(struct wire *w)
{
    SSL_free(w->ssl);
    w->ssl = NULL;
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
    free(w->in);
    w->in = NULL;
}

/* --- TLS ------------------------------------------------------------------ */

/* The name goes into SNI, unless it is an address, and must be in the
 * certificate's subjectAltName, whole or with a wildcard for its first label;
 * the common name never counts. */
static bool expect_name(SSL *ssl, const struct wire_tls *tls)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

    if (!tls->name)
        return true;
    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                        X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, tls->name) == 1)
        return true;
    ERR_clear_error();
    return SSL_set1_host(ssl, tls->name) == 1 &&
           (tls->accepts || SSL_set_tlsext_host_name(ssl, tls->name) == 1);
}

static int handshake_failed(struct wire *w)
{
    long verdict = SSL_get_verify_result(w->ssl);

    if (verdict != X509_V_OK) {
        w->tls_why = X509_verify_cert_error_string(verdict);
        return ERR_CERT;
    }
    w->tls_why = ERR_reason_error_string(ERR_peek_error());
    return ERR_TLS;
}

static int wait_for(int fd, short events, uint64_t deadline_ms)
{
    struct pollfd p = {.fd = fd, .events = events};
    uint64_t now_ms = wire_now_ms();
    uint64_t left_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
    int n = poll(&p, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);

    if (n == 0)
        return ERR_TIMEOUT;
    return n < 0 && errno != EINTR ? ERR_IO : 0;
}

int wire_handshake(struct wire *w, const struct wire_tls *tls,
                   uint64_t timeout_ms)
{
    uint64_t deadline_ms = wire_now_ms() + timeout_ms;

    w->ssl = SSL_new(tls->ctx);
    if (!w->ssl || SSL_set_fd(w->ssl, w->fd) != 1)
        return ERR_NOMEM;
    if (!expect_name(w->ssl, tls))
        return ERR_TLS;
    if (tls->accepts)
        SSL_set_accept_state(w->ssl);
    else
        SSL_set_connect_state(w->ssl);
    for (;;) {
        int n, err;

        ERR_clear_error();
        n = SSL_do_handshake(w->ssl);
        if (n == 1) {
            /* What came with the end of the handshake wakes no poll(). */
            w->more = SSL_has_pending(w->ssl) == 1;
            return 0;
        }
        switch (SSL_get_error(w->ssl, n)) {
        case SSL_ERROR_WANT_READ:
            err = wait_for(w->fd, POLLIN, deadline_ms);
            break;
        case SSL_ERROR_WANT_WRITE:
            err = wait_for(w->fd, POLLOUT, deadline_ms);
            break;
        case SSL_ERROR_SYSCALL:
        case SSL_ERROR_ZERO_RETURN:
            return ERR_EOF;
        default:
            return handshake_failed(w);
        }
        if (err)
            return err;
    }
}

/* What an SSL_read() or SSL_write() that gave nothing means. */
static int tls_error(struct wire *w, int n, bool reading)
{
    switch (SSL_get_error(w->ssl, n)) {
    case SSL_ERROR_WANT_READ:
        w->write_needs_read = !reading;
        return ERR_AGAIN;
    case SSL_ERROR_WANT_WRITE:
        w->read_needs_write = reading;
        return ERR_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return ERR_EOF;
    case SSL_ERROR_SYSCALL:
        return ERR_IO;
    default:
        w->tls_why = ERR_reason_error_string(ERR_peek_error());
        return ERR_TLS;
    }
}

static int read_tls(struct wire *w, size_t *got, char *dst, size_t room)
{
    int n;

    ERR_clear_error();
    w->read_needs_write = false;
    n = SSL_read_ex(w->ssl, dst, room, got);
    return n == 1 ? 0 : tls_error(w, n, true);
}

static int write_tls(struct wire *w, size_t *put, struct span s)
{
    int n;

    ERR_clear_error();
    w->write_needs_read = false;
    n = SSL_write_ex(w->ssl, s.p, s.n, put);
    return n == 1 ? 0 : tls_error(w, n, false);
}

/* --- octets --------------------------------------------------------------- */

static int plain_error(ssize_t n)
{
    if (n == 0)
        return ERR_EOF;
    return errno == EAGAIN || errno == EINTR ? ERR_AGAIN : ERR_IO;
}

static int read_some(struct wire *w, size_t *got, char *dst, size_t room)
{
    ssize_t n;

    if (w->ssl)
        return read_tls(w, got, dst, room);
    n = recv(w->fd, dst, room, 0);
    if (n <= 0)
        return plain_error(n);
    *got = (size_t)n;
    return 0;
}

int wire_read(struct wire *w)
{
    bool any = false;
    int err = 0;

    memmove(w->in, w->in + w->in_from, w->in_to - w->in_from);
    w->in_to -= w->in_from;
    w->in_from = 0;
    while (w->in_to < WIRE_IN) {
        size_t got = 0;

        err = read_some(w, &got, w->in + w->in_to, WIRE_IN - w->in_to);
        if (err)
            break;
        w->in_to += got;
        any = true;
        /* A plain read has taken what there was; TLS gives a record at a
         * time. */
        if (!w->ssl)
            break;
    }
    w->more = w->in_to == WIRE_IN;
    return any ? 0 : err;
}

struct span wire_input(const struct wire *w)
{
    return span_of(w->in + w->in_from, w->in_to - w->in_from);
}

void wire_consume(struct wire *w, size_t left_over)
{
    assert(left_over <= w->in_to - w->in_from);
    w->in_from = w->in_to - left_over;
}

static int write_some(struct wire *w, size_t *put, struct span s)
{
    ssize_t n;

    if (w->ssl)
        return write_tls(w, put, s);
    n = send(w->fd, s.p, s.n, MSG_NOSIGNAL);
    if (n <= 0)
        return plain_error(n);
    *put = (size_t)n;
    return 0;
}

int wire_write(struct wire *w, struct tx *t)
{
    size_t most = WRITE_MAX;

    while (t->out.len > 0 && most > 0) {
        struct span run = buf_peek(&t->out);
        size_t put = 0;
        int err = write_some(w, &put, run);

        if (err)
            return err;
        buf_drop(&t->out, put);
        t->sent += put;
        most -= put < most ? put : most;
    }
    return t->out.len > 0 ? ERR_AGAIN : 0;
}

short wire_events(const struct wire *w, const struct tx *t)
{
    short events = 0;

    if (w->in_to - w->in_from < WIRE_IN && !w->read_needs_write)
        events |= POLLIN;
    if (w->write_needs_read)
        events |= POLLIN;
    else if (t->out.len > 0)
        events |= POLLOUT;
    if (w->read_needs_write)
        events |= POLLOUT;
    return events;
}

void wire_close(struct wire *w, uint64_t timeout_ms)
{
    uint64_t deadline_ms = wire_now_ms() + timeout_ms;

    if (w->ssl) {
        ERR_clear_error();
        (void)SSL_shutdown(w->ssl);
    }
    (void)shutdown(w->fd, SHUT_WR);
    /* Closing with something unread would reset the connection, and take away
     * what the other side has not read yet. */
    while (wait_for(w->fd, POLLIN, deadline_ms) == 0) {
        ssize_t n = recv(w->fd, w->in, WIRE_IN, 0);

        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return;
    }
}
