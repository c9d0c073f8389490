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

struct span accounting_line(char *dst, const struct session_record *r,
                            struct span relay, uint64_t now_ms,
                            uint64_t unix_ms)
{
    uint64_t offset_ms = unix_ms - now_ms;
    struct json j;

    json_init(&j, dst, ACCOUNTING_LINE_MAX);
    json_object_begin(&j, NULL);
    json_str(&j, "event", SPAN("session"));
    json_str(&j, "session", span_str(r->short_id));
    json_u64(&j, "connection", r->connection);
    json_str(&j, "user", r->user);
    json_str(&j, "realm", r->realm);
    json_str(&j, "relay", relay);
    add_subject(&j, r->subject);
    add_time(&j, "began", r->began_ms + offset_ms);
    add_time(&j, "ended", r->ended_ms + offset_ms);
    json_seconds(&j, "seconds", r->ended_ms - r->began_ms);
    json_str(&j, "reason", span_str(session_why_name(r->why)));
    add_flow(&j, "sent", &r->usage.sent);
    add_flow(&j, "received", &r->usage.received);
    json_u64(&j, "reports_made", r->usage.reports_made);
    add_contacts(&j, r->contacts);
    json_object_end(&j);
    return json_text(&j);
}
