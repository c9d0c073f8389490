/* SPDX-License-Identifier: BSD-2-Clause */
/* ng_json - ng messages in JSON, turned into bencode, so that what they
 * say is read in one way only. */
#ifndef NG_JSON_H
#define NG_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "str.h"
#include "text.h"

enum {
    NG_JSON_DEPTH_MAX = 32,
    NG_JSON_VALUES_MAX = 4096, /* in one document */
};

/* How far an object was scanned for its end. Zeroed to begin with. */
struct ng_json_scan {
    size_t at;
    unsigned depth;
    unsigned values; /* about as many */
    bool in_string, escaped;
};

/* As bencode_scan(): finds the brace that closes the object. What is between is
 * checked by ng_json_read() alone. */
int ng_json_scan(struct ng_json_scan *s, struct span text, size_t max);

/* Appends the object `document`, and nothing else, to `out` as bencode.
 * Booleans are 1 and 0; null is left out; numbers that are no integers become
 * an empty list, which is of the wrong type wherever one is looked for;
 * integers beyond 64 bits become the largest, or its negative. 0, ERR_SYNTAX,
 * ERR_LIMIT, or the error of `out`. */
int ng_json_read(struct text *out, struct span document);

#endif
