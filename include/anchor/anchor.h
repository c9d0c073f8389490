/* SPDX-License-Identifier: BSD-2-Clause */
/* anchor - calls whose SDP leads through this relay: what a SIP proxy asks for
 * over ng, and the pairs in core that come of it.
 *
 * A call is a call-id. It has offers, and dialogues: two tags each, with one
 * pair for each message section. An offer makes no pair; the answer does. */
#ifndef ANCHOR_H
#define ANCHOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anchor_interface.h"
#include "anchored.h"
#include "ng_reply.h"
#include "ng_request.h"
#include "str.h"
#include "walk.h"

struct anchor;
struct loop;
struct relay;

/* Copied by anchor_prepare(). */
struct anchor_settings {
    const struct anchor_place *places;
    size_t n_places;
    const struct span *prints; /* of our certificates: "SHA-256 AA:BB:..." */
    size_t n_prints;
    uint64_t shown; /* another number for other certificates */
    uint64_t offer_timeout_ms;
    uint64_t max_sessions; /* sections of pairs and of pending offers */
    bool prefer_active;
    bool trust_sdp;
    unsigned path_uris; /* in one path, at most */
};
enum { ANCHOR_PRINTS_MAX = 64 };

/* What is asked of the owner. */
struct anchor_ops {
    /* May a call begin now? Not while draining, nor when memory is short. */
    bool (*admits)(void *ctx);
    /* May this host be dialled, with TLS or without? */
    bool (*may_dial)(void *ctx, struct span host, bool secure);
};

/* Errors, by the names that metrics have for them. */
#define ANCHOR_ERRORS_LIST(X)                                                  \
    X(ANCHOR_NO_SDP, "no_sdp", "No SDP body in message")                       \
    X(ANCHOR_NO_CALL_ID, "no_call_id", "No call-id in message")                \
    X(ANCHOR_NO_FROM_TAG, "no_from_tag", "No from-tag in message")             \
    X(ANCHOR_NO_TO_TAG, "no_to_tag", "No to-tag in message")                   \
    X(ANCHOR_TOO_LONG, "too_long", "Call-id, tag or branch too long")          \
    X(ANCHOR_BAD_SDP, "bad_sdp", "Failed to parse SDP")                        \
    X(ANCHOR_MANY_SECTIONS, "many_sections", "Too many message sections")      \
    X(ANCHOR_UNKNOWN_CALL, "unknown_call", "Unknown call-id")                  \
    X(ANCHOR_NO_OFFER, "no_offer", "No matching offer")                        \
    X(ANCHOR_NO_INTERFACE, "no_interface", "No interface for")                 \
    X(ANCHOR_CROWDED, "limit", "Parallel session limit reached")               \
    X(ANCHOR_MANY_OFFERS, "many_offers", "Too many offers in this call")       \
    X(ANCHOR_NOT_FOUND, "not_found", "Call-ID not found or tags didn't match") \
    X(ANCHOR_BAD_LIMIT, "bad_limit", "invalid limit, must be >0")              \
    X(ANCHOR_NO_MEMORY, "no_memory", "Out of memory")                          \
    X(ANCHOR_UNRECOGNIZED, "unrecognized", "Unrecognized command")

enum anchor_error {
#define ANCHOR_ERROR_ENUM(name, label, text) name,
    ANCHOR_ERRORS_LIST(ANCHOR_ERROR_ENUM)
#undef ANCHOR_ERROR_ENUM
        ANCHOR_ERRORS
};
/* The name in metrics; static. */
const char *anchor_error_name(enum anchor_error error);

struct anchor_stats {
    uint64_t offers, answers, deletes; /* asked for, whatever came of it */
    uint64_t errors[ANCHOR_ERRORS];
    uint64_t load_limit;     /* new calls refused, in either form */
    uint64_t warnings;       /* answers with one */
    uint64_t offer_timeouts; /* sections of offers that nobody answered */
    uint64_t calls_now, pairs_now, pending_now; /* pending: sections offered */
    uint64_t calls_ever, call_ms; /* of calls that are over: their time */
};

/* 0 or ERR_NOMEM. Nothing may be asked before anchor_commit(). */
int anchor_new(struct anchor **out, struct loop *loop, struct relay *r,
               const struct anchor_ops *ops, void *ctx);
/* Ends all calls. NULL is harmless. */
void anchor_free(struct anchor *a);

/* Two-phase reconfiguration (A-3a): prepare may fail and changes nothing, 0 or
 * ERR_NOMEM; commit cannot fail, takes what was prepared, and holds for what
 * comes next. NULL is harmless to abandon. */
struct anchor_setup;
int anchor_prepare(struct anchor_setup **out, const struct anchor_settings *s);
void anchor_commit(struct anchor *a, struct anchor_setup *setup);
void anchor_abandon(struct anchor_setup *setup);

/* An ng_request_fn; `ctx` is the anchor. */
void anchor_request(void *ctx, const struct ng_request *request,
                    struct ng_reply *reply);

/* To be called about once a second, with how many octets all pairs have carried
 * so far. */
void anchor_tick(struct anchor *a, uint64_t octets);

void anchor_stats(const struct anchor *a, struct anchor_stats *out);

/* --- for the operator --- */

/* A section of a call, as a row of a list. */
struct anchor_row {
    struct span call_id, from_tag, to_tag; /* to_tag: empty while pending */
    unsigned section;  /* its place among the m= lines, from 1 */
    const char *state; /* "offered"; "waiting", "half", "open": no, one or both
                          sides are connected; static */
    uint64_t age_ms, octets;
    char short_id[SESSION_SHORT_ID_LEN + 1]; /* of the pair; "" if offered */
};

/* A walk over all sections, one in each step; calls may come and go between the
 * steps. The memory is the caller's. */
struct anchor_walk {
    struct walk walk;
};
void anchor_walk_begin(struct anchor_walk *w, struct anchor *a);
/* The texts are valid until the next call of the relay. false at the end. */
bool anchor_walk_next(struct anchor_walk *w, const struct anchor *a,
                      struct anchor_row *row);
/* Ends it before its end; harmless when it is over. */
void anchor_walk_end(struct anchor_walk *w);

#endif
