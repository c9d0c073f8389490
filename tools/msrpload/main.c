/* SPDX-License-Identifier: BSD-2-Clause */
/* msrpload - load an MSRP relay and measure what it does: see msrpload(1). */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "digest.h"
#include "err.h"
#include "load.h"
#include "load_options.h"
#include "password.h"
#include "summary.h"

static enum load_exit complain(const char *what, enum load_exit code)
{
    fprintf(stderr, "msrpload: %s\n", what);
    return code;
}

/* `user:realm:HA1`, as the relay and htdigest have it. */
static int print_user(const struct load_options *o, const char *name)
{
    for (int alg = 0; alg < DIGEST_ALGS; alg++) {
        struct digest_hex ha1;
        int err = digest_ha1(&ha1, (enum digest_alg)alg, span_str(name),
                             span_str(o->users_for), span_str(o->password));

        if (err)
            return err;
        printf("%s:%s:%.*s\n", name, o->users_for,
               SPAN_ARG(digest_hex_span(&ha1)));
    }
    return 0;
}

static enum load_exit print_users(const struct load_options *o)
{
    uint64_t n = o->users ? o->users : 1;

    for (uint64_t i = 1; i <= n; i++) {
        char name[LOAD_OPTIONS_NAME];
        int err;

        load_options_user(name, o, i - 1);
        err = print_user(o, name);
        if (err)
            return complain(err_text(err), LOAD_NOT_RUN);
    }
    return fflush(stdout) ? complain(strerror(errno), LOAD_NOT_RUN) : LOAD_FINE;
}

/* A descriptor for each connection: as many as are allowed. */
static void raise_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static enum load_exit run(const struct load_options *o, struct traffic *t)
{
    struct load_result result;
    int err = load_run(&result, o, t);

    if (err)
        return complain(err_reason(err), LOAD_NOT_RUN);
    if (!result.began)
        return complain(result.why, LOAD_NOT_RUN);
    if (o->json)
        summary_json(stdout, o, &result, &t->counters);
    else
        summary_text(stdout, o, &result, &t->counters);
    if (fflush(stdout))
        return complain(strerror(errno), LOAD_NOT_RUN);
    return counters_has_faults(&t->counters, o->success_report) ? LOAD_FAULTS
                                                                : LOAD_FINE;
}

static enum load_exit run_or_print(struct load_options *o)
{
    struct traffic *t;
    enum load_exit code;

    if (!o->password) {
        int err = password_get(&o->password, o->password_file, o->user);

        if (err)
            return complain("cannot read the password", LOAD_USAGE);
    }
    if (o->users_for)
        return print_users(o);
    t = calloc(1, sizeof *t);
    if (!t)
        return complain(err_text(ERR_NOMEM), LOAD_NOT_RUN);
    raise_limit();
    code = run(o, t);
    free(t);
    return code;
}

int main(int argc, char **argv)
{
    struct load_options o;
    char why[CMDLINE_WHY];
    enum load_exit code = LOAD_FINE;
    int err = load_options_parse(&o, why, argc, argv);

    if (err == ERR_SYNTAX) {
        fprintf(stderr, "msrpload: %s (try 'msrpload --help')\n", why);
        code = LOAD_USAGE;
    } else if (err) {
        code = complain(err_text(err), LOAD_USAGE);
    } else if (o.help) {
        load_options_help(stdout);
    } else if (o.version) {
        printf("msrpload %s\n", MSRP_VERSION);
    } else {
        signal(SIGPIPE, SIG_IGN);
        code = run_or_print(&o);
    }
    load_options_free(&o);
    return code;
}
