/* SPDX-License-Identifier: BSD-2-Clause */
/* Each allocation of a whole scenario fails in turn: one connection may be
 * lost, nobody else notices, nothing leaks. */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"
#include "operator.h"
#include "rig.h"

enum { OUTPUT_ROOM = 1 << 17 };

struct scene {
    struct rig rig;
    struct wire *alice, *bob, *carol, *peer;
};

/* What the test itself needs is there before anything fails. */
static struct wire *ready(struct wire *w)
{
    fake_link_reserve(&w->fake, OUTPUT_ROOM);
    w->in_room = OUTPUT_ROOM;
    w->in = realloc(w->in, w->in_room);
    assert_non_null(w->in);
    return w;
}

static void set_scene(struct scene *s)
{
    memset(s, 0, sizeof *s);
    rig_init(&s->rig);
    s->rig.policy.max_chunk_size = 2048;
    assert_int_equal(rig_start_plain(&s->rig), 0);
    s->alice = ready(rig_connect(&s->rig, "alice"));
    s->bob = ready(rig_connect(&s->rig, "bob"));
    s->carol = ready(rig_connect(&s->rig, "carol"));
    s->peer = ready(rig_connect(&s->rig, "peer"));
}

static void say(struct scene *s, struct wire *w, const char *text)
{
    if (!w->gone)
        rig_send(&s->rig, w, text);
}

/* The tid of the last SEND that w was sent, which the caller has room for. */
static bool last_tid(const struct wire *w, char *tid)
{
    struct span all = span_of(w->fake.out, w->fake.out_n);

    for (size_t at = all.n; at-- > 0;) {
        struct span rest = span_from(all, at);

        if (rest.n > 26 && span_starts(rest, SPAN("MSRP ")) &&
            span_starts(span_from(rest, 21), SPAN(" SEND"))) {
            memcpy(tid, rest.p + 5, 16);
            tid[16] = '\0';
            return true;
        }
    }
    return false;
}

static void answer(struct scene *s, struct wire *w, const char *code)
{
    char tid[17], text[256];

    if (w->gone || !last_tid(w, tid))
        return;
    (void)snprintf(text, sizeof text,
                   "MSRP %s %s\r\nTo-Path: msrps://x:1/x;tcp\r\nFrom-Path: "
                   "msrps://x:1/x;tcp\r\n-------%s$\r\n",
                   tid, code, tid);
    say(s, w, text);
}

static void send_from(struct scene *s, struct wire *w, const char *method,
                      const char *to, const char *rest)
{
    char text[12000];

    (void)snprintf(text, sizeof text,
                   "MSRP tidtid %s\r\nTo-Path: %s\r\nFrom-Path: "
                   "msrps://%s.example:9/%s;tcp\r\nMessage-ID: 1234\r\n%s",
                   method, to, w->name, w->name, rest);
    say(s, w, text);
}

#define TO_BOB " msrps://bob.example:9/bob;tcp"
#define TYPE "Content-Type: a/b\r\n\r\n"
#define END "\r\n-------tidtid$\r\n"

/* Everything that a relay does, from both sides. */
static void scenario(struct scene *s)
{
    char to[512], body[9000], long_header[3000];

    (void)snprintf(to, sizeof to, "%s %s" TO_BOB, s->alice->uri, s->bob->uri);
    (void)snprintf(body, sizeof body, "Byte-Range: 1-*/*\r\n" TYPE "%05000d",
                   1);
    send_from(s, s->alice, "SEND", to, body);
    send_from(s, s->carol, "NICKNAME", to, "-------tidtid$\r\n");
    answer(s, s->bob, "200 OK");
    say(s, s->alice, END);
    answer(s, s->bob, "413 enough");
    send_from(s, s->alice, "NICKNAME", to, TYPE "body" END);
    send_from(s, s->alice, "REPORT", to,
              "Status: 000 200 OK\r\n-------tidtid$\r\n");
    (void)snprintf(long_header, sizeof long_header,
                   "X: %02500d\r\n" TYPE "x" END, 1);
    send_from(s, s->alice, "SEND", to, long_header);
    (void)snprintf(to, sizeof to, "%s msrps://alice.example:9/alice;tcp",
                   s->alice->uri);
    send_from(s, s->peer, "SEND", to, TYPE "from outside" END);
    (void)snprintf(to, sizeof to, "%s msrps://peer.example:9/peer;tcp",
                   s->alice->uri);
    send_from(s, s->alice, "SEND", to, TYPE "to outside" END);
    (void)snprintf(to, sizeof to, "%s msrps://alice.example:9/alice;tcp",
                   s->alice->uri);
    send_from(s, s->peer, "SEND", to,
              TYPE "more to come\r\n-------tidtid+\r\n");
    if (!s->peer->gone)
        rig_close(&s->rig, s->peer, false);
    rig_wait(&s->rig, 31000);
}

/* Carol has nothing to do with it, and is served as ever. */
static void assert_served(struct scene *s, struct wire *w)
{
    static const char keep[] =
        "MSRP keep SEND\r\nTo-Path: msrps://relay.example.com:2855;tcp\r\n"
        "From-Path: msrps://k:1/k;tcp\r\nMessage-ID: 1\r\n-------keep$\r\n";
    struct span got;

    assert_false(w->gone);
    (void)fake_link_new_output(&w->fake);
    rig_send(&s->rig, w, keep);
    got = fake_link_new_output(&w->fake);
    assert_true(span_starts(got, SPAN("MSRP keep 200 OK\r\n")));
}

