/* SPDX-License-Identifier: BSD-2-Clause */
/* talk - what test clients say, and what they expect to hear. */
#ifndef TALK_H
#define TALK_H

#include "scene.h"

/* A URI of the relay itself: what an AUTH goes to. */
const char *talk_relay(const struct client *c);

/* A tid that the client has not used yet. */
const char *talk_tid(struct client *c);

/* --- to say --- */

/* This, as it is. */
void talk_say(struct client *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A SEND; what is left out has the usual value. */
struct send {
    const char *to;      /* To-Path; usually over both ends' relay URIs */
    const char *tid;     /* usually a new one */
    const char *id;      /* Message-ID; usually a new one */
    const char *headers; /* lines behind Message-ID, each with its CRLF */
    const char *range;   /* value of Byte-Range; usually all of the body */
    bool no_range;       /* no Byte-Range at all */
    struct span body;
    bool is_empty; /* the body is empty, instead of absent */
    char flag;     /* usually `$` */
};
/* The way from `c` to `peer` through the relay. */
const char *talk_path(const struct client *c, const struct client *peer);
/* Puts a SEND from `c` to `peer` (NULL: s->to says whom to) and returns its
 * tid. */
const char *talk_send(struct client *c, const struct client *peer,
                      const struct send *s);
/* The same with a text for a body. */
const char *talk_text(struct client *c, const struct client *peer,
                      const char *text);

/* Answers what came in. */
void talk_answer(struct client *c, const struct got *g, unsigned code);

/* --- to hear --- */

/* The next frame is the response with this code to the request `tid` of the
 * client itself. */
struct got *talk_expect_code(struct client *c, const char *tid, unsigned code);

/* The next frame is a request of this method. */
struct got *talk_expect(struct client *c, const char *method);

/* The next frame is a SEND with this body and flag. */
struct got *talk_expect_body(struct client *c, struct span body, char flag);

/* The next frames are SENDs that together are one message with this body; each
 * is answered. */
void talk_expect_message(struct client *c, struct span body);

/* The next frame is this text, octet by octet, but for the tid, which is
 * written TID. */
struct got *talk_expect_text(struct client *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* `text` with the tid in the place of TID in a first line or an end-line. */
char *talk_with_tid(struct scene *s, const char *text, struct span tid);

/* Nothing has come, and nothing was on the way: what the relay is asked now, it
 * answers next. */
void talk_expect_nothing(struct client *c);

/* The value of a header, as a text that lives as long as the scene; NULL if it
 * is not there. */
const char *talk_header(struct client *c, const struct got *g,
                        const char *name);

#endif
