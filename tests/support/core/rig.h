/* SPDX-License-Identifier: BSD-2-Clause */
/* rig - a whole relay, whose links are fake ones with parsers, and whose clock
 * is the test's.
 *
 * It does what the application would do: asks the parsers for events as long as
 * the relay is ready for them, lets "the kernel" take what is put at once
 * (unless the wire is held), and closes links that the relay wants closed. */
#ifndef RIG_H
#define RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dispatch.h"
#include "fake_link.h"
#include "parser.h"
#include "policy.h"
#include "relay.h"
#include "users.h"

enum {
    RIG_WIRES_MAX = 64,
    RIG_HOSTS_MAX = 4,
    RIG_NAME_MAX = 32,
    RIG_URI_MAX = 128,
};

/* One connection to the relay. */
struct wire {
    struct fake_link fake;
    struct parser parser;
    char name[RIG_NAME_MAX];
    char uri[RIG_URI_MAX]; /* the one issued to it last; "" */
    char *in;              /* what it sent and the relay has not consumed */
    size_t in_n, in_room;
    bool held; /* the kernel takes nothing of its output */
    bool gone; /* relay_link_closed() was called */
};

/* A host that the relay can dial, and the name of its wire. */
struct rig_host {
    char host[RIG_NAME_MAX], name[RIG_NAME_MAX];
};

struct rig {
    struct policy policy;
    struct policy *live; /* the copy that the relay uses */
    struct users *users;
    struct log *log; /* the test's; NULL: none */
    struct relay *relay;
    uint64_t now_ms;
    struct wire wires[RIG_WIRES_MAX];
    size_t n_wires;
    struct rig_host hosts[RIG_HOSTS_MAX];
    size_t n_hosts;
};

/* The settings of decisions 2.2, for relay.example.com and the realm
 * example.com; change r->policy before rig_start(). */
void rig_init(struct rig *r);

/* Starts the relay with the users of `text`, a users file: 0 or ERR_NOMEM. */
int rig_start(struct rig *r, const char *text);

/* The same with the users that most tests need: alice, bob and carol, whose
 * passwords are their names. */
int rig_start_plain(struct rig *r);

/* Reconfigures the relay with r->policy as it is now and the users of `text`
 * (NULL: as before); frees what it used before. */
void rig_reload(struct rig *r, const char *text);

/* Closes what is open, checks that nothing is left. No-op if it was never
 * started. */
void rig_stop(struct rig *r);

/* The tear-down of tests whose state is allocated and begins with a rig. */
int rig_tear_down(void **state);

/* A new connection, over TLS; its link may be changed before it sends. */
struct wire *rig_connect(struct rig *r, const char *name);

/* The open connection with that name; it must exist. */
struct wire *rig_wire(struct rig *r, struct span name);

/* It sends these octets, in one read. */
void rig_feed(struct rig *r, struct wire *w, struct span octets);
void rig_send(struct rig *r, struct wire *w, const char *text);

/* Its connection ends; `stalled` as in relay_link_closed(). */
void rig_close(struct rig *r, struct wire *w, bool stalled);

/* Time passes, with a tick every 100 ms. */
void rig_wait(struct rig *r, uint64_t ms);

/* Runs until nothing more happens at this time. */
void rig_settle(struct rig *r);

/* Gets a challenge and writes the AUTH that answers it into dst, for `user`,
 * whose password is the name. */
void rig_credentials(struct rig *r, struct wire *w, const char *user, char *dst,
                     size_t size);

/* The client authenticates as `user`, whose password is the name. Its URI is
 * then in w->uri. */
void rig_auth(struct rig *r, struct wire *w, const char *user);

/* A new connection of the user `name`, who has authenticated. */
struct wire *rig_client(struct rig *r, const char *name);

/* The first one to speak to the owner of `uri`: from now on its own URI,
 * msrps://NAME.example:9/NAME;tcp, leads to it (P-10). */
void rig_speak(struct rig *r, struct wire *w, const char *uri);

/* From now on the relay can dial `host` any number of times; the wires are
 * called `name`. Other hosts cannot be reached, `denied.example` is forbidden.
 */
void rig_dials(struct rig *r, const char *name, const char *host);

/* For a relay_on_anchored_dial(): a connection that is being dialled for a side
 * of a pair, whatever its host. */
struct link *rig_dial_for_pair(struct rig *r, const char *name,
                               const struct uri *uri);

/* The connection that was dialled is up, with the host's certificate if it is
 * over TLS; or it has failed, which the application calls `code`. */
void rig_up(struct rig *r, struct wire *w);
void rig_down(struct rig *r, struct wire *w, uint16_t code);

/* Writes octets from..to (counted from 1) of a text in which every place looks
 * different into dst, which must have room. */
void rig_pattern(char *dst, uint64_t from, uint64_t to);

#endif
