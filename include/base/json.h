/* SPDX-License-Identifier: BSD-2-Clause */
/* json - one JSON text (RFC 8259), written into the caller's memory.
 *
 *     char line[512];
 *     struct json j;
 *
 *     json_init(&j, line, sizeof line);
 *     json_object_begin(&j, NULL);
 *     json_str(&j, "user", user);
 *     json_seconds(&j, "age", age_ms);
 *     json_object_end(&j);
 *     if (!j.full)
 *         log_raw(accounting, json_text(&j));
 *
 * Nothing is allocated. Commas come by themselves. When the room is used up the
 * text is full and stays so: it is there whole or not at all. No function has a
 * name that the JSON library of the tools has too.
 *
 * `name` is the member's name, plain text of ours; NULL for what is no member:
 * an item of an array, or the outermost value. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

struct json {
    char *p; /* the caller's */
    size_t n, size;
    unsigned depth; /* objects and arrays that are open */
    bool comma;     /* the next value follows another one */
    bool full;
};

void json_init(struct json *j, char *p, size_t size);

void json_object_begin(struct json *j, const char *name);
/* With a name of any octets, as json_str() writes them. */
void json_object_begin_span(struct json *j, struct span name);
void json_object_end(struct json *j);
void json_array_begin(struct json *j, const char *name);
void json_array_end(struct json *j);

/* Any octets. Well-formed UTF-8 is kept; controls, and octets that are no
 * UTF-8, become \u00HH. */
void json_str(struct json *j, const char *name, struct span s);
void json_u64(struct json *j, const char *name, uint64_t v);
void json_i64(struct json *j, const char *name, int64_t v);
/* null if v is infinite or no number. */
void json_double(struct json *j, const char *name, double v);
/* Milliseconds, as seconds with three decimals: exact. */
void json_seconds(struct json *j, const char *name, uint64_t ms);
void json_bool(struct json *j, const char *name, bool v);
void json_none(struct json *j, const char *name);

/* The text, all of whose objects and arrays have been ended; without a newline.
 * Empty if it is full. */
struct span json_text(const struct json *j);

#endif
