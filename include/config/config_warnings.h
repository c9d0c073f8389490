/* SPDX-License-Identifier: BSD-2-Clause */
/* config_warnings - what a configuration was warned of, kept for as long as it
 * is in use. */
#ifndef CONFIG_WARNINGS_H
#define CONFIG_WARNINGS_H

#include "config.h"

enum {
    CONFIG_WARNINGS_MAX = 32, /* what comes after them is not kept */
    CONFIG_WARNING_FILE_MAX = 128,
    CONFIG_WARNING_MAX = 384,
};

struct config_warning {
    unsigned line;
    char file[CONFIG_WARNING_FILE_MAX]; /* cut to fit, as is `what` */
    char what[CONFIG_WARNING_MAX];
};

/* Zeroed: none. */
struct config_warnings {
    size_t n;
    struct config_warning items[CONFIG_WARNINGS_MAX];
};

/* Copies a warning; no-op when it is full. */
void config_warnings_add(struct config_warnings *w, struct config_place at,
                         const char *what);

#endif
