/* SPDX-License-Identifier: BSD-2-Clause */
/* relay_private - what the files that make up the relay share with each other,
 * and no other file includes.
 *
 * The files have an order, and each calls only those below it:
 *
 *     dispatch    operator     a parser's event, the end of a link, time;
 *        |           |         what the operator asks for
 *        |-----------|
 *     anchored       |         pairs: what was agreed for them, their end
 *        |           |
 *        |-----------|
 *     request        |         other requests than SEND, and responses
 *        |           |
 *        |-----------|
 *     failure_report           a SEND that failed after it was accepted
 *        |
 *      send   auth_response    a SEND on its way; what an AUTH gets
 *        |      |
 *     send_answers             ... its answer, at once or later
 *        |
 *     send_pairs               ... through anchored pairs
 *        |
 *     local_response           responses that this relay makes itself
 *        |
 *      relay                   the links by number, the route of a request
 *        |
 *     anchored_reach           ... to a side of a pair
 *        |
 *     the modules with a header of their own: route, session, chunker, ...
 *
 * A function that both an upper and a lower file need belongs into the lower
 * one. For example, local_response_lost() is not in request.c, which forwarded
 * the request: failure_report.c finds out that the request is lost, and
 * request.c calls failure_report.c. waiting_link stands beside the others: to
 * them it is what the application is, and uses dispatch.h as that does. All
 * these files may use `struct relay`; the modules below them never see it. */
#ifndef RELAY_PRIVATE_H
#define RELAY_PRIVATE_H

#include "anchored.h"
#include "anchored_dial.h"
#include "auth.h"
#include "auth_failures.h"
#include "chunker.h"
#include "ongoing.h"
#include "owed.h"
#include "pair.h"
#include "pending_auth.h"
#include "pending_send.h"
#include "relay_links.h"
#include "relay.h"
#include "report.h"
#include "rnd.h"
#include "route.h"
#include "route_memo.h"
#include "sendq.h"
#include "session.h"
#include "source.h"
#include "table.h"
#include "trace.h"
#include "txn.h"

/* anchored.c, anchored_reach.c. */
struct anchored {
    anchored_dial_fn dial; /* NULL: nothing is dialled for pairs */
    void *dial_ctx;
    anchored_record_fn on_end; /* or NULL */
    void *on_end_ctx;
    struct list waiting;  /* of struct waiting_link, the oldest first */
    struct list arrived;  /* sides, to whose link goes what has waited */
    struct list former;   /* of struct former_link */
    uint64_t next_number; /* of a waiting link */
    uint64_t refused, refused_fingerprint, lapsed;
};

struct relay {
    uint64_t users_lists;              /* begun for operators */
    const struct policy *policy;       /* the caller's, as are the users */
    struct log *log;                   /* the caller's */
    uint64_t now_ms;                   /* as set by relay_clock() */
    const struct policy *given_policy; /* by relay_configure() */
    struct policy tight_policy;        /* ... cut, while memory is short */
    unsigned tightness;
    bool draining, ending;
    struct table links; /* by number */
    struct rnd rnd;
    struct pending_send_pool heads;
    struct txns txns;
    struct sessions sessions;
    struct relay_links relay_links;
    struct route_memos memos;
    uint64_t changes; /* of links and policy: see route_memo.h */
    struct anchored anchored;
    struct chunker chunker;
    struct sendq sendq;
    struct list parking; /* links that are dialled, with answers that wait */
    struct sources sources;
    struct owed owed; /* REPORTs that are not written yet */
    struct trace trace;
    uint32_t attempts; /* to send messages, ever; see session_message */
    struct auth auth;
    struct pending_auths pending_auths;
    struct auth_failures auth_failures; /* over other relays' links */
    struct log_limit owed_log; /* ... and about REPORTs that nobody gets */
    struct relay_stats stats;  /* those that no module counts itself */
};

/* The message that a SEND with this head is part of. */
static inline struct session_message message_of(const struct pending_send *h)
{
    return (struct session_message){pending_send_text(h, h->message_id),
                                    pending_send_text(h, h->received),
                                    h->attempt};
}

/* --- relay.c: the links, the route of a request --- */

/* The link with this number, NULL if it is gone or closing. */
struct link *relay_link(const struct relay *r, uint64_t number);

/* A new link: relay_link() finds it, and it is on probation unless it was
 * dialled. */
void relay_enter(struct relay *r, struct link *l);

