/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl_passwd.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "config_load.h"
#include "ctl_users.h"
#include "err.h"
#include "password.h"

/* --- the password --- */

/* Twice, since what is typed is not shown. */
static int ask_twice(char **out, const char *user)
{
    char prompt[USERS_NAME_MAX + 64], *first, *second;
    int err;

    snprintf(prompt, sizeof prompt, "New password for %s: ", user);
    err = password_ask(&first, prompt);
    if (err)
        return err;
    err = password_ask(&second, "Repeat the password: ");
    if (!err) {
        if (!span_eq_secret(span_str(first), span_str(second)))
            err = ERR_DENIED;
        password_free(second);
    }
    if (err) {
        password_free(first);
        return err;
    }
    *out = first;
    return 0;
}

/* NULL after a complaint. */
static char *get_password(const struct ctl_args *a)
{
    char *password = NULL;
    int err = a->from_stdin ? password_read(&password, STDIN_FILENO)
                            : ask_twice(&password, a->user);

    if (err == ERR_DENIED)
        ctl_complain(CTL_FAILED, "the passwords do not match", "");
    else if (err == ERR_LIMIT)
        ctl_complain(CTL_FAILED, "the password is too long", "");
    else if (err == ERR_SYNTAX)
        ctl_complain(CTL_FAILED, "the password contains a NUL", "");
    else if (err)
        ctl_complain(CTL_FAILED, "no password", errno ? err_reason(err) : "");
    else if (!*password) {
        ctl_complain(CTL_FAILED, "the password is empty", "");
        password_free(password);
        password = NULL;
    }
    return password;
}

/* --- the change --- */

static void print_fault(void *ctx, size_t line, const char *what)
{
    fprintf(stderr, "%s:%zu: %s\n", (const char *)ctx, line, what);
}

static int hash(struct ctl_users_change *c, const struct ctl_args *a,
                const char *password)
{
    for (int alg = 0; alg < DIGEST_ALGS; alg++) {
        int err;

        if (!a->algs[alg])
            continue;
        err = digest_ha1(&c->ha1[alg], (enum digest_alg)alg, c->user, c->realm,
                         span_str(password));
        if (err)
            return err;
        c->has[alg] = true;
    }
    return 0;
}

static enum ctl_exit make_change(const struct ctl_args *a, const char *path,
                                 struct ctl_users_change *c)
{
    char *copy = strdup(path); /* for print_fault() */
    int err;

    if (!copy)
        return ctl_complain(CTL_FAILED, err_text(ERR_NOMEM), "");
    err = ctl_users_change(path, c, print_fault, copy);
    free(copy);
    if (err == ERR_CONFIG)
        return ctl_complain(
            CTL_FAILED, "the users file is malformed, nothing changed", path);
    if (err == ERR_NOT_FOUND)
        return ctl_complain(CTL_FAILED, "no such user in this realm", a->user);
    if (err)
        return ctl_complain(CTL_FAILED, path, err_reason(err));
    fprintf(stderr,
            "%s: user %s in realm %.*s %s; run 'msrprelayctl reload' to apply "
            "it\n",
            path, a->user, SPAN_ARG(c->realm), a->removes ? "removed" : "set");
    return CTL_OK;
}

static enum ctl_exit change(const struct ctl_args *a, const char *path,
                            const char *realm)
{
    struct ctl_users_change c = {.user = span_str(a->user),
                                 .realm = span_str(realm)};
    enum ctl_exit code = CTL_OK;

    if (!ctl_users_can_hold(c.user, c.realm))
        return ctl_complain(CTL_FAILED,
                            "a users file cannot hold this user and realm",
                            a->user);
    if (!a->removes) {
        char *password = get_password(a);
        int err = password ? hash(&c, a, password) : 0;

        if (!password)
            code = CTL_FAILED;
        else if (err)
            code = ctl_complain(CTL_FAILED, "cannot hash", err_text(err));
        password_free(password);
    }
    if (code == CTL_OK)
        code = make_change(a, path, &c);
    explicit_bzero(&c, sizeof c);
    return code;
}

/* --- where --- */

/* Users may be entered before their realm is; but it may be a slip. */
static void warn_of_realm(const struct config *c, const char *realm)
{
    bool is_served = strcmp(realm, c->relay.realm) == 0;

    for (size_t i = 0; i < c->relay.realms.n; i++)
        is_served = is_served || strcmp(realm, c->relay.realms.items[i]) == 0;
    if (!is_served)
        fprintf(stderr,
                "warning: %s is neither relay.realm nor one of relay.realms\n",
                realm);
}

enum ctl_exit ctl_passwd(const struct ctl_args *a)
{
    const char *from = a->config ? a->config : CTL_CONFIG;
    struct config *config = NULL;
    enum ctl_exit code;
    int err;

    if (a->users_file && a->realm)
        return change(a, a->users_file, a->realm);
    err = config_load(&config, from, ctl_print_fault, NULL);
    if (err)
        return ctl_complain(
            CTL_FAILED,
            err == ERR_CONFIG
                ? "without a configuration, -f and -r are required"
                : err_text(err),
            "");
    if (a->realm)
        warn_of_realm(config, a->realm);
    code = change(a, a->users_file ? a->users_file : config->auth.users_file,
                  a->realm ? a->realm : config->relay.realm);
    config_free(config);
    return code;
}
