/* SPDX-License-Identifier: BSD-2-Clause */
#include "client_hello.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "err.h"
#include "proxy.h"

enum {
    HANDSHAKE = 22, /* the type of its record */
    HEAD = 5,       /* type, version and length */
    BODY_MAX = 16384,
};

_Static_assert((int)PROXY_MARK <= (int)HEAD, "a PROXY header is seen");

static int low_mark(int fd)
{
    socklen_t len = sizeof(int);
    int mark = 1;

    (void)getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, &len);
    return mark;
}

static void set_low_mark(int fd, int mark)
{
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark);
}

/* How many octets the first record has, as far as can be seen; 0: none are to
 * be waited for; -1: it is a PROXY header. */
static int record_size(int fd)
{
    unsigned char head[HEAD];
    ssize_t n = recv(fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
    int body;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return HEAD;
    if (n > 0 && proxy_begins(span_of((const char *)head, (size_t)n)))
        return -1;
    if (n <= 0 || head[0] != HANDSHAKE)
        return 0;
    if (n < HEAD)
        return HEAD;
    body = head[3] << 8 | head[4];
    return body <= BODY_MAX ? HEAD + body : 0;
}

/* Readable with less than the mark: the peer has closed. A mark that stays
 * below what is there: the socket's buffer has no room for more. */
int client_hello_check(int fd)
{
    int before = low_mark(fd), need = record_size(fd), there = 0;

    if (need < 0)
        return ERR_SYNTAX;
    if (ioctl(fd, FIONREAD, &there) == 0 && there < need && there >= before) {
        set_low_mark(fd, need);
        if (low_mark(fd) > there)
            return ERR_AGAIN;
    }
    set_low_mark(fd, 1);
    return 0;
}
