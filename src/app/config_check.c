#include "config.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "config_report.h"
#include "err.h"
#include "tls.h"
#include "users_file.h"

static bool is_set(const struct config *c, const char *key)
{
    return config_place(c, key).line > 0;
}

/* --- what this version can do --- */

static void check_supported(const struct config *c, struct config_report *r)
{
    static const char sentence[] = "%s is not supported by this version";

    for (size_t i = 0; i < c->listen.n; i++) {
        const struct config_listen *l = &c->listen.items[i];

        if (l->transport == CONFIG_WS || l->transport == CONFIG_WSS)
            config_report(r, l->place, sentence,
                          l->transport == CONFIG_WS
                              ? "listen.transport \"ws\""
                              : "listen.transport \"wss\"");
    }
    if (*c->metrics.address)
        config_report(r, config_place(c, "metrics.address"), sentence,
                      "metrics.address");
    if (*c->control.socket)
        config_report(r, config_place(c, "control.socket"), sentence,
                      "control.socket");
}

/* --- accounts --- */

/* Those that the file names must exist when they will be taken. The default
 * ones may be missing: the server then warns and stays who it is. */
static void check_accounts(const struct config *c, struct config_report *r)
{
    if (geteuid() != 0)
        return;
    if (is_set(c, "relay.user") && *c->relay.user && !getpwnam(c->relay.user))
        config_report(r, config_place(c, "relay.user"),
                      "relay.user: there is no user %s", c->relay.user);
    if (is_set(c, "relay.group") && *c->relay.group &&
        !getgrnam(c->relay.group))
        config_report(r, config_place(c, "relay.group"),
                      "relay.group: there is no group %s", c->relay.group);
}

/* --- TLS --- */

static const struct config_listen *tls_listener(const struct config *c)
{
    for (size_t i = 0; i < c->listen.n; i++)
        if (c->listen.items[i].transport == CONFIG_TLS ||
            c->listen.items[i].transport == CONFIG_WSS)
            return &c->listen.items[i];
    return NULL;
}

/* Which line is to blame for what is wrong with a key: its own, or the one that
 * makes its default matter. */
static struct config_place blame(const struct config *c, const char *key)
{
    const struct config_listen *l = tls_listener(c);

    if (is_set(c, key))
        return config_place(c, key);
    if (l)
        return l->place;
    return config_place(c, is_set(c, "tls.certificate") ? "tls.certificate"
                                                        : "tls.private_key");
}

static void check_readable(const struct config *c, const char *key,
                           const char *path, struct config_report *r)
{
    if (access(path, R_OK))
        config_report(r, blame(c, key), "%s: cannot read %s: %s", key, path,
                      strerror(errno));
}

static const char *key_of(enum tls_fault fault)
{
    switch (fault) {
    case TLS_FAULT_KEY:
    case TLS_FAULT_MISMATCH:
        return "tls.private_key";
    case TLS_FAULT_CA:
        return "tls.ca_file";
    case TLS_FAULT_CIPHERS:
        return "tls.ciphers";
    case TLS_FAULT_CIPHERSUITES:
        return "tls.ciphersuites";
    case TLS_FAULT_CERTIFICATE:
    case TLS_FAULT_NONE:
    case TLS_FAULT_OTHER:
        break;
    }
    return "tls.certificate";
}

/* Puts aside what was found wrong, so that the rest can be looked at; false
 * when the rest depends on it. */
static bool put_aside(struct tls_settings *s, enum tls_fault fault)
{
    const char **text = NULL;

    if (fault == TLS_FAULT_CA)
        text = &s->ca_file;
    else if (fault == TLS_FAULT_CIPHERS)
        text = &s->ciphers;
    else if (fault == TLS_FAULT_CIPHERSUITES)
        text = &s->ciphersuites;
    if (!text || !**text)
        return false;
    *text = "";
    return true;
}

/* Makes contexts until one has nothing wrong. 0 or ERR_NOMEM. */
static int try_tls(const struct config *c, struct config_report *r)
{
    struct tls_settings s = {
        .certificate = c->tls.certificate,
        .private_key = c->tls.private_key,
        .ca_file = c->tls.ca_file,
        .min_tls13 = c->tls.min_version == CONFIG_TLS13,
        .ciphers = c->tls.ciphers,
        .ciphersuites = c->tls.ciphersuites,
    };
    enum tls_fault fault;
    struct tls_ctx *made = NULL;
    char why[TLS_WHY_MAX];
    int err;

    do {
        err = tls_server_new(&made, &s, &fault, why);
        if (err == ERR_TLS)
            config_report(r, blame(c, key_of(fault)), "%s: %s", key_of(fault),
                          why);
    } while (err == ERR_TLS && put_aside(&s, fault));
    tls_ctx_unref(made);
    return err == ERR_NOMEM ? err : 0;
}

static int check_tls(const struct config *c, struct config_report *r)
{
    size_t before = r->count;

    if (*c->tls.ca_file)
        check_readable(c, "tls.ca_file", c->tls.ca_file, r);
    if (!tls_listener(c) && !is_set(c, "tls.certificate") &&
        !is_set(c, "tls.private_key"))
        return 0;
    check_readable(c, "tls.certificate", c->tls.certificate, r);
    check_readable(c, "tls.private_key", c->tls.private_key, r);
    return r->count == before ? try_tls(c, r) : 0;
}

/* --- users --- */

struct users_report {
    struct config_report *report;
    const char *file;
};

static void on_users_fault(void *ctx, size_t line, const char *what)
{
    const struct users_report *u = ctx;

    config_report(u->report, (struct config_place){u->file, (unsigned)line},
                  "%s", what);
}

static int check_users(const struct config *c, struct config_report *r)
{
    struct users_report report = {r, c->auth.users_file};
    struct config_place at = config_place(c, "auth.users_file");
    struct users *users = NULL;
    int err =
        users_file_load(&users, c->auth.users_file, on_users_fault, &report);

    if (at.line == 0)
        at = (struct config_place){c->path, 1};
    if (err == ERR_IO || err == ERR_LIMIT)
        config_report(r, at, "auth.users_file: cannot read %s: %s",
                      c->auth.users_file,
                      err == ERR_IO ? strerror(errno) : "it is too large");
    users_free(users);
    return err == ERR_NOMEM ? err : 0;
}

int config_check(const struct config *c, config_fault_fn fault, void *ctx)
{
    struct config_report r = {fault, ctx, 0};
    int err;

    check_supported(c, &r);
    check_accounts(c, &r);
    err = check_tls(c, &r);
    if (!err)
        err = check_users(c, &r);
    return err ? err : r.count ? ERR_CONFIG : 0;
}
