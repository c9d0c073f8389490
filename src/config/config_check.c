/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_check.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "anchor_check.h"
#include "certificate_check.h"
#include "config_read.h"
#include "err.h"
#include "file_check.h"
#include "net_make.h"
#include "secrets_load.h"
#include "tls.h"
#include "users_load.h"

struct check {
    const struct config *config;
    struct config_report *report;
    bool is_sound; /* the file, up to here: its silence means the defaults */
};

/* Is the value of this key to be looked at? */
static bool counts(const struct check *k, const char *key)
{
    const struct config_key *said = config_key_find(k->config, key);

    return said->place.line > 0 ? !said->is_bad : k->is_sound;
}

/* --- listeners --- */

static const struct config_listen *listener(const struct config *c,
                                            enum net_transport transport)
{
    for (size_t i = 0; i < c->listen.n; i++)
        if (c->listen.items[i].transport == transport)
            return &c->listen.items[i];
    return NULL;
}

/* Loopback and what is private: a proxy that ends TLS may be there. */
static const struct cidr closed_networks[] = {
    {{127}, 4, 8},         {{10}, 4, 8},       {{172, 16}, 4, 12},
    {{192, 168}, 4, 16},   {{100, 64}, 4, 10}, {{169, 254}, 4, 16},
    {{[15] = 1}, 16, 128}, {{0xfc}, 16, 7},    {{0xfe, 0x80}, 16, 10},
};

static bool is_public(const struct addr *a)
{
    for (size_t i = 0; i < sizeof closed_networks / sizeof *closed_networks;
         i++)
        if (cidr_has(&closed_networks[i], a))
            return false;
    return true;
}

static bool is_plain(const struct config_listen *l)
{
    return l->transport == NET_TCP || l->transport == NET_WS;
}

static bool is_ws(const struct config_listen *l)
{
    return l->transport == NET_WS || l->transport == NET_WSS;
}

/* Is whatever goes over it encrypted, up to the proxy in front at least? */
static bool is_secure(const struct config_listen *l)
{
    return !is_plain(l) || l->tls_in_front;
}

/* A plain listener at a public address, where it does harm. */
static void check_plain(const struct check *k, const struct config_listen *l)
{
    const struct config *c = k->config;

    if (!is_plain(l) || !is_public(&l->address))
        return;
    if (l->tls_in_front)
        config_warn(k->report, l->place,
                    "listen: with tls_in_front whoever reaches this public "
                    "address counts as if he came over TLS: use a private "
                    "address");
    else if (c->auth.allow_tcp && counts(k, "auth.allow_tcp"))
        config_warn(k->report, l->place,
                    "listen: with auth.allow_tcp clients log in and talk "
                    "without encryption at a public address: use tls, or a "
                    "private address");
}

static bool has_way_in(const struct config *c, bool secure)
{
    for (size_t i = 0; i < c->listen.n; i++)
        if (!is_ws(&c->listen.items[i]) &&
            is_secure(&c->listen.items[i]) == secure)
            return true;
    return false;
}

/* URIs of WebSocket clients have the port of a listener that others can
 * dial. */
static void check_way_in(const struct check *k, const struct config_listen *l)
{
    bool secure = is_secure(l);

    if (is_ws(l) && !has_way_in(k->config, secure))
        config_warn(k->report, l->place,
                    "listen: clients on %s cannot be reached without a "
                    "listener with transport %s",
                    net_transport_text(l->transport), secure ? "tls" : "tcp");
}

/* Is there a listener at which clients can log in at all? */
static bool takes_logins(const struct config *c)
{
    for (size_t i = 0; i < c->listen.n; i++)
        if (c->auth.allow_tcp || is_secure(&c->listen.items[i]) ||
            c->listen.items[i].proxy.n)
            return true;
    return false;
}

/* A relay for other relays alone has nobody to relay for. One that anchors
 * sessions needs no logins. */
static void check_logins(const struct check *k)
{
    const struct config *c = k->config;

    if (c->listen.n > 0 && c->anchor.listen.n == 0 && counts(k, "listen") &&
        counts(k, "auth.allow_tcp") && !takes_logins(c))
        config_warn(k->report, c->listen.items[0].place,
                    "listen: nobody can log in: no listener has transport tls "
                    "or wss, and auth.allow_tcp is false");
}

