/* SPDX-License-Identifier: BSD-2-Clause */
/* session - the URIs that this relay has issued, one for each AUTH, and one for
 * each anchored pair.
 *
 * A session is found by the token in its URI (RFC 4976, 6.3). It has an owner
 * of one of three kinds:
 *
 *     a connection   that carried the AUTH; it ends with it (R4976-6.3-h, -i),
 *                    or when it expires (-j)
 *     a relay        through which the AUTH came; until it expires
 *     a pair         of clients that never log in (pair.h); until the pair ends
 *
 * It remembers over which connection each peer on the other side speaks to it
 * (P-10; a pair knows its two sides itself), and which messages have failed
 * (P-21). */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "usage.h"
#include "contacts.h"
#include "link.h"
#include "holder.h"
#include "list.h"
#include "rnd.h"
#include "str.h"
#include "table.h"
#include "uri.h"
#include "walk.h"

enum {
    SESSION_TOKEN_LEN = 22, /* 128 bits, base64url (R4976-6.3-k) */
    SESSION_NAME_MAX = 255, /* octets of a user's name, and of a realm */
    SESSION_PEERS_MAX = 32, /* peer bindings at most (S-2) */
    /* Of these, on one link, that the owner never wrote to at most. */
    SESSION_UNWRITTEN_MAX = 4,
    SESSION_LINK_PEERS_MAX = 16, /* of these on one link at most */
    SESSION_PEER_URI_MAX = 1024, /* octets of a URI that is remembered */
    SESSION_FAILED_MAX = 64,     /* failed messages remembered at most */
    PAIR_WHYS_MAX = 8,           /* ways in which pairs end */
};

/* An attempt to send a message through the session that has failed. */
struct session_failed {
    uint64_t hash;    /* of its Message-ID and sender */
    uint32_t attempt; /* 0: any */
    uint16_t code;
    bool is_former;    /* another attempt has begun since */
    bool is_told;      /* the sender knows */
    bool is_told_here; /* ... from this relay first */
};

/* ongoing.c. */
struct session_ongoing {
    struct list in;   /* messages that came to it first, oldest first */
    struct list last; /* messages that it was the last one to pass on */
    uint32_t n;       /* those that came to it first */
};

struct session {
    struct table_node by_token;
    struct list of_all;  /* in sessions.all, or pairs.all */
    struct list of_link; /* in link->sessions.issued */
    struct list in_slot; /* in the expiry wheel */
    struct link *link;   /* that it belongs to; NULL: to the relay `home`, or
                            to `pair` */
    struct anchored_pair *pair; /* that it belongs to; or NULL */
    struct span home;           /* a relay's host name, or empty */
    struct span user, realm;    /* realms have users of their own; one text, see
                                   session_account() */
    struct holder *of_user;     /* in `users` */
    struct holder *of_relay;    /* in `relays`, if it belongs to one */
    uint64_t connection;        /* number of the link that carried its AUTH */
    struct subject *subject;    /* of that link; a reference; or NULL */
    uint64_t began_ms, expires_ms;
    struct list peers; /* of struct peer, oldest first */
    uint32_t n_peers;
    uint32_t n_failed;    /* ever; the latest SESSION_FAILED_MAX are kept */
    uint32_t failed_room; /* entries that `failed` has room for */
    uint16_t home_port;   /* of the relay `home` */
    struct session_failed *failed; /* NULL until the first one */
    struct session_ongoing ongoing;
    struct list parties;        /* of the streams that go through it */
    struct list sent, received; /* transactions of SENDs from its owner, and to
                                   it; of a pair those of other requests too */
    struct contacts contacts;   /* whom its owner talked to */
    struct usage usage;         /* without those streams */
    struct uri uri;             /* as issued; points into text */
    char text[];                /* URI, account, home */
};

/* A peer of a session, known by the first URI of its From-Path, and the link
 * over which it speaks. */
struct peer {
    struct list of_session;
    struct list of_link; /* in link->sessions.peers */
    struct session *session;
    struct link *link;
    bool written_to; /* by the session's owner */
    struct uri uri;
    char text[];
};

/* pair.c: what belongs to no AUTH. */
struct pairs {
    struct table tokens; /* U_B, by token */
    struct list all;     /* sessions of pairs, in the order in which they began
                          */
    struct list active;  /* pairs, the longest unused one first */
    size_t n;            /* pairs and tokens: 0 means nothing to look for */
    size_t n_pairs;
    uint64_t ever;
    uint64_t ended[PAIR_WHYS_MAX];
    uint64_t bound; /* sides with a link */
    uint64_t
        octets; /* that all of them have carried, in chunks that are over */
};

