/* SPDX-License-Identifier: BSD-2-Clause */
#include "sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "err.h"

enum { MAPPED_AT = 12 }; /* where the IPv4 address is in ::ffff:192.0.2.1 */

static struct addr addr_in4(struct in_addr host, uint16_t port)
{
    struct addr a = {.len = sizeof a.in4};

    a.in4.sin_family = AF_INET;
    a.in4.sin_port = htons(port);
    a.in4.sin_addr = host;
    return a;
}

static struct addr addr_in6(struct in6_addr host, uint16_t port)
{
    struct addr a = {.len = sizeof a.in6};

    a.in6.sin6_family = AF_INET6;
    a.in6.sin6_port = htons(port);
    a.in6.sin6_addr = host;
    return a;
}

/* An IPv4-mapped address as the IPv4 address that it means. */
static struct addr addr_unmapped(const struct addr *a)
{
    struct in_addr host;

    if (a->sa.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
        return *a;
    memcpy(&host, a->in6.sin6_addr.s6_addr + MAPPED_AT, sizeof host);
    return addr_in4(host, addr_port(a));
}

int addr_parse(struct addr *out, struct span host, uint16_t port)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr in6;
    struct in_addr in4;

    if (host.n >= sizeof text || memchr(host.p, '\0', host.n))
        return ERR_SYNTAX;
    span_copy(text, sizeof text, host);
    if (inet_pton(AF_INET, text, &in4) == 1)
        *out = addr_in4(in4, port);
    else if (inet_pton(AF_INET6, text, &in6) == 1)
        *out = addr_in6(in6, port);
    else
        return ERR_SYNTAX;
    return 0;
}

int addr_parse_literal(struct addr *out, struct span host, uint16_t port)
{
    struct addr a;

    if (host.n < 2 || host.p[0] != '[' || host.p[host.n - 1] != ']')
        return addr_parse(out, host, port);
    if (addr_parse(&a, span_of(host.p + 1, host.n - 2), port) ||
        a.sa.sa_family != AF_INET6)
        return ERR_SYNTAX;
    *out = a;
    return 0;
}

uint16_t addr_port(const struct addr *a)
{
    switch (a->sa.sa_family) {
    case AF_INET:
        return ntohs(a->in4.sin_port);
    case AF_INET6:
        return ntohs(a->in6.sin6_port);
    default:
        return 0;
    }
}

void addr_set_port(struct addr *a, uint16_t port)
{
    if (a->sa.sa_family == AF_INET6)
        a->in6.sin6_port = htons(port);
    else if (a->sa.sa_family == AF_INET)
        a->in4.sin_port = htons(port);
}

const char *addr_host_text(char *dst, const struct addr *a)
{
    struct addr plain = addr_unmapped(a);
    bool is_v6 = plain.sa.sa_family == AF_INET6;
    const void *host = is_v6 ? (const void *)&plain.in6.sin6_addr
                             : (const void *)&plain.in4.sin_addr;

    if (!inet_ntop(plain.sa.sa_family, host, dst, ADDR_TEXT_MAX))
        snprintf(dst, ADDR_TEXT_MAX, "%s",
                 plain.sa.sa_family == AF_UNIX ? "unix" : "?");
    return dst;
}

const char *addr_text(char *dst, const struct addr *a)
{
    char host[ADDR_TEXT_MAX];
    bool is_v6;

    addr_host_text(host, a);
    if (a->sa.sa_family == AF_UNIX) {
        snprintf(dst, ADDR_TEXT_MAX, "%.45s", host);
        return dst;
    }
    is_v6 = strchr(host, ':') != NULL;
    snprintf(dst, ADDR_TEXT_MAX, is_v6 ? "[%.45s]:%u" : "%.45s:%u", host,
             addr_port(a));
    return dst;
}

bool addr_is_same(const struct addr *a, const struct addr *b)
{
    char text[2][ADDR_TEXT_MAX];

    return strcmp(addr_text(text[0], a), addr_text(text[1], b)) == 0;
}

/* Is `a` an unspecified address that takes what `b` would? Neither is mapped.
 */
static bool addr_takes(const struct addr *a, const struct addr *b)
{
    if (a->sa.sa_family == AF_INET6)
        return IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
    return a->in4.sin_addr.s_addr == htonl(INADDR_ANY) &&
           b->sa.sa_family == AF_INET;
}

