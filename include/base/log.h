/* SPDX-License-Identifier: BSD-2-Clause */
/* log - one event a line, `key=value`, to follow with grep.
 *
 *     2026-11-22T10:00:00.123Z info c=42 closed peer=192.0.2.7:40312 ...
 *
 * The event is in plain words; a value with blanks, quotes or controls is in
 * quotes, as log_value() or log_escape() writes it. So the line can be taken
 * apart again (log_format.h). *
 * error needs a human; warn: something is off; info: connections and sessions
 * come and go; debug: the rest. Never bodies, whole tokens, credentials or
 * nonces. The function that decides about an error logs it, once. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log_format.h"
#include "log_level.h"
#include "str.h"

enum { LOG_RATE_MAX = 1000000 };

struct log;
struct log_target;

/* A log to `target`, as log_target_open() takes it. 0, ERR_IO with errno, or
 * ERR_NOMEM. Free with log_free(). */
int log_new(struct log **out, enum log_level level, const char *target);
void log_free(struct log *l);

/* From now on lines go to `target`, which the log then owns; NULL is nowhere.
 * The one before is closed. */
void log_use(struct log *l, struct log_target *target);

/* Reopens a file, for rotation; the old one stays in use if that fails: 0, or
 * ERR_IO with errno. */
int log_reopen(struct log *l);

/* How lines are written from now on; as text in the beginning. Those of
 * log_raw() stay as they are. */
void log_set_format(struct log *l, enum log_format format);

/* The most lines a second that peers may cause: those of warn and info that are
 * about a connection, which begin with `c=`. After a quiet time it may be five
 * times as many at once. How many were held back is logged at most once a
 * second. 0, as in the beginning, is no limit; at most LOG_RATE_MAX. */
void log_set_rate(struct log *l, uint32_t lines_per_s);

/* How many lines were never written: held back, or refused by the target. */
uint64_t log_lost(const struct log *l);

enum log_level log_level(const struct log *l);
void log_set_level(struct log *l, enum log_level level);

static inline bool log_wants(const struct log *l, enum log_level level)
{
    return level <= log_level(l);
}

/* One line; `fmt` without a newline. A NULL log writes nothing. The text is cut
 * at 1000 octets. */
void log_line(struct log *l, enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(l, ...) log_line((l), LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(l, ...) log_line((l), LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(l, ...) log_line((l), LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(l, ...)                                                      \
    do {                                                                       \
        if ((l) && log_wants((l), LOG_LEVEL_DEBUG))                            \
            log_line((l), LOG_LEVEL_DEBUG, __VA_ARGS__);                       \
    } while (0)

/* One line of level info, whatever the log's own level is and peers cause: the
 * operator has asked for it. */
void log_always(struct log *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* One line as it stands, without control characters, whatever the level:
 * without a time. A NULL log writes nothing. */
void log_raw(struct log *l, struct span line);

/* A peer's octets made safe to print, in quotes, with \xHH for quotes,
 * backslash and anything but printable ASCII; cut to fit `size` (> 5), with
 * `...` after the quotes then. Returns dst. */
const char *log_escape(char *dst, size_t size, struct span s);

/* The value of a `key=value`: as it stands if it is printable ASCII without
 * blanks, quotes and backslashes, and fits; else, and if it is empty, as
 * log_escape() writes it. Returns dst. */
const char *log_value(char *dst, size_t size, struct span s);

/* For lines that a peer can cause: how often one may be written. Zeroed to
 * begin with; `burst` lines at once, one more each `every`, which counts time
 * as `now` does: in milliseconds, or finer. */
struct log_limit {
    uint64_t last;
    uint32_t tokens;
    uint32_t held_back;
    bool started;
};

/* May a line be written now? On yes, *held is how many were held back since the
 * last one. */
bool log_limit_pass(struct log_limit *r, uint64_t now, uint32_t burst,
                    uint32_t every, uint32_t *held);

#endif
