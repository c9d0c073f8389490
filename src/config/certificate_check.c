/* SPDX-License-Identifier: BSD-2-Clause */
#include "certificate_check.h"

#include <stdio.h>
#include <time.h>

#include "clock.h"
#include "err.h"
#include "file_check.h"
#include "tls_certificate.h"

enum { DAY_S = 24 * 60 * 60, SOON_DAYS = 14, DATE_MAX = 32 };

static const char *date_text(char dst[DATE_MAX], int64_t unix_s)
{
    time_t at = (time_t)unix_s;
    struct tm tm;

    gmtime_r(&at, &tm);
    (void)strftime(dst, DATE_MAX, "%Y-%m-%d %H:%M UTC", &tm);
    return dst;
}

static void check_times(struct config_report *r, struct config_place at,
                        const char *key, const char *path,
                        const struct tls_certificate *c)
{
    int64_t now_s = (int64_t)(clock_unix_ms() / 1000);
    int64_t left_s = c->ends_s - now_s;
    char date[DATE_MAX];

    if (now_s < c->begins_s)
        config_warn(r, at,
                    "%s: %s is not valid before %s; is the clock of this host "
                    "right?",
                    key, path, date_text(date, c->begins_s));
    if (left_s < 0)
        config_warn(r, at, "%s: %s expired on %s: renew it, then reload", key,
                    path, date_text(date, c->ends_s));
    else if (left_s < (int64_t)SOON_DAYS * DAY_S)
        config_warn(r, at,
                    "%s: %s expires within %d days, on %s: renew it, then "
                    "reload",
                    key, path, SOON_DAYS, date_text(date, c->ends_s));
}

void certificate_check(struct config_report *r, struct config_place at,
                       const char *key, const char *path,
                       const struct tls_ctx *tls)
{
    struct tls_certificate c;

    if (!tls_certificate_read(&c, tls))
        return;
    check_times(r, at, key, path, &c);
    if (c.lacks_issuer)
        config_warn(
            r, at,
            "%s: %s does not contain the certificate of "
            "its issuer, %s: append that, or peers cannot verify the relay",
            key, path, c.issuer);
}

/* --- tls.certificates --- */

static const char more_key[] = "tls.certificates";

/* One of them by itself, in a context that is not kept. */
static int check_one(struct config_report *r,
                     const struct config_certificate *c, struct tls_settings s,
                     struct tls_ctx *trust)
{
    struct tls_ctx *made = NULL;
    char why[TLS_WHY_MAX];
    enum tls_fault fault;
    int err;

    if (!*c->certificate || !*c->private_key) {
        config_report(r, c->place, "%s: %s is missing", more_key,
                      *c->certificate ? "private_key" : "certificate");
        return 0;
    }
    s.certificate = c->certificate;
    s.private_key = c->private_key;
    s.trust = trust;
    err = tls_server_new(&made, &s, &fault, why);
    if (err == ERR_TLS)
        config_report(r, c->place, "%s: %s", more_key, why);
    if (!err)
        certificate_check(r, c->place, more_key, c->certificate, made);
    tls_ctx_unref(made);
    return err == ERR_NOMEM ? err : 0;
}

int certificate_check_more(struct config_report *r, const struct config *config,
                           const struct tls_settings *s, struct tls_ctx *trust)
{
    int err = 0;

    for (size_t i = 0; !err && i < config->tls.certificates.n; i++)
        err = check_one(r, &config->tls.certificates.items[i], *s, trust);
    return err;
}

void certificate_check_files(struct config_report *r,
                             const struct config *config)
{
    for (size_t i = 0; i < config->tls.certificates.n; i++) {
        const struct config_certificate *c = &config->tls.certificates.items[i];

        file_check(r, config,
                   (struct file_check[]){
                       {more_key, c->certificate, false, c->place},
                       {more_key, c->private_key, true, c->place},
                   },
                   2);
    }
}