/* relay_link() finds it no longer. */
void relay_forget(struct relay *r, struct link *l);

/* Finds the route of the request m, which arrived on l. ROUTE_DIAL and
 * ROUTE_SIDE are already resolved: into ROUTE_LINK to the host or side, dialled
 * if need be, or into ROUTE_REFUSE with the code. ROUTE_EARLY has the link to
 * wait for in `out`. */
void relay_route(struct relay *r, struct route *route, struct link *l,
                 const struct msg *m);

/* The same for a SEND, often without looking for it again: *route, or what was
 * kept for its paths. */
struct route *relay_route_send(struct relay *r, struct route *route,
                               struct link *l, const struct msg *m);

/* The SEND went on as `route` says: so do others with its paths. */
void relay_keep_route(struct relay *r, const struct link *l,
                      const struct msg *m, const struct route *route);

/* A request from this link was valid (R4976-6.1-d): it is no longer on
 * probation. */
void relay_succeeded(struct link *l);

/* A request from this link was refused (R4976-6.1-e). Closes a link on
 * probation that had too many of these. */
void relay_refused(struct relay *r, struct link *l);

/* An AUTH from this link had a wrong user or password, here or at the relay
 * that it went to (R4976-6.3-o, -p). Closes the link with `why`, which is
 * static, after auth.max_failures of these. */
void relay_denied(struct relay *r, struct link *l, const char *why);

/* Who sends what arrived on `l`, as far as accounts go (S-14): the session of
 * ours whose owner sends, or the pair, if there is one; on another relay's link
 * the first From-Path URI, but for a pair; any stranger on his own link. */
struct span relay_source(const struct link *l, const struct msg *m,
                         const struct session *sender);

/* Dials for who sends `m` on `in`, to where ROUTE_DIAL or ROUTE_SIDE leads, as
 * one of the few dials that a source may have under way (S-12). NULL with the
 * response code in *code. */
struct link *relay_dial(struct relay *r, const struct route *route,
                        const struct link *in, const struct msg *m,
                        uint16_t *code);

/* --- waiting_link.c: a link of this relay's own, where what is for a peer
 * waits until it is there --- */

struct waiting_link {
    struct link link;
    struct list of_all;     /* in anchored.waiting */
    struct pair_side *side; /* for whom it is; NULL: a gate */
    uint64_t due_ms;        /* what waits for a side fails then */
    char *text;             /* owned */
    size_t n, room;
    struct waiting_put *puts; /* owned */
    size_t n_puts, puts_room;
};

/* A new one, on which requests to `side` wait; or a gate (NULL), through which
 * nothing goes: who feeds it waits. NULL when out of memory. */
struct waiting_link *waiting_link_new(struct relay *r, struct pair_side *side);

/* Is the link one of these? */
bool waiting_link_is_one(const struct link *l);

/* All that waits goes over to `to`, as if it had gone there at once. Frees it.
 */
void waiting_link_move(struct relay *r, struct waiting_link *w,
                       struct link *to);

/* All that waits fails with `code`, and who waits goes on. Frees it. */
void waiting_link_end(struct relay *r, struct waiting_link *w, uint16_t code);

/* --- anchored_reach.c: the way to a side of a pair --- */

/* The request of this route has come over `l` from the side that speaks: it is
 * bound to the link, if it was not. */
void anchored_heard(struct relay *r, struct route *route, struct link *l);

/* Who speaks on the link has not the certificate that was announced: counts and
 * logs that, for it may be a client that has none (RFC 8122, 6.2). */
void anchored_note_impostor(struct relay *r, const struct route *route,
                            const struct link *l);

/* Resolves ROUTE_SIDE and ROUTE_EARLY: into ROUTE_LINK, into ROUTE_LOCAL for
 * what goes no further, or into ROUTE_REFUSE. ROUTE_EARLY gets `out`, a link to
 * wait for. The request has come over `in`. */
void anchored_reach(struct relay *r, struct route *route, const struct link *in,
                    const struct msg *m);

/* Is the side to be dialled, and can it be? Not one that is inside this relay.
 */
bool anchored_may_dial(const struct relay *r, const struct pair_side *x);

/* Begins to dial for the side. NULL with the response code in *code.
 * `is_fresh`: an answer was just given. */
struct link *anchored_dial_side(struct relay *r, struct pair_side *x,
                                bool is_fresh, uint16_t *code);

