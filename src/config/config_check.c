/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_check.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "anchor_check.h"
#include "certificate_check.h"
#include "config_check_private.h"
#include "err.h"
#include "file_check.h"

bool config_check_counts(const struct check *k, const char *key)
{
    const struct config_key *said = config_key_find(k->config, key);

    return said->place.line > 0 ? !said->is_bad : k->is_sound;
}

/* --- sizes --- */

/* Chunks take turns, and a response or another sender's chunk waits for the end
 * of one: that should not be a whole window away. */
static void check_sizes(const struct check *k)
{
    const struct config *c = k->config;
    uint64_t window = c->tcp.receive_buffer;

    if (window == 0 || !config_check_counts(k, "tcp.receive_buffer") ||
        !config_check_counts(k, "send.max_chunk_size") ||
        c->send.max_chunk_size <= window / 2)
        return;
    config_warn(k->report,
                config_place(c, config_is_set(c, "send.max_chunk_size")
                                    ? "send.max_chunk_size"
                                    : "tcp.receive_buffer"),
                "send.max_chunk_size should be much smaller than "
                "tcp.receive_buffer");
}

/* --- accounts --- */

/* The user must exist, even the default one: else the relay would go on as
 * root, which nobody asked for. A default group may be missing: it is then the
 * user's own (S-37). */
static void check_accounts(const struct check *k)
{
    const struct config *c = k->config;

    if (geteuid() != 0)
        return;
    if (*c->relay.user && config_check_counts(k, "relay.user") &&
        !getpwnam(c->relay.user))
        config_report(k->report, config_place_or_top(c, "relay.user"),
                      "relay.user: no such user %s", c->relay.user);
    if (*c->relay.group && !config_is_default(c, "relay.group") &&
        config_check_counts(k, "relay.group") && !getgrnam(c->relay.group))
        config_report(k->report, config_place(c, "relay.group"),
                      "relay.group: no such group %s", c->relay.group);
}

/* --- the control socket --- */

/* The directory may still be made before the relay starts, so this is a warning
 * only. */
static void check_control(const struct check *k)
{
    const char *path = k->config->control.socket;
    const char *slash = strrchr(path, '/');
    struct stat st;
    char *dir;

    if (!slash || slash == path || !config_check_counts(k, "control.socket"))
        return;
    dir = strndup(path, (size_t)(slash - path));
    if (dir && (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)))
        config_warn(k->report, config_place(k->config, "control.socket"),
                    "control.socket: no such directory %s", dir);
    free(dir);
}

/* --- logs --- */

static void check_log(const struct check *k, const char *key,
                      const char *target)
{
    if (*target == '/' && config_check_counts(k, key))
        file_check_log(k->report, k->config, key, target);
}

/* --- who can read the files --- */

/* Nothing when the file was not loaded: then that is the fault. */
static void check_files(const struct check *k, const struct config_loaded *l)
{
    const struct config *c = k->config;
    const char *certificate = "", *key = "", *users = "", *secrets = "";
    const char *ca = "", *relays_ca = "";

    if (l->tls) {
        certificate = tls_check_file(k, "tls.certificate", c->tls.certificate);
        key = tls_check_file(k, "tls.private_key", c->tls.private_key);
        ca = c->tls.ca_file;
        relays_ca = c->relays.ca_file;
    }
    if (l->users)
        users = c->auth.users_file;
    if (l->secrets)
        secrets = c->auth.secret_file;
    file_check(k->report, c,
               (struct file_check[]){
                   {"tls.certificate", certificate, false,
                    tls_check_blame(c, "tls.certificate")},
                   {"tls.private_key", key, true,
                    tls_check_blame(c, "tls.private_key")},
                   {"tls.ca_file", ca, false, config_place(c, "tls.ca_file")},
                   {"relays.ca_file", relays_ca, false,
                    config_place(c, "relays.ca_file")},
                   {"auth.users_file", users, true,
                    config_place_or_top(c, "auth.users_file")},
                   {"auth.secret_file", secrets, true,
                    config_place_or_top(c, "auth.secret_file")},
               },
               6);
    if (l->tls)
        certificate_check_files(k->report, c);
}

int config_check(struct config_loaded *l, const struct config_loaded *in_use,
                 struct config_report *r)
{
    const struct config *c = l->config;
    const struct check k = {c, r, r->count == 0};
    int err;

    listen_check(&k);
    check_sizes(&k);
    check_accounts(&k);
    check_control(&k);
    check_log(&k, "log.target", c->log.target);
    check_log(&k, "log.accounting", c->log.accounting);
    err = tls_check(&k, &l->tls);
    if (!err)
        err = login_check_users(&k, l, in_use);
    if (!err)
        err = login_check_secrets(&k, l);
    if (!err)
        err = login_check_lookup(&k, l);
    if (err)
        return err;
    if (config_check_counts(&k, "listen") &&
        config_check_counts(&k, "anchor.interfaces"))
        err = anchor_check(k.report, c, l->tls);
    if (err)
        return err;
    login_check_realm(&k, l);
    check_files(&k, l);
    return 0;
}
