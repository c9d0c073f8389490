/* SPDX-License-Identifier: BSD-2-Clause */
#include "ws_side.h"

#include "cmocka_all.h"
#include "err.h"

enum {
    FINAL = 0x80,
    TEXT = 1,
    BINARY = 2,
    CLOSE = 8,
    PING = 9,
    PONG = 10,
    HEAD_SIZE = 65536,
    PATH_URIS = 32,
};

void ws_side_new(struct client *c)
{
    struct ws_side *w = calloc(1, sizeof *w);

    assert_non_null(w);
    parser_init(&w->packing, HEAD_SIZE, PATH_URIS);
    w->client = c;
    c->ws = w;
}

void ws_side_free(struct ws_side *w)
{
    if (!w)
        return;
    free(w->plain.p);
    free(w->raw.p);
    free(w);
}

struct bytes *ws_side_input(struct ws_side *w)
{
    return &w->raw;
}

struct bytes *ws_side_output(struct ws_side *w)
{
    return &w->plain;
}

size_t ws_side_queued(const struct ws_side *w)
{
    return bytes_peek(&w->plain).n;
}

/* --- out ------------------------------------------------------------------ */

void ws_side_put(struct ws_side *w, unsigned first, struct span payload)
{
    static const char mask[4] = {0x37, (char)0xfa, 0x21, 0x3d};
    size_t n = payload.n, more = n < 126 ? 0 : n < 65536 ? 2 : 8;
    struct bytes *out = &w->client->out;
    char head[10] = {(char)first, (char)(0x80 | (!more ? n : 125 + more / 2))};
    char *p;

    if (more == 8)
        head[1] = (char)0xff;
    for (size_t i = 0; i < more; i++)
        head[2 + i] = (char)(n >> 8 * (more - 1 - i) & 0xff);
    bytes_add(out, span_of(head, 2 + more));
    bytes_add(out, span_of(mask, sizeof mask));
    p = bytes_reserve(out, n + 1);
    for (size_t i = 0; i < n; i++)
        p[i] = (char)(payload.p[i] ^ mask[i % 4]);
    out->n += n;
}

static void put_part(struct ws_side *w, struct span part, bool ends)
{
    unsigned opcode = w->out_open ? 0 : w->in_text ? TEXT : BINARY;

    ws_side_put(w, opcode | (ends ? FINAL : 0), part);
    w->out_open = !ends;
}

void ws_side_pack(struct ws_side *w)
{
    struct span part = bytes_peek(&w->plain), rest = part;
    struct parse_event ev;

    while (parser_next(&w->packing, &rest, &ev) == 0) {
        if (ev.type != PARSE_END)
            continue;
        put_part(w, span_of(part.p, part.n - rest.n), true);
        w->plain.at += part.n - rest.n;
        part = rest;
    }
    if (part.n > rest.n)
        put_part(w, span_of(part.p, part.n - rest.n), false);
    w->plain.at += part.n - rest.n;
}

/* --- in ------------------------------------------------------------------- */

static void take_control(struct ws_side *w, unsigned opcode, struct span s)
{
    assert_true(s.n <= 125);
    if (opcode == CLOSE) {
        w->code = s.n < 2 ? 1005
                          : (unsigned)(unsigned char)s.p[0] << 8 |
                                (unsigned char)s.p[1];
        return;
    }
    if (opcode == PING) {
        w->pings++;
        ws_side_put(w, FINAL | PONG, s);
        return;
    }
    assert_int_equal(opcode, PONG);
    w->pongs++;
    span_copy(w->pong, sizeof w->pong, s);
}

static void take_data(struct ws_side *w, unsigned opcode, bool final,
                      struct span s)
{
    struct client *c = w->client;

    assert_int_equal(opcode, w->in_open ? 0 : BINARY);
    if (!w->in_open) {
        w->ends = c->ends;
        w->messages++;
    }
    w->frames++;
    w->in_open = !final;
    bytes_add(&c->in, s);
    client_parse(c);
    if (!final)
        return;
    assert_int_equal(c->ends, w->ends + 1);
    assert_int_equal(bytes_peek(&c->in).n, 0);
    assert_true(parser_is_idle(&c->parser));
}

/* Octets of the head and of the payload of the frame at the front; false: they
 * are not all there. */
static bool measure(size_t *head, size_t *payload, struct span raw)
{
    const unsigned char *p = (const unsigned char *)raw.p;
    size_t more, n = 0;

    if (raw.n < 2)
        return false;
    more = p[1] < 126 ? 0 : p[1] == 126 ? 2 : 8;
    if (raw.n < 2 + more)
        return false;
    for (size_t i = 0; i < more; i++)
        n = n << 8 | p[2 + i];
    if (more == 0)
        n = p[1];
    assert_int_equal(p[1] & 0x80, 0); /* a server masks nothing */
    assert_true(more == 0 || n > (more == 2 ? 125 : 65535));
    *head = 2 + more;
    *payload = n;
    return raw.n >= 2 + more + n;
}

void ws_side_unpack(struct ws_side *w)
{
    size_t head, n;

    while (measure(&head, &n, bytes_peek(&w->raw))) {
        struct span raw = bytes_peek(&w->raw);
        unsigned first = (unsigned char)raw.p[0], opcode = first & 0x0f;
        struct span payload = span_of(raw.p + head, n);

        assert_int_equal(first & 0x70, 0);
        assert_int_equal(w->code, 0); /* nothing comes behind a CLOSE */
        if (opcode >= CLOSE)
            take_control(w, opcode, payload);
        else
            take_data(w, opcode, first & FINAL, payload);
        w->raw.at += head + n;
    }
}
