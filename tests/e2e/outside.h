/* SPDX-License-Identifier: BSD-2-Clause */
/* outside - what lies beyond a relay: a name server, and hosts that wait to be
 * dialled. */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include "dns_stub.h"
#include "scene.h"

/* Settings of the group `dial` that let a relay reach this machine. */
#define OUTSIDE_OPEN "deny = [ ]; allow = [ \"127.0.0.0/8\", \"::1/128\" ];"

struct outside_opts {
    const char *dial;        /* settings beside dial.servers */
    struct relay_opts relay; /* its `groups` go with them */
};

/* Starts a scene whose relay asks a name server of the test's own. */
struct scene *outside_start(void **state, const struct outside_opts *opts);
/* One more relay that asks it. */
struct relay *outside_add_relay(struct scene *s,
                                const struct outside_opts *opts);
/* The name server. */
struct dns_stub *outside_names(const struct scene *s);

/* AUTH to `name` goes to this port of `target`. */
void outside_srv(struct scene *s, const char *name, unsigned priority,
                 unsigned port, const char *target);

/* --- hosts --- */

struct host_opts {
    const char *name;        /* of the host; usually "peer.example.org" */
    const char *san;         /* usually the name */
    const char *usage;       /* of its certificate */
    struct tls_files *files; /* its authority's; usually the relay's */
    int version;             /* of TLS, such as TLS1_2_VERSION; 0: any */
    const char *at;          /* its address; usually 127.0.0.1 */
    unsigned port;           /* 0: of the kernel's choice */
    unsigned behind;         /* passes octets on to this port of loopback */
    bool keeps;              /* what it passes on, for host_passed() */
    bool tls;
    bool expired;    /* its certificate */
    bool incurious;  /* asks for no certificate, as no relay does */
    bool unnamed;    /* the name server has no record of it */
    bool sees_probe; /* tcp: the relay's probe is the test's to answer */
    bool deaf;       /* takes connections and reads nothing */
    bool srv;        /* found by name alone: an SRV record */
};

struct host;

/* Listens. */
struct host *host_new(struct scene *s, const struct host_opts *opts);
/* Listens no more: who dials it is refused. */
void host_close(struct host *h);
unsigned host_port(const struct host *h);
/* Its MSRP URI, and one with another host in it. */
const char *host_uri(const struct host *h);
const char *host_uri_as(const struct host *h, const char *name);
/* Breaks all its connections. */
void host_cut(struct host *h);
/* How many connections it has had. */
unsigned host_connections(const struct host *h);
/* All that went to the port behind it. */
struct span host_passed(const struct host *h);

/* Waits for its next connection to be open, in the order in which they came. */
struct client *host_accept(struct host *h);
/* Waits until its next connection has ended before a handshake was done. */
void host_refused(struct host *h);

/* The way to it over the URI of a client. */
const char *host_path(const struct client *c, const struct host *h);

#endif
