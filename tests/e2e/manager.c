/* SPDX-License-Identifier: BSD-2-Clause */
#include "manager.h"

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmocka_all.h"

enum { FIRST_FD = 3, ASIDE = 100, NUMBER_MAX = 32 };

struct message {
    struct list of_manager;
    char text[1024];
};

/* --- notifications -------------------------------------------------------- */

static void take_message(struct scene_part *p)
{
    struct manager *m = (struct manager *)(void *)p;
    struct message *got = calloc(1, sizeof *got);

    assert_non_null(got);
    assert_true(recv(p->fd, got->text, sizeof got->text - 1, 0) > 0);
    m->was_ready |= strncmp(got->text, "READY=1\n", 8) == 0;
    if (strcmp(got->text, "WATCHDOG=1") == 0) {
        assert_true(m->was_ready); /* nobody watches before */
        m->signs++;
        free(got);
        return;
    }
    list_init(&got->of_manager);
    list_append(&m->messages, &got->of_manager);
}

static bool has_message(void *ctx)
{
    const struct manager *m = ctx;

    return !list_is_empty(&m->messages);
}

const char *manager_expect(struct manager *m, struct scene *s,
                           const char *begin)
{
    struct message *got;
    const char *text;

    scene_until(s, has_message, m, begin);
    got = CONTAINER(list_take_first(&m->messages), struct message, of_manager);
    text = scene_text(s, "%s", got->text);
    free(got);
    if (strncmp(text, begin, strlen(begin)) != 0)
        fail_msg("expected %s, got: %s", begin, text);
    return text;
}

struct patience {
    const struct manager *manager;
    unsigned signs;
};

static bool has_signs(void *ctx)
{
    const struct patience *p = ctx;

    return p->manager->signs >= p->signs;
}

void manager_expect_signs(struct manager *m, struct scene *s, unsigned n)
{
    struct patience p = {m, m->signs + n};

    scene_until(s, has_signs, &p, "WATCHDOG=1");
}

uint64_t manager_number(const char *message, const char *key)
{
    const char *at = strstr(message, key);
    char *end;
    uint64_t value;

    assert_non_null(at);
    at += strlen(key);
    value = strtoull(at, &end, 10);
    assert_true(end > at && (*end == '\n' || *end == '\0'));
    return value;
}

/* --- life ----------------------------------------------------------------- */

static void manager_free(struct scene_part *p)
{
    struct manager *m = (struct manager *)(void *)p;
    struct list *l;

    while ((l = list_take_first(&m->messages)))
        free(CONTAINER(l, struct message, of_manager));
    for (size_t i = 0; i < m->n_fds; i++)
        close(m->fds[i]);
    close(p->fd);
    free(m);
}

struct manager *manager_new(bool is_abstract)
{
    struct manager *m = calloc(1, sizeof *m);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    socklen_t n = sizeof at;

    assert_non_null(m);
    list_init(&m->messages);
    m->part.on_ready = take_message;
    m->part.free = manager_free;
    m->part.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(m->part.fd >= 0);
    if (!is_abstract)
        return m;
    /* The kernel finds a name. */
    assert_int_equal(
        bind(m->part.fd, (struct sockaddr *)&at, sizeof at.sun_family), 0);
    assert_int_equal(getsockname(m->part.fd, (struct sockaddr *)&at, &n), 0);
    snprintf(m->abstract, sizeof m->abstract, "@%.*s",
             (int)(n - offsetof(struct sockaddr_un, sun_path) - 1),
             at.sun_path + 1);
    return m;
}

void manager_add_fd(struct manager *m, int fd)
{
    assert_true(fd >= 0 && m->n_fds < MANAGER_FDS_MAX);
    m->fds[m->n_fds++] = fd;
}

void manager_join(struct manager *m, struct scene *s)
{
    scene_add_part(s, &m->part);
}

/* --- in the child --------------------------------------------------------- */

static void set_number(const char *name, unsigned long value)
{
    char text[NUMBER_MAX];

    snprintf(text, sizeof text, "%lu", value);
    setenv(name, text, 1);
}

/* Everybody may write into it, as into systemd's. */
static void set_notify_socket(const struct manager *m, struct tls_files *files)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const char *path = tls_files_path(files, "notify");

    if (*m->abstract) {
        setenv("NOTIFY_SOCKET", m->abstract, 1);
        return;
    }
    setenv("NOTIFY_SOCKET", path, 1);
    span_copy(at.sun_path, sizeof at.sun_path, span_str(path));
    if (!m->has_died &&
        (bind(m->part.fd, (struct sockaddr *)&at, sizeof at) != 0 ||
         chmod(path, 0777) != 0))
        _exit(127);
}

static void set_watchdog(const struct manager *m)
{
    if (m->watchdog_usec == 0)
        return;
    set_number("WATCHDOG_USEC", m->watchdog_usec);
    set_number("WATCHDOG_PID",
               (unsigned long)(m->watches_another ? getppid() : getpid()));
}

/* They come as 3, 4 and so on, whatever was there. */
static void set_fds(const struct manager *m)
{
    int aside[MANAGER_FDS_MAX];

    if (m->n_fds == 0)
        return;
    for (size_t i = 0; i < m->n_fds; i++)
        aside[i] = fcntl(m->fds[i], F_DUPFD_CLOEXEC, ASIDE);
    for (size_t i = 0; i < m->n_fds; i++)
        if (dup2(aside[i], FIRST_FD + (int)i) < 0)
            _exit(127);
    set_number("LISTEN_FDS", m->n_fds);
    set_number("LISTEN_PID",
               (unsigned long)(m->fds_are_anothers ? getppid() : getpid()));
    setenv("LISTEN_FDNAMES", "any", 1);
}

static void become_service(void *ctx, struct tls_files *files)
{
    const struct manager *m = ctx;

    set_notify_socket(m, files);
    set_watchdog(m);
    set_fds(m);
}

struct relay_opts manager_opts(struct manager *m)
{
    return (struct relay_opts){.in_child = become_service, .child_ctx = m};
}

/* --- what the relay holds ------------------------------------------------- */

bool manager_is_held(const struct relay *r, int fd)
{
    char path[64];
    struct stat ours, its;
    struct dirent *entry;
    bool held = false;
    DIR *dir;

    assert_int_equal(fstat(fd, &ours), 0);
    snprintf(path, sizeof path, "/proc/%d/fd", (int)relay_pid(r));
    dir = opendir(path);
    assert_non_null(dir);
    while (!held && (entry = readdir(dir)))
        held = fstatat(dirfd(dir), entry->d_name, &its, 0) == 0 &&
               its.st_dev == ours.st_dev && its.st_ino == ours.st_ino;
    closedir(dir);
    return held;
}
