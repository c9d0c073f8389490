/* SPDX-License-Identifier: BSD-2-Clause */
/* Heads of requests: the same one comes out whole and cut in two; what it
 * points to lies in it; what is left is what followed. */
#include "http.h"

#include "err.h"
#include "fuzz.h"

static void check_parts(const struct http *h, struct span head)
{
    struct span value;

    assert(fuzz_is_within(http_method(h), head) && h->method.n);
    assert(fuzz_is_within(http_text(h, h->target), head) && h->target.n);
    assert(h->n_headers <= HTTP_HEADERS_MAX);
    for (size_t i = 0; i < h->n_headers; i++) {
        const struct http_header *header = &h->headers[i];
        struct span name = http_text(h, header->name);

        assert(fuzz_is_within(name, head) && name.n);
        assert(fuzz_is_within(http_text(h, header->value), head));
        assert(http_header(&value, h, name));
    }
    assert(h->minor == 0 || http_header(&value, h, SPAN("Host")));
    (void)http_path(h);
    (void)http_has_token(h, SPAN("Connection"), SPAN("close"));
}

/* Feeds `in` up to `cut`, then the rest: the answer, and how much is left. */
static int feed(struct http *h, struct span in, size_t cut, size_t *left)
{
    struct span first = fuzz_copy(in.p, cut), all, rest = first;
    int err;

    http_init(h);
    err = http_next(h, &rest);
    *left = rest.n;
    if (err == ERR_AGAIN) {
        size_t skipped = first.n - rest.n;

        assert(rest.n < HTTP_HEAD_MAX);
        all = fuzz_copy(in.p + skipped, in.n - skipped);
        rest = all;
        err = http_next(h, &rest);
        *left = rest.n;
        if (!err)
            check_parts(h, span_of(all.p, all.n - rest.n));
        fuzz_free(all);
    } else {
        if (!err)
            check_parts(h, span_of(first.p, first.n - rest.n));
        *left += in.n - cut;
    }
    fuzz_free(first);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    size_t cut = n ? data[0] * (n - 1) / 255 : 0, left_whole, left_cut;
    struct span in = n ? span_of((const char *)data + 1, n - 1) : SPAN("");
    struct http whole, parts;
    int err = feed(&whole, in, in.n, &left_whole);
    int err_cut = feed(&parts, in, cut, &left_cut);

    assert(err_cut == err);
    if (err)
        return 0;
    assert(left_cut == left_whole);
    assert(parts.n_headers == whole.n_headers && parts.minor == whole.minor);
    assert(memcmp(&parts.target, &whole.target, sizeof whole.target) == 0);
    return 0;
}
