/* SPDX-License-Identifier: BSD-2-Clause */
/* anchored_call - a call that a SIP proxy has anchored: between alice, who
 * connects to the relay, and bob, to whom the relay connects. */
#ifndef ANCHORED_CALL_H
#define ANCHORED_CALL_H

#include "outside.h"
#include "proxy.h"
#include "talk.h"

#define CALL_ID "a84b4c76"
#define P_A "msrp://127.0.0.1:7654/aLiCe81hfnsQ;tcp"

struct call {
    struct scene *s;
    struct proxy *proxy;
    struct host *host; /* bob's */
    struct client *alice, *bob;
    const char *p_b, *u_a, *u_b;
};

/* A relay with these groups that may dial this machine. */
struct scene *call_scene(void **state, const char *groups);

/* SDP with one section, whose path this is; `more` are lines after it. */
const char *call_sdp(struct scene *s, const char *path, const char *more);

/* A scene with a proxy and bob's host, without a call. */
struct call call_prepare(void **state, const char *groups);
/* Offer and answer. */
void call_sign(struct call *c);
/* The relay has connected to bob, and alice to the relay. */
void call_meet(struct call *c);
/* All of these. */
struct call call_begin(void **state, const char *groups);
/* The proxy deletes it. */
void call_end(struct call *c);

/* alice sends a text, which bob gets and answers. */
void call_talk(struct call *c, const char *text);
/* The other way, with nothing owed; bob's answers so far have been read by
 * then. */
void call_talk_back(struct call *c);

/* The next frame is the response with this code to the request `tid`. */
void call_expect_code(struct client *c, const char *tid, unsigned code);

#endif
