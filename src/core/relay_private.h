/* relay_private - what the files that make up the relay share among themselves.
 *
 * Calls go one way, from the right to the left:
 *
 *     relay   answer   send   loss   request   dispatch
 *     links   our own  SEND   failed other     what an event
 *     routes  respon-  on its after  methods,  or an ending
 *             ses      way    a 200  responses leads to
 */
#ifndef RELAY_PRIVATE_H
#define RELAY_PRIVATE_H

#include "auth.h"
#include "chunker.h"
#include "pending_send.h"
#include "relay_links.h"
#include "relay.h"
#include "report.h"
#include "rnd.h"
#include "route.h"
#include "sendq.h"
#include "session.h"
#include "table.h"
#include "trace.h"
#include "txn.h"

struct relay {
    const struct policy *policy;
    struct log *log;
    uint64_t now_ms;
    bool draining, ending;
    struct table links; /* by number */
    struct rnd rnd;
    struct pending_send_pool heads;
    struct txns txns;
    struct sessions sessions;
    struct relay_links relay_links;
    struct list congested; /* links for whose output others wait */
    struct chunker chunker;
    struct sendq sendq;
    struct trace trace;
    struct auth auth;
    struct log_limit auth_log;
    struct relay_stats stats;
};

/* A request other than SEND whose body is still to come. */
struct buffered_request {
    struct msg m; /* its offsets count in `text` */
    char text[];
};

/* The message of which the head was. */
static inline struct session_message message_of(const struct pending_send *h)
{
    return (struct session_message){pending_send_text(h, h->message_id),
                                    pending_send_text(h, h->received)};
}

/* --- relay.c --- */

/* The link with this number, NULL if it is gone. */
struct link *relay_link(const struct relay *r, uint64_t number);

/* A request of this link did what it should (R4976-6.1-d), or did not (-e). */
void relay_succeeded(struct link *l);
void relay_refused(struct relay *r, struct link *l);

/* The way of the request m, which came on l; what leads to a host (ROUTE_DIAL)
 * gets its link, or the code to refuse with. */
void relay_route(struct relay *r, struct route *route, struct link *l,
                 const struct msg *m);

/* --- local_response.c: this relay's own responses --- */

/* Answers a request with `code`, if its Failure-Report wants that. */
void local_response_code(struct relay *r, struct link *l, const struct msg *m,
                         unsigned code);

/* Handles an AUTH for this relay itself. */
void local_response_auth(struct relay *r, struct link *l, const struct msg *m);

/* Handles any other request for this relay itself (P-7). */
void local_response_request(struct relay *r, struct link *l,
                            const struct msg *m, const struct route *route);

/* The link to which this request was to go never came about: says so to the
 * sender (P-20). */
void local_response_lost(struct relay *r, const struct txn *x);

/* --- send.c: SEND on its way --- */

void send_head(struct relay *r, struct link *l, const struct msg *m);
void send_body(struct relay *r, struct link *l, const struct parse_event *ev);
void send_end(struct relay *r, struct link *l, char flag);

/* Nothing more of what l's stream carries goes out. */
void send_stop(struct relay *r, struct link *l);

/* The message that l's stream carries has failed with `code`: the incoming
 * chunk is answered so, what still comes of it is thrown away (P-20, P-21). */
void send_fail(struct relay *r, struct link *l, uint16_t code);

/* --- request.c: other requests, and responses --- */

/* A whole request other than SEND. */
void request_forward(struct relay *r, struct link *l, const struct msg *m,
                     struct span body);
/* A response; never has a body. */
void response_take(struct relay *r, struct link *l, const struct msg *m);

/* --- failure_report.c: what failed after it was accepted --- */

/* The transaction ended badly; drops it. `code` is the REPORT's. */
void failure_report_txn(struct relay *r, struct txn *x, enum report_cause cause,
                        uint16_t code);

/* All transactions whose time is over: 408. */
void failure_report_expired(struct relay *r);

/* All transactions of a link that is gone; `cut_code` is for those whose octets
 * were not all written. */
void failure_report_link(struct relay *r, struct link *l, uint16_t cut_code);

/* All transactions of SENDs that went through this session. */
void failure_report_session(struct relay *r, const struct session *ss,
                            uint16_t code);

#endif
