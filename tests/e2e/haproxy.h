/* SPDX-License-Identifier: BSD-2-Clause */
/* haproxy - HAProxy in front of a scene's relay, run as a child process. */
#ifndef HAPROXY_H
#define HAPROXY_H

#include "scene.h"

/* From where it comes to the relay: what listen.proxy has to have. */
#define HAPROXY_SOURCE "127.0.0.2"

/* One way through it. */
struct haproxy_way {
    enum relay_port to;  /* the relay's listener */
    bool ends_tls;       /* it shows the relay's certificate; else it passes all
                            octets on */
    const char *options; /* of the server: "send-proxy-v2" */
};

struct haproxy;

/* Is it installed? If not, says so. */
bool haproxy_is_there(void);

/* Starts it with n ways, each with a port of its own. */
struct haproxy *haproxy_start(struct scene *s, const struct haproxy_way *ways,
                              size_t n);
unsigned haproxy_port(const struct haproxy *h, size_t way);

#endif
