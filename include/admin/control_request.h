/* SPDX-License-Identifier: BSD-2-Clause */
/* control_request - one line from a client of the control socket, and how to
 * write one.
 *
 *     kick user="alice smith"
 *
 * A command, and after spaces its arguments: words, and `key=value`. A value
 * may be in double quotes, in which a backslash takes the octet after it as it
 * is. Control characters are refused. Pure. */
#ifndef CONTROL_REQUEST_H
#define CONTROL_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "control_commands.h"
#include "str.h"

enum {
    /* Octets in a line: the longest name, each octet escaped, fits. */
    CONTROL_REQUEST_MAX = 1024,
    CONTROL_VALUE_MAX = 255,
};

struct control_request {
    enum control_id id;
    struct span word;    /* empty: none */
    unsigned key;        /* the CONTROL_ bit of what is named; 0: nothing */
    struct span value;   /* what it is called */
    uint64_t connection; /* of CONTROL_CONNECTION */
};

/* Takes the n octets of `line`, without its line feed, apart; quotes are undone
 * in it, and *out points into it. 0, or ERR_SYNTAX with `*why`, a static
 * sentence without a full stop. */
int control_request_parse(struct control_request *out, const char **why,
                          char *line, size_t n);

/* No control characters at all? */
bool control_request_is_text(struct span line);

/* Writes `value` as a line needs it, with quotes if it must, into dst and a NUL
 * after it: 0, ERR_LIMIT when it does not fit, ERR_SYNTAX for what no line can
 * hold. */
int control_request_quote(char *dst, size_t size, struct span value);

#endif
