/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames of a WebSocket client: in any cut they say the same, and no more than
 * came in. The first octet of the input says how large the pieces are. */
#include "ws.h"

#include "err.h"
#include "fuzz.h"

/* What was said, boiled down. */
struct story {
    uint64_t sum; /* over all octets of messages and control frames, in order */
    uint64_t octets, messages;
    uint64_t pings, pongs;
    int err;
    unsigned code;
    bool is_over;
};

static void add(struct story *s, struct span octets)
{
    for (size_t i = 0; i < octets.n; i++)
        s->sum = s->sum * 31 + (unsigned char)octets.p[i] + 1;
    s->octets += octets.n;
}

static void tell(struct story *s, const struct ws *w, enum ws_got got,
                 struct span data)
{
    struct span control = span_of(w->control, w->control_n);

    assert(w->control_n <= WS_CONTROL_MAX);
    switch (got) {
    case WS_GOT_NOTHING:
        return;
    case WS_GOT_DATA:
        assert(w->messages > 0);
        add(s, data);
        return;
    case WS_GOT_PING:
        s->pings++;
        add(s, control);
        return;
    case WS_GOT_PONG:
        s->pongs++;
        return;
    case WS_GOT_CLOSE:
        assert(w->code >= 1000 && w->code <= 4999);
        s->is_over = true;
        return;
    }
}

static void feed(struct story *s, struct span in, size_t piece)
{
    struct ws w;

    *s = (struct story){0};
    ws_init(&w);
    while (in.n > 0 && !s->is_over) {
        size_t n = in.n < piece ? in.n : piece;
        bool is_data = ws_wants_data(&w);
        enum ws_got got = WS_GOT_NOTHING;
        struct span copy;

        assert(ws_wants(&w) > 0);
        n = n < ws_wants(&w) ? n : (size_t)ws_wants(&w);
        copy = fuzz_copy(in.p, n);
        s->err = ws_take(&w, (char *)(uintptr_t)copy.p, n, &got);
        assert(s->err == 0 || s->err == ERR_SYNTAX);
        assert(s->err || got != WS_GOT_DATA || is_data);
        if (s->err)
            s->is_over = true;
        else
            tell(s, &w, got, copy);
        fuzz_free(copy);
        in = span_from(in, n);
    }
    s->messages = w.messages;
    s->code = s->is_over ? w.code : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span in = n ? span_of((const char *)data + 1, n - 1) : SPAN("");
    struct story whole, parts;

    feed(&whole, in, in.n);
    feed(&parts, in, n ? 1 + data[0] % 16 : 1);
    assert(whole.err == parts.err && whole.code == parts.code);
    assert(whole.octets <= in.n && whole.messages <= in.n / 6);
    if (whole.err == 0) /* else octets before the fault may have been given */
        assert(whole.sum == parts.sum && whole.octets == parts.octets);
    assert(whole.pings == parts.pings && whole.pongs == parts.pongs);
    assert(whole.messages == parts.messages);
    return 0;
}
