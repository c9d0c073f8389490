/* SPDX-License-Identifier: BSD-2-Clause */
/* tls_check - certificates, keys and authorities. */
#include <stdlib.h>

#include "certificate_check.h"
#include "config_check_private.h"
#include "config_listen.h"
#include "err.h"
#include "net_make.h"

static const struct config_listen *tls_listener(const struct config *c)
{
    const struct config_listen *l = config_listen_first(c, NET_TLS);

    return l ? l : config_listen_first(c, NET_WSS);
}

/* Which line is to blame for what is wrong with a key: its own, or the one that
 * makes its default matter. */
struct config_place tls_check_blame(const struct config *c, const char *key)
{
    const struct config_listen *l = tls_listener(c);

    return l && !config_is_set(c, key) ? l->place : config_place_or_top(c, key);
}

/* The file of a certificate or key, or "" when there is none to look at. */
const char *tls_check_file(const struct check *k, const char *key,
                           const char *path)
{
    bool is_needed =
        !config_is_default(k->config, key) || tls_listener(k->config);

    return is_needed && config_check_counts(k, key) ? path : "";
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

    if (!*path || !config_check_counts(k, "relay.name") ||
        tls_ctx_has_name(tls, name))
        return;
    if (c->tls.certificates.n)
        config_warn(k->report, tls_check_blame(c, "tls.certificate"),
                    "tls.certificate: neither %s nor any of tls.certificates "
                    "has a dNSName for relay.name %.*s",
                    path, SPAN_ARG(name));
    else
        config_warn(k->report, tls_check_blame(c, "tls.certificate"),
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
        config_report(k->report, tls_check_blame(k->config, "tls.ca_file"),
                      "tls.ca_file: %s", why);
    tls_ctx_unref(made);
    return err == ERR_NOMEM ? err : 0;
}

/* ... and the names that URIs have instead. */
static void check_listen_names(const struct check *k, const struct tls_ctx *tls,
                               const char *path)
{
    const struct config *c = k->config;

    for (size_t i = 0;
         *path && i < c->listen.n && config_check_counts(k, "listen"); i++) {
        const struct config_listen *l = &c->listen.items[i];

        if (config_listen_has_tls(l) && *l->name &&
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
        config_report(k->report,
                      config_place_or_top(k->config, "tls.certificates"),
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
        certificate_check(k->report,
                          tls_check_blame(k->config, "tls.certificate"),
                          "tls.certificate", s->certificate, *tls);
    if (k->config->tls.certificates.n &&
        config_check_counts(k, "tls.certificates")) {
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
int tls_check(const struct check *k, struct tls_ctx **out)
{
    const struct config *c = k->config;
    struct tls_settings s = tls_settings_of(c);
    char why[TLS_WHY_MAX];
    enum tls_fault fault;
    int err;

    s.certificate = tls_check_file(k, "tls.certificate", c->tls.certificate);
    s.private_key = tls_check_file(k, "tls.private_key", c->tls.private_key);

    while ((err = tls_server_new(out, &s, &fault, why)) == ERR_TLS) {
        const char *key;
        const char **text = at_fault(&key, &s, c, fault);

        config_report(k->report, tls_check_blame(c, key), "%s: %s", key, why);
        if (!**text)
            return 0; /* built in: nothing works without */
        *text = "";
    }
    if (!err)
        err = check_certificates(k, &s, out);
    return err ? err : check_peers_ca(k, s);
}
