/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl_human.h"

#include <stdlib.h>
#include <time.h>

#include "terminal.h"

const char *ctl_human_span(char *dst, double seconds)
{
    uint64_t s = seconds < 0 ? 0 : (uint64_t)seconds;
    unsigned long long days = s / 86400;
    unsigned h = (unsigned)(s / 3600 % 24), m = (unsigned)(s / 60 % 60);

    if (days)
        snprintf(dst, CTL_HUMAN_MAX, "%llud%02uh", days, h);
    else if (h)
        snprintf(dst, CTL_HUMAN_MAX, "%uh%02um", h, m);
    else if (m)
        snprintf(dst, CTL_HUMAN_MAX, "%um%02us", m, (unsigned)(s % 60));
    else if (s || seconds <= 0)
        snprintf(dst, CTL_HUMAN_MAX, "%us", (unsigned)s);
    else
        snprintf(dst, CTL_HUMAN_MAX, "%ums", (unsigned)(seconds * 1000));
    return dst;
}

const char *ctl_human_size(char *dst, uint64_t octets)
{
    static const char units[] = "KMGTPE";
    double value = (double)octets / 1024;
    size_t unit = 0;

    if (octets < 1024) {
        snprintf(dst, CTL_HUMAN_MAX, "%u", (unsigned)octets);
        return dst;
    }
    while (value >= 1023.5) { /* it would be written as 1024 */
        value /= 1024;
        unit++;
    }
    snprintf(dst, CTL_HUMAN_MAX, value < 9.95 ? "%.1f%c" : "%.0f%c", value,
             units[unit]);
    return dst;
}

const char *ctl_human_time(char *dst, double unix_s)
{
    time_t t = (time_t)unix_s;
    struct tm tm;

    if (!localtime_r(&t, &tm) ||
        !strftime(dst, CTL_HUMAN_MAX, "%Y-%m-%d %H:%M:%S", &tm))
        snprintf(dst, CTL_HUMAN_MAX, "-");
    return dst;
}

char *ctl_human_text(struct span utf8)
{
    char *text = malloc(utf8.n + 1);

    if (text)
        text[terminal_text(text, utf8, '?')] = '\0';
    return text;
}

size_t ctl_human_width(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        if (((unsigned char)*text & 0xc0) != 0x80) /* not within one */
            n++;
    return n;
}
