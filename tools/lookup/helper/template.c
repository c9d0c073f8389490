/* SPDX-License-Identifier: BSD-2-Clause */
#include "template.h"

bool template_is_valid(const char *text)
{
    bool has_user = false;

    for (; *text; text++) {
        if (*text != '%')
            continue;
        text++;
        if (!*text || !strchr("ura%", *text))
            return false;
        has_user |= *text == 'u';
    }
    return has_user;
}

/* --- values --- */

static bool is_unreserved(char c)
{
    return char_is_alpha(c) || char_is_digit(c) || (c && strchr("-._~", c));
}

static void put_url(struct text *to, struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (is_unreserved(s.p[i]))
            text_put(to, span_of(s.p + i, 1));
        else
            text_printf(to, "%%%02X", (unsigned)(unsigned char)s.p[i]);
}

/* UTF-8 may stand in a JSON text as it is. */
static void put_json(struct text *to, struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c < 0x20 || c == 0x7f)
            text_printf(to, "\\u%04x", (unsigned)c);
        else if (c == '"' || c == '\\')
            text_printf(to, "\\%c", c);
        else
            text_put(to, span_of(s.p + i, 1));
    }
}

static void put_value(struct text *to, enum template_form form, struct span s)
{
    switch (form) {
    case TEMPLATE_PLAIN:
        text_put(to, s);
        break;
    case TEMPLATE_URL:
        put_url(to, s);
        break;
    case TEMPLATE_JSON:
        put_json(to, s);
        break;
    }
}

void template_put(struct text *to, const char *text, enum template_form form,
                  const struct question *q)
{
    for (; *text; text++) {
        if (*text != '%') {
            text_put(to, span_of(text, 1));
            continue;
        }
        text++;
        if (*text == 'u')
            put_value(to, form, q->user);
        else if (*text == 'r')
            put_value(to, form, q->realm);
        else if (*text == 'a')
            put_value(to, form, digest_alg_name(q->alg));
        else
            text_put(to, SPAN("%"));
    }
}
