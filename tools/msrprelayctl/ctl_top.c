/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl_top.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "ctl_ask.h"
#include "ctl_human.h"
#include "ctl_show.h"
#include "err.h"
#include "top_sample.h"

enum {
    FIRST_MS = 1000, /* before the first picture */
    EVERY_MS = 2000,
    HEAD_LINES = 3, /* totals, an empty line, titles */
    LINES = 20,     /* where there is no terminal */
};

#define ENTER "\033[?1049h\033[?25l" /* the other screen, no cursor */
#define LEAVE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define CLEAR_LINE "\033[K\n"
#define CLEAR_REST "\033[J"

struct top {
    const struct ctl_args *args;
    int fd, timeout_ms;
    int signal_fd; /* SIGINT, SIGTERM, SIGWINCH */
    json_t *status;
    struct top_sample sample;
    uint64_t sampled_ms;
};

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- what the relay says --- */

static void keep_status(void *ctx, json_t *row)
{
    struct top *t = ctx;

    json_decref(t->status);
    t->status = json_incref(row);
}

static int ask(struct top *t, const char *line, ctl_row_fn on_row, void *ctx)
{
    struct ctl_end end;
    int err = ctl_ask(&end, t->fd, line, t->timeout_ms, on_row, ctx);

    return err || end.ok ? err : ERR_DENIED;
}

static int take_sample(struct top *t, size_t max)
{
    uint64_t at_ms = now_ms();
    double seconds = (double)(at_ms - t->sampled_ms) / 1000;
    int err = ask(t, "status\n", keep_status, t);

    top_sample_begin(&t->sample, t->sampled_ms ? seconds : 0, max);
    t->sampled_ms = at_ms;
    if (!err)
        err = ask(t, "connections\n", top_sample_row, &t->sample);
    return err ? err : t->sample.err;
}

/* --- a picture --- */

static long long figure(const struct top *t, const char *key)
{
    return (long long)json_integer_value(json_object_get(t->status, key));
}

static void print_totals(const struct top *t, FILE *to)
{
    const char *state = json_string_value(json_object_get(t->status, "state"));
    char memory[CTL_HUMAN_MAX];

    fprintf(to,
            "%s, %lld connections, %lld sessions, %lld transactions, memory "
            "%s octets\n\n",
            state ? state : "", figure(t, "connections"), figure(t, "sessions"),
            figure(t, "transactions"),
            ctl_human_size(memory, (uint64_t)figure(t, "memory_octets")));
}

static void print_rows(const struct top *t, FILE *to)
{
    static const struct ctl_end end = {.ok = true};
    struct ctl_show show;

    ctl_show_begin(&show, to, CONTROL_LIST, t->args->json);
    for (size_t i = 0; i < t->sample.n; i++) {
        json_t *row = top_sample_shown(&t->sample, i);

        if (row)
            ctl_show_row(&show, row);
        json_decref(row);
    }
    ctl_show_end(&show, &end);
}

/* As many octets of the line as fit into `columns`. */
static size_t fitting(struct span line, size_t columns)
{
    size_t n = 0, places = 0;

    for (; n < line.n; n++)
        if (((unsigned char)line.p[n] & 0xc0) != 0x80 && places++ == columns)
            break;
    return n;
}

static int draw(const struct top *t, size_t columns)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    struct span rest;

    if (!to)
        return ERR_NOMEM;
    print_totals(t, to);
    print_rows(t, to);
    if (fclose(to)) {
        free(text);
        return ERR_NOMEM;
    }
    rest = span_of(text, n);
    fputs(HOME, stdout);
    while (rest.n) {
        struct span line = span_cut(&rest, '\n');

        printf("%.*s" CLEAR_LINE, (int)fitting(line, columns), line.p);
    }
    fputs(CLEAR_REST, stdout);
    free(text);
    return fflush(stdout) ? ERR_IO : 0;
}

/* --- the terminal --- */

/* Characters come at once, and are not shown. Ctrl-C still is a signal. */
static int take_terminal(struct termios *was)
{
    struct termios raw;

    if (tcgetattr(STDIN_FILENO, was))
        return ERR_IO;
    raw = *was;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    if (tcsetattr(STDIN_FILENO, TCSANOW, &raw))
        return ERR_IO;
    fputs(ENTER, stdout);
    return 0;
}

static void give_terminal_back(const struct termios *was)
{
    fputs(LEAVE, stdout);
    (void)fflush(stdout);
    (void)tcsetattr(STDIN_FILENO, TCSANOW, was);
}

static int watch_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGWINCH);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static struct winsize size_of_terminal(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_row <= HEAD_LINES ||
        size.ws_col == 0)
        size = (struct winsize){.ws_row = 24, .ws_col = 80};
    return size;
}

/* Was `q` typed, or is there nobody any more who could? */
static bool is_quit(void)
{
    char typed[64];
    ssize_t n = read(STDIN_FILENO, typed, sizeof typed);

    return n <= 0 || memchr(typed, 'q', (size_t)n) ||
           memchr(typed, 'Q', (size_t)n);
}

/* Waits for so long, or until the size of the terminal changes. ERR_EOF when it
 * should end. */
static int wait_or_quit(const struct top *t, int ms)
{
    struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0},
                           {t->signal_fd, POLLIN, 0}};
    struct signalfd_siginfo info;

    if (poll(fds, 2, ms) < 0)
        return errno == EINTR ? 0 : ERR_IO;
    if (fds[1].revents &&
        read(t->signal_fd, &info, sizeof info) == sizeof info &&
        info.ssi_signo != SIGWINCH)
        return ERR_EOF;
    return fds[0].revents && is_quit() ? ERR_EOF : 0;
}

/* --- all of it --- */

static int watch(struct top *t)
{
    int err = take_sample(t, 0), pause_ms = FIRST_MS;

    while (!err) {
        struct winsize size = size_of_terminal();

        err = wait_or_quit(t, pause_ms);
        if (err == ERR_EOF)
            return 0;
        if (!err)
            err = take_sample(t, (size_t)(size.ws_row - HEAD_LINES - 1));
        if (!err)
            err = draw(t, size.ws_col);
        pause_ms = EVERY_MS;
    }
    return err;
}

static int watch_on_terminal(struct top *t)
{
    struct termios was;
    int err;

    t->signal_fd = watch_signals();
    if (t->signal_fd < 0)
        return ERR_IO;
    err = take_terminal(&was);
    if (!err) {
        err = watch(t);
        give_terminal_back(&was);
    }
    close(t->signal_fd);
    return err;
}

static int show_once(struct top *t)
{
    const struct timespec pause = {.tv_sec = FIRST_MS / 1000};
    int err = take_sample(t, 0);

    if (!err) {
        (void)nanosleep(&pause, NULL);
        err = take_sample(t, LINES);
    }
    if (err)
        return err;
    if (!t->args->json)
        print_totals(t, stdout);
    print_rows(t, stdout);
    return 0;
}

enum ctl_exit ctl_top(const struct ctl_args *a, int fd, int timeout_ms)
{
    struct top t = {.args = a, .fd = fd, .timeout_ms = timeout_ms};
    bool on_terminal =
        !a->json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    int err = on_terminal ? watch_on_terminal(&t) : show_once(&t);

    top_sample_fini(&t.sample);
    json_decref(t.status);
    return err ? ctl_complain_cut(err) : CTL_OK;
}
