/* SPDX-License-Identifier: BSD-2-Clause */
/* config_report - counts faults and passes them on to a callback. */
#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include <stddef.h>

#include "config.h"
#include "config_warnings.h"

struct config_report {
    config_fault_fn fault;
    config_fault_fn warn;         /* NULL: no warnings are looked for */
    struct config_warnings *kept; /* warnings go there too; or NULL */
    void *ctx;
    size_t count; /* of faults */
};

/* Counts a fault and hands it on. */
void config_report(struct config_report *r, struct config_place at,
                   const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same of a line of a file that the configuration names; ctx is a struct
 * config_report_file. */
struct config_report_file {
    struct config_report *report;
    const char *file;
};
void config_report_line(void *ctx, size_t line, const char *what);

/* Hands on a warning. */
void config_warn(struct config_report *r, struct config_place at,
                 const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