enum { SESSION_SLOTS = 1024 }; /* of the expiry wheel, a second each */

/* The session is about to end. */
typedef void (*session_ending_fn)(void *ctx, struct session *ss);

struct sessions {
    struct table by_token;
    struct pairs pairs;
    struct holders users;  /* users by name */
    struct holders relays; /* the relays of sessions, by certificate or host */
    struct list all;       /* in the order in which they began */
    struct list walks;     /* that are under way */
    struct list slots[SESSION_SLOTS];
    uint64_t changes; /* that routes may depend on: see route_memo.h */
    uint64_t swept_s; /* the wheel was swept up to this second */
    struct rnd *rnd;
    session_ending_fn on_ending; /* called for each that ends; or NULL */
    void *ending_ctx;
    usage_fn on_end; /* called for each that ends; or NULL */
    void *ctx;
    uint64_t ever, ended[SESSION_WHYS];
};

/* 0 or ERR_NOMEM. `rnd` belongs to the caller and must outlive `s`. */
int sessions_init(struct sessions *s, struct rnd *rnd, uint64_t now_ms);
/* Ends all sessions, with SESSION_SHUTDOWN. */
void sessions_fini(struct sessions *s, uint64_t now_ms);

/* Sets up session's part of a link: no sessions, no peers. */
void sessions_link_init(struct link *l);

/* What a session is made of. Texts are copied. */
struct session_grant {
    struct link *link; /* that carried the AUTH */
    struct span home;  /* the relay that it belongs to, over any connection,
                          instead of `link` (R4976-6.3-g); or empty */
    uint16_t home_port;
    struct span user, realm;
    struct span host; /* of the URI: msrps://host:port/TOKEN;tcp */
    uint16_t port;
    bool secure; /* or msrp:// */
    uint64_t began_ms, expires_ms;
};

/* How many sessions the user holds, and the relay, that the grant is for. */
uint32_t sessions_of_user(const struct sessions *s,
                          const struct session_grant *g);
uint32_t sessions_of_relay(const struct sessions *s,
                           const struct session_grant *g);

/* A new session; NULL when out of memory, or if a name is too long. Its owner
 * is `s`: it ends by session_end(), with its link, or when it expires. */
struct session *session_new(struct sessions *s, const struct session_grant *g);

/* What a URI that this relay gives out is made of. */
struct session_uri {
    struct span host;
    uint16_t port;
    bool secure;           /* msrps */
    const char *transport; /* "tcp", "ws" */
};

/* User and realm of a session's owner in one text that no other account has;
 * empty for a session of a pair. */
struct span session_account(const struct session *ss);

/* How much room such a URI takes, with a NUL. */
size_t session_uri_room(const struct session_uri *u);

/* Writes it with this token into dst, which has that room, and takes it apart:
 * 0, or ERR_SYNTAX for a host that makes no URI. */
int session_uri_write(struct uri *out, char *dst, const struct session_uri *u,
                      struct span token);
/* The same with a new token. */
int session_uri_make(struct sessions *s, struct uri *out, char *dst,
                     const struct session_uri *u);

/* A session that belongs to `pair`: it is in no list of sessions that have an
 * owner, and ends when that says so. NULL when out of memory, or for a host
 * that makes no URI. */
struct session *session_new_of_pair(struct sessions *s,
                                    struct anchored_pair *pair,
                                    const struct session_uri *uri,
                                    uint64_t now_ms);

/* Ends the session and frees it. */
void session_end(struct sessions *s, struct session *ss, enum session_why why,
                 uint64_t now_ms);

/* Does the session belong to the side from which a request arrived: over
 * `from`, with `speaker` as the first URI of its From-Path? NULL means this
 * relay itself, to which none belongs. */
bool session_is_of(const struct session *ss, const struct link *from,
                   const struct uri *speaker);

/* Is this the authority of the relay that the session belongs to? */
bool session_is_home(const struct session *ss, const struct uri *uri);

/* The session with this URI that has not expired and whose link is not closing,
 * or NULL. */
struct session *session_find(const struct sessions *s, const struct uri *uri,
                             uint64_t now_ms);

/* The session with this token, or NULL. It may have expired or be about to end;
 * what failed in it is still known. */
struct session *session_find_token(const struct sessions *s, struct span token);

/* Ends those that have expired before this second. Call it at least once a
 * second. */
