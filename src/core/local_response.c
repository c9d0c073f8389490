/* SPDX-License-Identifier: BSD-2-Clause */
/* local_response - this relay's own responses: refusals, keep-alives. */
#include "codes.h"
#include "relay_private.h"

/* AUTH is answered whatever its Failure-Report says; a REPORT never is. */
static bool wants_answer(const struct msg *m, unsigned code)
{
    switch (m->method) {
    case MSG_AUTH:
        return true;
    case MSG_SEND:
        return report_answers(m->failure_report, code);
    case MSG_OTHER:
        return m->failure_report != MSG_REPORT_NO; /* D-5 */
    case MSG_REPORT:
    case MSG_RESPONSE:
        return false;
    }
    return false;
}

/* The From-Path of the response: the URI by which the request addressed us. */
static struct span responder(const struct relay *r, const struct msg *m)
{
    return m->to_first.n ? msg_text(m, m->to_first) : r->policy->self;
}

void local_response_begin(const struct relay *r, struct frame *f,
                          const struct msg *m, unsigned code)
{
    frame_init(f);
    report_response(f, m, responder(r, m), code);
}

void local_response_finish(struct relay *r, struct link *l, struct frame *f,
                           const struct msg *m, unsigned code)
{
    frame_end(f, msg_text(m, m->tid), '$');
    r->stats.responses_made[code_index(code)]++;
    (void)sendq_put_between(l, f);
}

void local_response_code(struct relay *r, struct link *l, const struct msg *m,
                         unsigned code)
{
    struct frame f;

    if (!wants_answer(m, code)) {
        r->stats.dropped += code != 200;
        return;
    }
    local_response_begin(r, &f, m, code);
    local_response_finish(r, l, &f, m, code);
}

/* --- requests for the relay itself (P-7, P-25) --- */

void local_response_request(struct relay *r, struct link *l,
                            const struct msg *m, const struct route *route)
{
    switch (m->method) {
    case MSG_SEND:
        if (!m->has_body && route->session)
            relay_succeeded(l);
        local_response_code(r, l, m, m->has_body ? 403 : 200);
        return;
    case MSG_OTHER:
        local_response_code(r, l, m, 501);
        return;
    case MSG_AUTH: /* auth_response.c */
    case MSG_REPORT:
    case MSG_RESPONSE:
        r->stats.dropped++;
        return;
    }
}

/* --- requests that could not be delivered (P-20) --- */

/* However the end of a link that never came up was found: nothing was sent over
 * it, and nobody else will answer. 0: the request has gone out, and only its
 * receiver knows what became of it. */
static unsigned code_of_lost(const struct txn *x)
{
    if (x->link->fail_code)
        return x->link->fail_code;
    return x->link->connecting || x->back->is_auth ? 408 : 0;
}

void local_response_instead(struct relay *r, const struct txn *x, unsigned code)
{
    const struct txn_back *back = x->back;
    struct link *in = relay_link(r, back->in_number);
    struct span tid = span_of(back->tid, back->tid_n);
    struct frame f;

    if (!in || !back->paths || back->is_mute || !code)
        return;
    frame_init(&f);
    frame_response(&f, tid, code, code_comment(code));
    frame_add(&f, span_str(back->paths));
    frame_end(&f, tid, '$');
    r->stats.responses_made[code_index(code)]++;
    (void)sendq_put_between(in, &f);
}

void local_response_lost(struct relay *r, const struct txn *x)
{
    local_response_instead(r, x, code_of_lost(x));
}
