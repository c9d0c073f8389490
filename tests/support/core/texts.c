/* SPDX-License-Identifier: BSD-2-Clause */
#include "texts.h"

#include "cmocka_all.h"

struct msg msg_of(const char *text)
{
    struct span head = span_str(text);
    bool has_body = head.n > 4 && strcmp(text + head.n - 4, "\r\n\r\n") == 0;
    struct msg m;

    assert_int_equal(msg_parse(&m, head, has_body, 16), 0);
    if (m.fault)
        fail_msg("%s: %s", msg_fault_text(m.fault), text);
    return m;
}

struct uri uri_of(const char *text)
{
    struct uri u;

    if (uri_parse(&u, span_str(text)) != 0)
        fail_msg("no URI: %s", text);
    return u;
}

void assert_frame(const struct frame *f, const char *want)
{
    size_t at = 0, n = strlen(want);

    assert_false(f->overflow);
    for (size_t i = 0; i < f->n; i++) {
        struct span part = f->parts[i];

        if (part.n > n - at || memcmp(part.p, want + at, part.n) != 0)
            fail_msg("octet %zu: \"%.*s\" instead of \"%s\"", at,
                     SPAN_ARG(part), want + at);
        at += part.n;
    }
    if (at != n)
        fail_msg("not written: \"%s\"", want + at);
    assert_int_equal(f->octets, n);
}
