/* SPDX-License-Identifier: BSD-2-Clause */
#include "lookup_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"

enum { VARIABLE_MAX = 4096 };

static const char *or_default(const char *value, const char *otherwise)
{
    return value && *value ? value : otherwise;
}

/* Signals are as in a fresh process: not blocked, not ignored. */
static int set_attributes(posix_spawnattr_t *a)
{
    sigset_t none, all;
    int err;

    sigemptyset(&none);
    sigfillset(&all);
    err = posix_spawnattr_setsigmask(a, &none);
    if (!err)
        err = posix_spawnattr_setsigdefault(a, &all);
    if (!err)
        err = posix_spawnattr_setpgroup(a, 0);
    if (!err)
        err = posix_spawnattr_setflags(a, POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    return err;
}

static int set_descriptors(posix_spawn_file_actions_t *f, int channel,
                           int errors)
{
    int err = posix_spawn_file_actions_adddup2(f, channel, STDIN_FILENO);

    if (!err)
        err = posix_spawn_file_actions_adddup2(f, channel, STDOUT_FILENO);
    if (!err)
        err = posix_spawn_file_actions_adddup2(f, errors, STDERR_FILENO);
    if (!err)
        err = posix_spawn_file_actions_addclosefrom_np(f, STDERR_FILENO + 1);
    return err;
}

/* An errno, or 0. */
static int spawn(pid_t *pid, char *const *argv, int channel, int errors)
{
    char path[VARIABLE_MAX], lang[VARIABLE_MAX];
    char *variables[] = {path, lang, NULL};
    posix_spawn_file_actions_t f;
    posix_spawnattr_t a;
    int err;

    (void)snprintf(path, sizeof path, "PATH=%s",
                   or_default(getenv("PATH"),
                              "/usr/local/sbin:/usr/local/bin:/usr/sbin:"
                              "/usr/bin:/sbin:/bin"));
    (void)snprintf(lang, sizeof lang, "LANG=%s",
                   or_default(getenv("LANG"), "C"));
    err = posix_spawn_file_actions_init(&f);
    if (err)
        return err;
    err = posix_spawnattr_init(&a);
    if (!err) {
        err = set_attributes(&a);
        if (!err)
            err = set_descriptors(&f, channel, errors);
        if (!err)
            err = posix_spawn(pid, argv[0], &f, &a, argv, variables);
        posix_spawnattr_destroy(&a);
    }
    posix_spawn_file_actions_destroy(&f);
    return err;
}

/* Both ends of each are above 2: what is moved there in the child must not be
 * what is still needed. */
static bool are_high(const int channel[2], const int errors[2])
{
    return channel[1] > STDERR_FILENO && errors[1] > STDERR_FILENO;
}

static void close_all(const int channel[2], const int errors[2])
{
    for (int i = 0; i < 2; i++) {
        if (channel[i] >= 0)
            close(channel[i]);
        if (errors[i] >= 0)
            close(errors[i]);
    }
}

static int open_all(int channel[2], int errors[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0 ||
        pipe2(errors, O_CLOEXEC) != 0 ||
        fcntl(channel[0], F_SETFL, O_NONBLOCK) != 0 ||
        fcntl(errors[0], F_SETFL, O_NONBLOCK) != 0)
        return errno;
    return are_high(channel, errors) ? 0 : EBADF;
}

int lookup_spawn(struct lookup_spawned *out, char *const *argv)
{
    int channel[2] = {-1, -1}, errors[2] = {-1, -1};
    struct lookup_spawned made = {0};
    int err = open_all(channel, errors);

    if (!err)
        err = spawn(&made.pid, argv, channel[1], errors[1]);
    if (!err) {
        made.pidfd = pidfd_open(made.pid, 0);
        if (made.pidfd < 0) {
            err = errno;
            (void)kill(-made.pid, SIGKILL);
            (void)waitpid(made.pid, NULL, 0);
        }
    }
    if (err) {
        close_all(channel, errors);
        errno = err;
        return ERR_IO;
    }
    close(channel[1]);
    close(errors[1]);
    made.fd = channel[0];
    made.errors_fd = errors[0];
    *out = made;
    return 0;
}
