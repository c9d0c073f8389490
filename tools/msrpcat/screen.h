/* SPDX-License-Identifier: BSD-2-Clause */
/* screen - what the user sees on stderr: notes, and one line of progress below
 * them while stderr is a terminal. */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct screen {
    FILE *to;
    bool bar;            /* progress is wanted and possible */
    bool shown;          /* the bar is on the screen now */
    uint64_t started_ms; /* of what the bar is about; 0: nothing yet */
    uint64_t drawn_ms;
    uint64_t began_at; /* octets done when it started */
};

void screen_init(struct screen *s, FILE *to, bool quiet);

/* One line, `msrpcat: ...`, without a newline in `fmt`; what terminal.h
 * replaces becomes `?`. */
void screen_note(struct screen *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Shows how far something is: `done` of `total` octets, which may be MSG_STAR.
 * Draws some times a second at most, and always the last time, when the two are
 * equal. */
void screen_progress(struct screen *s, uint64_t done, uint64_t total,
                     uint64_t now_ms);

/* What the bar was about is over: it stays where it is. */
void screen_progress_end(struct screen *s);

/* The text of the bar: `done`, the rate since `elapsed_ms` in which `moved`
 * octets went, and with a total its share and the time left. */
void screen_bar_text(char *dst, size_t size, uint64_t done, uint64_t total,
                     uint64_t moved, uint64_t elapsed_ms);

#endif
