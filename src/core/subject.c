/* SPDX-License-Identifier: BSD-2-Clause */
#include "subject.h"

#include <stdio.h>
#include <stdlib.h>

#include "log.h"

enum {
    HOST_MAX = 140, /* octets of a host that was dialled, as it is written */
    KEPT_MAX = 255, /* octets of a user's name; longer than any real one */
};

#define PEER " peer="

static const char *host_and_port(char *dst, const struct subject_facts *facts)
{
    char text[SUBJECT_TEXT_MAX];
    int n = facts->port
                ? snprintf(text, sizeof text, "%.*s:%u",
                           SPAN_ARG(facts->dialled), facts->port)
                : snprintf(text, sizeof text, "%.*s", SPAN_ARG(facts->dialled));

    if (n < 0 || (size_t)n >= sizeof text)
        return log_value(dst, HOST_MAX, facts->dialled);
    return log_value(dst, HOST_MAX, span_of(text, (size_t)n));
}

const char *subject_write(char *dst, const struct subject_facts *facts)
{
    const char *peer = facts->peer[0] ? PEER : "";
    char host[HOST_MAX];

    if (facts->dialled.n)
        (void)snprintf(dst, SUBJECT_TEXT_MAX, "%s%.64s dialled=%s", peer,
                       facts->peer, host_and_port(host, facts));
    else
        (void)snprintf(dst, SUBJECT_TEXT_MAX, "%s%.64s listener=%s:%u", peer,
                       facts->peer, facts->transport, facts->port);
    return dst;
}

struct subject *subject_new(const struct subject_facts *facts)
{
    char text[SUBJECT_TEXT_MAX];
    size_t n = strlen(subject_write(text, facts)) + 1;
    struct subject *s = malloc(sizeof *s + n);

    if (!s)
        return NULL;
    s->refs = 1;
    s->transport = facts->transport;
    s->tls = "";
    s->user = NULL;
    memcpy(s->text, text, n);
    return s;
}

struct subject *subject_ref(struct subject *s)
{
    if (s)
        s->refs++;
    return s;
}

void subject_unref(struct subject *s)
{
    if (!s || --s->refs > 0)
        return;
    free(s->user);
    free(s);
}

void subject_set_user(struct subject *s, struct span user)
{
    char *text;

    if (user.n > KEPT_MAX)
        user.n = KEPT_MAX;
    if (!s || (s->user && span_eq(span_str(s->user), user)))
        return;
    text = strndup(user.p, user.n);
    if (!text)
        return;
    free(s->user);
    s->user = text;
}

const char *subject_line(char *dst, const struct subject *s, struct span user)
{
    char name[SUBJECT_USER_MAX];

    if (user.n == 0 && s && s->user)
        user = span_str(s->user);
    (void)snprintf(dst, SUBJECT_LINE_MAX, "%s%s%s", s ? s->text : "",
                   user.n ? " user=" : "",
                   user.n ? log_value(name, sizeof name, user) : "");
    return dst;
}

struct span subject_peer_text(const struct subject *s)
{
    struct span text = s ? span_str(s->text) : SPAN("");

    if (!span_starts(text, SPAN(PEER)))
        return SPAN("");
    text = span_from(text, sizeof PEER - 1);
    text.n = span_find(text, ' ');
    return text;
}

struct span subject_peer(const struct subject *s, uint16_t *port)
{
    struct span text = subject_peer_text(s);
    uint64_t value = 0;
    size_t n;

    *port = 0;
    for (n = text.n; n > 0 && text.p[n - 1] != ':'; n--)
        continue;
    if (n == 0) /* no address of IP */
        return text;
    if (span_u64(&value, span_from(text, n), UINT16_MAX) == 0)
        *port = (uint16_t)value;
    text.n = n - 1;
    if (text.n > 2 && text.p[0] == '[')
        text = span_of(text.p + 1, text.n - 2);
    return text;
}
