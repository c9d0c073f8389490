/* SPDX-License-Identifier: BSD-2-Clause */
/* anchored - sessions between two clients that never ask this relay for
 * anything: somebody else, who knows their SDP, puts the relay between them.
 *
 * A pair has two sides: A, whose SDP was the offer, and B, who answered. Each
 * side is given a URI of this relay, which is all that it sees of the other
 * side:
 *
 *     U_A   what A speaks to: in the answer that A receives; one for each pair
 *     U_B   what B speaks to: in the offer that B receives; a token of its own,
 *           since the offer goes out before anybody answers, and may have
 *           several answers (forks), each of which makes a pair
 *
 * P_A and P_B are the paths that the sides announced. What A sends to U_A goes
 * to P_B, with U_B as its From-Path, and the other way round.
 *
 * relay_clock() has to be called before any of these functions, as before all
 * of the relay's. This module knows no SDP: its caller says what an SDP meant.
 * Nothing here waits for anything. All texts are copied. Requirements: A-30 to
 * A-79 in docs/spec/anchor.md. */
#ifndef ANCHORED_H
#define ANCHORED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fingerprint.h"
#include "str.h"
#include "usage.h"

struct anchored_pair;
struct anchored_token;
struct link;
struct relay;
struct subject;

enum anchored_side { ANCHORED_A, ANCHORED_B };
enum { ANCHORED_SIDES = ANCHORED_B + 1 };

/* What a URI that is given to a side looks like:
 * msrp[s]://HOST:PORT/TOKEN;tcp, or ;ws. An IPv6 host is in brackets. With
 * `secure` it is spoken over TLS only, without over TCP only. */
struct anchored_grant {
    struct span host;
    uint16_t port;
    bool secure;
    bool ws;
};

/* --- U_B --- */

/* A new token for an offer: 0 or ERR_NOMEM; the host has to be one that a URI
 * can have. Its owner is the caller, who ends it by anchored_token_end() before
 * relay_free(). Requests to it wait for a pair: 5 s at most, and then get 481
 * (A-72). */
int anchored_token_new(struct anchored_token **out, struct relay *r,
                       const struct anchored_grant *grant);

/* Its URI; valid as long as the token. */
struct span anchored_token_uri(const struct anchored_token *t);

/* Why a pair ended, and the name of that in logs and metrics. */
#define ANCHORED_WHYS_LIST(X)                                                  \
    X(ANCHORED_DELETE, "delete")               /* the call is over */          \
    X(ANCHORED_IDLE, "idle")                   /* no octet for anchor.idle */  \
    X(ANCHORED_OFFER_TIMEOUT, "offer_timeout") /* never answered */            \
    X(ANCHORED_REPLACED, "replaced")           /* by another pair */           \
    X(ANCHORED_KICKED, "kicked")               /* the operator ended it */     \
    X(ANCHORED_SHUTDOWN, "shutdown")           /* the relay exits */

enum anchored_why {
#define ANCHORED_WHY_ENUM(name, text) name,
    ANCHORED_WHYS_LIST(ANCHORED_WHY_ENUM)
#undef ANCHORED_WHY_ENUM
        ANCHORED_WHYS
};

/* The name: a static string. */
const char *anchored_why_name(enum anchored_why why);

/* Ends the token, with the pairs that it still has, and frees it: later
 * requests to it get 481. The pairs' owners are not called. NULL is harmless.
 */
void anchored_token_end(struct relay *r, struct anchored_token *t,
                        enum anchored_why why);

/* --- pairs --- */

/* Told of a pair's end that it did not ask for: ANCHORED_IDLE,
 * ANCHORED_KICKED, ANCHORED_SHUTDOWN. The pair is gone when this is called. It
 * may call this module, for other pairs and tokens too. */
typedef void (*anchored_ended_fn)(void *owner, enum anchored_why why);

/* What a pair is made of. */
struct anchored_terms {
    struct anchored_token *token; /* U_B */
    struct anchored_grant for_a;  /* U_A */
    struct span call_id;          /* labels for accounting and log */
    struct span from_tag, to_tag; /* the same: A's and B's */
    anchored_ended_fn on_ended;   /* NULL: nobody wants to know */
    void *owner;                  /* its first argument */
};

/* A new pair, of which neither side has said anything: 0 or ERR_NOMEM. The
 * caller ends it, unless it is told that it has ended. Call anchored_say() for
 * A, then for B, before anything else. */
int anchored_pair_new(struct anchored_pair **out, struct relay *r,
                      const struct anchored_terms *terms);

/* U_A, U_B; valid until another one is in use for the side, or the pair ends.
 */
struct span anchored_pair_uri(const struct anchored_pair *p,
                              enum anchored_side side);

/* Another URI for a side, with the token that it has already: the side has
 * begun to speak another protocol, which does not concern the other side (A-31,
 * It is in use from anchored_uri_use() on, which takes it, and unbinds
 * the side if what it speaks over is not what it spoke over before. Until then
 * the caller owns it. 0 or ERR_NOMEM. */
struct anchored_uri;
int anchored_uri_new(struct anchored_uri **out, const struct anchored_pair *p,
                     enum anchored_side side,
                     const struct anchored_grant *grant);
