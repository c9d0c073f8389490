/* SPDX-License-Identifier: BSD-2-Clause */
/* parser - MSRP frames out of a byte stream, pulled.
 *
 * The caller holds the input. parser_next() looks at it, consumes what it
 * understood and gives one event: HEAD, then BODY any number of times, then
 * END. Not asking is pausing. ERR_AGAIN means: keep what is left and come back
 * when more has been appended. Nothing is copied or allocated; a head and a
 * body run are spans into the input and valid until the input changes.
 *
 * What the caller may rely on (it is what the chunker is built on):
 *  - a head comes whole, never longer than the limit;
 *  - a body run with `last` false is never the end: at least one octet of body
 *    follows it, so the last octet can always carry the end flag;
 *  - a body run with `last` true ends at the end-line, which is in the input
 *    already: the next event is END;
 *  - a body run with `last` false has at least `gather` octets;
 *  - no body run has more than `most` octets.
 * The unconsumed rest is at most head limit, or gather + 1 + an end-line long,
 * so an input of max(head limit, gather + 256) octets never gets stuck. */
#ifndef PARSER_H
#define PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "path_memo.h"
#include "str.h"

enum parse_type { PARSE_HEAD, PARSE_BODY, PARSE_END };

struct parse_event {
    enum parse_type type;
    const struct msg *head; /* HEAD: the parser's own, valid until the next call
                               or until the input changes */
    struct span body;       /* BODY: not empty, unless that was wanted */
    bool last;              /* BODY: the next event is END */
    bool hyphens;           /* BODY: it may hold seven of them in a row, without
                               which no end-line is in it, whoever's */
    char flag;              /* '$', '+' or '#' on END, on the BODY that is last,
                               and on the HEAD of a frame without a body; else
                               0 */
};

enum { PARSER_NEEDLE_MAX = 2 + 7 + MSG_TID_MAX };

/* Paths that were read, for parsers to share. */
struct path_memos {
    struct path_memo requests, responses;
};

enum parser_state {
    PARSER_HEAD, /* between frames or inside a head */
    PARSER_BODY, /* head given, end-line not reached */
    PARSER_END,  /* the end-line is known; END is the next event */
    PARSER_DEAD, /* framing lost; `error` is given for ever */
};

struct parser {
    uint32_t head_size; /* most octets in a head */
    uint32_t path_uris;
    size_t gather; /* least octets in a body run that is not the last */
    size_t most;   /* most octets in a body run */
    enum parser_state state;
    int error;
    struct path_memos *memos; /* not its own; NULL: none. Set by the owner */
    uint32_t line_at;         /* where the head's line at hand begins */
    uint32_t end_n;           /* octets of the end-line, consumed with END */
    uint32_t needle_n; /* CRLF, seven hyphens and the tid; 0: no tid yet */
    char flag;
    bool body_fresh; /* no body octet of this frame was given yet */
    bool wants_empty;
    char needle[PARSER_NEEDLE_MAX];
    struct head_line line; /* the one at hand */
    struct msg_reader reader;
    struct msg head;
};

/* Ready for the first frame. `head_size` is limits.head_size, `path_uris`
 * limits.path_uris. */
void parser_init(struct parser *p, uint32_t head_size, uint32_t path_uris);

/* The next event from *in, whose consumed part is cut off its front: 0, or
 *   ERR_AGAIN   more input is needed;
 *   ERR_SYNTAX  framing is lost (M-1, M-6): close the connection;
 *   ERR_LIMIT   the head is over the limit: close the connection.
 * An error other than ERR_AGAIN stays. */
int parser_next(struct parser *p, struct span *in, struct parse_event *ev);

/* How many octets a body run has at least, unless it is the last, and at most;
 * gather <= most. Each HEAD sets them back to 1 and SIZE_MAX. */
static inline void parser_want(struct parser *p, size_t gather, size_t most)
{
    p->gather = gather;
    p->most = most;
}

/* An empty body is given, too: as a BODY without octets, which is the last.
 * Each HEAD takes that back. */
static inline void parser_want_empty(struct parser *p)
{
    p->wants_empty = true;
}

/* Is it between two frames, nothing of one given? */
static inline bool parser_is_idle(const struct parser *p)
{
    return p->state == PARSER_HEAD;
}

/* The same, and nothing of one looked at? Then it knows no more than after
 * parser_init(). */
static inline bool parser_is_new(const struct parser *p)
{
    return parser_is_idle(p) && p->line_at == 0 && p->line.seen == 0;
}

#endif
