/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_report.h"

#include <stdarg.h>
#include <stdio.h>

enum { SENTENCE_MAX = 1024 };

static void config_report_tell(config_fault_fn fn, void *ctx,
                               struct config_place at, const char *fmt,
                               va_list args)
    __attribute__((format(printf, 4, 0)));

static void config_report_tell(config_fault_fn fn, void *ctx,
                               struct config_place at, const char *fmt,
                               va_list args)
{
    char what[SENTENCE_MAX];

    vsnprintf(what, sizeof what, fmt, args);
    fn(ctx, at, what);
}

void config_report(struct config_report *r, struct config_place at,
                   const char *fmt, ...)
{
    va_list args;

    r->count++;
    va_start(args, fmt);
    config_report_tell(r->fault, r->ctx, at, fmt, args);
    va_end(args);
}

void config_warn(struct config_report *r, struct config_place at,
                 const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    config_report_tell(r->warn, r->ctx, at, fmt, args);
    va_end(args);
}
