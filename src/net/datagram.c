/* SPDX-License-Identifier: BSD-2-Clause */
#include "datagram.h"

#include <errno.h>
#include <unistd.h>

#include "err.h"

/* Asked for; the kernel gives less where net.core.rmem_max is less. */
enum { RECEIVE_BUFFER = 4 << 20 };

union control {
    char octets[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
                CMSG_SPACE(sizeof(struct in_pktinfo))];
    struct cmsghdr align;
};

static void set_int(int fd, int level, int name, int value)
{
    (void)setsockopt(fd, level, name, &value, sizeof value);
}

/* A socket for IPv6 may carry IPv4 as well, so that it gets both. */
static void set_options(int fd, int family)
{
    set_int(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
    set_int(fd, IPPROTO_IP, IP_PKTINFO, 1);
    set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
    if (family != AF_INET6)
        return;
    set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    set_int(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
}

int datagram_open(int *out, const struct addr *at)
{
    int fd =
        socket(at->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int saved;

    if (fd < 0)
        return ERR_IO;
    set_options(fd, at->sa.sa_family);
    if (bind(fd, &at->sa, at->len) == 0) {
        *out = fd;
        return 0;
    }
    saved = errno;
    (void)close(fd);
    errno = saved;
    return ERR_IO;
}

/* Which of our addresses it went to. */
static void read_own(struct datagram_ends *ends, struct msghdr *m)
{
    struct cmsghdr *c;

    ends->own_family = 0;
    for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof info);
            ends->own = info.ipi6_addr;
            ends->interface = info.ipi6_ifindex;
            ends->own_family = AF_INET6;
            return;
        }
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(&ends->own, &info.ipi_addr, sizeof info.ipi_addr);
            ends->interface = (unsigned)info.ipi_ifindex;
            ends->own_family = AF_INET;
        }
    }
}

int datagram_receive(int fd, char *dst, size_t size, size_t *n,
                     struct datagram_ends *ends)
{
    struct iovec data = {.iov_base = dst, .iov_len = size};
    union control control;
    struct msghdr m = {
        .msg_name = &ends->peer.in6,
        .msg_namelen = sizeof ends->peer.in6,
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = control.octets,
        .msg_controllen = sizeof control.octets,
    };
    ssize_t got = recvmsg(fd, &m, 0);

    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? ERR_AGAIN : ERR_IO;
    if (m.msg_flags & MSG_TRUNC)
        return ERR_LIMIT;
    ends->peer.len = m.msg_namelen;
    read_own(ends, &m);
    *n = (size_t)got;
    return 0;
}

/* Only a link-local address needs its interface; for others the routing table
 * chooses. */
static size_t write_own6(struct cmsghdr *c, const struct datagram_ends *ends)
{
    struct in6_pktinfo info = {.ipi6_addr = ends->own};

    if (IN6_IS_ADDR_LINKLOCAL(&ends->own))
        info.ipi6_ifindex = ends->interface;
    c->cmsg_level = IPPROTO_IPV6;
    c->cmsg_type = IPV6_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(c), &info, sizeof info);
    return CMSG_SPACE(sizeof info);
}

static size_t write_own4(struct cmsghdr *c, const struct datagram_ends *ends)
{
    struct in_pktinfo info = {0};

    memcpy(&info.ipi_spec_dst, &ends->own, sizeof info.ipi_spec_dst);
    c->cmsg_level = IPPROTO_IP;
    c->cmsg_type = IP_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(c), &info, sizeof info);
    return CMSG_SPACE(sizeof info);
}

int datagram_send(int fd, const struct datagram_ends *ends, struct span data)
{
    struct iovec out = {.iov_base = (void *)data.p, .iov_len = data.n};
    union control control = {.octets = {0}};
    struct msghdr m = {
        .msg_name = (void *)&ends->peer.in6,
        .msg_namelen = ends->peer.len,
        .msg_iov = &out,
        .msg_iovlen = 1,
    };

    if (ends->own_family) {
        m.msg_control = control.octets;
        m.msg_controllen = ends->own_family == AF_INET6
                               ? write_own6(&control.align, ends)
                               : write_own4(&control.align, ends);
    }
    return sendmsg(fd, &m, MSG_NOSIGNAL) < 0 ? ERR_IO : 0;
}
