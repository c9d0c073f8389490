/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"

enum { ARGUMENTS_MAX = 16, DIR_MAX = 32 };

static const char first_name[] = "s";

/* --- where the sockets are ------------------------------------------------ */

struct place {
    struct scene_part part; /* first member */
    char dir[DIR_MAX];
};

static void place_free(struct scene_part *p)
{
    struct place *place = (struct place *)(void *)p;

    /* What the relay left there would be a fault. */
    if (rmdir(place->dir) != 0)
        fprintf(stderr, "cannot remove %s\n", place->dir);
    free(place);
}

static const struct place *place_of(const struct scene *s)
{
    const struct list *m;

    for (m = s->parts.next; m != &s->parts; m = m->next) {
        const struct scene_part *p =
            CONTAINER((void *)(uintptr_t)m, struct scene_part, of_scene);

        if (p->free == place_free)
            return (const struct place *)(const void *)p;
    }
    fail_msg("the scene has no control socket");
    return NULL;
}

static void give(const char *dir, const char *name)
{
    const struct passwd *user = getpwnam(name);

    assert_non_null(user);
    assert_int_equal(chown(dir, user->pw_uid, user->pw_gid), 0);
}

struct scene *ctl_scene(void **state, const struct relay_opts *opts)
{
    struct relay_opts with_socket = opts ? *opts : (struct relay_opts){0};
    struct place *place = calloc(1, sizeof *place);
    char groups[1024];
    struct scene *s;

    assert_non_null(place);
    place->part.fd = -1;
    place->part.free = place_free;
    list_init(&place->part.of_scene);
    memcpy(place->dir, "/tmp/msrp-ctl-XXXXXX", 21);
    assert_non_null(mkdtemp(place->dir));
    if (with_socket.user)
        give(place->dir, with_socket.user);
    snprintf(groups, sizeof groups, "control: { socket = \"%s/%s\"; };\n%s",
             place->dir, first_name,
             with_socket.groups ? with_socket.groups : "");
    with_socket.groups = groups;
    s = scene_start(state, &with_socket);
    scene_add_part(s, &place->part);
    return s;
}

const char *ctl_path(struct scene *s, const char *name)
{
    return scene_text(s, "%s/%s", place_of(s)->dir, name);
}

const char *ctl_group(struct scene *s, const char *name)
{
    return scene_text(s, "control: { socket = \"%s/%s\"; };", place_of(s)->dir,
                      name);
}

int ctl_connect(struct scene *s)
{
    const struct timeval patience = {.tv_sec = DEADLINE_MS / 1000};
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    span_copy(to.sun_path, sizeof to.sun_path,
              span_str(ctl_path(s, first_name)));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* --- msrprelayctl --------------------------------------------------------- */

struct ctl {
    struct scene_part part; /* first member; fd -1: it has closed its stdout */
    struct scene *scene;
    pid_t pid; /* 0: reaped */
    int err;   /* memory that is its stderr */
    char *out;
    size_t n;
};

static void ctl_free(struct scene_part *p)
{
    struct ctl *c = (struct ctl *)(void *)p;

    if (c->pid) {
        kill(c->pid, SIGKILL);
        waitpid(c->pid, NULL, 0);
    }
    if (c->part.fd >= 0)
        close(c->part.fd);
    close(c->err);
    free(c->out);
    free(c);
}

static void on_output(struct scene_part *p)
{
    struct ctl *c = (struct ctl *)(void *)p;
    char some[65536];
    ssize_t n = read(c->part.fd, some, sizeof some);

    if (n <= 0) {
        close(c->part.fd);
        c->part.fd = -1;
        return;
    }
    c->out = realloc(c->out, c->n + (size_t)n + 1);
    assert_non_null(c->out);
    memcpy(c->out + c->n, some, (size_t)n);
    c->n += (size_t)n;
    c->out[c->n] = '\0';
}

static void become_ctl(struct scene *s, char *words, int in, int out, int err)
{
    char *argv[ARGUMENTS_MAX + 4] = {(char *)(uintptr_t) "msrprelayctl"};
    struct span first = span_str(words);
    size_t n = 1;

    if (!span_starts(first, SPAN("-"))) {
        argv[n++] = (char *)(uintptr_t) "-s";
        argv[n++] = (char *)(uintptr_t)ctl_path(s, first_name);
    }
    while (words && n < ARGUMENTS_MAX)
        argv[n++] = strsep(&words, " ");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    execv(RELAYCTL, argv);
    _exit(127);
}

/* Memory with this text, to be read from its beginning. */
static int memory_with(const char *text)
{
    int fd = memfd_create("ctl", MFD_CLOEXEC);
    size_t n = strlen(text);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, text, n, 0), n);
    return fd;
}

struct ctl *ctl_begin(struct scene *s, const char *arguments, const char *in)
{
    struct ctl *c = calloc(1, sizeof *c);
    char *words = scene_text(s, "%s", arguments);
    int ends[2], in_fd = memory_with(in);

    assert_non_null(c);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    c->scene = s;
    c->err = memory_with("");
    c->out = calloc(1, 1);
    c->pid = fork();
    assert_true(c->pid >= 0);
    if (c->pid == 0)
        become_ctl(s, words, in_fd, ends[1], c->err);
    close(ends[1]);
    close(in_fd);
    c->part.fd = ends[0];
    c->part.on_ready = on_output;
    c->part.free = ctl_free;
    list_init(&c->part.of_scene);
    scene_add_part(s, &c->part);
    return c;
}

static bool has_ended(void *ctx)
{
    const struct ctl *c = ctx;

    return c->part.fd < 0;
}

struct ctl_said ctl_wait(struct ctl *c)
{
    struct ctl_said said = {.out = ""};
    char err[4096];
    ssize_t n;
    int status;

    scene_until(c->scene, has_ended, c, "msrprelayctl");
    assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
    c->pid = 0;
    assert_true(WIFEXITED(status));
    n = pread(c->err, err, sizeof err - 1, 0);
    assert_true(n >= 0);
    err[n] = '\0';
    said.code = WEXITSTATUS(status);
    said.out = scene_text(c->scene, "%s", c->out);
    said.err = scene_text(c->scene, "%s", err);
    if (strstr(err, "Sanitizer") || strstr(err, "runtime error"))
        fail_msg("msrprelayctl: %s", err);
    list_remove(&c->part.of_scene);
    ctl_free(&c->part);
    return said;
}

struct ctl_said ctl_run_with(struct scene *s, const char *arguments,
                             const char *in)
{
    return ctl_wait(ctl_begin(s, arguments, in));
}

struct ctl_said ctl_run(struct scene *s, const char *arguments)
{
    return ctl_run_with(s, arguments, "");
}

const char *ctl_ok(struct scene *s, const char *arguments)
{
    struct ctl_said said = ctl_run(s, arguments);

    if (said.code != 0)
        fail_msg("msrprelayctl %s: %d, %s", arguments, said.code, said.err);
    return said.out;
}

void ctl_fails(struct scene *s, const char *arguments, int code,
               const char *why)
{
    struct ctl_said said = ctl_run(s, arguments);

    if (said.code != code || !strstr(said.err, why))
        fail_msg("msrprelayctl %s: %d, %s", arguments, said.code, said.err);
}
