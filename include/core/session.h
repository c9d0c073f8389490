/* session - the URIs that this relay has issued, one for each AUTH.
 *
 * A session is found by the token in its URI (RFC 4976, 6.3). It belongs to the
 * connection that carried the AUTH and dies with it (R4976-6.3-h, -i), or when
 * its time is over (-j). It remembers who of the other side speaks to it over
 * which connection (P-10), and which messages have failed (P-21). */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "usage.h"
#include "link.h"
#include "list.h"
#include "rnd.h"
#include "str.h"
#include "table.h"
#include "uri.h"
#include "walk.h"

enum {
    SESSION_TOKEN_LEN = 22,  /* 128 bits, base64url (R4976-6.3-k) */
    SESSION_PEERS_MAX = 32,  /* most peer bindings; the oldest goes */
    SESSION_FAILED_MAX = 16, /* most failed messages remembered */
};

/* A message of the session that has failed. */
struct session_failed {
    uint64_t hash; /* of its Message-ID and sender */
    uint16_t code;
};

struct session {
    struct table_node by_token;
    struct list of_all;
    struct list of_link; /* in link->sessions.issued */
    struct list in_slot; /* in the expiry wheel */
    struct link *link;   /* whom it was given to; NULL: to the relay `home` */
    struct span home;    /* a relay's host name, or empty */
    struct span user;
    uint64_t connection; /* number of the link that carried its AUTH */
    uint64_t began_ms, expires_ms;
    struct list peers; /* of struct peer, oldest first */
    uint32_t n_peers;
    uint32_t n_failed; /* ever; the last SESSION_FAILED_MAX are kept */
    struct session_failed *failed; /* NULL until the first one */
    struct list parties;           /* of the streams that go through it */
    struct usage usage;            /* but for those streams */
    struct uri uri;                /* as issued; points into text */
    char text[];                   /* URI, user, home */
};

/* Who speaks to a session over which link: the peer's first From-Path URI. */
struct peer {
    struct list of_session;
    struct list of_link; /* in link->sessions.peers */
    struct session *session;
    struct link *link;
    struct uri uri;
    char text[];
};

enum { SESSION_SLOTS = 1024 }; /* of the expiry wheel, a second each */

struct sessions {
    struct table by_token;
    struct list all;   /* in the order of their beginning */
    struct list walks; /* over them, that are under way */
    struct list slots[SESSION_SLOTS];
    uint64_t swept_s; /* the wheel was swept up to this second */
    struct rnd *rnd;
    usage_fn on_end; /* NULL: nobody wants to know */
    void *ctx;
    uint64_t ever, ended[SESSION_WHYS];
};

/* 0 or ERR_NOMEM. `rnd` is the caller's and must outlive it. */
int sessions_init(struct sessions *s, struct rnd *rnd, uint64_t now_ms);
/* Ends all sessions, for SESSION_SHUTDOWN. */
void sessions_fini(struct sessions *s, uint64_t now_ms);

/* What a session is made of; all is copied. */
struct session_grant {
    struct link *link; /* that carried the AUTH */
    struct span home; /* the relay that it belongs to, over whatever connection,
                         instead of `link` (R4976-6.3-g); or empty */
    struct span user;
    struct span host; /* of the URI: msrps://host:port/TOKEN;tcp */
    uint16_t port;
    bool secure; /* or msrp:// */
    uint64_t began_ms, expires_ms;
};

/* A new session; NULL without memory. It ends by session_end(), with its link,
 * or by time. */
struct session *session_new(struct sessions *s, const struct session_grant *g);
void session_end(struct sessions *s, struct session *ss, enum session_why why,
                 uint64_t now_ms);

/* Is `from` (NULL: this relay itself) the side to which the session was given?
 */
bool session_is_of(const struct session *ss, const struct link *from);

/* The living session whose URI equals `uri`, or NULL. */
struct session *session_find(const struct sessions *s, const struct uri *uri,
                             uint64_t now_ms);

/* The session with this token, or NULL; it may be over, but what failed in it
 * is not forgotten yet. */
struct session *session_find_token(const struct sessions *s, struct span token);

/* Ends those whose time is over. Call it about once a second. */
void sessions_sweep(struct sessions *s, uint64_t now_ms);

/* --- peers (P-10) --- */

/* The link over which this peer speaks to the session, or NULL. */
struct link *session_peer(const struct session *ss, const struct uri *uri);

/* The peer with this URI speaks over `link`: 0; ERR_EXISTS if another living
 * link claims it; ERR_NOMEM. Beyond SESSION_PEERS_MAX the oldest is forgotten.
 */
int session_bind_peer(struct session *ss, const struct uri *uri,
                      struct link *link);

/* Forgets all that leads to `link`: its sessions end, its peer bindings go. */
void sessions_link_closed(struct sessions *s, struct link *link,
                          enum session_why why, uint64_t now_ms);

/* --- walks --- */

/* Over all sessions from the first to the last that begins before the walk is
 * over, whatever happens to them between its steps (walk.h). */
struct session_walk {
    struct walk at;
};

void session_walk_begin(struct sessions *s, struct session_walk *w);

/* The next one, or NULL at the end: the walk is over then. */
struct session *session_walk_next(struct session_walk *w);

/* The one that the last step gave, or NULL if it has ended since. */
struct session *session_walk_shown(const struct session_walk *w);

/* Ends the walk before its end. Harmless when it is over, or zeroed. */
void session_walk_end(struct session_walk *w);

/* --- what goes through them --- */

/* The stream that `p` is part of goes through this session from now on; NULL
 * does nothing. */
void session_join(struct session *ss, struct party *p);

/* What it was used for up to now. */
struct usage session_usage(const struct session *ss);

/* It does no longer: what went through it is counted for its owner. */
void session_leave(struct party *p);

/* --- failed messages (P-21) --- */

/* A message: its Message-ID, and From-Path, for both sides may count from 1
 * (RFC 4975, trap 13). */
struct session_message {
    struct span id, from;
};

/* Remembers that this message failed with `code`, unless it had failed before;
 * without memory it is not remembered. */
void session_fail(struct sessions *s, struct session *ss,
                  struct session_message m, uint16_t code);

/* The code with which it failed, or 0. */
uint16_t session_failed(const struct sessions *s, const struct session *ss,
                        struct session_message m);

#endif
