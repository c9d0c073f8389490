/* SPDX-License-Identifier: BSD-2-Clause */
#include "http_answer.h"

#include <jansson.h>

#include "helper.h"

enum { OK = 200, NOT_FOUND = 404, GONE = 410 };

static const char nonsense[] =
    "the service's answer has neither a hash nor a password";

static bool is_text(const json_t *member)
{
    return json_is_string(member);
}

static struct span text_of(const json_t *member)
{
    return span_of(json_string_value(member), json_string_length(member));
}

static void answer_json(struct question *q, struct span body)
{
    json_t *root = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, NULL);
    const json_t *ha1 = json_object_get(root, "ha1");
    const json_t *password = json_object_get(root, "password");

    if (is_text(ha1) && json_string_length(ha1))
        helper_answer_ha1(q, text_of(ha1));
    else if (is_text(password))
        helper_answer_password(q, text_of(password));
    else if (is_text(ha1))
        helper_answer_none(q);
    else
        helper_answer_error(q, nonsense);
    json_decref(root);
}

/* JSON may begin with white space of all kinds. */
static bool is_json(struct span body)
{
    while (body.n && memchr(" \t\r\n", body.p[0], 4))
        body = span_from(body, 1);
    return body.n && body.p[0] == '{';
}

/* The first line, if it is the only one; else nothing. */
static struct span only_line(struct span body)
{
    struct span line = span_cut(&body, '\n');

    if (body.n)
        return span_of(line.p, 0);
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

/* Blanks around a word of ours do not count, those of a password do. */
static void answer_plain(struct question *q, struct span body)
{
    static const struct span password = {"password ", 9}, ha1 = {"ha1 ", 4};
    struct span line = only_line(body);

    if (span_starts(line, password))
        helper_answer_password(q, span_from(line, password.n));
    else if (span_starts(line, ha1))
        helper_answer_ha1(q, span_from(line, ha1.n));
    else if (span_eq(span_trim(line), SPAN("none")))
        helper_answer_none(q);
    else if (line.n && span_is_hex(line))
        helper_answer_ha1(q, line);
    else
        helper_answer_error(q, nonsense);
}

void http_answer(struct question *q, long status, struct span body)
{
    char why[HELPER_WHY_MAX];

    if (!q)
        return;
    if (status == NOT_FOUND || status == GONE) {
        helper_answer_none(q);
    } else if (status != OK) {
        snprintf(why, sizeof why, "the service answers with status %ld",
                 status);
        helper_answer_error(q, why);
    } else if (is_json(body)) {
        answer_json(q, body);
    } else {
        answer_plain(q, body);
    }
}
