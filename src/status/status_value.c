/* SPDX-License-Identifier: BSD-2-Clause */
#include "status_value.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* What has room. No figure of a relay is as large. */
#define MOST 1e19

const char *status_as_name(enum status_as as)
{
    static const char *const names[STATUS_AS] = {
        [AS_TEXT] = "text",
        [AS_NUMBER] = "number",
        [AS_COUNT] = "count",
        [AS_AMOUNT] = "amount",
        [AS_RATE] = "rate",
        [AS_OCTETS] = "octets",
        [AS_OCTET_RATE] = "octet_rate",
        [AS_PERCENT] = "percent",
        [AS_SHARE] = "share",
        [AS_SECONDS] = "seconds",
        [AS_DAY] = "day",
        [AS_DAYS_LEFT] = "days_left",
    };

    return names[as];
}

/* In groups of three digits. */
static size_t put_grouped(char dst[STATUS_VALUE_MAX], double v)
{
    char digits[32];
    int n = snprintf(digits, sizeof digits, "%.0f", fmin(fmax(v, 0), 1e15));
    size_t k = 0;

    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            dst[k++] = ',';
        dst[k++] = digits[i];
    }
    return k;
}

static size_t put_rate(char dst[STATUS_VALUE_MAX], double v)
{
    if (v == 0 || v >= 99.95)
        return put_grouped(dst, v);
    return (size_t)snprintf(dst, STATUS_VALUE_MAX, "%.1f", v);
}

static size_t put_scaled(char dst[STATUS_VALUE_MAX], double v, const char *unit)
{
    static const char *const units[] = {"", "k", "M", "G", "T", "P"};
    size_t i = 0;

    while (v >= 999.95 && i + 1 < sizeof units / sizeof *units) {
        v /= 1000;
        i++;
    }
    return (size_t)snprintf(dst, STATUS_VALUE_MAX, "%.*f %s%s",
                            i > 0 && v < 99.95 ? 1 : 0, v, units[i], unit);
}

/* The two largest units. */
static size_t put_seconds(char dst[STATUS_VALUE_MAX], double v)
{
    uint64_t s = (uint64_t)fmin(fmax(v, 0), 1e12);
    int n;

    if (s >= 86400)
        n = snprintf(dst, STATUS_VALUE_MAX, "%llu d %u h",
                     (unsigned long long)(s / 86400),
                     (unsigned)(s % 86400 / 3600));
    else if (s >= 3600)
        n = snprintf(dst, STATUS_VALUE_MAX, "%u h %u min", (unsigned)(s / 3600),
                     (unsigned)(s % 3600 / 60));
    else if (s >= 60)
        n = snprintf(dst, STATUS_VALUE_MAX, "%u min %u s", (unsigned)(s / 60),
                     (unsigned)(s % 60));
    else
        n = snprintf(dst, STATUS_VALUE_MAX, "%u s", (unsigned)s);
    return (size_t)n;
}

static size_t put_day(char dst[STATUS_VALUE_MAX], double v)
{
    time_t at = (time_t)fmin(fmax(v, 0), 253402300799.0); /* of year 9999 */
    struct tm tm;

    gmtime_r(&at, &tm);
    return strftime(dst, STATUS_VALUE_MAX, "%Y-%m-%d", &tm);
}

static size_t put_days_left(char dst[STATUS_VALUE_MAX], double v)
{
    size_t n;

    if (v < 0)
        return (size_t)snprintf(dst, STATUS_VALUE_MAX, "ended");
    n = put_grouped(dst, v);
    return n + (size_t)snprintf(dst + n, STATUS_VALUE_MAX - n, " d");
}

struct span status_value(char dst[STATUS_VALUE_MAX], enum status_as as,
                         double v)
{
    v = fmax(fmin(v, MOST), -MOST);
    switch (as) {
    case AS_TEXT:
        break;
    case AS_NUMBER:
        return span_of(dst, (size_t)snprintf(dst, STATUS_VALUE_MAX, "%.0f",
                                             fmin(fmax(v, 0), 1e15)));
    case AS_COUNT:
        return span_of(dst, put_grouped(dst, v));
    case AS_AMOUNT:
        return span_of(dst, v < 999999.5 ? put_grouped(dst, v)
                                         : put_scaled(dst, v, ""));
    case AS_RATE:
        return span_of(dst, put_rate(dst, v));
    case AS_OCTETS:
        return span_of(dst, put_scaled(dst, v, "B"));
    case AS_OCTET_RATE:
        return span_of(dst, put_scaled(dst, v, "B/s"));
    case AS_PERCENT:
    case AS_SHARE:
        return span_of(dst, (size_t)snprintf(dst, STATUS_VALUE_MAX, "%.*f %%",
                                             v > 0 && v < 9.95 ? 1 : 0, v));
    case AS_SECONDS:
        return span_of(dst, put_seconds(dst, v));
    case AS_DAY:
        return span_of(dst, put_day(dst, v));
    case AS_DAYS_LEFT:
        return span_of(dst, put_days_left(dst, v));
    }
    return SPAN("");
}

double status_rounded(double v)
{
    return fabs(v) < 99.95 ? round(v * 10) / 10 : round(v);
}

const char *status_level(enum status_as as, double v)
{
    enum { WARN_DAYS = 14, BAD_DAYS = 3, WARN_SHARE = 75, BAD_SHARE = 90 };

    if (as == AS_DAYS_LEFT)
        return v < BAD_DAYS ? "bad" : v < WARN_DAYS ? "warn" : "";
    if (as == AS_SHARE)
        return v >= BAD_SHARE ? "bad" : v >= WARN_SHARE ? "warn" : "";
    return v == 0 ? "zero" : "";
}
