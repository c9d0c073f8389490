/* SPDX-License-Identifier: BSD-2-Clause */
/* log_level - how much a line of the log matters. */
#ifndef LOG_LEVEL_H
#define LOG_LEVEL_H

#include "str.h"

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};

/* "error", "warn", "info", "debug": in the order of the enum, NULL after the
 * last. */
extern const char *const log_level_names[];
const char *log_level_name(enum log_level level);

/* 0, or ERR_NOT_FOUND for what is no name of a level. */
int log_level_from(enum log_level *out, struct span name);

#endif
