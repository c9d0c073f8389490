/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace.h"

#include <stdio.h>

#include "digest.h"
#include "err.h"
#include "pair.h"
#include "pending_send.h"
#include "subject.h"
#include "uri.h"

enum {
    HEAD_MAX = 16384, /* longer heads that are sent are skipped */
    PATH_MAX_URIS = 64,
    ESCAPED_MAX = 4 * MSG_TID_MAX + 8,
    NAME_MAX = 64,
    WHOSE_MAX = SESSION_SHORT_ID_LEN + 8,
};

void trace_init(struct trace *t, const struct sessions *sessions,
                struct log *log)
{
    *t = (struct trace){.sessions = sessions, .log = log};
}

/* --- targets --- */

static struct span trace_target_text(const struct trace_target *target)
{
    return span_of(target->text, target->n);
}

static bool trace_is_target(const struct trace *t, enum trace_kind kind,
                            struct span what, size_t *at)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->targets[i].kind == kind &&
            span_eq(trace_target_text(&t->targets[i]), what)) {
            *at = i;
            return true;
        }
    }
    return false;
}

static struct trace_target target_of(enum trace_kind kind, struct span what)
{
    struct trace_target target = {.kind = kind, .n = (uint8_t)what.n};

    memcpy(target.text, what.p, what.n);
    return target;
}

int trace_set(struct trace *t, enum trace_kind kind, struct span what, bool on)
{
    bool sound = kind == TRACE_USER ? what.n > 0 && what.n <= USERS_NAME_MAX
                                    : what.n == SESSION_SHORT_ID_LEN;
    size_t at;

    if (!sound)
        return ERR_SYNTAX;
    if (trace_is_target(t, kind, what, &at)) {
        if (on)
            return ERR_EXISTS;
        t->targets[at] = t->targets[--t->n];
        return 0;
    }
    if (!on)
        return ERR_NOT_FOUND;
    if (t->n == TRACES_MAX)
        return ERR_FULL;
    t->targets[t->n++] = target_of(kind, what);
    return 0;
}

/* --- whose head it is --- */

static struct span short_id_of(const struct session *ss)
{
    return span_of(ss->uri.session_id.p, SESSION_SHORT_ID_LEN);
}

static bool is_traced(const struct trace *t, const struct session *ss)
{
    size_t at;

    return trace_is_target(t, TRACE_USER, ss->user, &at) ||
           trace_is_target(t, TRACE_SESSION, short_id_of(ss), &at);
}

/* The first traced session whose URI is in the path, or NULL. */
static const struct session *traced_in(const struct trace *t, struct span path)
{
    const struct session *ss;
    struct span text;
    struct uri uri;

    while (msg_path_next(&text, &path)) {
        if (uri_parse(&uri, text) != 0 || uri.session_id.n == 0)
            continue;
        ss = session_find_token(t->sessions, uri.session_id);
        if (!ss)
            ss = pair_session(t->sessions, &uri);
        if (ss && is_traced(t, ss))
            return ss;
    }
    return NULL;
}

/* Is this the AUTH of a traced user? Remembers it for the response. */
static bool is_traced_auth(struct trace *t, const struct link *l,
                           const struct msg *m)
{
    struct digest_auth credentials;
    struct span header, tid = msg_text(m, m->tid);
    size_t at;

    if (m->method != MSG_AUTH ||
        !msg_header(&header, m, SPAN("Authorization")) ||
        digest_auth_parse(&credentials, header) != 0 ||
        !trace_is_target(t, TRACE_USER, credentials.username, &at))
        return false;
    t->asker = t->targets[at];
    t->asked_on = l->number;
    (void)span_copy(t->asked_tid, sizeof t->asked_tid, tid);
    return true;
}

static bool answers_traced_auth(const struct trace *t, const struct link *l,
                                const struct msg *m)
{
    return m->method == MSG_RESPONSE && t->asked_on == l->number &&
           span_eq(msg_text(m, m->tid), span_str(t->asked_tid));
}

/* Writes `s=MARK `, or nothing if there is no session yet, into dst, and the
 * user into *user; false if the head belongs to no target. */
