/* SPDX-License-Identifier: BSD-2-Clause */
/* ng_frame - one ng message: COOKIE, SP, DOCUMENT, and where it ends on a
 * stream. */
#ifndef NG_FRAME_H
#define NG_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "bencode.h"
#include "ng_json.h"
#include "str.h"

enum {
    NG_COOKIE_MAX = 255,
    NG_MESSAGE_MAX = 256 * 1024, /* octets of one message on a stream */
};

struct ng_frame {
    struct span cookie, document;
};

/* Takes a whole message apart: 0, or ERR_SYNTAX without a cookie. */
int ng_frame_split(struct ng_frame *out, struct span message);

/* How far a message on a stream was scanned. Zeroed for each message. */
struct ng_frame_scan {
    size_t document; /* where it begins; 0: not known yet */
    bool is_json;
    struct bencode_scan bencode;
    struct ng_json_scan json;
};

/* Looks for the end of the message at the front of `in`, from where the last
 * call stopped: 0 and how long it is; ERR_AGAIN; ERR_LIMIT or ERR_SYNTAX: there
 * is a cookie, but no end that could be found; ERR_NOT_FOUND: there is no
 * cookie. */
int ng_frame_scan(struct ng_frame_scan *s, struct span in, size_t *n);

#endif
