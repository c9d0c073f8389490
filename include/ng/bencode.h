/* SPDX-License-Identifier: BSD-2-Clause */
/* bencode - the encoding of ng messages: integers, octet strings, lists,
 * dictionaries.
 *
 * A document is first scanned whole, which says whether it is well formed and
 * where it ends, and is then read in place. Nothing is allocated, nothing
 * recurses. Keys come in any order; of equal ones a reader that stops at the
 * first takes the first. */
#ifndef BENCODE_H
#define BENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

enum { BENCODE_DEPTH_MAX = 32 };

/* How far a document was scanned. Zeroed to begin with. */
struct bencode_scan {
    size_t at; /* octets that were understood */
    unsigned depth;
    uint32_t dicts;  /* a bit for each level: is it a dictionary? */
    uint32_t values; /* ... that expects a value, not a key? */
};

/* Goes on where the last call stopped. `text` is the document from its start,
 * with more at its end each time. 0: it ends at s->at. ERR_AGAIN: it goes on.
 * ERR_SYNTAX: it is none, whatever follows. ERR_LIMIT: it nests too deep, or
 * needs more than `max` octets. */
int bencode_scan(struct bencode_scan *s, struct span text, size_t max);

/* Is it one well-formed dictionary and nothing else? 0, ERR_SYNTAX or
 * ERR_LIMIT. */
int bencode_check(struct span document);

enum bencode_type {
    BENCODE_INTEGER,
    BENCODE_STRING,
    BENCODE_LIST,
    BENCODE_DICTIONARY,
};

struct bencode {
    enum bencode_type type;
    struct span text; /* a string's octets; the members of a list or dictionary,
                         one after the other */
    int64_t number;
};

/* Cuts the first value off *rest, which was scanned: false at its end. */
bool bencode_next(struct bencode *out, struct span *rest);

#endif
