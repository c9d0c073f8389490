/* link - one connection as the relay's rules see it.
 *
 * hop fills in the functions and what it knows of the connection; everything
 * else belongs to a module of core and begins zeroed by link_init(). Core never
 * touches a socket, and a link never dies inside one of core's functions:
 * close() only asks for the end, which comes later through relay_link_closed().
 */
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "str.h"
#include "stream.h"
#include "table.h"

struct link;
struct buffered_request;
struct sendq;

struct link_ops {
    /* Appends all parts to the output, or nothing: 0 or an error, which means
     * that the link is lost or takes no more. They are a frame or, if they do
     * not end it, what has come of it: nothing of another comes in between. */
    int (*put)(struct link *l, const struct span *parts, size_t n, bool ends);
    /* Octets that wait in the output. */
    size_t (*queued)(const struct link *l);
    /* Octets ever appended: what relay_link_sent() will reach. */
    uint64_t (*position)(const struct link *l);
    /* Stops, and goes on with, asking this link's parser for events. */
    void (*pause)(struct link *l);
    void (*resume)(struct link *l);
    /* Wants the end, after what is queued was written. `why` is static. No
     * event of this link reaches core after the present one. */
    void (*close)(struct link *l, const char *why);
    /* Does the verified certificate name this host (R4976-9.2-g)? */
    bool (*has_name)(const struct link *l, struct span host);
};

/* What becomes of the frame that this link is sending us. */
enum link_frame {
    LINK_FRAME_NONE,   /* between frames */
    LINK_FRAME_DROP,   /* read and thrown away */
    LINK_FRAME_STREAM, /* a SEND that goes on through `stream` */
    LINK_FRAME_GATHER, /* another request, its body still to come (P-26) */
};

/* --- the parts of a link, each with the module that owns it --- */

/* hop's: who is at the other end, and over what. Set before the link is opened,
 * or with relay_link_known(). */
struct link_identity {
    bool secure;         /* TLS */
    bool may_auth;       /* TLS, or auth.allow_tcp */
    bool is_relay;       /* showed a verified host certificate (P-8) */
    bool requested_cert; /* dialled: asked for our certificate, as relays do */
    uint16_t uri_port;   /* in URIs given out over it */
    /* Of a link that this relay dialled; `host` is empty for others. */
    struct span host; /* the host of the URI */
    uint16_t port;    /* its port; 0: it had none */
};

/* dispatch's and send's: the frame that is coming in. */
struct link_in {
    enum link_frame frame;
    struct stream stream; /* the incoming SEND, in STREAM */
    struct buffered_request
        *request;      /* the incoming other request, in GATHER; owned */
    struct list heads; /* of SENDs from here that await an answer */
    /* In out.expected of the link to which the last chunk went, if that chunk
     * ended with `+`. */
    struct list unfinished;
};

/* sendq's: its turn as one who sends to others. */
struct link_turn {
    bool blocked;       /* waits in another link's out.waiters */
    int64_t credit;     /* octets that it may send while others wait */
    uint64_t since_ms;  /* when `blocked` began */
    uint64_t paused_ms; /* how long it was blocked in all, before that (P-23) */
    struct list waiting; /* in that out.waiters */
};

/* sendq's: its output, which many may send to. */
struct link_out {
    struct sendq *sendq;      /* what it shares with all other outputs */
    struct stream *open;      /* whose chunk is open on it, or NULL */
    struct list senders;      /* streams whose `out` it is */
    struct list waiters;      /* links that wait for room on it */
    struct list expected;     /* links whose unfinished message goes to it */
    struct list of_congested; /* in the relay's list of links with waiters */
};

/* txn's: requests that went out on it and await their answer. */
struct link_txns {
    struct list unsent; /* whose last octet the kernel has not taken */
    struct list sent;   /* all others, oldest first */
    uint32_t n;         /* in both */
};

/* session's: what leads to this link. */
struct link_sessions {
    struct list issued; /* sessions that belong to it */
    uint32_t n;         /* ... and how many */
    struct list peers;  /* peer bindings (P-10) */
};

/* Each part is written by the module that owns it and by nobody else; whoever
 * has the link may read all of it. hop makes the link and frees it, after
 * relay_link_closed(); until then every pointer to it is in one of its lists or
 * in the table of links, and those are emptied there. */
struct link {
    const struct link_ops *ops; /* hop's */
    uint64_t number;            /* never reused */
    bool connecting; /* hop's: not there yet; senders wait, what is put stays */
    uint16_t fail_code; /* hop's: what waits for it fails so; 0: as usual */
    struct link_identity identity;

    bool closing;      /* link_close() was called, or it is gone */
    bool proven;       /* relay's: had a successful request (R4976-6.1-d) */
    uint32_t failures; /* relay's: failed requests before that */
    uint32_t auth_failures;      /* local_response's and request's */
    struct table_node by_number; /* relay's: in its table of links */

    struct link_in in;
    struct link_turn turn;
    struct link_out out;
    struct link_txns txns;
    struct link_sessions sessions;

    struct list of_relay_links; /* relay_links': in its list of hosts */
    bool to_relay; /* relay_links': is needed as a relay (R4976-9.2-e) */
};

/* Zeroes all, sets the lists up. The caller fills in the first part. */
void link_init(struct link *l, const struct link_ops *ops, uint64_t number);

/* How long its reading has been paused by this relay, all in all, up to now. */
uint64_t link_paused_ms(const struct link *l, uint64_t now_ms);

/* Asks for the end; harmless when it was asked for already. */
void link_close(struct link *l, const char *why);

#endif
