/* SPDX-License-Identifier: BSD-2-Clause */
/* client - one connection of a test client: socket, TLS, frames.
 *
 * Never waits by itself: the scene turns all clients of a test together. What
 * comes in is taken apart by the project's own parser, and has to be flawless.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "list.h"
#include "msg.h"
#include "parser.h"
#include "str.h"

struct scene;
struct relay;
struct client;
struct ws_side;

/* A frame that came in. Valid as long as its client. */
struct got {
    struct list of_client;
    struct msg head;  /* points into text */
    struct span text; /* all of it, from the start line to the end-line */
    struct span body;
    char flag;
};

enum client_state {
    CLIENT_HANDSHAKE,
    CLIENT_OPEN,
    CLIENT_ENDED, /* by the other side; see `end` */
};

enum client_end {
    CLIENT_END_NONE,
    CLIENT_END_EOF,   /* TLS: with or without close_notify */
    CLIENT_END_RESET, /* or anything else that breaks a socket */
    CLIENT_END_TLS,   /* an alert, or no TLS at all */
};

/* Takes an event of the parser, so that it is not gathered; false: it is. The
 * same is said of all events of a frame. */
typedef bool (*client_event_fn)(struct client *c, const struct parse_event *ev);
/* Takes a frame that came in, so that it is not kept; false: it is. */
typedef bool (*client_frame_fn)(struct client *c, const struct got *g);
/* The output has room: more may be put into it. */
typedef void (*client_room_fn)(struct client *c);

struct client {
    struct list of_scene;
    struct scene *scene;
    struct relay *relay; /* to whom it speaks */
    unsigned number;     /* of the scene's connections */
    enum client_state state;
    enum client_end end;
    int fd;
    SSL *ssl;            /* NULL: plain TCP */
    bool raw;            /* what comes in is kept in `in`, and not parsed */
    bool deaf;           /* reads nothing */
    struct client *pipe; /* raw: what comes in goes out there, and both end
                            together */
    struct bytes *tap;   /* ... and is kept here as well; may be NULL */
    size_t most;         /* octets read in a turn; 0: any number */
    struct bytes in, out;
    struct ws_side *ws; /* NULL: no WebSocket */
    uint64_t octets_in, octets_out;
    struct parser parser;
    struct bytes frame; /* of the frame that is coming in */
    struct msg head;    /* ... its head, with offsets that count in there */
    unsigned ends;      /* of frames that came in */
    struct list got;    /* frames not yet taken */
    struct list taken;
    client_event_fn on_event;
    client_frame_fn on_frame;
    client_room_fn on_room;
    void *in_ctx, *out_ctx; /* whatever these two need */

    /* What the test client knows of itself; see talk.h. */
    const char *name;
    char *own; /* its own URI */
    char *uri; /* what the relay gave it; NULL: nothing */
    unsigned tids, ids;
};

struct client_opts {
    SSL_CTX *tls; /* NULL: plain TCP */
    unsigned port;
    struct relay *relay;  /* whom it speaks to; usually the scene's first */
    const char *to;       /* the relay's address; usually 127.0.0.1 */
    const char *from;     /* the address to come from; NULL: any */
    int receive_buffer;   /* SO_RCVBUF, 0: the kernel's tuning */
    int segment;          /* TCP_MAXSEG, 0: the path's */
    struct span ahead;    /* said first of all, a PROXY header */
    bool slowly;          /* ... octet by octet */
    SSL_SESSION *session; /* TLS: to be gone on with; NULL: none */
};

/* Connects. */
struct client *client_new(const struct client_opts *opts);
/* Takes over a socket that was accepted; `tls` is a server's, NULL: plain. */
struct client *client_accepted(int fd, SSL_CTX *tls);
/* Closes it if it is open. */
void client_free(struct client *c);

/* --- what the scene calls --- */

/* The poll() events it waits for; 0 when there are none. */
short client_wants(const struct client *c);
/* Is something to be read that poll() will not tell of? */
bool client_has_input(const struct client *c);
/* Reads, writes, parses what is there. */
void client_turn(struct client *c, short events);

/* Takes apart what is in `in`. */
void client_parse(struct client *c);

/* --- what tests call --- */

/* Queues octets. */
void client_put(struct client *c, struct span octets);
/* Octets not yet written. */
size_t client_queued(const struct client *c);
/* Takes back what is queued, to be put in pieces; to be freed. */
char *client_unput(struct client *c, size_t *n);
/* The next frame if one is there, else NULL. */
struct got *client_take(struct client *c);

/* Says goodbye and closes. */
void client_close(struct client *c);
/* Ends its sending; reads on. No-op if the other side has ended it. */
void client_half_close(struct client *c);
/* The process dies: the kernel closes the socket. */
void client_vanish(struct client *c);
/* The connection breaks. */
void client_reset(struct client *c);

#endif
