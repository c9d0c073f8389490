/* SPDX-License-Identifier: BSD-2-Clause */
/* log_format - how a line of the log is written: as text, or as one object of
 * JSON.
 *
 *     c=42 s=9f3a4b session granted user="Anne Marie" expires=600
 *
 *     {"time":"2026-11-22T10:00:00.123Z","level":"info",
 *      "event":"session granted","c":42,"s":"9f3a4b","user":"Anne Marie",
 *      "expires":600}
 *
 * The object is made from the text, so that both always say the same: each
 * `name=value` is a member of that name, the other words are the event. */
#ifndef LOG_FORMAT_H
#define LOG_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "log_level.h"
#include "str.h"

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* "text", "json": in the order of the enum, NULL after the last. */
extern const char *const log_format_names[];

enum {
    LOG_FORMAT_TEXT_MAX = 1000, /* octets of a line's text */
    /* Octets of its object, whatever is in the text: an octet becomes six at
     * most. */
    LOG_FORMAT_JSON_MAX = 8192,
};

struct log_entry {
    uint64_t unix_ms;
    enum log_level level;
    /* What `text` was written from: a value that it writes by %u or %d is a
     * number, any other a string. */
    const char *fmt;
    /* At most LOG_FORMAT_TEXT_MAX octets; values with blanks, quotes or
     * controls as log_escape() writes them. It may be cut anywhere. */
    struct span text;
};

/* Writes the object into dst (LOG_FORMAT_JSON_MAX), without a newline. Escaped
 * octets are put back; those that are no UTF-8 become \u00HH. A line without
 * words has the name of its first field as the event. Returns the object. */
struct span log_format_json(char *dst, const struct log_entry *e);

#endif
