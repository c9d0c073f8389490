/* link - a neighbour: one connection as the relay's rules see it.
 *
 * The app fills in the functions and what it knows of the connection;
 * everything else in here is core's own and begins zeroed by link_init(). Core
 * never touches a socket, and a link never dies inside one of core's functions:
 * close() only asks for the end, which comes later through relay_link_closed().
 */
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "msg.h"
#include "str.h"
#include "table.h"

struct link;
struct head;
struct txn;
struct held;
struct sendq;
struct session;

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

/* That a stream goes through a session, from its owner or to him. The session
 * clears it when it ends. */
struct party {
    struct session *session;     /* or NULL */
    struct list of_session;      /* in its `parties` */
    const struct stream *stream; /* that it is part of */
};

/* The outgoing side of one incoming SEND chunk (see chunker.h). */
enum { TID_LEN = 16 };
struct stream {
    struct link *in;     /* who feeds it */
    struct link *out;    /* where to; NULL when it failed or there is none */
    struct list feeding; /* in out->feeders */
    struct head *head;   /* what every outgoing SEND of it repeats; owned ref */
    struct txn *txn;     /* of the open chunk; NULL if none is needed */
    uint64_t next;       /* position in the message of the next octet out */
    uint64_t chunk_start;  /* where the open chunk began */
    uint64_t total;        /* or MSG_STAR */
    uint64_t first;        /* where the incoming chunk began */
    struct party sender;   /* the session whose owner sends it */
    struct party receiver; /* the session whose owner receives it */
    bool is_open;          /* its chunk is open on `out` */
    uint8_t tail_n;        /* octets in `tail` */
    char tid[TID_LEN];
    char tail[7 + TID_LEN - 1]; /* last octets written of the open chunk */
};

/* What becomes of the frame that this link is sending us. */
enum link_frame {
    LINK_FRAME_NONE,   /* between frames */
    LINK_FRAME_DROP,   /* read and thrown away */
    LINK_FRAME_STREAM, /* a SEND that goes on through `stream` */
    LINK_FRAME_GATHER, /* another request, its body still to come (P-26) */
};

struct link {
    const struct link_ops *ops;
    uint64_t number; /* never reused */
    bool secure;     /* TLS */
    bool may_auth;   /* TLS, or auth.allow_tcp */
    bool is_host;    /* showed a verified host certificate (P-8) */
    uint16_t port;   /* in URIs given out over it */
    /* Of one that this relay dialled; `host` is empty for others. */
    struct span host;   /* the host of the URI */
    uint16_t host_port; /* its port; 0: it had none */
    bool connecting;    /* not there yet: feeders wait, what is put is kept */
    bool asked;         /* asked for our certificate, as relays do */
    bool to_relay;      /* core's: it is needed as a relay (R4976-9.2-e) */
    uint16_t fail_code; /* what waits for it fails so; 0: as usual */

    /* --- core's own --- */
    struct sendq *sendq; /* what its output shares with all others */
    bool closing;
    bool proven;    /* had a successful request (R4976-6.1-d) */
    bool blocked;   /* waits in another link's `waiters` */
    int64_t credit; /* octets it may feed while others wait */
    uint64_t blocked_since_ms;
    uint64_t paused_ms; /* how long it was blocked, all in all (P-23) */
    enum link_frame frame;
    uint32_t auth_failures;
    uint32_t failures; /* failed requests before it was proven */
    struct table_node by_number;
    struct list of_neighbours; /* in the relay's list of hosts */
    struct list sessions;      /* URIs bound to it */
    uint32_t n_sessions;
    struct list peers;    /* peer bindings that lead to it (P-10) */
    struct stream stream; /* its incoming SEND */
    struct held *held;    /* its incoming other request, in GATHER */

    struct stream *open;    /* whose chunk is open on its output */
    struct list feeders;    /* streams whose `out` it is */
    struct list waiters;    /* links blocked because of its output */
    struct list waiting;    /* its own node in such a list */
    struct list of_crowded; /* in the list of links that have waiters */
    struct list unfinished; /* its own node in the list of the link to which its
                               last chunk went, if that ended with `+` */
    struct list expected;   /* links whose unfinished message goes to it */
    struct list heads;      /* of SENDs from it that await an answer */
    struct list unsent;     /* txns whose last octet the kernel has not taken */
    struct list txns;       /* all its other txns, oldest first */
    uint32_t n_txns;
};

/* Zeroes all, sets the lists up. The caller fills in the first part. */
void link_init(struct link *l, const struct link_ops *ops, uint64_t number);

/* How long its reading has been paused by this relay, all in all, up to now. */
uint64_t link_paused_ms(const struct link *l, uint64_t now_ms);

/* Asks for the end; harmless when it was asked for already. */
void link_close(struct link *l, const char *why);

#endif
