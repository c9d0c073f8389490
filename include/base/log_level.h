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

/* "error", "warn", "info", "debug"; ERR_NOT_FOUND for anything else. */
int log_level_from(enum log_level *out, struct span name);
const char *log_level_name(enum log_level level);

#endif
