/* SPDX-License-Identifier: BSD-2-Clause */
/* hop_log - the lines of the log about a connection. */
#include "err.h"
#include "hop_private.h"

/* --- whom they are about --- */

/* A text of the peer's address; "" if there is none. */
static const char *peer_text(char *dst, const struct addr *peer)
{
    if (!peer || peer->len == 0)
        dst[0] = '\0';
    else
        (void)addr_text(dst, peer);
    return dst;
}

static bool hop_take_subject(struct hop *h, const struct subject_facts *facts)
{
    struct subject *s = subject_new(facts);

    if (!s)
        return false;
    subject_unref(h->link.subject);
    h->link.subject = s;
    return true;
}

static struct subject_facts facts_of_origin(const char *peer,
                                            const struct hop_origin *origin)
{
    return (struct subject_facts){
        .peer = peer,
        .transport = net_transport_text(origin->transport),
        .port = origin->bound_port,
    };
}

const char *hop_origin_text(char *dst, const struct addr *peer,
                            const struct hop_origin *origin)
{
    char text[ADDR_TEXT_MAX];
    struct subject_facts facts = facts_of_origin(peer_text(text, peer), origin);

    return subject_write(dst, &facts);
}

bool hop_take_origin(struct hop *h, const struct addr *peer,
                     const struct hop_origin *origin)
{
    char text[ADDR_TEXT_MAX];
    struct subject_facts facts = facts_of_origin(peer_text(text, peer), origin);

    return hop_take_subject(h, &facts);
}

static struct subject_facts facts_of_dialled(const struct hop *h,
                                             const char *peer)
{
    return (struct subject_facts){
        .peer = peer,
        .transport = net_transport_text(h->link.secure ? NET_TLS : NET_TCP),
        .port = h->link.host_port,
        .dialled = h->link.host,
    };
}

bool hop_take_dialled(struct hop *h, const struct addr *peer)
{
    char text[ADDR_TEXT_MAX];
    struct subject_facts facts = facts_of_dialled(h, peer_text(text, peer));

    return hop_take_subject(h, &facts);
}

static const char *hop_subject(char *dst, const struct hop *h)
{
    return subject_line(dst, h->link.subject, SPAN(""));
}

const char *hop_tls_version(const struct hop *h)
{
    return h->in_front ? "proxy" : conn_tls_version(h->conn);
}

/* --- its life --- */

bool hop_is_silent(const struct hop *h)
{
    return !h->dialled && !h->is_refused && conn_is_silent(h->conn);
}

static enum log_level hop_level(const struct hop *h)
{
    return hop_is_silent(h) ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
}

void hop_log_open(struct hop *h)
{
    enum log_level level = hop_level(h);
    char subject[SUBJECT_LINE_MAX];

    if (h->is_logged || !log_wants(h->all->log, level))
        return;
    h->is_logged = true;
    log_line(h->all->log, level,
             "c=%llu open%s transport=%s tls=%s host_certificate=%s",
             hop_number(h), hop_subject(subject, h),
             net_transport_text(net_transport_of(h->conn)),
             h->link.secure ? hop_tls_version(h) : "none",
             h->link.is_relay ? "yes" : "no");
}

void hop_log_closed(const struct hop *h, enum conn_why why)
{
    char subject[SUBJECT_LINE_MAX];

    log_line(h->all->log, hop_level(h),
             "c=%llu closed%s reason=\"%s\" in=%llu out=%llu cause=\"%s\"",
             hop_number(h), hop_subject(subject, h),
             h->why ? h->why : conn_why_text(why),
             (unsigned long long)conn_octets_in(h->conn),
             (unsigned long long)conn_octets_out(h->conn), conn_fault(h->conn));
}

void hop_log_slowed(const struct hop *h)
{
    char subject[SUBJECT_LINE_MAX];

    log_info(h->all->log, "c=%llu slowed%s reason=\"limits.rate_per_user\"",
             hop_number(h), hop_subject(subject, h));
}

void hop_log_bad_input(const struct hop *h, int err)
{
    char subject[SUBJECT_LINE_MAX];

    log_info(h->all->log, "c=%llu bad input%s error=%s", hop_number(h),
             hop_subject(subject, h), err_name(err));
}

/* --- heads --- */

void hop_log_in(const struct hop *h, const struct msg *m)
{
    char tid[MSG_TID_MAX + 8], what[32], subject[SUBJECT_LINE_MAX];

    if (!log_wants(h->all->log, LOG_LEVEL_DEBUG))
        return;
    log_debug(h->all->log, "c=%llu in %s tid=%s%s%s%s%s", hop_number(h),
              log_escape(what, sizeof what, msg_text(m, m->method_name)),
              log_escape(tid, sizeof tid, msg_text(m, m->tid)),
              m->fault ? " fault=\"" : "",
              m->fault ? msg_fault_text(m->fault) : "", m->fault ? "\"" : "",
              hop_subject(subject, h));
}

/* Its start line is in the frame's first parts. */
void hop_log_out(const struct hop *h, const struct frame *f)
{
    char tid[MSG_TID_MAX + 8], what[32], subject[SUBJECT_LINE_MAX];
    char text[2 * MSG_TID_MAX + 8];
    struct span rest, raw_tid;

    if (!log_wants(h->all->log, LOG_LEVEL_DEBUG) || !f->begins)
        return;
    rest = span_of(text, frame_begin(text, sizeof text, f));
    (void)span_cut(&rest, ' ');
    raw_tid = span_cut(&rest, ' ');
    log_debug(h->all->log, "c=%llu out %s tid=%s%s", hop_number(h),
              log_escape(what, sizeof what, span_cut(&rest, '\r')),
              log_escape(tid, sizeof tid, raw_tid), hop_subject(subject, h));
}

/* --- connections that were dialled --- */

void hop_log_dial_ended(const struct hop *h, const char *error,
                        const char *cause)
{
    char subject[SUBJECT_LINE_MAX];

    log_warn(h->all->log, "c=%llu dial failed%s error=\"%s\" cause=\"%s\"",
             hop_number(h), hop_subject(subject, h), error, cause);
}

void hop_log_dial_failed(const struct hop *h, const struct dial_result *result)
{
    char subject[SUBJECT_TEXT_MAX], peer[ADDR_TEXT_MAX];
    struct subject_facts facts =
        facts_of_dialled(h, peer_text(peer, &result->peer));

    log_warn(h->all->log,
             "c=%llu dial failed%s error=\"%s\" cause=\"%s\" tried=%u "
             "denied=%u backoff_ms=%llu",
             hop_number(h), subject_write(subject, &facts),
             err_text(result->err),
             result->errnum ? strerror(result->errnum) : "", result->tried,
             result->denied, (unsigned long long)result->backoff_ms);
}
