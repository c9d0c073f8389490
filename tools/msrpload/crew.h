/* crew - the clients that share one connection. They authenticate one after
 * another; then what comes for them goes to their flows. */
#ifndef CREW_H
#define CREW_H

#include <stdbool.h>
#include <stddef.h>

#include "cat_auth.h"
#include "flow.h"
#include "rnd.h"
#include "tx.h"

struct crew;

/* One session at the relay. */
struct client {
    char *user;     /* heap */
    char *own;      /* its URI; heap */
    char *use_path; /* from the relay; heap */
    char *sdp;      /* what its peers send to; heap */
};

struct crew_ops {
    /* All its clients have their URIs. */
    void (*ready)(void *ctx, struct crew *c);
    /* The connection is gone; `why` tells the user. */
    void (*lost)(void *ctx, struct crew *c, const char *why);
};

/* What all crews share; outlives them. */
struct crews {
    const struct load_options *options;
    struct channels *channels;
    struct traffic *traffic;
    struct rnd *rnd;
    struct tx scratch; /* where an AUTH is put together */
    const struct crew_ops *ops;
    void *ctx;
};

struct crew {
    struct outlet outlet; /* the connection: first */
    struct crews *all;
    struct client *clients; /* heap */
    size_t n_clients;
    size_t n_ready; /* that have authenticated */
    struct cat_auth auth;
    struct flow *incoming; /* whose SEND is being read, or NULL */
    bool authenticating;
    bool stalls; /* stops reading after the first message */
};

/* Of `n` clients; the first is number `first` of all. Nothing happens yet. 0 or
 * ERR_NOMEM; crew_fini() in any case. */
int crew_init(struct crew *c, struct crews *all, size_t n, size_t first);
void crew_fini(struct crew *c);

/* Begins to connect and to authenticate: 0 or what channel_open() gives. */
int crew_start(struct crew *c, const struct sockaddr *to, socklen_t to_n,
               SSL_CTX *ctx, const char *name);

static inline bool crew_is_ready(const struct crew *c)
{
    return c->n_ready == c->n_clients;
}

#endif