/* Valid as long as the pair, or the URI if it is not in use. */
struct span anchored_uri_text(const struct anchored_uri *u);
void anchored_uri_use(struct relay *r, struct anchored_pair *p,
                      enum anchored_side side, struct anchored_uri *u);
/* NULL is harmless. */
void anchored_uri_free(struct anchored_uri *u);

enum { ANCHORED_PATH_MAX = 16, ANCHORED_FINGERPRINTS_MAX = 16 };

/* What the SDP of a side says, and what follows from it. */
struct anchored_said {
    const struct span *path; /* P: whole URIs (S-9), at most ANCHORED_PATH_MAX,
                                the first one nearest to this relay */
    size_t n_path;
    bool we_dial; /* else the peer connects; whoever comes, comes. What
                     cannot be dialled by nature never is */
    /* Where to dial instead of the first URI's host and port, from `c=` and
     * `m=` with `a=msrp-cema`. Empty: there. */
    struct span dial_host;
    uint16_t dial_port;
    /* The literal address of `c=`, if anchor.trust_sdp is set: it counts as in
     * dial.allow for this side. Empty: none does. */
    struct span trusted;
    /* Which certificate of ours the side was told of, as the application calls
     * it: it is shown again when the side is dialled. */
    uint64_t shown;
    /* Announced fingerprints of functions that are known; any number of them.
     * The strongest function counts. */
    bool has_fingerprint; /* one was announced, even of an unknown function */
    const struct fingerprint *fingerprints;
    size_t n_fingerprints; /* ANCHORED_FINGERPRINTS_MAX at most */
};

/* Commits what the SDP of a side said, for the first time or anew: 0, ERR_LIMIT
 * for a path that is too long, ERR_SYNTAX for one with a malformed URI,
 * ERR_NOMEM; then nothing has changed. While the path is the same URI for URI,
 * binding and connection stay, whatever else is said. With another path
 * the side is another peer: its connection is unbound, what is unanswered
 * towards it fails with 408, and its URI stays the same.
 *
 * Once both sides have spoken, sides that are to be dialled are, each
 * time that this is called for one that is not connected. */
int anchored_say(struct relay *r, struct anchored_pair *p,
                 enum anchored_side side, const struct anchored_said *said);

/* Ends the pair and frees it. Its owner is not called. NULL is harmless.
 */
void anchored_pair_end(struct relay *r, struct anchored_pair *p,
                       enum anchored_why why);

/* --- facts --- */

/* A side, as it is now. Texts are valid until the next call of the relay. */
struct anchored_side_facts {
    bool is_bound;    /* a connection speaks for it */
    bool is_dialling; /* ... or is being dialled */
    bool is_tls;
    uint16_t local_port;           /* of the URI that it was given */
    uint64_t connection;           /* number of its link; 0: none */
    const struct subject *subject; /* of that link: peer, listener; or NULL */
    struct usage_flow sent;        /* by this side */
    uint64_t errors; /* messages of this side that failed: REPORTs of the
                        relay's own, and refused SENDs */
};

struct anchored_facts {
    char short_id[SESSION_SHORT_ID_LEN + 1]; /* of U_A's token */
    struct span call_id, from_tag, to_tag;
    uint64_t began_ms, active_ms; /* times of relay_clock() */
    struct anchored_side_facts side[ANCHORED_SIDES];
};

void anchored_pair_facts(const struct anchored_pair *p,
                         struct anchored_facts *facts);
/* Of all pairs: see operator.h. */

/* --- all of them --- */

struct anchored_stats {
    uint64_t tokens_now; /* U_B, with or without pairs */
    uint64_t pairs_now;
    uint64_t pairs_ever;
    uint64_t ended[ANCHORED_WHYS]; /* pairs */
    uint64_t octets_ever; /* of messages' bodies, both ways, in chunks that are
                             over, of all pairs that are or were */
    uint64_t bound_now;   /* sides with a connection, or dialled */
    uint64_t refused;     /* requests by whom they are not for */
    uint64_t refused_fingerprint; /* of these: for a certificate */
    uint64_t lapsed;              /* early requests that nobody answered for */
};

void anchored_stats(const struct relay *r, struct anchored_stats *out);

/* A pair that has ended, for the accounting (S-38, A-79). Valid in the call. */
struct anchored_record {
    char short_id[SESSION_SHORT_ID_LEN + 1];
    struct span call_id, from_tag, to_tag;
    const struct subject *subject[ANCHORED_SIDES]; /* of the connection that
                                                      spoke last; or NULL */
    uint64_t connection[ANCHORED_SIDES];           /* its number; 0: none */
    uint64_t began_ms, ended_ms;                   /* times of relay_clock() */
    enum anchored_why why;
    struct usage usage; /* `sent`: by A */
};

/* Calls `fn` with a record of each pair that ends; NULL: no longer. It must not
 * call the relay. */
typedef void (*anchored_record_fn)(void *ctx,
                                   const struct anchored_record *record);
void relay_on_anchored_end(struct relay *r, anchored_record_fn fn, void *ctx);

#endif
