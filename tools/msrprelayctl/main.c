/* SPDX-License-Identifier: BSD-2-Clause */
/* msrprelayctl - look at a running relay and direct it: see msrprelayctl(1). */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "config.h"
#include "config_load.h"
#include "ctl_args.h"
#include "ctl_check.h"
#include "ctl_ask.h"
#include "ctl_exit.h"
#include "ctl_passwd.h"
#include "ctl_selftest.h"
#include "ctl_show.h"
#include "ctl_top.h"
#include "err.h"

enum {
    TIMEOUT_MS = 30 * 1000,
    RELOAD_MS = 300 * 1000, /* a users file may be large */
};

static const char default_socket[] = "/run/msrprelayd/control.sock";

/* The answer counts only if all of it was written. */
static enum ctl_exit finish(enum ctl_exit code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    return ctl_complain(CTL_FAILED, "cannot write", strerror(errno));
}

static enum ctl_exit ask(const struct ctl_args *a, int fd)
{
    enum control_answer answer = control_commands[a->id].answer;
    int timeout_ms = a->id == CONTROL_RELOAD ? RELOAD_MS : TIMEOUT_MS;
    struct ctl_show show;
    struct ctl_end end;
    int err;

    ctl_show_begin(&show, stdout, answer, a->json);
    err = ctl_ask(&end, fd, a->line, timeout_ms, ctl_show_row, &show);
    ctl_show_end(&show, err ? NULL : &end);
    if (err)
        return ctl_complain_cut(err);
    if (end.left_out)
        fprintf(stderr, "msrprelayctl: %lld more are not shown\n",
                end.left_out);
    if (!end.ok)
        return ctl_complain(CTL_FAILED, end.error, "");
    return CTL_OK;
}

static enum ctl_exit serve(const struct ctl_args *a, int fd)
{
    switch (a->what) {
    case CTL_SELFTEST:
        return ctl_selftest(a, fd, TIMEOUT_MS);
    case CTL_TOP:
        return ctl_top(a, fd, TIMEOUT_MS);
    case CTL_CHECK:
        return ctl_check_running(fd, TIMEOUT_MS, a->json);
    case CTL_ASK:
    case CTL_PASSWD:
    case CTL_HELP:
    case CTL_VERSION:
        break;
    }
    return ask(a, fd);
}

static enum ctl_exit reach(const struct ctl_args *a, const char *path)
{
    enum ctl_exit code;
    int fd;

    if (!*path)
        return ctl_complain(CTL_UNREACHABLE,
                            "the configuration has no control.socket", "");
    if (ctl_ask_open(&fd, path))
        return ctl_complain(CTL_UNREACHABLE, path, strerror(errno));
    code = finish(serve(a, fd));
    close(fd);
    return code;
}

static enum ctl_exit reach_configured(const struct ctl_args *a)
{
    struct config *config;
    enum ctl_exit code;
    int err = config_load(&config, a->config, ctl_print_fault, NULL);

    if (err)
        return ctl_complain(CTL_UNREACHABLE, a->config, err_text(err));
    code = reach(a, config->control.socket);
    config_free(config);
    return code;
}

/* The file that is named, or that of the relay that runs, or the usual one. */
static enum ctl_exit check(const struct ctl_args *a)
{
    enum ctl_exit code;
    int fd;

    if (a->config)
        return finish(ctl_check(a->config, a->json));
    if (a->socket)
        return reach(a, a->socket);
    if (ctl_ask_open(&fd, default_socket))
        return finish(ctl_check(CTL_CONFIG, a->json));
    code = finish(serve(a, fd));
    close(fd);
    return code;
}

static enum ctl_exit run(const struct ctl_args *a)
{
    switch (a->what) {
    case CTL_ASK:
    case CTL_SELFTEST:
    case CTL_TOP:
        if (a->config && !a->socket)
            return reach_configured(a);
        return reach(a, a->socket ? a->socket : default_socket);
    case CTL_CHECK:
        return check(a);
    case CTL_PASSWD:
        return ctl_passwd(a);
    case CTL_HELP:
        ctl_args_help(stdout);
        return finish(CTL_OK);
    case CTL_VERSION:
        printf("msrprelayctl %s\n", MSRP_VERSION);
        return finish(CTL_OK);
    }
    return CTL_USAGE;
}

int main(int argc, char **argv)
{
    struct ctl_args args;
    char why[CMDLINE_WHY];

    if (ctl_args_parse(&args, why, argc, argv)) {
        fprintf(stderr, "msrprelayctl: %s (try 'msrprelayctl --help')\n", why);
        return CTL_USAGE;
    }
    return run(&args);
}
