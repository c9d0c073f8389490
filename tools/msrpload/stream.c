#include "stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/uio.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "err.h"
#include "loop.h"
#include "wire.h"

enum { RUNS_MAX = 64, TLS_READ_AHEAD = 32 * 1024 };

int stream_context(SSL_CTX **out, const char *ca_file, bool insecure)
{
    int err = wire_tls_context(out, ca_file, insecure);

    if (err)
        return err;
    SSL_CTX_set_mode(*out, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_default_read_buffer_len(*out, TLS_READ_AHEAD);
    return 0;
}

/* The common name of a certificate never counts (R4975-5.4-e). */
static int start_tls(struct stream *s, SSL_CTX *ctx, const char *name)
{
    X509_VERIFY_PARAM *param;

    s->ssl = SSL_new(ctx);
    if (!s->ssl || SSL_set_fd(s->ssl, s->fd) != 1)
        return ERR_NOMEM;
    param = SSL_get0_param(s->ssl);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1)
        return 0;
    if (SSL_set1_host(s->ssl, name) != 1 ||
        SSL_set_tlsext_host_name(s->ssl, name) != 1)
        return ERR_TLS;
    return 0;
}

int stream_open(struct stream *s, const struct sockaddr *to, socklen_t to_n,
                SSL_CTX *ctx, const char *name)
{
    int one = 1;

    *s = (struct stream){.fd = -1};
    s->fd =
        socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        return ERR_IO;
    (void)setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(s->fd, to, to_n) && errno != EINPROGRESS)
        return ERR_IO;
    return ctx ? start_tls(s, ctx, name) : 0;
}

void stream_close(struct stream *s)
{
    SSL_free(s->ssl);
    s->ssl = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    s->up = false;
}

/* --- connecting ----------------------------------------------------------- */

/* What a TLS call that gave nothing means. */
static int tls_outcome(struct stream *s, int n, bool reading)
{
    switch (SSL_get_error(s->ssl, n)) {
    case SSL_ERROR_WANT_READ:
        s->write_needs_read = !reading;
        return ERR_AGAIN;
    case SSL_ERROR_WANT_WRITE:
        s->read_needs_write = reading;
        return ERR_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return ERR_EOF;
    case SSL_ERROR_SYSCALL:
        return ERR_IO;
    default:
        return ERR_TLS;
    }
}

static int is_connected(int fd)
{
    int why = 0;
    socklen_t len = sizeof why;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len))
        return ERR_IO;
    errno = why;
    return why ? ERR_IO : 0;
}

static int shake_hands(struct stream *s)
{
    int n, err;

    s->read_needs_write = false;
    ERR_clear_error();
    n = SSL_connect(s->ssl);
    if (n == 1)
        return 0;
    err = tls_outcome(s, n, true);
    if (err == ERR_TLS && SSL_get_verify_result(s->ssl) != X509_V_OK)
        return ERR_CERT;
    return err;
}

int stream_connect(struct stream *s)
{
    int err = is_connected(s->fd);

    if (!err && s->ssl)
        err = shake_hands(s);
    if (!err)
        s->up = true;
    return err;
}

/* --- octets --------------------------------------------------------------- */

static int plain_outcome(ssize_t n)
{
    if (n == 0)
        return ERR_EOF;
    return errno == EAGAIN || errno == EINTR ? ERR_AGAIN : ERR_IO;
}

int stream_read(struct stream *s, char *dst, size_t room, size_t *got)
{
    ssize_t n;

    if (s->ssl) {
        s->read_needs_write = false;
        ERR_clear_error();
        n = SSL_read_ex(s->ssl, dst, room, got);
        return n == 1 ? 0 : tls_outcome(s, (int)n, true);
    }
    n = recv(s->fd, dst, room, 0);
    if (n <= 0)
        return plain_outcome(n);
    *got = (size_t)n;
    return 0;
}

/* A record for each run. */
static int write_tls(struct stream *s, const struct span *runs, size_t n,
                     size_t *taken)
{
    size_t total = 0;
    int err = 0;

    s->write_needs_read = false;
    for (size_t i = 0; i < n && !err; i++) {
        size_t done = 0;
        int ret;

        ERR_clear_error();
        ret = SSL_write_ex(s->ssl, runs[i].p, runs[i].n, &done);
        if (ret != 1)
            err = tls_outcome(s, ret, false);
        total += done;
    }
    *taken = total;
    return total ? 0 : err;
}

static int write_plain(struct stream *s, const struct span *runs, size_t n,
                       size_t *taken)
{
    struct iovec iov[RUNS_MAX];
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = n};
    ssize_t sent;

    for (size_t i = 0; i < n; i++) {
        iov[i].iov_base = (void *)(uintptr_t)runs[i].p;
        iov[i].iov_len = runs[i].n;
    }
    sent = sendmsg(s->fd, &m, MSG_NOSIGNAL);
    if (sent <= 0)
        return plain_outcome(sent);
    *taken = (size_t)sent;
    return 0;
}

int stream_write(struct stream *s, const struct span *runs, size_t n,
                 size_t *taken)
{
    if (n > RUNS_MAX)
        n = RUNS_MAX;
    return s->ssl ? write_tls(s, runs, n, taken)
                  : write_plain(s, runs, n, taken);
}

bool stream_has_input(const struct stream *s)
{
    return s->ssl && SSL_has_pending(s->ssl);
}

int stream_wants(const struct stream *s, bool read, bool write)
{
    int wants = 0;

    if (!s->up && !s->ssl)
        return LOOP_WRITE;
    if (!s->up) /* a TCP connection that fails is readable too */
        return s->read_needs_write ? LOOP_WRITE : LOOP_READ;
    if (read)
        wants |= s->read_needs_write ? LOOP_WRITE : LOOP_READ;
    if (write)
        wants |= s->write_needs_read ? LOOP_READ : LOOP_WRITE;
    return wants;
}