static void check_listeners(const struct check *k)
{
    const struct config *c = k->config;

    check_logins(k);
    for (size_t i = 0; i < c->listen.n && counts(k, "listen"); i++) {
        const struct config_listen *l = &c->listen.items[i];

        check_plain(k, l);
        check_way_in(k, l);
        if (l->tls_in_front && !is_plain(l))
            config_warn(k->report, l->place,
                        "listen: tls_in_front has no effect with %s",
                        net_transport_text(l->transport));
    }
}

/* --- sizes --- */

/* Chunks take turns, and a response or another sender's chunk waits for the end
 * of one: that should not be a whole window away. */
static void check_sizes(const struct check *k)
{
    const struct config *c = k->config;
    uint64_t window = c->tcp.receive_buffer;

    if (window == 0 || !counts(k, "tcp.receive_buffer") ||
        !counts(k, "send.max_chunk_size") ||
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

/* Where a key was set, or else the first line of the file. */
static struct config_place place_of(const struct config *c, const char *key)
{
    return config_is_set(c, key) ? config_place(c, key)
                                 : (struct config_place){c->path, 1};
}

/* The user must exist, even the default one: else the relay would go on as
 * root, which nobody asked for. A default group may be missing: it is then the
 * user's own (S-37). */
static void check_accounts(const struct check *k)
{
    const struct config *c = k->config;

    if (geteuid() != 0)
        return;
    if (*c->relay.user && counts(k, "relay.user") && !getpwnam(c->relay.user))
        config_report(k->report, place_of(c, "relay.user"),
                      "relay.user: no such user %s", c->relay.user);
    if (*c->relay.group && config_is_set(c, "relay.group") &&
        counts(k, "relay.group") && !getgrnam(c->relay.group))
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

    if (!slash || slash == path || !counts(k, "control.socket"))
        return;
    dir = strndup(path, (size_t)(slash - path));
    if (dir && (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)))
        config_warn(k->report, config_place(k->config, "control.socket"),
                    "control.socket: no such directory %s", dir);
    free(dir);
}

/* --- logs --- */

/* Why a line could not be appended to the file, as far as that shows without
 * doing it: an errno, or 0. */
static int why_not_appendable(const char *path)
{
    char dir[PATH_MAX];
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return EISDIR;
    if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0)
        return 0;
    if (errno != ENOENT)
        return errno;
    span_copy(dir, sizeof dir,
              span_of(path, (size_t)(strrchr(path, '/') + 1 - path)));
    return faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

static void check_log(const struct check *k, const char *key,
                      const char *target)
{
    int why;

    if (*target != '/' || !counts(k, key))
        return;
    why = why_not_appendable(target);
    if (why)
        config_report(k->report, config_place(k->config, key),
                      "%s: cannot write %s: %s", key, target, strerror(why));
}

/* --- TLS --- */

static const struct config_listen *tls_listener(const struct config *c)
{
    const struct config_listen *l = listener(c, NET_TLS);

    return l ? l : listener(c, NET_WSS);
}

/* Which line is to blame for what is wrong with a key: its own, or the one that
 * makes its default matter. */
static struct config_place blame(const struct config *c, const char *key)
{
    const struct config_listen *l = tls_listener(c);

    if (config_is_set(c, key))
        return config_place(c, key);
    return l ? l->place : (struct config_place){c->path, 1};
}

/* The file of a certificate or key, or "" when there is none to look at. */
static const char *tls_file(const struct check *k, const char *key,
                            const char *path)
{
    bool is_needed = config_is_set(k->config, key) || tls_listener(k->config);

    return is_needed && counts(k, key) ? path : "";
}

/* The part of `s` that a fault is about, and its key. */
static const char **at_fault(const char **key, struct tls_settings *s,
                             const struct config *c, enum tls_fault fault)
{
    switch (fault) {
    case TLS_FAULT_KEY:
    case TLS_FAULT_MISMATCH:
        *key = "tls.private_key";
        return &s->private_key;
    case TLS_FAULT_CA:
        *key = tls_relays_key(c);
        return &s->ca_file;
    case TLS_FAULT_CIPHERS:
        *key = "tls.ciphers";
        return &s->ciphers;
    case TLS_FAULT_CIPHERSUITES:
        *key = "tls.ciphersuites";
        return &s->ciphersuites;
    case TLS_FAULT_CERTIFICATE:
    case TLS_FAULT_NONE:
    case TLS_FAULT_OTHER:
        break;
    }
    *key = "tls.certificate";
    return &s->certificate;
}

/* One of the certificates has to name the relay (R4976-9.2-d). */
static void check_relay_name(const struct check *k, const struct tls_ctx *tls,
                             const char *path)
{
    const struct config *c = k->config;
    struct span name = span_str(c->relay.name);

    if (!*path || !counts(k, "relay.name") || tls_ctx_has_name(tls, name))
        return;
    if (c->tls.certificates.n)
        config_warn(k->report, blame(c, "tls.certificate"),
                    "tls.certificate: neither %s nor any of tls.certificates "
                    "has a dNSName for relay.name %.*s",
                    path, SPAN_ARG(name));
    else
        config_warn(k->report, blame(c, "tls.certificate"),
                    "tls.certificate: %s has no dNSName for relay.name %.*s",
                    path, SPAN_ARG(name));
}

/* With authorities of their own for relays, tls.ca_file is for peers alone. */
static int check_peers_ca(const struct check *k, struct tls_settings s)
{
    struct tls_ctx *made = NULL;
    char why[TLS_WHY_MAX];
    enum tls_fault fault;
    int err;

    if (!*k->config->relays.ca_file)
        return 0;
    s.certificate = s.private_key = "";
    s.ca_file = k->config->tls.ca_file;
    err = tls_client_new(&made, &s, &fault, why);
    if (err == ERR_TLS && fault == TLS_FAULT_CA)
        config_report(k->report, blame(k->config, "tls.ca_file"),
                      "tls.ca_file: %s", why);
    tls_ctx_unref(made);
    return err == ERR_NOMEM ? err : 0;
}

/* ... and whatever else it is called by those who are given its URIs. */
static void check_listen_names(const struct check *k, const struct tls_ctx *tls,
                               const char *path)
{
    const struct config *c = k->config;

    for (size_t i = 0; *path && i < c->listen.n && counts(k, "listen"); i++) {
        const struct config_listen *l = &c->listen.items[i];

        if (!is_plain(l) && *l->name &&
            !tls_ctx_has_name(tls, span_str(l->name)))
            config_warn(k->report, l->place,
                        "listen.name: no certificate has a dNSName for %s",
                        l->name);
    }
}

/* In the place of *tls, a context with all certificates. */
static int use_all_certificates(const struct check *k, struct tls_settings s,
                                struct tls_ctx **tls)
{
    struct tls_pair *more = tls_pairs_of(k->config);
    struct tls_ctx *made = NULL;
    char why[TLS_WHY_MAX];
    enum tls_fault fault;
    int err = ERR_NOMEM;

    if (more) {
        s.more = more;
        s.n_more = k->config->tls.certificates.n;
        s.trust = *tls;
        err = tls_server_new(&made, &s, &fault, why);
    }
    free(more);
    if (err == ERR_TLS)
        config_report(k->report, place_of(k->config, "tls.certificates"),
                      "tls.certificates: %s", why);
    if (err)
        return err == ERR_NOMEM ? err : 0;
    tls_ctx_unref(*tls);
    *tls = made;
    return 0;
}

static int check_certificates(const struct check *k,
                              const struct tls_settings *s,
                              struct tls_ctx **tls)
{
    size_t faults = k->report->count;
    int err = 0;

    if (*s->certificate)
        certificate_check(k->report, blame(k->config, "tls.certificate"),
                          "tls.certificate", s->certificate, *tls);
    if (k->config->tls.certificates.n && counts(k, "tls.certificates")) {
        err = certificate_check_more(k->report, k->config, s, *tls);
        if (!err && *s->certificate && k->report->count == faults)
            err = use_all_certificates(k, *s, tls);
    }
    if (err)
        return err;
    check_relay_name(k, *tls, s->certificate);
    check_listen_names(k, *tls, s->certificate);
    return 0;
}

/* Makes contexts, each without what was wrong with the one before. */
static int check_tls(const struct check *k, struct tls_ctx **out)
{
    const struct config *c = k->config;
    struct tls_settings s = tls_settings_of(c);
    char why[TLS_WHY_MAX];
    enum tls_fault fault;
    int err;

    s.certificate = tls_file(k, "tls.certificate", c->tls.certificate);
    s.private_key = tls_file(k, "tls.private_key", c->tls.private_key);

    while ((err = tls_server_new(out, &s, &fault, why)) == ERR_TLS) {
        const char *key;
        const char **text = at_fault(&key, &s, c, fault);

        config_report(k->report, blame(c, key), "%s: %s", key, why);
        if (!**text)
            return 0; /* built in: nothing works without */
        *text = "";
    }
    if (!err)
        err = check_certificates(k, &s, out);
    return err ? err : check_peers_ca(k, s);
}

/* --- users --- */

/* A million users take most of a second to read, in which nothing else would
 * happen: those in use stay if they can. */
static int check_users(const struct check *k, struct config_loaded *l,
                       const struct config_loaded *in_use)
{
    int err;

    if (!counts(k, "auth.users_file"))
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

static int check_secrets(const struct check *k, struct config_loaded *l)
{
    int err;

    if (!*k->config->auth.secret_file || !counts(k, "auth.secret_file") ||
        !counts(k, "auth.secret_hash"))
        return 0;
    err = secrets_load(&l->secrets, k->config, k->report);
    return err == ERR_NOMEM ? err : 0;
}

/* Can the program be started, as far as that shows without doing it? */
static int check_lookup(const struct check *k, struct config_loaded *l)
{
    const char *command = k->config->auth.lookup.command;
    struct stat st;
    int err;

    if (!*command || !counts(k, "auth.lookup.command"))
        return 0;
    err = words_split(&l->lookup, span_str(command));
    if (err)
        return err;
    errno = EISDIR;
    if (stat(l->lookup.items[0], &st) != 0 || S_ISDIR(st.st_mode) ||
        access(l->lookup.items[0], X_OK) != 0)
        config_report(k->report, config_place(k->config, "auth.lookup.command"),
                      "auth.lookup.command: cannot run %s: %s",
                      l->lookup.items[0], strerror(errno));
    return 0;
}

static void check_realm(const struct check *k, const struct config_loaded *l)
{
    const struct config *c = k->config;
    struct wanted wanted = {.config = c};

    if (!l->users || !takes_logins(c) || secrets_count(l->secrets) > 0 ||
        l->lookup.n > 0 || !counts(k, "relay.realm") ||
        !counts(k, "relay.realms") || !counts(k, "auth.algorithms") ||
        users_have(l->users, is_wanted, &wanted))
        return;
    wanted.any_algorithm = true;
    config_warn(k->report, place_of(c, "auth.users_file"),
                "auth.users_file: nobody can log in: %s has no user of "
                "relay.realm %s%s%s; add one with msrprelayctl passwd",
                c->auth.users_file, c->relay.realm,
                c->relay.realms.n ? " or relay.realms" : "",
                users_have(l->users, is_wanted, &wanted)
                    ? " for any of auth.algorithms"
                    : "");
}

/* --- who can read the files --- */

/* Nothing when the file was not loaded: then that is the fault. */
static void check_files(const struct check *k, const struct config_loaded *l)
{
    const struct config *c = k->config;
    const char *certificate = "", *key = "", *users = "", *secrets = "";

    if (l->tls) {
        certificate = tls_file(k, "tls.certificate", c->tls.certificate);
        key = tls_file(k, "tls.private_key", c->tls.private_key);
    }
    if (l->users)
        users = c->auth.users_file;
    if (l->secrets)
        secrets = c->auth.secret_file;
    file_check(
        k->report, c,
        (struct file_check[]){
            {"tls.certificate", certificate, false,
             blame(c, "tls.certificate")},
            {"tls.private_key", key, true, blame(c, "tls.private_key")},
            {"auth.users_file", users, true, place_of(c, "auth.users_file")},
            {"auth.secret_file", secrets, true,
             place_of(c, "auth.secret_file")},
        },
        4);
    if (l->tls)
        certificate_check_files(k->report, c);
}

int config_check(struct config_loaded *l, const struct config_loaded *in_use,
                 struct config_report *r)
{
    const struct config *c = l->config;
    const struct check k = {c, r, r->count == 0};
    int err;

    check_listeners(&k);
    check_sizes(&k);
    check_accounts(&k);
    check_control(&k);
    check_log(&k, "log.target", c->log.target);
    check_log(&k, "log.accounting", c->log.accounting);
    err = check_tls(&k, &l->tls);
    if (!err)
        err = check_users(&k, l, in_use);
    if (!err)
        err = check_secrets(&k, l);
    if (!err)
        err = check_lookup(&k, l);
    if (err)
        return err;
    if (counts(&k, "listen") && counts(&k, "anchor.interfaces"))
        err = anchor_check(k.report, c, l->tls);
    if (err)
        return err;
    check_realm(&k, l);
    check_files(&k, l);
    return 0;
}
