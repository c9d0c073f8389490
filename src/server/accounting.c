/* SPDX-License-Identifier: BSD-2-Clause */
#include "accounting.h"

#include "clock.h"
#include "contacts.h"
#include "json.h"
#include "subject.h"

static void add_time(struct json *j, const char *name, uint64_t unix_ms)
{
    char text[CLOCK_TEXT_MAX];
    size_t n = clock_text(text, unix_ms);

    json_str(j, name, span_of(text, n));
}

static void add_flow(struct json *j, const char *name,
                     const struct usage_flow *flow)
{
    json_object_begin(j, name);
    json_u64(j, "messages", flow->messages);
    json_u64(j, "octets", flow->octets);
    json_u64(j, "reports", flow->reports);
    json_object_end(j);
}

/* Through what the session's AUTH came. */
static void add_subject(struct json *j, const struct subject *s)
{
    uint16_t port;
    struct span address = subject_peer(s, &port);

    json_object_begin(j, "peer");
    json_str(j, "address", address);
    json_u64(j, "port", port);
    json_object_end(j);
    json_str(j, "transport", span_str(s ? s->transport : ""));
    json_str(j, "tls", span_str(s ? s->tls : ""));
}

static void add_contacts(struct json *j, const struct contacts *contacts)
{
    struct list *m, *next;

    json_array_begin(j, "parties");
    if (contacts) {
        LIST_EACH(m, next, &contacts->all)
        {
            const struct contact *c = CONTAINER(m, struct contact, of_contacts);

            json_object_begin(j, NULL);
            json_str(j, "host", contact_host(c));
            json_str(j, "session", span_str(c->short_id));
            json_object_end(j);
        }
    }
    json_array_end(j);
}

/* What sessions and pairs have in common. */
struct common {
    const char *short_id;
    uint64_t connection;
    struct span user, realm, relay;
    const struct subject *subject;
    uint64_t began_ms, ended_ms, offset_ms;
    const char *reason;
    const struct usage *usage;
};

static void add_common(struct json *j, const struct common *c)
{
    json_str(j, "event", SPAN("session"));
    json_str(j, "session", span_str(c->short_id));
    json_u64(j, "connection", c->connection);
    json_str(j, "user", c->user);
    json_str(j, "realm", c->realm);
    json_str(j, "relay", c->relay);
    add_subject(j, c->subject);
    add_time(j, "began", c->began_ms + c->offset_ms);
    add_time(j, "ended", c->ended_ms + c->offset_ms);
    json_seconds(j, "seconds", c->ended_ms - c->began_ms);
    json_str(j, "reason", span_str(c->reason));
    add_flow(j, "sent", &c->usage->sent);
    add_flow(j, "received", &c->usage->received);
    json_u64(j, "reports_made", c->usage->reports_made);
}

static void add_answerer(struct json *j, const struct anchored_record *r)
{
    json_object_begin(j, "answerer");
    json_u64(j, "connection", r->connection[ANCHORED_B]);
    add_subject(j, r->subject[ANCHORED_B]);
    json_object_end(j);
}

struct span accounting_pair_line(char *dst, const struct anchored_record *r,
                                 struct span relay, uint64_t now_ms,
                                 uint64_t unix_ms)
{
    const struct common common = {
        .short_id = r->short_id,
        .connection = r->connection[ANCHORED_A],
        .relay = relay,
        .subject = r->subject[ANCHORED_A],
        .began_ms = r->began_ms,
        .ended_ms = r->ended_ms,
        .offset_ms = unix_ms - now_ms,
        .reason = anchored_why_name(r->why),
        .usage = &r->usage,
    };
    struct json j;

    json_init(&j, dst, ACCOUNTING_PAIR_MAX);
    json_object_begin(&j, NULL);
    add_common(&j, &common);
    add_contacts(&j, NULL);
    json_str(&j, "call_id", r->call_id);
    json_str(&j, "from_tag", r->from_tag);
    json_str(&j, "to_tag", r->to_tag);
    json_str(&j, "end", span_str(anchored_why_name(r->why)));
    add_answerer(&j, r);
    json_object_end(&j);
    return json_text(&j);
}

struct span accounting_line(char *dst, const struct session_record *r,
                            struct span relay, uint64_t now_ms,
                            uint64_t unix_ms)
{
    const struct common common = {
        .short_id = r->short_id,
        .connection = r->connection,
        .user = r->user,
        .realm = r->realm,
        .relay = relay,
        .subject = r->subject,
        .began_ms = r->began_ms,
        .ended_ms = r->ended_ms,
        .offset_ms = unix_ms - now_ms,
        .reason = session_why_name(r->why),
        .usage = &r->usage,
    };
    struct json j;

    json_init(&j, dst, ACCOUNTING_LINE_MAX);
    json_object_begin(&j, NULL);
    add_common(&j, &common);
    add_contacts(&j, r->contacts);
    json_object_end(&j);
    return json_text(&j);
}
