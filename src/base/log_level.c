#include "log_level.h"

#include "err.h"

static const char *const names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

int log_level_from(enum log_level *out, struct span name)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (span_eq(name, span_str(names[i]))) {
            *out = (enum log_level)i;
            return 0;
        }
    }
    return ERR_NOT_FOUND;
}

const char *log_level_name(enum log_level level)
{
    return names[level];
}
