/* SPDX-License-Identifier: BSD-2-Clause */
/* flow - messages from one client to another: the sending side.
 *
 * A flow sends when it has something to send and its window is open; flows that
 * share a connection take turns. Nothing is allocated or looked up for a
 * message: its names say which flow it is of, which one, and when it was
 * meant to be sent. */
#ifndef FLOW_H
#define FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel.h"
#include "counters.h"
#include "label.h"
#include "list.h"
#include "load_options.h"
#include "msg.h"
#include "pattern.h"
#include "sink.h"
#include "str.h"

struct flow;

/* What all flows share. */
struct traffic {
    const struct load_options *options;
    struct pattern pattern;
    struct counters counters;
    char run[LABEL_RUN];
    struct flow *flows;
    uint64_t n_flows;
    uint64_t epoch_ns; /* when it began; times are counted from there */
    uint64_t from_ns;  /* messages meant to be sent from here */
    uint64_t to_ns;    /* to here are measured */
    bool sending;      /* new messages may begin */
    uint64_t awaited;  /* responses, messages and REPORTs still to come, */
    uint64_t unsent;   /* and messages to begin, but only if counted */
};

/* Now, since the epoch. */
uint64_t traffic_now_ns(const struct traffic *t);

/* When message `number` of flow `index` is due, with a rate. */
uint64_t traffic_due_ns(const struct traffic *t, uint64_t index,
                        uint64_t number);

/* A connection as flows share it. */
struct out_conn {
    struct channel channel;
    struct list ready; /* flows that could send */
    struct flow *open; /* whose chunk is open, or NULL */
};

void out_conn_init(struct out_conn *o);

/* Puts a frame in, after the `+` of a chunk that is open. 0 or an error that
 * ends the connection. */
int out_conn_put(struct out_conn *o, const struct span *parts, size_t n);

/* Lets the flows that are ready send, in turn, while there is room. */
int out_conn_fill(struct out_conn *o);

struct flow {
    struct list ready; /* in the connection's list */
    struct traffic *traffic;
    struct out_conn *from, *to;
    struct flow_counters *counters; /* live or stalled */
    uint64_t index;
    bool dead;           /* one of its connections is */
    uint64_t due;        /* messages that should have begun, with a rate */
    uint64_t started;    /* messages that have */
    uint64_t offset;     /* sent of the last of them; 0: all */
    uint64_t chunks;     /* begun */
    uint64_t chunk_left; /* octets to come of the open chunk; 0: none is */
    uint64_t unanswered; /* chunks that wait for a response */
    uint64_t unreported; /* messages that wait for a REPORT */
    bool give_up;        /* the message at hand was refused */
    char *head;          /* of each SEND, to the Byte-Range; heap */
    size_t head_n;
    char *id; /* in it */
    struct sink sink;
};

/* The two ends: To-Path and From-Path of the SENDs, and the receiver's URI. */
struct flow_paths {
    struct span to, from;
    const char *receiver; /* outlives the flow */
};

/* 0 or ERR_NOMEM; flow_fini() in any case. */
int flow_init(struct flow *f, struct traffic *t, uint64_t index,
              struct out_conn *from, struct out_conn *to,
              const struct flow_paths *paths);
void flow_fini(struct flow *f);

/* Its receiver stops reading after the first message. */
void flow_will_stall(struct flow *f);

/* Sends what may be sent now, at the end of the turn. */
void flow_poke(struct flow *f);

/* One of its connections is gone: nothing more is awaited from it. */
void flow_die(struct flow *f);

/* A response or a REPORT came on this connection. */
void flow_on_response(struct traffic *t, const struct out_conn *at,
                      const struct msg *head);
void flow_on_report(struct traffic *t, const struct out_conn *at,
                    const struct msg *head);

/* The flow of a SEND that came on this connection, or NULL. */
struct flow *flow_find(struct label *out, struct traffic *t,
                       const struct out_conn *at, const struct msg *head);

#endif
