/* SPDX-License-Identifier: BSD-2-Clause */
/* URIs, one a line: each that is taken has its parts inside, equals itself in
 * another case, and has the key of all that equal it. */
#include "uri.h"

#include <ctype.h>

#include "fuzz.h"

static void check_keys(const struct uri *a, const struct uri *b)
{
    char x[300], y[300];
    size_t n = uri_key(x, sizeof x, a);

    assert(n == uri_key(y, sizeof y, b));
    assert(span_eq(span_of(x, n), span_of(y, n)));
    assert(uri_host_equal(a->host, b->host));
    assert(uri_host_is_numeric(a->host) == uri_host_is_numeric(b->host));
}

static void swap_case(char *text, struct span part, const char *base)
{
    for (size_t i = 0; i < part.n; i++) {
        char *c = text + (part.p - base) + i;

        if (isalpha((unsigned char)*c))
            *c ^= 0x20;
    }
}

/* Scheme, host and transport have no case (R4975-6.1-a, -b, -f). */
static void check_case(const struct uri *u)
{
    struct span copy = fuzz_copy(u->text.p, u->text.n);
    char *text = (char *)copy.p;
    struct uri other;

    swap_case(text, span_of(u->text.p, 4), u->text.p);
    swap_case(text, u->host, u->text.p);
    swap_case(text, u->transport, u->text.p);
    assert(uri_parse(&other, copy) == 0);
    assert(uri_equal(u, &other) && uri_equal(&other, u));
    check_keys(u, &other);
    fuzz_free(copy);
}

static void check_parts(const struct uri *u, struct span text)
{
    assert(span_eq(u->text, text));
    assert(fuzz_is_within(u->host, text) && u->host.n);
    assert(fuzz_is_within(u->session_id, text));
    assert(fuzz_is_within(u->transport, text) && u->transport.n);
    assert(u->port || !uri_host_is_numeric(u->host));
    for (size_t i = 0; i < text.n; i++)
        assert(text.p[i] > ' ' && text.p[i] < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span all = fuzz_copy(data, n), rest = all;
    struct uri last, u;
    bool has_last = false;

    while (rest.n) {
        struct span text = span_cut(&rest, '\n');

        (void)uri_host_is_numeric(text);
        if (uri_parse(&u, text))
            continue;
        check_parts(&u, text);
        check_case(&u);
        if (has_last) {
            assert(uri_equal(&u, &last) == uri_equal(&last, &u));
            if (uri_equal(&u, &last))
                check_keys(&u, &last);
        }
        last = u;
        has_last = true;
    }
    fuzz_free(all);
    return 0;
}
