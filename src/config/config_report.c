/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_report.h"

#include <stdarg.h>
#include <stdio.h>

enum { SENTENCE_MAX = 1024 };

void config_report(struct config_report *r, struct config_place at,
                   const char *fmt, ...)
{
    char what[SENTENCE_MAX];
    va_list args;

    r->count++;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    r->fault(r->ctx, at, what);
}

void config_report_line(void *ctx, size_t line, const char *what)
{
    const struct config_report_file *f = ctx;

    config_report(f->report, (struct config_place){f->file, (unsigned)line},
                  "%s", what);
}

void config_warn(struct config_report *r, struct config_place at,
                 const char *fmt, ...)
{
    char what[SENTENCE_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    r->warn(r->ctx, at, what);
    if (r->kept)
        config_warnings_add(r->kept, at, what);
}
