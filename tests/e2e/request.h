/* SPDX-License-Identifier: BSD-2-Clause */
/* request - requests whose paths the test chooses, and their answers.
 *
 * talk.h speaks for a client that behaves; here a client says what it wants. */
#ifndef REQUEST_H
#define REQUEST_H

#include "talk.h"

/* What is left out has the usual value. */
struct request {
    const char *method; /* usually SEND */
    const char *to;
    const char *from;    /* usually the client's own URI */
    const char *headers; /* lines, each with its CRLF */
    const char *text;    /* the body of a SEND; usually "hello" */
    bool no_body;        /* a SEND without one */
};

/* The methods that a relay may meet, for tests of all of them; NULL at the end.
 * Those that are to be answered come first, and REPORT last. */
extern const char *const request_methods[];
bool request_has_answer(const char *method);

/* Says it; returns its tid. */
const char *request_say(struct client *c, const struct request *r);

/* The next frame is the answer to `tid`, whatever its paths are. */
struct got *request_answer(struct client *c, const char *tid);
/* ... with this code. */
struct got *request_expect_code(struct client *c, const char *tid,
                                unsigned code);
/* Says it and expects this code; REPORTs are never answered. */
void request_gets(struct client *c, const struct request *r, unsigned code);
/* The same, but any of two codes. */
void request_gets_either(struct client *c, const struct request *r,
                         unsigned code, unsigned other);

/* Takes all that the relay has for the client by now. Returns how many requests
 * were among it. */
size_t request_skip(struct client *c);

/* `from` says `text` to the path `to`; `there` gets it and answers, and so 200
 * comes back. */
void request_passes(struct client *from, const char *to, struct client *there,
                    const char *text);

/* Nothing has come but answers to what the client said itself. */
void request_expect_none(struct client *c);

/* The way to a client from outside: its URI here, and its own. */
const char *request_way_to(const struct client *c);

/* The first URI of a path. */
const char *request_first(struct scene *s, const char *path);

#endif
