/* SPDX-License-Identifier: BSD-2-Clause */
#include "clock.h"

#include <stdio.h>
#include <time.h>

uint64_t clock_unix_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

size_t clock_text(char *dst, uint64_t unix_ms)
{
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm tm;
    size_t n;

    gmtime_r(&seconds, &tm);
    n = strftime(dst, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
    return n + (size_t)snprintf(dst + n, CLOCK_TEXT_MAX - n, ".%03uZ",
                                (unsigned)(unix_ms % 1000));
}
