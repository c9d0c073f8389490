/* SPDX-License-Identifier: BSD-2-Clause */
#include "haproxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "renew.h"

#define PROGRAM "/usr/sbin/haproxy"

enum { WAYS_MAX = 8 };

struct haproxy {
    struct scene_part part; /* what it writes */
    struct scene *scene;
    pid_t pid;
    size_t n;
    int fds[WAYS_MAX]; /* it inherits these, listening already */
    unsigned ports[WAYS_MAX];
};

bool haproxy_is_there(void)
{
    if (access(PROGRAM, X_OK) == 0)
        return true;
    print_message("skipped: " PROGRAM " is not there; tests/packages --tests "
                  "installs it\n");
    return false;
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

static void become_haproxy(const struct haproxy *h, const char *path, int out)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    for (size_t i = 0; i < h->n; i++)
        fcntl(h->fds[i], F_SETFD, 0);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execl(PROGRAM, "haproxy", "-db", "-f", path, (char *)NULL);
    _exit(127);
}

static void on_output(struct scene_part *p)
{
    char some[4096];
    ssize_t n = read(p->fd, some, sizeof some);

    if (n > 0 && getenv("MSRP_E2E_LOG"))
        fprintf(stderr, "%.*s", (int)n, some);
    if (n == 0) {
        close(p->fd);
        p->fd = -1;
    }
}

static void stop(struct scene_part *p)
{
    struct haproxy *h = CONTAINER(p, struct haproxy, part);

    kill(h->pid, SIGKILL);
    waitpid(h->pid, NULL, 0);
    if (p->fd >= 0)
        close(p->fd);
    free(h);
}

struct haproxy *haproxy_start(struct scene *s, const struct haproxy_way *ways,
                              size_t n)
{
    struct haproxy *h = calloc(1, sizeof *h);
    const char *path;
    int ends[2];

    assert_non_null(h);
    assert_true(n <= WAYS_MAX);
    h->scene = s;
    h->n = n;
    for (size_t i = 0; i < n; i++)
        h->fds[i] = listen_for(&h->ports[i]);
    path = write_config(h, ways);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    h->pid = fork();
    assert_true(h->pid >= 0);
    if (h->pid == 0)
        become_haproxy(h, path, ends[1]);
    close(ends[1]);
    for (size_t i = 0; i < n; i++)
        close(h->fds[i]);
    h->part =
        (struct scene_part){.fd = ends[0], .on_ready = on_output, .free = stop};
    scene_add_part(s, &h->part);
    return h;
}

unsigned haproxy_port(const struct haproxy *h, size_t way)
{
    return h->ports[way];
}
