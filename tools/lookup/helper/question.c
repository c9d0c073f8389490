/* SPDX-License-Identifier: BSD-2-Clause */
#include "question.h"

#include <stdlib.h>

#include "err.h"
#include "utf8.h"

/* --- fields --- */

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c <= 0x7e && c != '%';
}

/* The octet that begins `*field`, which moves on: 0, or ERR_SYNTAX for one that
 * must not stand there as it is. */
static int take_octet(char *out, struct span *field)
{
    int high, low;

    if (is_plain(*field->p)) {
        *out = *field->p;
        *field = span_from(*field, 1);
        return 0;
    }
    if (*field->p != '%' || field->n < 3)
        return ERR_SYNTAX;
    high = char_hex(field->p[1]);
    low = char_hex(field->p[2]);
    if (high < 0 || low < 0)
        return ERR_SYNTAX;
    *out = (char)(high << 4 | low);
    *field = span_from(*field, 3);
    return 0;
}

/* Copies a field to `*at`, without its %XX and with a NUL after it, and moves
 * `*at` behind that: never longer than the field and its TAB. */
static int take_field(struct span *out, char **at, struct span field)
{
    char *begin = *at;

    while (field.n)
        if (take_octet((*at)++, &field))
            return ERR_SYNTAX;
    *out = span_of(begin, (size_t)(*at - begin));
    *(*at)++ = '\0';
    return 0;
}

void question_put_field(struct text *t, struct span s)
{
    while (s.n) {
        size_t plain = 0;

        while (plain < s.n && is_plain(s.p[plain]))
            plain++;
        text_put(t, span_of(s.p, plain));
        s = span_from(s, plain);
        if (s.n) {
            text_printf(t, "%%%02X", (unsigned)(unsigned char)*s.p);
            s = span_from(s, 1);
        }
    }
}

/* --- questions --- */

struct span question_id(struct span line)
{
    struct span id = span_cut(&line, '\t');
    uint64_t n;

    return span_u64(&n, id, UINT64_MAX) ? span_of(id.p, 0) : id;
}

/* The fields after the ID, into q's octets. */
static int take_fields(struct question *q, struct span rest)
{
    struct span user = span_cut(&rest, '\t');
    struct span realm = span_cut(&rest, '\t');
    char *at = q->octets;

    if (take_field(&q->user, &at, user) || take_field(&q->realm, &at, realm))
        return ERR_SYNTAX;
    if (digest_alg_from(&q->alg, rest))
        return rest.n ? ERR_UNSUPPORTED : ERR_SYNTAX;
    return 0;
}

int question_parse(struct question **out, struct span line)
{
    struct span id = question_id(line);
    struct question *q;
    int err;

    if (id.n == 0 || id.n == line.n)
        return ERR_SYNTAX;
    q = calloc(1, sizeof *q + line.n + 2);
    if (!q)
        return ERR_NOMEM;
    list_init(&q->link);
    timer_init(&q->timer);
    span_copy(q->id, sizeof q->id, id);
    err = take_fields(q, span_from(line, id.n + 1));
    if (err)
        question_free(q);
    else
        *out = q;
    return err;
}

void question_free(struct question *q)
{
    free(q);
}

static bool is_text(struct span s)
{
    struct utf8 u = {0};

    return !memchr(s.p, '\0', s.n) && utf8_take(&u, s) && utf8_is_whole(&u);
}

bool question_is_text(const struct question *q)
{
    return is_text(q->user) && is_text(q->realm);
}

/* --- answers --- */

void question_put_answer(struct text *t, struct span id, struct span kind,
                         struct span value)
{
    text_put(t, id);
    text_put(t, SPAN("\t"));
    text_put(t, kind);
    if (value.n) {
        text_put(t, SPAN("\t"));
        question_put_field(t, value);
    }
    text_put(t, SPAN("\n"));
}
