#include "sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
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
    else
        a->in4.sin_port = htons(port);
}

const char *addr_host_text(char *dst, const struct addr *a)
{
    struct addr plain = addr_unmapped(a);
    bool is_v6 = plain.sa.sa_family == AF_INET6;
    const void *host = is_v6 ? (const void *)&plain.in6.sin6_addr
                             : (const void *)&plain.in4.sin_addr;

    if (!inet_ntop(plain.sa.sa_family, host, dst, ADDR_TEXT_MAX))
        snprintf(dst, ADDR_TEXT_MAX, "?");
    return dst;
}

const char *addr_text(char *dst, const struct addr *a)
{
    char host[ADDR_TEXT_MAX];
    bool is_v6;

    addr_host_text(host, a);
    is_v6 = strchr(host, ':') != NULL;
    snprintf(dst, ADDR_TEXT_MAX, is_v6 ? "[%.45s]:%u" : "%.45s:%u", host,
             addr_port(a));
    return dst;
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

int sock_listen(int *out, const struct addr *at, const struct sock_opts *opts)
{
    int fd =
        socket(at->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int saved;

    if (fd < 0)
        return ERR_IO;
    set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (at->sa.sa_family == AF_INET6)
        set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    set_buffers(fd, opts);
    if (bind(fd, &at->sa, at->len) == 0 && listen(fd, SOMAXCONN) == 0) {
        *out = fd;
        return 0;
    }
    saved = errno;
    close(fd);
    errno = saved;
    return ERR_IO;
}

int sock_connect(int *out, const struct addr *to, const struct sock_opts *opts)
{
    int fd =
        socket(to->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int saved;

    if (fd < 0)
        return ERR_IO;
    set_buffers(fd, opts);
    if (connect(fd, &to->sa, to->len) == 0 || errno == EINPROGRESS) {
        *out = fd;
        return 0;
    }
    saved = errno;
    close(fd);
    errno = saved;
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
 * many that a response waits for seconds behind them, or that a slow receiver
 * gets what it was given half a minute ago (R4976-6.4.1-c, I-3). */
enum { UNSENT_MAX = 131072 };

void sock_apply(int fd, const struct sock_opts *opts)
{
    set_buffers(fd, opts);
    set_int(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_MAX);
    if (opts->nodelay)
        set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (opts->keepalive_s > 0)
        set_keepalive(fd, opts->keepalive_s);
}

int sock_local(struct addr *out, int fd)
{
    struct addr a = {.len = sizeof a.in6};

    if (getsockname(fd, &a.sa, &a.len))
        return ERR_IO;
    *out = a;
    return 0;
}
