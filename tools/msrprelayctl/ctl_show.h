/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_show - the daemon's rows, written for people or for programs.
 *
 * For people, a single row is a list of its fields, many are a table. How a
 * value is written follows from the end of its name: `_s` is a duration, `_at`
 * a time, `octets` a size. A table is measured and written piece by piece, so
 * that any number of rows can pass. For programs, all of it is one JSON
 * document. */
#ifndef CTL_SHOW_H
#define CTL_SHOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "control_commands.h"
#include "ctl_ask.h"

enum { CTL_SHOW_ROWS = 500, CTL_SHOW_COLUMNS = 32 };

struct ctl_show {
    FILE *out;
    bool json;
    enum control_answer answer;
    size_t n_rows;               /* ever */
    json_t *rows[CTL_SHOW_ROWS]; /* not yet written */
    size_t n_waiting;
    size_t widths[CTL_SHOW_COLUMNS];
};

void ctl_show_begin(struct ctl_show *s, FILE *out, enum control_answer answer,
                    bool json);
/* A row: a ctl_row_fn. */
void ctl_show_row(void *show, json_t *row);
/* That was all. `end` NULL: the answer is not complete. */
void ctl_show_end(struct ctl_show *s, const struct ctl_end *end);

#endif
