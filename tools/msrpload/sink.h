/* SPDX-License-Identifier: BSD-2-Clause */
/* sink - messages of one flow: the receiving side. What comes is compared with
 * what should, answered, and its age taken. */
#ifndef SINK_H
#define SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msg.h"
#include "str.h"

struct flow;
struct label;

struct sink {
    const char *receiver; /* the URI messages come to */
    uint64_t number;      /* the message that is due, */
    uint64_t offset;      /* and its octets that have come */
    uint64_t time_ns;     /* when it was meant to be sent */
    bool bad;             /* its content is not what was sent */
    bool repeated;        /* the chunk at hand had been here */
    bool wants_200;       /* the chunk at hand */
    uint64_t reports;     /* sent */
    char *answer;         /* a 200 ready to go but for its tid; heap */
    size_t answer_n;
    size_t end_tid_at; /* its second tid */
    size_t tid_n;
    char *reverse; /* From-Path of the SENDs; heap */
    size_t reverse_n;
};

void sink_init(struct sink *s, const char *receiver);
void sink_fini(struct sink *s);

/* A SEND of the flow has come: 0 or an error that ends the connection. */
int sink_on_head(struct flow *f, const struct label *id,
                 const struct msg *head);
void sink_on_body(struct flow *f, struct span body);
int sink_on_end(struct flow *f, char flag);

#endif
