/* SPDX-License-Identifier: BSD-2-Clause */
#include "certificate_check.h"

#include <stdio.h>
#include <time.h>

#include "clock.h"
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
                        const char *path, const struct tls_certificate *c)
{
    int64_t now_s = (int64_t)(clock_unix_ms() / 1000);
    int64_t left_s = c->ends_s - now_s;
    char date[DATE_MAX];

    if (now_s < c->begins_s)
        config_warn(r, at,
                    "tls.certificate: %s is not valid before %s; is the clock "
                    "of this host right?",
                    path, date_text(date, c->begins_s));
    if (left_s < 0)
        config_warn(r, at,
                    "tls.certificate: %s expired on %s: renew it, then reload",
                    path, date_text(date, c->ends_s));
    else if (left_s < (int64_t)SOON_DAYS * DAY_S)
        config_warn(r, at,
                    "tls.certificate: %s expires within %d days, on %s: renew "
                    "it, then reload",
                    path, SOON_DAYS, date_text(date, c->ends_s));
}

void certificate_check(struct config_report *r, struct config_place at,
                       const char *path, const struct tls_ctx *tls,
                       struct span name)
{
    struct tls_certificate c;

    if (name.n && !tls_ctx_has_name(tls, name))
        config_warn(r, at,
                    "tls.certificate: %s has no dNSName for relay.name %.*s",
                    path, SPAN_ARG(name));
    if (!tls_certificate_read(&c, tls))
        return;
    check_times(r, at, path, &c);
    if (c.lacks_issuer)
        config_warn(
            r, at,
            "tls.certificate: %s does not contain the certificate of "
            "its issuer, %s: append that, or peers cannot verify the relay",
            path, c.issuer);
}
