/* SPDX-License-Identifier: BSD-2-Clause */
/* manager - a service manager of the tests' own, as far as a relay can tell:
 * the socket that it says how it is to, and the sockets that it inherits. */
#ifndef MANAGER_H
#define MANAGER_H

#include "scene.h"

enum { MANAGER_FDS_MAX = 4 };

struct manager {
    struct scene_part part; /* fd: where notifications arrive */
    char abstract[128];     /* its name, with the @; "": it is a file */
    bool has_died;          /* nobody hears what is said */
    unsigned watchdog_usec; /* WATCHDOG_USEC; 0: not set */
    bool watches_another;   /* WATCHDOG_PID is another process's */
    int fds[MANAGER_FDS_MAX];
    size_t n_fds;
    bool fds_are_anothers; /* LISTEN_PID is another process's */
    struct list messages;  /* all but WATCHDOG=1, not taken yet */
    bool was_ready;        /* READY=1 has come */
    unsigned signs;        /* WATCHDOG=1 so far */
};

/* With a socket in the relay's directory, or an abstract one. Sockets that the
 * relay inherits may be added before it is started. */
struct manager *manager_new(bool is_abstract);
/* Adds a descriptor, which becomes the manager's. */
void manager_add_fd(struct manager *m, int fd);
/* Options for a relay that it starts. */
struct relay_opts manager_opts(struct manager *m);
/* From now on it turns with the scene, and goes with it. */
void manager_join(struct manager *m, struct scene *s);

/* Waits for the next message but WATCHDOG=1, which must begin like this;
 * all of it, in a text that lives as long as the scene. */
const char *manager_expect(struct manager *m, struct scene *s,
                           const char *begin);
/* Waits for so many WATCHDOG=1 more. */
void manager_expect_signs(struct manager *m, struct scene *s, unsigned n);
/* The number behind this key of a message. */
uint64_t manager_number(const char *message, const char *key);

/* Does the relay's process hold the socket, or whatever it is? */
bool manager_is_held(const struct relay *r, int fd);

#endif
