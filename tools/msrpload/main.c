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
#include "password.h"
#include "plan.h"
#include "summary.h"

static enum plan_exit complain(const char *what, enum plan_exit code)
{
    fprintf(stderr, "msrpload: %s\n", what);
    return code;
}

/* `user:realm:HA1`, as the relay and htdigest have it. */
static int print_user(const struct plan *p, const char *name)
{
    for (int alg = 0; alg < DIGEST_ALGS; alg++) {
        struct digest_hex ha1;
        int err = digest_ha1(&ha1, (enum digest_alg)alg, span_str(name),
                             span_str(p->users_for), span_str(p->password));

        if (err)
            return err;
        printf("%s:%s:%.*s\n", name, p->users_for,
               SPAN_ARG(digest_hex_span(&ha1)));
    }
    return 0;
}

static enum plan_exit print_users(const struct plan *p)
{
    uint64_t n = p->users ? p->users : 1;

    for (uint64_t i = 1; i <= n; i++) {
        char name[PLAN_NAME];
        int err;

        plan_user(name, p, i - 1);
        err = print_user(p, name);
        if (err)
            return complain(err_text(err), PLAN_NO_LOAD);
    }
    return fflush(stdout) ? complain(strerror(errno), PLAN_NO_LOAD) : PLAN_FINE;
}

/* A descriptor for each connection, as many as may be. */
static void raise_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static enum plan_exit run(const struct plan *p, struct traffic *t)
{
    struct load_result result;
    int err = load_run(&result, p, t);

    if (err)
        return complain(err == ERR_IO && errno ? strerror(errno)
                                               : err_text(err),
                        PLAN_NO_LOAD);
    if (!result.began)
        return complain(result.why, PLAN_NO_LOAD);
    if (p->json)
        summary_json(stdout, p, &result, &t->tally);
    else
        summary_text(stdout, p, &result, &t->tally);
    if (fflush(stdout))
        return complain(strerror(errno), PLAN_NO_LOAD);
    return tally_has_faults(&t->tally, p->success_report) ? PLAN_FAULTS
                                                          : PLAN_FINE;
}

static enum plan_exit run_plan(struct plan *p)
{
    struct traffic *t;
    enum plan_exit code;

    if (!p->password) {
        int err = password_get(&p->password, p->password_file, p->user);

        if (err)
            return complain("no password", PLAN_USAGE);
    }
    if (p->users_for)
        return print_users(p);
    t = calloc(1, sizeof *t);
    if (!t)
        return complain(err_text(ERR_NOMEM), PLAN_NO_LOAD);
    raise_limit();
    code = run(p, t);
    free(t);
    return code;
}

int main(int argc, char **argv)
{
    struct plan p;
    char why[PLAN_WHY];
    enum plan_exit code = PLAN_FINE;
    int err = plan_parse(&p, why, argc, argv);

    if (err) {
        code = complain(err == ERR_SYNTAX ? why : err_text(err), PLAN_USAGE);
    } else if (p.help) {
        plan_help(stdout);
    } else if (p.version) {
        printf("msrpload %s\n", MSRP_VERSION);
    } else {
        signal(SIGPIPE, SIG_IGN);
        code = run_plan(&p);
    }
    plan_free(&p);
    return code;
}
