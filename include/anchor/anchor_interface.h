/* SPDX-License-Identifier: BSD-2-Clause */
/* anchor_interface - what an SDP that leads to the relay shows, and which of
 * several is chosen for a leg. */
#ifndef ANCHOR_INTERFACE_H
#define ANCHOR_INTERFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdp.h"
#include "str.h"

enum anchor_transport { ANCHOR_TCP, ANCHOR_TLS, ANCHOR_WS, ANCHOR_WSS };

/* An interface as it is configured. */
struct anchor_place {
    struct span name;    /* several may have the same; empty: none */
    struct span address; /* literal, without brackets: of c= */
    int family;          /* 4 or 6: of that */
    struct span host;    /* of the URI; empty: the address */
    uint16_t port;
    enum anchor_transport transport;
};

/* The same, kept as long as somebody refers to it: dialogues outlive a change
 * of the configuration. */
struct anchor_interface {
    unsigned refs;
    struct span name, address;
    struct span host; /* in brackets if it is IPv6 */
    int family;
    uint16_t port;
    enum anchor_transport transport;
    char text[];
};

struct anchor_interface *anchor_interface_ref(struct anchor_interface *i);
/* NULL is harmless. */
void anchor_interface_unref(struct anchor_interface *i);

/* All of a configuration. */
struct anchor_interfaces {
    struct anchor_interface **items;
    size_t n;
};
/* 0 or ERR_NOMEM. */
int anchor_interfaces_init(struct anchor_interfaces *all,
                           const struct anchor_place *places, size_t n);
void anchor_interfaces_fini(struct anchor_interfaces *all);

/* What a leg needs. */
struct anchor_want {
    struct span name;                    /* empty: any */
    enum anchor_transport transports[2]; /* the first of these that there is */
    size_t n_transports;
    int family; /* preferred; 0: none */
};

/* What a leg needs whose peer has said `protocol`, with `is_ws` if the last URI
 * of its path is for WebSockets; or, with `is_unknown`, has said nothing. */
void anchor_want_transport(struct anchor_want *want, enum sdp_protocol protocol,
                           bool is_ws, bool is_unknown);

/* The interface for a leg; not referenced. 0, or ERR_NOT_FOUND. `known` becomes
 * false if no interface has the wanted name, and any may serve then. */
int anchor_interface_choose(struct anchor_interface **out, bool *known,
                            const struct anchor_interfaces *all,
                            const struct anchor_want *want);

#endif