static bool whose(struct trace *t, char *dst, struct span *user,
                  const struct link *l, const struct msg *m)
{
    const struct session *ss = traced_in(t, msg_text(m, m->to));

    dst[0] = '\0';
    if (!ss)
        ss = traced_in(t, msg_text(m, m->from));
    if (ss) {
        (void)snprintf(dst, WHOSE_MAX, "s=%.*s ", SPAN_ARG(short_id_of(ss)));
        *user = ss->user;
        return true;
    }
    if (!is_traced_auth(t, l, m) && !answers_traced_auth(t, l, m))
        return false;
    *user = trace_target_text(&t->asker);
    return true;
}

/* --- lines --- */

/* Writes ` name=value` into dst, or nothing if there is no value. */
static const char *field(char *dst, size_t size, const char *name,
                         struct span value)
{
    char text[ESCAPED_MAX];

    dst[0] = '\0';
    if (value.n)
        (void)snprintf(dst, size, " %s=%s", name,
                       log_escape(text, sizeof text, value));
    return dst;
}

/* The value of Byte-Range as received. */
static struct span range_of(const struct msg *m)
{
    struct span value;

    return msg_header(&value, m, SPAN("Byte-Range")) ? value : SPAN("");
}

static void line(struct trace *t, const struct link *l, const char *way,
                 const struct msg *m, char flag)
{
    char owner[WHOSE_MAX], name[NAME_MAX], tid[ESCAPED_MAX + 16];
    char id[ESCAPED_MAX + 16], range[ESCAPED_MAX + 16];
    char status[ESCAPED_MAX + 16], end[] = " flag=$";
    char subject[SUBJECT_LINE_MAX];
    struct span user;

    if (!whose(t, owner, &user, l, m))
        return;
    end[6] = flag;
    log_always(t->log, "c=%llu %strace %s %s%s%s%s%s%s%s%s%s%s",
               (unsigned long long)l->number, owner, way,
               log_escape(name, sizeof name, msg_text(m, m->method_name)),
               field(tid, sizeof tid, "tid", msg_text(m, m->tid)),
               field(id, sizeof id, "message-id", msg_text(m, m->message_id)),
               field(range, sizeof range, "range", range_of(m)),
               field(status, sizeof status, "status", msg_text(m, m->status)),
               m->fault ? " fault=\"" : "",
               m->fault ? msg_fault_text(m->fault) : "", m->fault ? "\"" : "",
               flag ? end : "", subject_line(subject, l->subject, user));
}

void trace_in(struct trace *t, const struct link *l, const struct msg *m,
              char flag)
{
    line(t, l, "in", m, flag);
}

void trace_in_end(struct trace *t, const struct link *l, char flag)
{
    const struct stream *s = l->stream;
    const struct session *ss;
    char tid[ESCAPED_MAX], subject[SUBJECT_LINE_MAX];

    if (!s || !s->head->has_body) /* its end was logged with the head */
        return;
    ss = s->sender.session;
    if (!ss || !is_traced(t, ss))
        ss = s->receiver.session;
    if (!ss || !is_traced(t, ss))
        return;
    log_always(
        t->log, "c=%llu s=%.*s trace in end tid=%s flag=%c%s",
        (unsigned long long)l->number, SPAN_ARG(short_id_of(ss)),
        log_escape(tid, sizeof tid, pending_send_text(s->head, s->head->tid)),
        flag, subject_line(subject, l->subject, ss->user));
}

/* --- frames that are sent --- */

/* The head at the beginning of a frame: up to the empty line, or to the
 * end-line if there is no body. */
static struct span head_in(struct span text, bool *has_body)
{
    const char *empty = memmem(text.p, text.n, "\r\n\r\n", 4);
    struct span rest = text;

    *has_body = empty != NULL;
    if (empty)
        return span_of(text.p, (size_t)(empty - text.p) + 4);
    (void)span_cut(&rest, ' ');
    text.n -= 7 + span_cut(&rest, ' ').n + 3;
    return text;
}

void trace_out(struct trace *t, const struct link *l, const struct frame *f)
{
    char text[HEAD_MAX];
    struct span head;
    struct msg m;
    bool has_body;

    if (!f->begins)
        return;
    head = head_in(span_of(text, frame_begin(text, sizeof text, f)), &has_body);
    if (!has_body && f->octets >= sizeof text)
        return;
    if (msg_parse(&m, head, has_body, PATH_MAX_URIS) == 0)
        line(t, l, "out", &m, f->flag);
}
