/* SPDX-License-Identifier: BSD-2-Clause */
/* proxy - a SIP proxy as far as the relay sees it: it asks over ng. */
#ifndef PROXY_H
#define PROXY_H

#include "scene.h"

/* The group `anchor` for a relay on loopback, with one interface for TCP and
 * one for TLS; more settings go into the string's place. */
#define PROXY_ANCHOR_WITH(more)                                                \
    "anchor: { listen = [ \"udp:127.0.0.1:0\", \"tcp:127.0.0.1:0\" ];\n"       \
    "interfaces = (\n"                                                         \
    "{ name = \"default\"; address = \"127.0.0.1\"; transport = \"tcp\"; },\n" \
    "{ name = \"default\"; address = \"127.0.0.1\"; host = \"" RELAY_NAME      \
    "\"; transport = \"tls\"; } );\n" more " };\n"
#define PROXY_ANCHOR PROXY_ANCHOR_WITH("")

struct proxy;

/* Speaks to the relay of the scene over UDP or TCP; lives as long as that. */
struct proxy *proxy_new(struct scene *s, bool tcp);
/* The same over UDP, to this port of an address. */
struct proxy *proxy_new_at(struct scene *s, const char *host, unsigned port);

/* Asks with these octets, and waits for the answer: as a text, which lives as
 * long as the scene. */
const char *proxy_ask(struct proxy *p, const char *message);
/* The same over UDP, which may lose what is asked: asks up to 20 times. Late
 * answers may follow. */
const char *proxy_ask_again(struct proxy *p, const char *message);
/* Sends without waiting; waits for an answer. */
void proxy_say(struct proxy *p, const char *message);
const char *proxy_hear(struct proxy *p);
/* Sends, if the kernel takes it; nobody waits for an answer. */
void proxy_try(struct proxy *p, const char *message);

/* A command with a cookie of its own. `more` are further members, encoded. */
struct proxy_call {
    const char *call_id, *from, *to, *sdp, *more;
};
const char *proxy_command(struct proxy *p, const char *command,
                          const struct proxy_call *call);

/* The same for offers and answers that have to succeed: the SDP. */
const char *proxy_offer(struct proxy *p, const struct proxy_call *call);
const char *proxy_answer(struct proxy *p, const struct proxy_call *call);
/* ... and for deletes. */
void proxy_delete(struct proxy *p, const struct proxy_call *call);

/* The first a=path of an SDP. */
const char *proxy_path(struct proxy *p, const char *sdp);

/* `text` with TOKEN in the place of each token in a URI of the relay's, as the
 * worked examples have it. */
const char *proxy_without_tokens(struct proxy *p, const char *text);

#endif
