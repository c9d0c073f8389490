/* SPDX-License-Identifier: BSD-2-Clause */
#include "log_level.h"

#include "err.h"

const char *const log_level_names[] = {
    [LOG_LEVEL_ERROR] = "error",  [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_INFO] = "info",    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_DEBUG + 1] = NULL,
};

const char *log_level_name(enum log_level level)
{
    return log_level_names[level];
}

int log_level_from(enum log_level *out, struct span name)
{
    for (size_t i = 0; log_level_names[i]; i++) {
        if (span_eq(name, span_str(log_level_names[i]))) {
            *out = (enum log_level)i;
            return 0;
        }
    }
    return ERR_NOT_FOUND;
}
