/* SPDX-License-Identifier: BSD-2-Clause */
#include "password.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "err.h"

/* The terminal while a password is typed. Signals that would leave it silent
 * wait until it is as it was. */
struct silence {
    int tty;
    int signals; /* readable when one of them waits */
    struct termios as_it_was;
    sigset_t mask_as_it_was;
};

/* --- a line --- */

static ssize_t read_octet(char *c, int fd)
{
    ssize_t n;

    do
        n = read(fd, c, 1);
    while (n < 0 && errno == EINTR);
    return n;
}

/* A line into dst (PASSWORD_MAX + 1), without what ends it. */
static int read_line(char *dst, int fd)
{
    size_t n = 0;
    char c = '\0';
    ssize_t got;

    while ((got = read_octet(&c, fd)) == 1 && c != '\n') {
        if (c == '\0')
            return ERR_SYNTAX;
        if (n == PASSWORD_MAX)
            return ERR_LIMIT;
        dst[n++] = c;
    }
    if (got == 0 && n == 0)
        errno = 0;
    if (got < 0 || (got == 0 && n == 0))
        return ERR_IO;
    if (n && dst[n - 1] == '\r')
        n--;
    dst[n] = '\0';
    return 0;
}

int password_read(char **out, int fd)
{
    char line[PASSWORD_MAX + 1];
    int err = read_line(line, fd);

    if (!err) {
        char *copy = strdup(line);

        if (copy)
            *out = copy;
        else
            err = ERR_NOMEM;
    }
    explicit_bzero(line, sizeof line);
    return err;
}

/* --- the terminal --- */

static int be_silent(struct silence *s)
{
    static const int signos[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
    struct termios silent;
    sigset_t mask;

    sigemptyset(&mask);
    for (size_t i = 0; i < sizeof signos / sizeof *signos; i++)
        sigaddset(&mask, signos[i]);
    s->signals = signalfd(-1, &mask, SFD_CLOEXEC);
    if (s->signals < 0)
        return ERR_IO;
    (void)sigprocmask(SIG_BLOCK, &mask, &s->mask_as_it_was);
    silent = s->as_it_was;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    if (tcsetattr(s->tty, TCSAFLUSH, &silent) == 0)
        return 0;
    close(s->signals);
    (void)sigprocmask(SIG_SETMASK, &s->mask_as_it_was, NULL);
    return ERR_IO;
}

/* A signal that waited comes in here, and may not return. */
static void be_as_it_was(struct silence *s)
{
    (void)tcsetattr(s->tty, TCSAFLUSH, &s->as_it_was);
    (void)!write(s->tty, "\n", 1);
    close(s->signals);
    (void)sigprocmask(SIG_SETMASK, &s->mask_as_it_was, NULL);
}

/* Waits for a line of the terminal: true, or false when a signal came first. */
static bool wait_for_line(const struct silence *s)
{
    struct pollfd p[] = {{s->signals, POLLIN, 0}, {s->tty, POLLIN, 0}};

    while (poll(p, 2, -1) < 0 && errno == EINTR)
        continue;
    return !p[0].revents;
}

/* ERR_AGAIN after a signal that the process outlives. */
static int ask_once(char **out, int tty, const char *prompt)
{
    struct silence s = {.tty = tty};
    int err;

    if (tcgetattr(tty, &s.as_it_was) || be_silent(&s))
        return ERR_IO;
    (void)!write(tty, prompt, strlen(prompt));
    err = wait_for_line(&s) ? password_read(out, tty) : ERR_AGAIN;
    be_as_it_was(&s);
    return err;
}

int password_ask(char **out, const char *prompt)
{
    int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    int err;

    if (tty < 0)
        return ERR_IO;
    do
        err = ask_once(out, tty, prompt);
    while (err == ERR_AGAIN);
    close(tty);
    return err;
}

int password_get(char **out, const char *file, const char *user)
{
    char prompt[512];
    int fd, err;

    if (!file) {
        snprintf(prompt, sizeof prompt, "Password for %s: ", user);
        return password_ask(out, prompt);
    }
    fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ERR_IO;
    err = password_read(out, fd);
    close(fd);
    return err;
}

/* --- the command line --- */

int password_split(char **name, char **password, char *argument)
{
    size_t n = strcspn(argument, ":");
    char *user, *secret = NULL;

    if (n == 0)
        return ERR_SYNTAX;
    user = strndup(argument, n);
    if (!user)
        return ERR_NOMEM;
    if (argument[n] == ':') {
        secret = strdup(argument + n + 1);
        if (!secret) {
            free(user);
            return ERR_NOMEM;
        }
        memset(argument + n + 1, '*', strlen(argument + n + 1));
        argument[n] = '\0';
        *password = secret;
    }
    *name = user;
    return 0;
}

void password_free(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}
