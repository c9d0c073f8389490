/* SPDX-License-Identifier: BSD-2-Clause */
/* lookup_helper - one helper process, and the lines to and from it.
 *
 * Its descriptors 0 and 1 are one socket, 2 is a pipe whose lines go to the
 * log, a few in a second; it has no others. It runs as this process's user, in
 * a process group of its own, with PATH and LANG and no other variable.
 *
 * States: RUNNING, in which its lines come in; and after lookup_helper_end()
 * ENDING, in which its group has been killed and only its status is awaited.
 * Then it frees itself. */
#ifndef LOOKUP_HELPER_H
#define LOOKUP_HELPER_H

#include "list.h"
#include "log.h"
#include "loop.h"
#include "str.h"

enum {
    LOOKUP_OUTPUT_MAX = 1 << 20, /* octets that it has not taken */
};

struct lookup_helper;

struct lookup_helper_setup {
    struct loop *loop;
    struct log *log;
    char *const *argv; /* argv[0] is an absolute path; needed for the start */
    /* It wrote this line, without its LF; or so many octets without one. */
    void (*on_line)(void *ctx, struct span line);
    /* It has closed its end, or has ended. Not called after
     * lookup_helper_end(), which is then due. */
    void (*on_gone)(void *ctx);
    void *ctx;
};

/* Starts it: 0, ERR_IO (errno is set) or ERR_NOMEM. It is in `all` from then on
 * until it frees itself. */
int lookup_helper_start(struct lookup_helper **out,
                        const struct lookup_helper_setup *setup,
                        struct list *all);

/* Writes a line: 0; ERR_FULL if it takes nothing; ERR_NOMEM. */
int lookup_helper_put(struct lookup_helper *h, struct span line);

/* Kills it; on_line() and on_gone() come no more. `why` is for the log. */
void lookup_helper_end(struct lookup_helper *h, const char *why);

/* Ends all of `all` and waits until they are gone: at the end of the process.
 */
void lookup_helpers_finish(struct list *all);

#endif