/* --- anchored.c: pairs --- */

/* What has waited for sides that have come goes to them. */
void anchored_hand_over(struct relay *r);
static inline void anchored_settle(struct relay *r)
{
    if (!list_is_empty(&r->anchored.arrived))
        anchored_hand_over(r);
}

/* The link is up. */
void anchored_link_known(struct relay *r, struct link *l);

/* The link has ended: its sides are not bound any more; they are dialled again
 * unless it was `kicked`. */
void anchored_link_closed(struct relay *r, struct link *l, bool kicked);

/* Ends a pair whose owner has not asked for that, and tells him. */
void anchored_end_unasked(struct relay *r, struct anchored_pair *p,
                          enum anchored_why why);

/* Ends what has waited or was idle for too long. Call it several times a
 * second. */
void anchored_tick(struct relay *r);

/* What waits for a side fails with 408. */
void anchored_give_up(struct relay *r);

/* Ends all that is left. */
void anchored_fini(struct relay *r);

/* --- local_response.c: responses that this relay makes itself --- */

/* Answers a request with `code`, if its method and its Failure-Report want
 * that. */
void local_response_code(struct relay *r, struct link *l, const struct msg *m,
                         unsigned code);

/* The beginning and the end of the response `code` to a request; between them
 * come its other headers. */
void local_response_begin(const struct relay *r, struct frame *f,
                          const struct msg *m, unsigned code);
void local_response_finish(struct relay *r, struct link *l, struct frame *f,
                           const struct msg *m, unsigned code);

/* Handles a request for this relay itself (P-7) other than AUTH. */
void local_response_request(struct relay *r, struct link *l,
                            const struct msg *m, const struct route *route);

/* The request of this transaction gets no response from where it went: answers
 * it if the link that was dialled for it never came up, with the link's
 * `fail_code`, without one with 408 (P-20); an AUTH with 408 also when it is
 * not answered or its link ends (S-33). */
void local_response_lost(struct relay *r, const struct txn *x);
/* Answers it with `code`, whatever becomes of it where it went. */
void local_response_instead(struct relay *r, const struct txn *x,
                            unsigned code);

/* --- auth_response.c: what an AUTH gets --- */

/* Handles an AUTH for this relay itself (RFC 4976, 5.1). */
void auth_response(struct relay *r, struct link *l, const struct msg *m);

/* The wait of an AUTH that auth_response() could not answer is over: a
 * pending_auth_done_fn, with the relay as ctx. */
void auth_response_judged(void *ctx, struct link *l, const struct msg *m,
                          const struct asker_answer *answer);
/* Something goes through the session: if it is a pair's, that is in use (A-3a).
 */
static inline void relay_touch_pair(struct relay *r, const struct session *ss)
{
    if (ss && ss->pair)
        pair_touch(&r->sessions, ss->pair, r->now_ms);
}

/* --- send_pairs.c: a SEND that goes through anchored pairs --- */

/* The head of a SEND whose paths are replaced; NULL when out of memory. */
struct pending_send *send_new_replaced(struct relay *r, const struct link *l,
                                       const struct msg *m,
                                       const struct route *route);

/* Counts for the pairs between the first and the last session of the stream. */
void send_count_middle(const struct relay *r, const struct stream *s,
                       uint64_t messages, uint64_t octets);

/* A chunk that went through pairs is over. */
void send_count_pairs(struct relay *r, const struct stream *s);

/* Counts a failed message for the side that sent it. */
void send_count_error(const struct relay *r, const struct pending_send *h);
/* The same for one that was refused at its head. */
void send_count_refused(const struct route *route);

/* Has a pair ended that the stream goes through, and which does not know of it?
 */
bool send_is_cut(struct relay *r, const struct stream *s);

/* --- send.c: a SEND on its way --- */

/* Sets up send's part of a link; takes the link out of everything that it kept
 * track of. */
void send_link_init(struct link *l);
void send_link_closed(struct link *l);

/* The link is gone: what it did not carry to its end ends with `#` (P-18,
 * S-31). */
void send_link_lost(struct relay *r, struct link *l);

/* The link never came up, and what was for it is lost: messages of which more
 * is to come fail, although with `Failure-Report: no` nobody is told (P-20,
 * P-21). To be called once the REPORTs are owed. */
void send_link_unreached(struct relay *r, struct link *l, uint16_t code);

