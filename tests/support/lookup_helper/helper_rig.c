/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper_rig.h"

#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"

struct helper_rig *helper_rig_new(uint64_t timeout_ms)
{
    struct helper_rig *r = test_calloc(1, sizeof *r);
    struct helper_settings settings = {.name = "test",
                                       .timeout_ms = timeout_ms};
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends),
                     0);
    r->relay = ends[0];
    r->helper_end = settings.in = settings.out = ends[1];
    assert_int_equal(loop_new(&r->loop), 0);
    assert_int_equal(helper_new(&r->helper, r->loop, &settings), 0);
    return r;
}

void helper_rig_free(struct helper_rig *r)
{
    helper_free(r->helper);
    loop_free(r->loop);
    if (r->relay >= 0)
        close(r->relay);
    close(r->helper_end);
    test_free(r);
}

void helper_rig_send(struct helper_rig *r, struct span text)
{
    while (text.n) {
        ssize_t n = send(r->relay, text.p, text.n, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0)
            loop_turn(r->loop, false);
        else
            text = span_from(text, (size_t)n);
    }
}

void helper_rig_turns(struct helper_rig *r)
{
    for (int i = 0; i < 4; i++)
        loop_turn(r->loop, false);
}

static void take(struct helper_rig *r)
{
    ssize_t n =
        recv(r->relay, r->got + r->n, sizeof r->got - r->n, MSG_DONTWAIT);

    if (n > 0)
        r->n += (size_t)n;
}

void helper_rig_expect(struct helper_rig *r, const char *lines)
{
    size_t n = strlen(lines);

    for (take(r); r->n < n; take(r))
        loop_turn(r->loop, true);
    assert_span_equal(span_of(r->got, n), span_str(lines));
    memmove(r->got, r->got + n, r->n - n);
    r->n -= n;
}

void helper_rig_expect_none(struct helper_rig *r)
{
    helper_rig_turns(r);
    take(r);
    assert_int_equal(r->n, 0);
}