static int attempt(void *ctx)
{
    struct scene *s = ctx;
    unsigned lost;
    bool failed;

    scenario(s);
    failed = oom_disarm();
    lost = s->alice->gone + s->bob->gone + s->carol->gone;
    assert_true(lost <= (failed ? 1 : 0));
    if (!s->carol->gone)
        assert_served(s, s->carol);
    return failed ? ERR_NOMEM : 0;
}

static void one_connection_at_most_is_lost(void **state)
{
    unsigned n = 1;

    (void)state;
    for (int err = ERR_NOMEM; err; n++) {
        struct scene *s = malloc(sizeof *s);

        assert_non_null(s);
        set_scene(s);
        rig_auth(&s->rig, s->alice, "alice");
        rig_auth(&s->rig, s->bob, "bob");
        rig_auth(&s->rig, s->carol, "carol");
        oom_arm(n);
        err = attempt(s);
        (void)oom_disarm();
        rig_stop(&s->rig);
        free(s);
    }
    assert_true(n > 5);
}

/* When nothing can be had at all, everybody may be lost, but in order. */
static void without_any_memory_it_ends_in_order(void **state)
{
    struct scene *s = malloc(sizeof *s);

    (void)state;
    assert_non_null(s);
    set_scene(s);
    rig_auth(&s->rig, s->alice, "alice");
    rig_auth(&s->rig, s->bob, "bob");
    rig_auth(&s->rig, s->carol, "carol");
    oom_arm_all();
    scenario(s);
    (void)oom_disarm();
    rig_stop(&s->rig);
    free(s);
}

/* With answers awaited, their link is lost just when there is no memory. */
static void reports_are_made_without_memory(void **state)
{
    struct scene *s = malloc(sizeof *s);
    char to[512];

    (void)state;
    assert_non_null(s);
    set_scene(s);
    rig_auth(&s->rig, s->alice, "alice");
    rig_auth(&s->rig, s->bob, "bob");
    (void)snprintf(to, sizeof to, "%s %s" TO_BOB, s->alice->uri, s->bob->uri);
    send_from(s, s->alice, "SEND", to, TYPE "one" END);
    (void)fake_link_new_output(&s->alice->fake);
    oom_arm_all();
    rig_close(&s->rig, s->bob, false);
    (void)oom_disarm();
    assert_non_null(memmem(s->alice->fake.out, s->alice->fake.out_n,
                           "Status: 000 408", 15));
    rig_stop(&s->rig);
    free(s);
}

/* What the operator asks for is done whatever happens. */
static void kicking_and_reloading_need_no_memory(void **state)
{
    struct scene *s = malloc(sizeof *s);
    struct policy other;
    struct relay_walk walk;
    struct session_view v;
    char to[512];

    (void)state;
    assert_non_null(s);
    set_scene(s);
    rig_auth(&s->rig, s->alice, "alice");
    rig_auth(&s->rig, s->bob, "bob");
    (void)snprintf(to, sizeof to, "%s %s" TO_BOB, s->alice->uri, s->bob->uri);
    send_from(s, s->alice, "SEND", to, TYPE "one" END);
    other = s->rig.policy;
    other.transaction_ms = 1000;
    oom_arm_all();
    relay_configure(s->rig.relay, &other, s->rig.users);
    relay_walk_begin(s->rig.relay, &walk);
    while (relay_walk_next(&walk, &v))
        if (span_eq(v.user, SPAN("bob")))
            relay_walk_kick(s->rig.relay, &walk);
    rig_settle(&s->rig);
    (void)oom_disarm();
    assert_true(s->bob->gone);
    assert_non_null(memmem(s->alice->fake.out, s->alice->fake.out_n,
                           "Status: 000 481", 15));
    rig_stop(&s->rig);
    free(s);
}

/* It is granted, put off until there is memory, or the connection is lost. */
static void an_auth_is_answered_or_ends_the_connection(void **state)
{
    bool failed = true;
    unsigned n;

    (void)state;
    for (n = 1; failed; n++) {
        struct scene *s = malloc(sizeof *s);
        struct span got;
        char text[1024];

        assert_non_null(s);
        set_scene(s);
        rig_credentials(&s->rig, s->alice, "alice", text, sizeof text);
        oom_arm(n);
        rig_send(&s->rig, s->alice, text);
        failed = oom_disarm();
        got = fake_link_new_output(&s->alice->fake);
        if (!s->alice->gone)
            assert_true(span_starts(got, SPAN("MSRP auth2 200 OK\r\n")) ||
                        (failed && memmem(got.p, got.n, "stale=true", 10)));
        rig_stop(&s->rig);
        free(s);
    }
    assert_true(n > 2);
}

/* The relay itself, at start-up. */
static int begin_and_end(void *ctx)
{
    struct rig *r = ctx;
    struct relay *relay;
    int err = relay_new(&relay, &r->policy, r->users, NULL, 0);

    if (!err)
        relay_free(relay);
    return err;
}

static void beginning_copes_without_memory(void **state)
{
    struct rig *r = malloc(sizeof *r);

    (void)state;
    assert_non_null(r);
    rig_init(r);
    assert_int_equal(rig_start_plain(r), 0);
    assert_true(oom_sweep(begin_and_end, r) > 0);
    rig_stop(r);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_connection_at_most_is_lost),
        cmocka_unit_test(without_any_memory_it_ends_in_order),
        cmocka_unit_test(reports_are_made_without_memory),
        cmocka_unit_test(kicking_and_reloading_need_no_memory),
        cmocka_unit_test(an_auth_is_answered_or_ends_the_connection),
        cmocka_unit_test(beginning_copes_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
