/* SPDX-License-Identifier: BSD-2-Clause */
/* client_group - the clients that share one connection. They authenticate one
 * after another; then what comes for them goes to their flows. */
#ifndef CLIENT_GROUP_H
#define CLIENT_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "cat_auth.h"
#include "flow.h"
#include "rnd.h"
#include "tx.h"

struct client_group;

/* One session at the relay. */
struct client {
    char *user;     /* heap */
    char *own;      /* its URI; heap */
    char *use_path; /* from the relay; heap */
    char *sdp;      /* what its peers send to; heap */
};

struct client_group_ops {
    /* All its clients have their URIs. */
    void (*ready)(void *ctx, struct client_group *g);
    /* The connection is gone; `why` tells the user. */
    void (*lost)(void *ctx, struct client_group *g, const char *why);
};

/* What all groups share; outlives them. */
struct client_groups {
    const struct load_options *options;
    struct channels *channels;
    struct traffic *traffic;
    struct rnd *rnd;
    struct tx scratch; /* where an AUTH is put together */
    const struct client_group_ops *ops;
    void *ctx;
};

struct client_group {
    struct out_conn conn; /* the connection: first */
    struct client_groups *all;
    struct client *clients; /* heap */
    size_t n_clients;
    size_t n_ready; /* that have authenticated */
    struct cat_auth auth;
    struct flow *incoming; /* whose SEND is being read, or NULL */
    bool authenticating;
    bool stalls; /* stops reading after the first message */
};

/* Of `n` clients; the first is number `first` of all. Nothing happens yet. 0 or
 * ERR_NOMEM; client_group_fini() in any case. */
int client_group_init(struct client_group *g, struct client_groups *all,
                      size_t n, size_t first);
void client_group_fini(struct client_group *g);

/* Begins to connect to `to`, which outlives it, and to authenticate: 0 or what
 * channel_open() gives. */
int client_group_start(struct client_group *g, const struct addr *to);

static inline bool client_group_is_ready(const struct client_group *g)
{
    return g->n_ready == g->n_clients;
}

#endif
