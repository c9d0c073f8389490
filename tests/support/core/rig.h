/* rig - a whole relay with neighbours that are fake links behind parsers, in a
 * time of the test's own.
 *
 * What the app would do is done here: events are pulled from the parsers as
 * long as the relay is ready for them, what is put is taken by "the kernel" at
 * once (unless it is held), and links that the relay wants closed are closed.
 */
#ifndef RIG_H
#define RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_link.h"
#include "parser.h"
#include "policy.h"
#include "relay.h"
#include "users.h"

enum {
    RIG_WIRES_MAX = 8,
    RIG_HOSTS_MAX = 4,
    RIG_NAME_MAX = 32,
    RIG_URI_MAX = 128,
};

/* One neighbour. */
struct wire {
    struct fake_link fake;
    struct parser parser;
    char name[RIG_NAME_MAX];
    char uri[RIG_URI_MAX]; /* the one issued to it last; "" */
    char *in;              /* what it sent and the relay has not consumed */
    size_t in_n, in_room;
    bool held; /* the kernel takes nothing of its output */
    bool gone; /* the relay was told of its end */
};

/* A host that the relay can dial, and who is there. */
struct rig_host {
    char host[RIG_NAME_MAX], name[RIG_NAME_MAX];
};

struct rig {
    struct policy policy;
    struct policy *live; /* the copy that the relay was given */
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

/* The users of `text`, a users file, and the relay. 0 or ERR_NOMEM. */
int rig_start(struct rig *r, const char *text);

/* The users that most tests need: alice, bob and carol, whose passwords are
 * their names. */
int rig_start_plain(struct rig *r);

/* The relay goes over to r->policy as it is now, and to the users of `text`
 * (NULL: as before); what it had is freed. */
void rig_reload(struct rig *r, const char *text);

/* Closes what is open, checks that nothing is left. Harmless if it was never
 * started. */
void rig_stop(struct rig *r);

/* A new neighbour, over TLS; its link may be changed before it sends. */
struct wire *rig_connect(struct rig *r, const char *name);

/* The living one with that name; it must exist. */
struct wire *rig_wire(struct rig *r, struct span name);

/* It sends these octets, in one read. */
void rig_feed(struct rig *r, struct wire *w, struct span octets);
void rig_send(struct rig *r, struct wire *w, const char *text);

/* Its connection ends; `stalled` as in relay_link_closed(). */
void rig_close(struct rig *r, struct wire *w, bool stalled);

/* Time passes, with a tick every 100 ms. */
void rig_wait(struct rig *r, uint64_t ms);

/* Does all that can be done now. */
void rig_settle(struct rig *r);

/* Asks for a challenge and writes the AUTH into dst that answers it, as `user`,
 * whose password is the name. */
void rig_credentials(struct rig *r, struct wire *w, const char *user, char *dst,
                     size_t size);

/* The neighbour authenticates as `user`, whose password is the name, and has
 * its URI in w->uri then. */
void rig_auth(struct rig *r, struct wire *w, const char *user);

/* It is the first to speak to whom `uri` was given to: from now on its own URI,
 * msrps://NAME.example:9/NAME;tcp, leads to it (P-10). */
void rig_speak(struct rig *r, struct wire *w, const char *uri);

/* From now on the relay dials: `host`, where `name` is, in any number; who is
 * elsewhere cannot be reached, who is at `denied.example` must not. */
void rig_dials(struct rig *r, const char *name, const char *host);

/* The connection that was dialled is there, with the host's certificate if it
 * is over TLS; or it never came about, and is said to have failed with `code`.
 */
void rig_up(struct rig *r, struct wire *w);
void rig_down(struct rig *r, struct wire *w, uint16_t code);

/* Octets i..j (from 1) of a text that says where one is in it: appended to dst,
 * which must have room. */
void rig_pattern(char *dst, uint64_t from, uint64_t to);

#endif
