/* SPDX-License-Identifier: BSD-2-Clause */
/* status_value - a figure as the status page shows it, as `show` in its script
 * does (src/status/page/status.js): the server fills the page in, the script
 * refreshes it, and both have to look the same. */
#ifndef STATUS_VALUE_H
#define STATUS_VALUE_H

#include "str.h"

/* What a figure is. In JSON all but the first are plain numbers. */
enum status_as {
    AS_TEXT,
    AS_NUMBER,     /* 12345: of a port, a line */
    AS_COUNT,      /* 12,345 */
    AS_AMOUNT,     /* the same, but 12 M from a million on */
    AS_RATE,       /* a second: 0.4, 12.3, 1,234 */
    AS_OCTETS,     /* 1.2 MB */
    AS_OCTET_RATE, /* 1.2 MB/s */
    AS_PERCENT,
    AS_SHARE,     /* the same of a limit, with a bar; marked near 100 */
    AS_SECONDS,   /* 3 d 4 h */
    AS_DAY,       /* Unix time: 2027-01-31 */
    AS_DAYS_LEFT, /* days; marked near 0 */
};
enum { STATUS_AS = AS_DAYS_LEFT + 1 };

/* "count" and the like, as the script knows it; static. */
const char *status_as_name(enum status_as as);

/* ASCII without markup, into dst; `as` is not AS_TEXT. */
enum { STATUS_VALUE_MAX = 48 };
struct span status_value(char dst[STATUS_VALUE_MAX], enum status_as as,
                         double v);

/* A measured figure without noise: whole from 100 on, with one decimal below
 * that. */
double status_rounded(double v);

/* "warn" or "bad" for a value that somebody should look at, "zero" for one that
 * nobody has to, else "". */
const char *status_level(enum status_as as, double v);

#endif
