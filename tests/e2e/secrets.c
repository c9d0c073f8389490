/* SPDX-License-Identifier: BSD-2-Clause */
#include "secrets.h"

#include <assert.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "log.h"

enum {
    BUCKETS = 4096,
    /* So much of a body is looked for: a log might cut it short. */
    BODY_SHOWN = 16,
};

struct secret {
    struct secret *next; /* in its bucket */
    const char *what;
    size_t n;
    char text[];
};

struct secrets {
    struct secret *buckets[BUCKETS]; /* by their first SECRET_MIN octets */
    size_t n;
};

struct secrets *secrets_new(void)
{
    struct secrets *s = calloc(1, sizeof *s);

    assert_non_null(s);
    return s;
}

void secrets_free(struct secrets *s)
{
    for (size_t i = 0; s && i < BUCKETS; i++) {
        struct secret *at = s->buckets[i];

        while (at) {
            struct secret *next = at->next;

            free(at);
            at = next;
        }
    }
    free(s);
}

static size_t bucket_of(const char *p)
{
    uint64_t key;

    memcpy(&key, p, sizeof key);
    static_assert(sizeof key == SECRET_MIN, "a key is the shortest secret");
    return (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 52);
}

/* Which secret stands at the head of `text`, if it has SECRET_MIN octets? */
static const struct secret *find_at(const struct secrets *s, struct span text)
{
    const struct secret *at = s->buckets[bucket_of(text.p)];

    while (at && !span_starts(text, span_of(at->text, at->n)))
        at = at->next;
    return at;
}

void secrets_add(struct secrets *s, const char *what, struct span text)
{
    struct secret **bucket, *new;

    if (text.n < SECRET_MIN || find_at(s, text))
        return;
    new = calloc(1, sizeof *new + text.n);
    assert_non_null(new);
    new->what = what;
    new->n = text.n;
    memcpy(new->text, text.p, text.n);
    bucket = &s->buckets[bucket_of(text.p)];
    new->next = *bucket;
    *bucket = new;
    s->n++;
}

size_t secrets_count(const struct secrets *s)
{
    return s->n;
}

bool secrets_find(struct span *line, const char **what, const struct secrets *s,
                  struct span log)
{
    while (log.n > 0) {
        struct span whole = span_cut(&log, '\n'), rest = whole;

        for (; rest.n >= SECRET_MIN; rest = span_from(rest, 1)) {
            const struct secret *found = find_at(s, rest);

            if (!found)
                continue;
            *line = whole;
            *what = found->what;
            return true;
        }
    }
    return false;
}

/* --- what is in a frame --- */

void secrets_add_body(struct secrets *s, struct span body)
{
    char octets[BODY_SHOWN], escaped[4 * BODY_SHOWN + 6];
    struct span form;

    if (body.n > sizeof octets)
        body.n = sizeof octets;
    if (body.n < SECRET_MIN)
        return;
    form = span_str(log_escape(escaped, sizeof escaped, body));
    secrets_add(s, "a body", span_of(form.p + 1, form.n - 2));
    for (size_t i = 0; i < body.n; i++)
        octets[i] = (unsigned char)body.p[i] < ' ' ? '?' : body.p[i];
    secrets_add(s, "a body", span_of(octets, body.n));
}

/* Moves `*text` past the next `mark`; false if there is none. */
static bool skip_past(struct span *text, struct span mark)
{
    const char *at = memmem(text->p, text->n, mark.p, mark.n);

    if (!at)
        return false;
    *text = span_from(*text, (size_t)(at - text->p) + mark.n);
    return true;
}

/* Up to the first of these characters. */
static struct span up_to(struct span text, struct span any_of)
{
    size_t n = 0;

    while (n < text.n && span_find(any_of, text.p[n]) == any_of.n)
        n++;
    return span_of(text.p, n);
}

/* The token of each URI: `msrps://host:port/TOKEN;tcp`. */
static void add_tokens(struct secrets *s, struct span text)
{
    while (skip_past(&text, SPAN("://"))) {
        size_t host_n = up_to(text, SPAN("/; \r\n\"")).n;

        text = span_from(text, host_n);
        if (text.n > 0 && *text.p == '/')
            secrets_add(s, "a token",
                        up_to(span_from(text, 1), SPAN("; \r\n\"")));
    }
}

static void add_values(struct secrets *s, struct span text, const char *name)
{
    char mark[32];

    snprintf(mark, sizeof mark, "%s=\"", name);
    while (skip_past(&text, span_str(mark)))
        secrets_add(s, name, span_of(text.p, span_find(text, '"')));
}

void secrets_add_frame(struct secrets *s, struct span frame)
{
    /* Those that end as others do first: they are told by their whole name. */
    static const char *const names[] = {"cnonce", "nextnonce", "nonce",
                                        "response", "rspauth"};
    struct span body = frame, head = frame;

    if (skip_past(&body, SPAN("\r\n\r\n"))) {
        const char *end = memmem(body.p, body.n, "\r\n-------", 9);

        head.n -= body.n;
        secrets_add_body(s,
                         end ? span_of(body.p, (size_t)(end - body.p)) : body);
    }
    add_tokens(s, head);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        add_values(s, head, names[i]);
}
