/* SPDX-License-Identifier: BSD-2-Clause */
/* terminal - text of strangers for a terminal, or for a file name: what a
 * terminal obeys and what reorders text is replaced.
 *
 * That is C0 and C1 control characters, DEL, bidirectional marks (U+061C,
 * U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069) and the separators of
 * lines and paragraphs (U+2028, U+2029). Text comes in pieces, cut anywhere. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

#include "str.h"

enum { TERMINAL_HELD = 4 }; /* octets of a character that is not whole yet */

struct terminal {
    char instead;   /* of what is replaced */
    bool has_lines; /* newlines and tabs stay */
    uint8_t n, wants;
    char held[TERMINAL_HELD];
};

/* At the beginning of a text. */
void terminal_init(struct terminal *t, char instead, bool has_lines);

/* Goes on with `s`, into dst (s.n + TERMINAL_HELD octets): how many octets. */
size_t terminal_put(struct terminal *t, char *dst, struct span s);

/* The text ends: what is still held, into dst (TERMINAL_HELD octets). */
size_t terminal_end(struct terminal *t, char *dst);

/* A whole text at once, into dst (s.n octets): how many octets. */
size_t terminal_text(char *dst, struct span s, char instead);

#endif
