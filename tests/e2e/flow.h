/* SPDX-License-Identifier: BSD-2-Clause */
/* flow - a long message on its way: made while it is sent, judged while it is
 * received, and never in memory as a whole.
 *
 * One end is a flow_out on the sending client, the other a flow_in on the
 * receiving one. Both hash what passes. */
#ifndef FLOW_H
#define FLOW_H

#include <openssl/evp.h>

#include "talk.h"

enum { FLOW_HASH = 32 };

struct flow_out {
    struct client *client;
    const char *to;      /* To-Path */
    const char *id;      /* Message-ID */
    const char *headers; /* lines behind it, each with its CRLF */
    uint64_t total;
    uint64_t chunk;     /* body octets in a SEND */
    uint64_t gate;      /* goes no further for now; 0: to the end */
    uint64_t at;        /* octets of the message put so far */
    uint64_t chunk_end; /* where the SEND at hand ends */
    const char *tid;    /* of the SEND at hand */
    unsigned first_tid; /* the number of the first SEND's */
    uint64_t random;    /* what the body is made of */
    EVP_MD_CTX *hash;
};

/* Starts to send `total` octets, in SENDs of `chunk` octets, as fast as they
 * are taken (peer NULL: f->to says whom to). It stays the caller's;
 * flow_out_end() before it goes. */
void flow_out_start(struct flow_out *f, struct client *c,
                    const struct client *peer, uint64_t total, uint64_t chunk);
/* Goes on up to there: a message with f->gate set stops on its way, usually
 * within a SEND. */
void flow_out_allow(struct flow_out *f, uint64_t gate);
/* Was all of it written? */
bool flow_out_is_done(void *flow);
/* Gives up: ends the SEND at hand with `#`. */
void flow_out_abort(struct flow_out *f);
void flow_out_end(struct flow_out *f, unsigned char hash[FLOW_HASH]);

struct flow_in {
    struct client *client;
    const char *id;        /* Message-ID; usually that of a flow_out */
    struct flow_in *next;  /* to the same client */
    uint64_t at;           /* octets received */
    uint64_t chunks;       /* SENDs begun */
    uint64_t largest;      /* octets in one SEND */
    uint64_t chunk_at;     /* where the SEND at hand began */
    uint64_t total;        /* as the SENDs say */
    char *tid, *answer_to; /* of the SEND at hand */
    EVP_MD_CTX *hash;
    char flag;       /* of the last SEND */
    bool is_mute;    /* answers nothing */
    bool is_at_hand; /* the frame that comes in is its */
};

/* Takes the SENDs of one message as they come in, which must follow each other
 * without gap or overlap, and answers them. A client may have several; other
 * frames come as ever. */
void flow_in_start(struct flow_in *f, struct client *c);
/* Has the message ended? */
bool flow_in_is_done(void *flow);
/* Goes back to frames, for all flows into this client. */
void flow_in_end(struct flow_in *f, unsigned char hash[FLOW_HASH]);

/* Waits until the receiver has `octets`, in steps that must each come in time.
 */
void flow_in_wait(struct flow_in *f, uint64_t octets);

/* A message of `total` octets passes from one client to the other: it arrives
 * whole and identical, in SENDs of at most `most` octets, and is answered. */
void flow_pass(struct client *from, struct client *to, uint64_t total,
               uint64_t chunk, uint64_t most);

#endif
