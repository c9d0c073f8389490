/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames of a WebSocket server, as the self-test reads them: in any cut they
 * say the same, and nothing comes out that did not come in. The first octet of
 * the input says where it is cut. */
#include "selftest_ws.h"

#include "err.h"
#include "fuzz.h"

struct story {
    uint64_t sum, octets;
    int err;
};

/* Takes what is whole off *in. */
static void take(struct story *s, struct span *in)
{
    struct span payload;

    while (s->err == 0 && (s->err = selftest_ws_next(&payload, in)) == 0) {
        for (size_t i = 0; i < payload.n; i++)
            s->sum = s->sum * 31 + (unsigned char)payload.p[i] + 1;
        s->octets += payload.n;
    }
    assert(s->err == ERR_AGAIN || s->err == ERR_EOF || s->err == ERR_SYNTAX);
}

/* The same after `cut` octets, and then with all of them. */
static void take_cut(struct story *s, struct span all, size_t cut)
{
    struct span first = fuzz_copy(all.p, cut), in = first, rest;
    size_t used;

    take(s, &in);
    used = cut - in.n;
    fuzz_free(first);
    if (s->err != ERR_AGAIN)
        return;
    s->err = 0;
    rest = span_from(all, used);
    take(s, &rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span all = n ? fuzz_copy(data + 1, n - 1) : fuzz_copy("", 0);
    struct story whole = {0}, parts = {0};
    struct span in = all;

    take(&whole, &in);
    take_cut(&parts, all, all.n ? data[0] % (all.n + 1) : 0);
    assert(whole.err == parts.err);
    assert(whole.sum == parts.sum && whole.octets == parts.octets);
    assert(whole.octets <= all.n);
    in = all;
    (void)selftest_ws_answer(&in, "dGhlIHNhbXBsZSBub25jZQ==");
    fuzz_free(all);
    return 0;
}
