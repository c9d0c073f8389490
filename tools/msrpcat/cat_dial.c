/* SPDX-License-Identifier: BSD-2-Clause */
#include "cat_dial.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "uri.h"

static int set_host(struct cat_dial_to *to, struct span host)
{
    if (span_starts(host, SPAN("[")) && host.p[host.n - 1] == ']')
        host = span_of(host.p + 1, host.n - 2);
    if (host.n == 0 || host.n >= sizeof to->host || host.p[0] == '[')
        return ERR_SYNTAX;
    span_copy(to->host, sizeof to->host, host);
    return 0;
}

static void set_port(struct cat_dial_to *to, uint16_t port)
{
    snprintf(to->port, sizeof to->port, "%u", (unsigned)port);
}

/* Where the colon before the port is; text.n if there is none. */
static size_t find_colon(struct span text)
{
    for (size_t i = text.n; i > 0 && text.p[i - 1] != ']'; i--)
        if (text.p[i - 1] == ':')
            return i - 1;
    return text.n;
}

int cat_dial_parse(struct cat_dial_to *out, struct span text, const char *host)
{
    size_t colon = find_colon(text);
    struct span name = span_of(text.p, colon);
    struct cat_dial_to to;
    uint64_t port;

    if (colon < text.n) {
        text = span_from(text, colon + 1);
    } else {
        if (!host)
            return ERR_SYNTAX;
        name = span_str(host);
    }
    /* An IPv6 address without brackets has no port that can be recognised. */
    if (span_find(name, ':') < name.n && name.p[0] != '[')
        return ERR_SYNTAX;
    if (span_u64(&port, text, 65535) || (port == 0 && !host) ||
        set_host(&to, name))
        return ERR_SYNTAX;
    set_port(&to, (uint16_t)port);
    *out = to;
    return 0;
}

int cat_dial_from_uri(struct cat_dial_to *out, bool *secure, struct span uri)
{
    struct uri u;
    int err = uri_parse(&u, uri);

    if (err)
        return err;
    err = set_host(out, u.host);
    if (err)
        return err;
    *secure = u.secure;
    set_port(out, u.port ? u.port : 2855);
    return 0;
}

/* --- connecting ----------------------------------------------------------- */

static int find_addresses(struct addrinfo **out, const struct cat_dial_to *to,
                          int flags)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV | flags};

    return getaddrinfo(to->host, to->port, &hints, out) ? ERR_NOT_FOUND : 0;
}

/* How a connect() that goes on in the background ends. */
static int await_connected(int fd, uint64_t timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int why = 0, n;
    socklen_t len = sizeof why;

    do
        n = poll(&p, 1, (int)timeout_ms);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        return ERR_TIMEOUT;
    if (n < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len))
        return ERR_IO;
    errno = why;
    return why ? ERR_IO : 0;
}

static int connect_one(int *out, const struct addrinfo *at, uint64_t timeout_ms)
{
    int one = 1, err = 0;
    int fd =
        socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return ERR_IO;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, at->ai_addr, at->ai_addrlen))
        err = errno == EINPROGRESS ? await_connected(fd, timeout_ms) : ERR_IO;
    if (err) {
        int why = errno;

        close(fd);
        errno = why;
        return err;
    }
    *out = fd;
    return 0;
}

int cat_dial_connect(int *fd, const struct cat_dial_to *to, uint64_t timeout_ms)
{
    struct addrinfo *all;
    int err = find_addresses(&all, to, 0);

    if (err)
        return err;
    err = ERR_NOT_FOUND;
    for (struct addrinfo *at = all; at && err; at = at->ai_next)
        err = connect_one(fd, at, timeout_ms);
    freeaddrinfo(all);
    return err;
}

/* --- listening ------------------------------------------------------------ */

static int listen_one(int *out, const struct addrinfo *at)
{
    int one = 1, fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return ERR_IO;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, at->ai_addr, at->ai_addrlen) || listen(fd, 1)) {
        int why = errno;

        close(fd);
        errno = why;
        return ERR_IO;
    }
    *out = fd;
    return 0;
}

static void set_authority(struct cat_dial_own *own, const char *host,
                          const char *port)
{
    bool is_v6 = strchr(host, ':') != NULL;

    snprintf(own->authority, sizeof own->authority, is_v6 ? "[%s]:%s" : "%s:%s",
             host, port);
}

/* The address that the socket is bound to. */
static int bound_address(char address[CAT_DIAL_ADDRESS], char port[6], int fd)
{
    struct sockaddr_storage at = {0};
    socklen_t len = sizeof at;

    if (getsockname(fd, (struct sockaddr *)&at, &len) ||
        getnameinfo((struct sockaddr *)&at, len, address, CAT_DIAL_ADDRESS,
                    port, 6, NI_NUMERICSERV | NI_NUMERICHOST))
        return ERR_IO;
    return 0;
}

int cat_dial_listen(int *fd, struct cat_dial_own *own,
                    const struct cat_dial_to *at)
{
    struct addrinfo *all;
    char port[6];
    int err = find_addresses(&all, at, AI_PASSIVE);

    if (err)
        return err;
    err = listen_one(fd, all);
    freeaddrinfo(all);
    if (err)
        return err;
    err = bound_address(own->address, port, *fd);
    if (err)
        close(*fd);
    else
        set_authority(own, at->host, port);
    return err;
}

/* --- neither -------------------------------------------------------------- */

/* The address that a datagram to `at` would come from. */
static int source_address(char address[CAT_DIAL_ADDRESS],
                          const struct cat_dial_to *at)
{
    struct addrinfo *all;
    char port[6];
    int fd, err = find_addresses(&all, at, 0);

    if (err)
        return err;
    fd = socket(all->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    err = ERR_IO;
    if (fd >= 0 && connect(fd, all->ai_addr, all->ai_addrlen) == 0)
        err = bound_address(address, port, fd);
    if (fd >= 0)
        close(fd);
    freeaddrinfo(all);
    return err;
}

static int host_address(char address[CAT_DIAL_ADDRESS], const char *host)
{
    struct cat_dial_to to = {.port = "9"};
    struct addrinfo *all;
    int err;

    snprintf(to.host, sizeof to.host, "%s", host);
    err = find_addresses(&all, &to, 0);
    if (err)
        return err;
    if (getnameinfo(all->ai_addr, all->ai_addrlen, address, CAT_DIAL_ADDRESS,
                    NULL, 0, NI_NUMERICHOST))
        err = ERR_NOT_FOUND;
    freeaddrinfo(all);
    return err;
}

int cat_dial_local(struct cat_dial_own *own, const char *host, unsigned port,
                   const struct cat_dial_to *towards)
{
    /* Any address of the world; this one is for documents (RFC 5737). */
    static const struct cat_dial_to world = {"192.0.2.1", "9"};
    char text[6];
    int err = 0;

    if (host)
        err = host_address(own->address, host);
    else if (source_address(own->address, towards ? towards : &world))
        snprintf(own->address, sizeof own->address, "127.0.0.1");
    snprintf(text, sizeof text, "%u", port);
    if (!err)
        set_authority(own, host ? host : own->address, text);
    return err;
}

/* --- being called --------------------------------------------------------- */

int cat_dial_accept(int *fd, int listener)
{
    int one = 1;

    do
        *fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (*fd < 0 && errno == EINTR);
    close(listener);
    if (*fd < 0)
        return ERR_IO;
    (void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return 0;
}