bool addr_overlaps(const struct addr *a, const struct addr *b)
{
    struct addr x = addr_unmapped(a), y = addr_unmapped(b);

    if (addr_port(a) != addr_port(b) || addr_port(a) == 0)
        return false;
    return addr_is_same(&x, &y) || addr_takes(&x, &y) || addr_takes(&y, &x);
}

size_t addr_host_key(unsigned char *dst, const struct addr *a)
{
    struct addr plain = addr_unmapped(a);

    switch (plain.sa.sa_family) {
    case AF_INET:
        memcpy(dst, &plain.in4.sin_addr, sizeof plain.in4.sin_addr);
        return sizeof plain.in4.sin_addr;
    case AF_INET6:
        memcpy(dst, &plain.in6.sin6_addr, sizeof plain.in6.sin6_addr);
        return sizeof plain.in6.sin6_addr;
    default:
        return 0;
    }
}

/* What the kernel wrote: a path is longer than there is room, and not kept. */
static struct addr addr_told(struct addr a)
{
    if (a.sa.sa_family == AF_UNIX)
        a = (struct addr){.sa.sa_family = AF_UNIX, .len = sizeof a.sa};
    return a;
}

static void set_int(int fd, int level, int name, int value)
{
    (void)setsockopt(fd, level, name, &value, sizeof value);
}

/* Before listen() and connect(): the window scale is settled in the SYN, long
 * before a connected socket can be given a size. */
static void set_buffers(int fd, const struct sock_opts *opts)
{
    if (opts->receive_buffer > 0)
        set_int(fd, SOL_SOCKET, SO_RCVBUF, opts->receive_buffer);
    if (opts->send_buffer > 0)
        set_int(fd, SOL_SOCKET, SO_SNDBUF, opts->send_buffer);
}

static int stream_socket(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* errno is what it was. */
static void close_quietly(int fd)
{
    int saved = errno;

    (void)close(fd);
    errno = saved;
}

/* The upper six bits of what used to be the type of service. An IPv6 socket
 * carries IPv4 as well. An accepted one begins with its listener's, which may
 * be of an earlier configuration. */
static void set_dscp(int fd, const struct sock_opts *opts)
{
    set_int(fd, IPPROTO_IP, IP_TOS, opts->dscp << 2);
    set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, opts->dscp << 2);
}

int sock_listen(int *out, const struct addr *at, const struct sock_opts *opts)
{
    int fd = stream_socket(at->sa.sa_family);

    if (fd < 0)
        return ERR_IO;
    set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (opts->share)
        sock_share(fd, true);
    if (at->sa.sa_family == AF_INET6)
        set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    set_buffers(fd, opts);
    set_dscp(fd, opts);
    if (bind(fd, &at->sa, at->len) == 0 && listen(fd, SOMAXCONN) == 0) {
        *out = fd;
        return 0;
    }
    close_quietly(fd);
    return ERR_IO;
}

void sock_share(int fd, bool on)
{
    set_int(fd, SOL_SOCKET, SO_REUSEPORT, on);
}

/* --- Unix sockets --- */

static int unix_addr(struct sockaddr_un *out, const char *path)
{
    size_t n = strlen(path);

    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (n < sizeof out->sun_path) {
        memcpy(out->sun_path, path, n);
        return 0;
    }
    errno = ENAMETOOLONG;
    return ERR_IO;
}

/* Is this file left over from a process that has ended? connect() is refused
 * then, as it is for a file that is no socket. 0, or an error if it must
 * stay. */
