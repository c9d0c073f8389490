/* SPDX-License-Identifier: BSD-2-Clause */
#include "haproxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "program.h"
#include "renew.h"

#define PROGRAM "/usr/sbin/haproxy"

enum { WAYS_MAX = 8 };

struct haproxy {
    struct scene_part part; /* nothing to wait for */
    struct scene *scene;
    size_t n;
    int fds[WAYS_MAX]; /* it inherits these, listening already */
    unsigned ports[WAYS_MAX];
};

bool haproxy_is_there(void)
{
    return program_is_there(PROGRAM);
}

/* --- its configuration ---------------------------------------------------- */

/* Certificate and key in one file, as it wants them. */
static const char *write_certificate(struct scene *s)
{
    char *pem = renew_read(s->relay, "pem"), *key = renew_read(s->relay, "key");
    const char *path = relay_write(relay_files(s->relay), "front.pem",
                                   scene_text(s, "%s%s", pem, key));

    free(pem);
    free(key);
    return path;
}

static const char *write_config(struct haproxy *h,
                                const struct haproxy_way *ways)
{
    struct scene *s = h->scene;
    const char *tls = scene_text(s, " ssl crt %s", write_certificate(s));
    const char *text = "defaults\n"
                       "    mode tcp\n"
                       "    timeout connect 20s\n"
                       "    timeout client 1h\n"
                       "    timeout server 1h\n";

    for (size_t i = 0; i < h->n; i++)
        text = scene_text(
            s,
            "%slisten way%zu\n"
            "    bind fd@%d%s\n"
            "    server relay 127.0.0.1:%u %s source " HAPROXY_SOURCE "\n",
            text, i, h->fds[i], ways[i].ends_tls ? tls : "",
            relay_port(s->relay, ways[i].to), ways[i].options);
    return relay_write(relay_files(s->relay), "haproxy.cfg", text);
}

/* A listening socket that goes over to the child. */
static int listen_for(unsigned *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, SOMAXCONN), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

/* --- the process ---------------------------------------------------------- */

static void keep_listeners(void *ctx)
{
    const struct haproxy *h = ctx;

    for (size_t i = 0; i < h->n; i++)
        fcntl(h->fds[i], F_SETFD, 0);
}

static void haproxy_free(struct scene_part *p)
{
    free(CONTAINER(p, struct haproxy, part));
}

struct haproxy *haproxy_start(struct scene *s, const struct haproxy_way *ways,
                              size_t n)
{
    struct haproxy *h = calloc(1, sizeof *h);
    const char *argv[] = {PROGRAM, "-db", "-f", NULL, NULL};

    assert_non_null(h);
    assert_true(n <= WAYS_MAX);
    h->scene = s;
    h->n = n;
    h->part = (struct scene_part){.fd = -1, .free = haproxy_free};
    scene_add_part(s, &h->part);
    for (size_t i = 0; i < n; i++)
        h->fds[i] = listen_for(&h->ports[i]);
    argv[3] = write_config(h, ways);
    program_start(s, argv, keep_listeners, h);
    for (size_t i = 0; i < n; i++)
        close(h->fds[i]);
    return h;
}

unsigned haproxy_port(const struct haproxy *h, size_t way)
{
    return h->ports[way];
}
