/* SPDX-License-Identifier: BSD-2-Clause */
/* msg - the head of one MSRP frame: start line and header fields.
 *
 * A parsed head points into the octets that it was parsed from by offsets, so
 * that a copy of both is a head again. What the relay must act on is taken
 * apart here; everything else stays text, to be passed on octet by octet (I-18,
 * B4975-12-a) or to be looked up with msg_header(). */
#ifndef MSG_H
#define MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "head_line.h"
#include "str.h"

/* A piece of the head, as offset and length; n == 0 where it is absent. */
struct slice {
    uint32_t at, n;
};

enum msg_method { MSG_RESPONSE, MSG_SEND, MSG_REPORT, MSG_AUTH, MSG_OTHER };

/* RFC 4975, 7.1.1: Failure-Report absent means yes, Success-Report absent no.
 */
enum msg_report { MSG_REPORT_NO, MSG_REPORT_YES, MSG_REPORT_PARTIAL };

/* What is wrong with a frame whose framing is intact: it is read to its end and
 * answered with 400 (M-2..M-8, M-11). */
enum msg_fault {
    MSG_FAULT_NONE,
    MSG_FAULT_METHOD,    /* not upper case (M-7) */
    MSG_FAULT_PATH,      /* To-Path or From-Path malformed or misplaced (M-2) */
    MSG_FAULT_PATH_LONG, /* more URIs than limits.path_uris */
    MSG_FAULT_HEADER,    /* not `name: value` with legal octets (M-5) */
    MSG_FAULT_DUPLICATE, /* a header that must be unique stands twice (M-3) */
    MSG_FAULT_MESSAGE_ID, /* malformed, or missing in SEND or REPORT (M-3) */
    MSG_FAULT_RANGE,      /* Byte-Range (M-3) */
    MSG_FAULT_REPORTING,  /* Success-Report, Failure-Report (M-3) */
    MSG_FAULT_STATUS,     /* Status missing or malformed in a REPORT (M-3) */
    MSG_FAULT_BODY,       /* MIME headers and body do not fit (M-4) */
};

enum { MSG_TID_MAX = 64 };

/* An octet count of Byte-Range that is `*`. */
#define MSG_STAR UINT64_MAX
/* The largest number that a Byte-Range may hold (D-9). */
#define MSG_RANGE_MAX ((uint64_t)INT64_MAX)

struct msg {
    const char *base; /* first octet of the start line */
    uint32_t len;     /* to the end of the headers, with the empty line if any,
                         without an end-line */
    enum msg_method method;
    enum msg_fault fault;
    uint16_t code; /* of a response */
    struct slice tid;
    struct slice method_name; /* of a request; of a response its code and
                                 comment */
    struct slice to, from;    /* the values of To-Path and From-Path */
    struct slice to_first;    /* their first URIs */
    struct slice from_first;
    uint16_t n_to, n_from;   /* URIs in each */
    struct slice rest;       /* all header lines behind From-Path, with the
                                last one's CRLF, without the empty line */
    struct slice range_line; /* the Byte-Range line in `rest`, with CRLF */
    struct slice message_id;
    struct slice status; /* the value of Status, in a REPORT */
    enum msg_report failure_report;
    enum msg_report success_report;
    bool has_range;
    bool has_body;        /* Content-Type and an empty line */
    uint64_t range_start; /* 1 without Byte-Range (B4975-7.1.1-b) */
    uint64_t range_end;   /* or MSG_STAR */
    uint64_t range_total; /* or MSG_STAR */
    uint64_t paths_hash;  /* path_hash(); 0: not known yet */
};

/* What is kept of a head from line to line. */
struct msg_reader {
    uint32_t lines; /* read */
    uint32_t path_uris;
    uint32_t paths_at; /* where the second line begins, if that was read */
    uint32_t rest_at;  /* ... and the fourth */
    bool mime;         /* a Content-* header was there */
    bool content_type; /* Content-Type was there: no line may follow */
    bool failure_report, success_report;
};

static inline struct span msg_text(const struct msg *m, struct slice s)
{
    return (struct span){m->base + s.at, s.n};
}

/* Both paths, with what is between them. */
static inline struct span msg_paths(const struct msg *m)
{
    return (struct span){m->base + m->to.at, m->from.at + m->from.n - m->to.at};
}

/* A head is read line by line: msg_begin(), msg_read_line() for each of them,
 * with the first octet of the head in m->base, then msg_end() with its octets
 * and whether a body comes. `path_uris` is the most URIs in one path. */
void msg_begin(struct msg *m, struct msg_reader *r, unsigned path_uris);

/* 0, or ERR_SYNTAX if this is no frame to answer: the first line is not a start
 * line of MSRP (M-1). Any other fault goes to m->fault. */
int msg_read_line(struct msg *m, struct msg_reader *r,
                  const struct head_line *line);

void msg_end(struct msg *m, const struct msg_reader *r, size_t len,
             bool has_body);

/* Takes the whole head at `head` apart: start line to the end of the headers,
 * with the empty line if there is a body (`has_body`), without an end-line.
 * ERR_SYNTAX if there is no frame to answer: the start line is not MSRP (M-1).
 * Any other fault is in out->fault, with all that could be read; from.n == 0
 * then means that nobody can be answered. `path_uris` is the most URIs in one
 * path. */
int msg_parse(struct msg *out, struct span head, bool has_body,
              unsigned path_uris);

/* Walks a path: cuts the first URI off `*path` into *uri; false at the end. */
bool msg_path_next(struct span *uri, struct span *path);

/* The value of the header `name` among `rest`: *value is written and true is
 * returned if it is there. With several, the first one. */
bool msg_header(struct span *value, const struct msg *m, struct span name);

/* Is `s` an ident as this relay takes it for tids: 1..64 token characters or
 * '=' (I-12)? */
bool msg_is_ident(struct span s);

/* A sentence for a fault; static. */
const char *msg_fault_text(enum msg_fault fault);

#endif
