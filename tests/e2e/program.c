/* SPDX-License-Identifier: BSD-2-Clause */
#include "program.h"

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

enum { AGAIN_MS = 50 };

struct program {
    struct scene_part part; /* what it writes */
    struct scene *scene;
    const char *path;
    pid_t pid;
    struct bytes said; /* ends with a NUL */
};

bool program_is_there(const char *path)
{
    if (access(path, X_OK) == 0)
        return true;
    print_message("skipped: %s is not there; tests/packages --tests installs "
                  "it\n",
                  path);
    return false;
}

/* --- ports ---------------------------------------------------------------- */

static struct sockaddr_in at_port(unsigned port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

unsigned program_free_port(void)
{
    struct sockaddr_in at = at_port(0);
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    close(fd);
    return ntohs(at.sin_port);
}

static bool is_listening(unsigned port)
{
    struct sockaddr_in to = at_port(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is = connect(fd, (struct sockaddr *)&to, sizeof to) == 0;

    close(fd);
    return is;
}

void program_wait_port(struct program *p, unsigned port)
{
    uint64_t deadline_ms = now_ms() + DEADLINE_MS;

    while (!is_listening(port)) {
        if (p->part.fd < 0 || now_ms() >= deadline_ms)
            fail_msg("%s does not start: %s", p->path, p->said.p);
        scene_turn(p->scene, now_ms() + AGAIN_MS);
    }
}

/* --- the process ---------------------------------------------------------- */

static void on_output(struct scene_part *part)
{
    enum { SOME = 4096 };
    struct program *p = CONTAINER(part, struct program, part);
    char *dst = bytes_reserve(&p->said, SOME + 1);
    ssize_t n = read(part->fd, dst, SOME);

    if (n <= 0) {
        close(part->fd);
        part->fd = -1;
        n = 0;
    }
    dst[n] = '\0';
    p->said.n += (size_t)n;
    if (getenv("MSRP_E2E_LOG"))
        fprintf(stderr, "%s", dst);
}

static void stop(struct scene_part *part)
{
    struct program *p = CONTAINER(part, struct program, part);

    kill(p->pid, SIGTERM);
    while (part->fd >= 0) { /* closed by its last process */
        struct pollfd readable = {part->fd, POLLIN, 0};

        if (poll(&readable, 1, DEADLINE_MS) == 0) {
            kill(p->pid, SIGKILL);
            close(part->fd);
            break;
        }
        on_output(part);
    }
    waitpid(p->pid, NULL, 0);
    free(p->said.p);
    free(p);
}

static void become(const char *const *argv, int out)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    /* execv() changes nothing in them; its type is older than const. */
    execv(argv[0], (char **)(uintptr_t)argv);
    _exit(127);
}

struct program *program_start(struct scene *s, const char *const *argv,
                              void (*in_child)(void *ctx), void *ctx)
{
    struct program *p = calloc(1, sizeof *p);
    int ends[2];

    assert_non_null(p);
    p->scene = s;
    p->path = argv[0];
    *bytes_reserve(&p->said, 1) = '\0';
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    p->pid = fork();
    assert_true(p->pid >= 0);
    if (p->pid == 0) {
        if (in_child)
            in_child(ctx);
        become(argv, ends[1]);
    }
    close(ends[1]);
    p->part =
        (struct scene_part){.fd = ends[0], .on_ready = on_output, .free = stop};
    scene_add_part(s, &p->part);
    return p;
}

const char *program_said(const struct program *p)
{
    return p->said.p;
}
