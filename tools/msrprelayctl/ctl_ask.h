/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_ask - one request to the daemon, and its answer row by row. */
#ifndef CTL_ASK_H
#define CTL_ASK_H

#include <jansson.h>
#include <stdbool.h>

enum { CTL_ERROR_MAX = 512 };

/* How the answer ended. */
struct ctl_end {
    bool ok;
    long long left_out;        /* rows for which there was no room */
    char error[CTL_ERROR_MAX]; /* why not */
};

/* A row, which is an object; the caller's. */
typedef void (*ctl_row_fn)(void *ctx, json_t *row);

/* Connects to the daemon's socket: 0 or ERR_IO (errno is set). */
int ctl_ask_open(int *out, const char *path);

/* Sends `line` and waits for all of the answer. 0 when it came to its end;
 * ERR_IO (errno is set); ERR_EOF when the daemon closed before; ERR_TIMEOUT
 * when it said nothing for timeout_ms; ERR_SYNTAX when what it said is no such
 * answer; ERR_NOMEM. */
int ctl_ask(struct ctl_end *end, int fd, const char *line, int timeout_ms,
            ctl_row_fn on_row, void *ctx);

#endif
