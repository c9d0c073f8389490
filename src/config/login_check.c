/* SPDX-License-Identifier: BSD-2-Clause */
/* login_check - users, secrets and look-ups: can anybody log in? */
#include "config_check_private.h"
#include "err.h"
#include "file_check.h"
#include "secrets_load.h"
#include "users_load.h"

/* A million users take most of a second to read, in which nothing else would
 * happen: those in use stay if they can. */
int login_check_users(const struct check *k, struct config_loaded *l,
                      const struct config_loaded *in_use)
{
    int err;

    if (!config_check_counts(k, "auth.users_file"))
        return 0;
    l->users_stamp = users_stamp_of(k->config);
    if (in_use && users_stamp_same(&l->users_stamp, &in_use->users_stamp)) {
        l->users = in_use->users;
        return 0;
    }
    err = users_load(&l->users, k->config, k->report);
    return err == ERR_NOMEM ? err : 0;
}

/* The realms that are served: relay.realm, then relay.realms; NULL at the end.
 */
static const char *served_realm(const struct config *c, size_t i)
{
    if (i == 0)
        return c->relay.realm;
    return i <= c->relay.realms.n ? c->relay.realms.items[i - 1] : NULL;
}

/* Which users could log in. */
struct wanted {
    const struct config *config;
    bool any_algorithm; /* else one of auth.algorithms */
};

static bool is_wanted(void *ctx, struct span realm, enum digest_alg alg)
{
    const struct wanted *w = ctx;
    const struct config *c = w->config;
    bool offered = w->any_algorithm;
    const char *served;

    for (size_t i = 0; i < c->auth.algorithms.n; i++)
        offered = offered || c->auth.algorithms.items[i] == alg;
    for (size_t i = 0; offered && (served = served_realm(c, i)); i++)
        if (span_eq(span_str(served), realm))
            return true;
    return false;
}

int login_check_secrets(const struct check *k, struct config_loaded *l)
{
    int err;

    if (!*k->config->auth.secret_file ||
        !config_check_counts(k, "auth.secret_file") ||
        !config_check_counts(k, "auth.secret_hash"))
        return 0;
    err = secrets_load(&l->secrets, k->config, k->report);
    return err == ERR_NOMEM ? err : 0;
}

/* Can the program be started, as far as that shows without doing it? */
int login_check_lookup(const struct check *k, struct config_loaded *l)
{
    const char *command = k->config->auth.lookup.command;
    int err;

    if (!*command || !config_check_counts(k, "auth.lookup.command"))
        return 0;
    err = words_split(&l->lookup, span_str(command));
    if (err)
        return err;
    file_check_program(k->report, k->config, l->lookup.items[0],
                       config_place(k->config, "auth.lookup.command"));
    return 0;
}

void login_check_realm(const struct check *k, const struct config_loaded *l)
{
    const struct config *c = k->config;
    struct wanted wanted = {.config = c};

    if (!l->users || !listen_check_takes_logins(c) ||
        secrets_count(l->secrets) > 0 || l->lookup.n > 0 ||
        !config_check_counts(k, "relay.realm") ||
        !config_check_counts(k, "relay.realms") ||
        !config_check_counts(k, "auth.algorithms") ||
        users_have(l->users, is_wanted, &wanted))
        return;
    wanted.any_algorithm = true;
    config_warn(k->report, config_place_or_top(c, "auth.users_file"),
                "auth.users_file: nobody can log in: %s has no user of "
                "relay.realm %s%s%s; add one with msrprelayctl passwd",
                c->auth.users_file, c->relay.realm,
                c->relay.realms.n ? " or relay.realms" : "",
                users_have(l->users, is_wanted, &wanted)
                    ? " for any of auth.algorithms"
                    : "");
}
