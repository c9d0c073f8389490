/* SPDX-License-Identifier: BSD-2-Clause */
#include "ws_client.h"

#include <stdlib.h>

#include "cmocka_all.h"

enum { SETTLED = 50 };

static bool is_shaken(struct rig *r)
{
    return !r->ssl || SSL_is_init_finished(r->ssl);
}

struct rig *ws_client_new(struct rig_world *w, struct rig_opts opts)
{
    struct rig *r;

    opts.tls = w->tls;
    opts.ws = true;
    r = rig_new(&opts);
    rig_until(r, is_shaken);
    return r;
}

void ws_client_settle(struct rig *r)
{
    for (int i = 0; i < SETTLED; i++)
        rig_turn(r);
}

void ws_client_send(struct rig *r, struct span s)
{
    rig_send_all(r, s.p, s.n);
}

void ws_client_expect(struct rig *r, struct span want)
{
    char *got = malloc(want.n);

    assert_non_null(got);
    rig_recv_all(r, got, want.n);
    assert_span_equal(span_of(got, want.n), want);
    free(got);
}

void ws_client_expect_last(struct rig *r, struct span want)
{
    char got[512];
    size_t n = 0;

    rig_until(r, rig_is_closed);
    while (!r->client_eof && !r->client_reset && n < sizeof got) {
        n += rig_recv(r, got + n, sizeof got - n);
        rig_turn(r);
    }
    assert_span_equal(span_of(got, n), want);
    assert_true(r->client_eof);
}

struct rig *ws_client_opened(struct rig_world *w, struct rig_opts opts)
{
    struct rig *r = ws_client_new(w, opts);

    ws_client_send(r, SPAN(WS_REQUEST));
    rig_until(r, rig_is_open);
    ws_client_expect(r, SPAN(WS_ANSWER));
    return r;
}

void ws_client_frame(struct rig *r, unsigned first, struct span payload)
{
    char frame[6 + 125] = {(char)first, (char)(0x80 | payload.n)};

    assert_true(payload.n <= 125);
    if (payload.n)
        memcpy(frame + 6, payload.p, payload.n);
    ws_client_send(r, span_of(frame, 6 + payload.n));
}