/* The parser's events of a SEND without fault. send_body() and send_end() only
 * while the frame is LINK_FRAME_STREAM. */
/* send_head() returns the link that it has to wait for, or NULL; then it
 * is called `again` with a copy. */
struct link *send_head(struct relay *r, struct link *l, const struct msg *m,
                       bool again);
void send_body(struct relay *r, struct link *l, const struct parse_event *ev);
void send_end(struct relay *r, struct link *l, char flag);

/* Answers each chunk of the session that is being received with `code`. */
void send_fail_session(struct relay *r, struct session *ss, uint16_t code);

/* Fails the message that l's stream carries: answers the incoming chunk with
 * `code` and discards the rest of it (P-20, P-21). There must be a stream. */
void send_fail(struct relay *r, struct link *l, uint16_t code);

/* The message of a SEND with this head has failed with `code`: fails the chunk
 * of it that is being received, or else ends it with `#` (S-31). No-op if no
 * more of it was to come. */
void send_break(struct relay *r, const struct pending_send *h, uint16_t code);

/* --- send_answers.c: what the sender of a SEND is told --- */

/* The last session that the SEND passed, NULL if it has ended. */
struct session *send_session(const struct relay *r,
                             const struct pending_send *h);

/* The message has failed with `code`, and its sender is told (P-17, P-21). */
void send_mark_failed(struct relay *r, struct pending_send *h, uint16_t code);

/* Answers the SEND of this head, which came on `l`, if its sender wants it. */
void send_answer(struct relay *r, struct link *l, const struct pending_send *h,
                 unsigned code);

/* The chunk has come to its end, and is answered with 200: at once, or later.
 */
void send_answer_chunk(struct relay *r, const struct stream *s);

/* Is the answer to the SEND of this head still to come? */
bool send_is_unanswered(const struct relay *r, const struct pending_send *h);

/* Answers the SENDs whose answer waited until `out` is up (P-20): with 200, or
 * with the code with which their messages fail. */
void send_answer_parked(struct relay *r, struct link *out, uint16_t code);

/* `out` has taken octets: if its receiver is no longer behind, SENDs whose
 * answer waited for that get it. */
void send_answer_moved(struct relay *r, struct link *out);

/* The receiver has answered a chunk whose answer waited for that. */
void send_answer_taken(struct relay *r, struct txn *x);

/* The transaction fails: its chunk is answered first, if that waits for octets
 * to leave. */
void send_answer_failed(struct relay *r, struct txn *x);

/* Answers those with 200 that have waited for long enough (S-12). */
void send_tick(struct relay *r);

/* --- failure_report.c: a SEND that failed after it was accepted --- */

/* The transaction of a SEND failed. Drops it, and reports the failure to the
 * sender with `code` where a REPORT is due. */
void failure_report_txn(struct relay *r, struct txn *x, enum report_cause cause,
                        uint16_t code);

/* Writes REPORTs that are owed to the link, as far as its output has room. */
void failure_report_write(struct relay *r, struct link *l);

/* Closes the link with `why`, which is static, once it has all REPORTs that are
 * owed to it; nothing is read from it any longer. */
void failure_report_finish(struct relay *r, struct link *l, const char *why);

/* The link has ended: what is owed to it goes elsewhere or is dropped. */
void failure_report_link_closed(struct relay *r, struct link *l);

/* Looks for links to relays that are owed something, drops what is void. Call
 * it at least once a second. */
void failure_report_tick(struct relay *r);

/* Fails all transactions whose time is over: 408. */
void failure_report_expired(struct relay *r);

/* Fails all transactions of a link that is gone: with 408, or with `cut_code`
 * where not all octets had been written. */
void failure_report_link(struct relay *r, struct link *l, uint16_t cut_code);

/* Fails all transactions of SENDs that went through this session. */
void failure_report_session(struct relay *r, struct session *ss, uint16_t code);
/* The same for those that await an answer on `l`. */
void failure_report_session_on(struct relay *r, struct session *ss,
                               const struct link *l, uint16_t code);

/* --- request.c: other requests than SEND, and responses --- */

/* Forwards, answers or refuses a whole request; `body` may be empty. Returns
 * the link whose output has to have room first, NULL if that is not so. */
struct link *request_forward(struct relay *r, struct link *l,
                             const struct msg *m, struct span body);

/* Handles a response without a body. */
void response_take(struct relay *r, struct link *l, const struct msg *m);

#endif