static int check_stale(const struct sockaddr_un *at)
{
    struct stat st;
    bool refused;
    int fd;

    if (lstat(at->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return ERR_EXISTS;
    fd = stream_socket(AF_UNIX);
    if (fd < 0)
        return ERR_IO;
    refused = connect(fd, (const struct sockaddr *)at, sizeof *at) != 0 &&
              errno == ECONNREFUSED;
    close(fd);
    return refused ? 0 : ERR_EXISTS;
}

/* The second attempt succeeds unless another process was faster. */
static int bind_unix(int fd, const struct sockaddr_un *at)
{
    int err;

    if (bind(fd, (const struct sockaddr *)at, sizeof *at) == 0)
        return 0;
    if (errno != EADDRINUSE)
        return ERR_IO;
    err = check_stale(at);
    if (err)
        return err;
    if (unlink(at->sun_path) != 0 ||
        bind(fd, (const struct sockaddr *)at, sizeof *at) != 0)
        return ERR_IO;
    return 0;
}

int sock_listen_unix(int *out, const char *path, mode_t mode)
{
    struct sockaddr_un at;
    int err = unix_addr(&at, path);
    int fd;

    if (err)
        return err;
    fd = stream_socket(AF_UNIX);
    if (fd < 0)
        return ERR_IO;
    /* Linux makes the file with the mode that the socket has. */
    err = fchmod(fd, mode) == 0 ? bind_unix(fd, &at) : ERR_IO;
    if (!err && listen(fd, SOMAXCONN) != 0)
        err = ERR_IO;
    if (err)
        close_quietly(fd);
    else
        *out = fd;
    return err;
}

int sock_peer_uid(uid_t *out, int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ||
        peer.uid == (uid_t)-1) /* a socket of another family has no user */
        return ERR_IO;
    *out = peer.uid;
    return 0;
}

/* --- connected sockets --- */

/* The port is chosen with the peer's: one serves for many peers. */
static int bind_source(int fd, const struct addr *to,
                       const struct sock_opts *opts)
{
    const struct addr *from =
        to->sa.sa_family == AF_INET6 ? &opts->source6 : &opts->source4;

    if (from->sa.sa_family != to->sa.sa_family)
        return 0;
    set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    return bind(fd, &from->sa, from->len) == 0 ? 0 : ERR_IO;
}

int sock_connect(int *out, const struct addr *to, const struct sock_opts *opts)
{
    int fd = stream_socket(to->sa.sa_family);

    if (fd < 0)
        return ERR_IO;
    set_buffers(fd, opts);
    set_dscp(fd, opts);
    if (bind_source(fd, to, opts) == 0 &&
        (connect(fd, &to->sa, to->len) == 0 || errno == EINPROGRESS)) {
        *out = fd;
        return 0;
    }
    close_quietly(fd);
    return ERR_IO;
}

/* A silent peer is asked after keepalive_s, twice more at a third of that, and
 * is then gone: within about twice the time set. */
static void set_keepalive(int fd, int keepalive_s)
{
    int again_s = keepalive_s / 3 > 0 ? keepalive_s / 3 : 1;

    set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, keepalive_s);
    set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, again_s);
    set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

/* Octets that the kernel holds unsent: enough to keep the line busy, not so
 * many that a response waits for seconds after them, or that a slow receiver
 * gets what it was given half a minute ago (R4976-6.4.1-c, I-3). */
enum { UNSENT_MAX = 131072 };

void sock_apply(int fd, const struct sock_opts *opts)
{
    set_buffers(fd, opts);
    set_dscp(fd, opts);
    set_int(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_MAX);
    if (opts->nodelay)
        set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (opts->keepalive_s > 0)
        set_keepalive(fd, opts->keepalive_s);
}

void sock_set_probing(int fd, bool on, const struct sock_opts *opts)
{
    enum { PROBES = 100 }; /* the prober gives up first, not the kernel */

    if (on) {
        set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
        set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1);
        set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
        set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, PROBES);
    } else if (opts->keepalive_s > 0) {
        set_keepalive(fd, opts->keepalive_s);
    } else {
        set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
    }
}

size_t sock_unacked(int fd)
{
    int n;

    return ioctl(fd, SIOCOUTQ, &n) == 0 && n > 0 ? (size_t)n : 0;
}

int sock_acks(int fd, struct sock_acks *out)
{
    struct tcp_info info;
    socklen_t n = sizeof info;

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) != 0)
        return ERR_IO;
    *out = (struct sock_acks){.silent_ms = info.tcpi_last_ack_recv,
                              .is_awaited = info.tcpi_unacked > 0 ||
                                            info.tcpi_probes > 0};
    return 0;
}

int sock_local(struct addr *out, int fd)
{
    struct addr a = {.len = sizeof a.in6};

    if (getsockname(fd, &a.sa, &a.len))
        return ERR_IO;
    *out = addr_told(a);
    return 0;
}

int sock_accept(int *out, struct addr *peer, int fd)
{
    struct addr a = {.len = sizeof a.in6};
    int accepted = accept4(fd, &a.sa, &a.len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (accepted < 0)
        return ERR_IO;
    *out = accepted;
    *peer = addr_told(a);
    return 0;
}
