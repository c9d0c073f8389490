/* SPDX-License-Identifier: BSD-2-Clause */
#include "run.h"

#include <signal.h>
#include <unistd.h>

#include "err.h"

static enum run_exit complain(const struct run_program *p, int err,
                              const char *why)
{
    const char *program = p->usage.program;

    if (err == ERR_SYNTAX) {
        fprintf(stderr, "%s: %s (try '%s --help')\n", program, why, program);
        return RUN_USAGE;
    }
    fprintf(stderr, "%s: %s\n", program, *why ? why : err_text(err));
    return RUN_FAILED;
}

/* Answers questions until there are no more. */
static enum run_exit serve(const struct run_program *p,
                           struct helper_options *o, struct loop *loop,
                           struct helper *h)
{
    const struct store_ops *ops;
    char why[CMDLINE_WHY] = "";
    void *store = NULL;
    int err = p->start(o, h, &ops, &store, why);
    enum run_exit code = RUN_OK;

    if (err) {
        code = complain(p, err, why);
    } else {
        helper_start(h, ops, store);
        loop_run(loop);
        if (helper_failed(h))
            code = RUN_FAILED;
    }
    p->stop(o, store);
    return code;
}

static enum run_exit make_and_serve(const struct run_program *p,
                                    struct helper_options *o)
{
    const struct helper_settings settings = {.name = p->usage.program,
                                             .in = STDIN_FILENO,
                                             .out = STDOUT_FILENO,
                                             .timeout_ms = o->timeout_ms};
    struct loop *loop;
    struct helper *h;
    enum run_exit code = RUN_FAILED;

    if (loop_new(&loop))
        return complain(p, ERR_NOMEM, "");
    if (helper_new(&h, loop, &settings)) {
        complain(p, ERR_NOMEM, "");
    } else {
        code = serve(p, o, loop, h);
        helper_free(h);
    }
    loop_free(loop);
    return code;
}

enum run_exit run(const struct run_program *p, struct helper_options *o,
                  int argc, char **argv)
{
    char why[CMDLINE_WHY] = "";
    int err = helper_options_parse(o, why, &p->usage, argc, argv);
    enum run_exit code = RUN_OK;

    signal(SIGPIPE, SIG_IGN);
    setvbuf(stderr, NULL, _IOLBF, 0);
    if (err) {
        code = complain(p, err, why);
    } else if (o->help) {
        helper_options_help(stdout, &p->usage);
    } else if (o->version) {
        printf("%s %s\n", p->usage.program, MSRP_VERSION);
    } else {
        code = make_and_serve(p, o);
    }
    helper_options_fini(o);
    return code;
}