void sessions_sweep(struct sessions *s, uint64_t now_ms);
/* Those of this second too, for which it looks at all that end in it. */
void sessions_sweep_all(struct sessions *s, uint64_t now_ms);

/* --- peers (P-10) --- */

/* The link over which this peer speaks to the session, or NULL if it is not
 * known or the link is closing. */
struct link *session_peer(const struct session *ss, const struct uri *uri);
/* The same for what the owner writes to the peer, which is remembered. */
struct link *session_write_to(struct session *ss, const struct uri *uri);

/* The peer with this URI speaks over `link`, or (`written_to`) the owner writes
 * to it there. 0; ERR_EXISTS if it speaks over another link that is not
 * closing, which is never displaced (S-2); ERR_FULL; ERR_LIMIT for a URI that
 * is too long to remember; ERR_NOMEM. Of bindings that the owner never wrote
 * to, a link has SESSION_UNWRITTEN_MAX, and when all places are taken the
 * oldest of these gives way; no other does. One link has at most
 * SESSION_LINK_PEERS_MAX of all. */
int session_bind_peer(struct sessions *s, struct session *ss,
                      const struct uri *uri, struct link *link,
                      bool written_to);

/* Unbinds the peer and frees it. */
void session_forget_peer(struct peer *p);

/* Could one more peer be bound, over a link that has none yet? */
bool session_has_room(const struct session *ss);

/* Ends the link's sessions and forgets the peer bindings that lead to it. */
void sessions_link_closed(struct sessions *s, struct link *link,
                          enum session_why why, uint64_t now_ms);

/* --- walks --- */

/* A walk over all sessions, up to the last one that begins before the walk has
 * ended. Sessions may begin and end between its steps. */
struct session_walk {
    struct walk at;
};

void session_walk_begin(struct sessions *s, struct session_walk *w);
/* The same over those of pairs. */
void session_walk_pairs(struct sessions *s, struct session_walk *w);

/* The next session, or NULL at the end; the walk has then ended. */
struct session *session_walk_next(struct session_walk *w);

/* The session that the last step gave, or NULL if it has ended since. */
struct session *session_walk_shown(const struct session_walk *w);

/* Ends the walk early; no-op if it has ended or was zeroed. */
void session_walk_end(struct session_walk *w);

/* --- what goes through them --- */

/* The stream that `p` is part of goes through this session from now on. No-op
 * for NULL. */
void session_join(struct session *ss, struct party *p);

/* A SEND of this stream awaits its answer: the transaction, whose nodes these
 * are, is in the lists of its sessions from now on, until it is removed or the
 * session ends. */
void session_await(struct stream *s, struct list *of_sender,
                   struct list *of_receiver);

/* What the session was used for so far. */
struct usage session_usage(const struct session *ss);

/* The stream goes through the session no longer. Adds what it carried to the
 * session's account. No-op if it goes through none. */
void session_leave(struct party *p);

/* --- failed messages (P-21) --- */

/* A message is known by its Message-ID and its From-Path: both sides may number
 * their messages from 1 (RFC 4975, trap 13). An attempt to send it begins with
 * each chunk that starts at octet 1; numbers tell attempts apart, 0 stands for
 * any of them but those after which another one has begun (S-30). */
struct session_message {
    struct span id, from;
    uint32_t attempt;
};

/* The hash by which a message is remembered, whatever the attempt. */
uint64_t session_message_hash(const struct sessions *s,
                              struct session_message m);

/* Another attempt of the message begins: what had failed has no meaning for it.
 */
void session_retry(struct sessions *s, struct session *ss,
                   struct session_message m);

/* Remembers that this message failed with `code`, which its sender is told;
 * no-op if he had been told before, or when out of memory. */
void session_fail(struct sessions *s, struct session *ss,
                  struct session_message m, uint16_t code);

/* Remembers that this message failed, which its sender is told only if more of
 * it comes; no-op if it had failed before, or when out of memory. */
void session_fail_untold(struct sessions *s, struct session *ss,
                         struct session_message m, uint16_t code);

/* Remembers that another relay tells the sender of the failure. false if this
 * one has told him before; true also when out of memory. One relay may have
 * more to tell, of other octets. */
bool session_tell(struct sessions *s, struct session *ss,
                  struct session_message m);

/* Has the sender been told that the message failed? */
bool session_told(const struct sessions *s, const struct session *ss,
                  struct session_message m);

/* The code with which the message failed, or 0. */
uint16_t session_failed(const struct sessions *s, const struct session *ss,
                        struct session_message m);

#endif
