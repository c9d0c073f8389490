/* SPDX-License-Identifier: BSD-2-Clause */
/* control_request - one line from a client of the control socket, and how to
 * write one.
 *
 *     kick user="alice smith"
 *
 * A command, and after spaces its arguments: words, and `key=value`. A value
 * may be in double quotes, in which a backslash takes the octet after it as it
 * is. Control characters are refused. Lists take several `key=value`, which all
 * have to apply: a peer is an address or a block, "192.0.2.0/24"; a time is in
 * seconds or has a unit, "90", "5m", "2h", "1d". Pure. */
#ifndef CONTROL_REQUEST_H
#define CONTROL_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "cidr.h"
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
    unsigned filters;    /* the CONTROL_ bits of those that are set */
    struct span user;    /* CONTROL_USER */
    struct cidr peer;    /* CONTROL_PEER */
    uint64_t idle_ms;    /* CONTROL_IDLE: at least */
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
