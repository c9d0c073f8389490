/* SPDX-License-Identifier: BSD-2-Clause */
/* What waits for a connection that is dialled in clear, and ends before it has
 * come up: each request is answered at once, as its method and Failure-Report
 * want, and only once (P-20, S-12, S-36). */
#include "cmocka_all.h"
#include "login.h"
#include "outside.h"

static const struct host_opts stranger = {.sees_probe = true};

/* A request that waits; `code` 0: it gets no answer. */
struct waiter {
    const char *method, *headers, *body;
    unsigned code;
};

#define TYPE "Content-Type: text/plain\r\n"

static const struct waiter waiters[] = {
    {"FOO", "", "hello", 408},
    {"FOO", "", NULL, 408},
    {"FOO", "Failure-Report: partial\r\n", "hello", 408},
    {"FOO", "Failure-Report: no\r\n", "hello", 0},
    {"NICKNAME", "", NULL, 408},
    {"SEND", "Byte-Range: 1-5/5\r\n", "hello", 408},
    {"SEND", "Byte-Range: 1-0/0\r\n", NULL, 408},
    {"SEND", "Failure-Report: partial\r\nByte-Range: 1-5/5\r\n", "hello", 408},
    {"SEND", "Failure-Report: no\r\nByte-Range: 1-5/5\r\n", "hello", 0},
    {"REPORT", "Byte-Range: 1-5/5\r\nStatus: 000 200 OK\r\n", NULL, 0},
};

enum { WAITERS = sizeof waiters / sizeof *waiters };

/* What the other end does instead of answering the probe. */
typedef void (*ending_fn)(struct client *peer);

static void closes(struct client *peer)
{
    client_close(peer);
}

static void breaks(struct client *peer)
{
    client_reset(peer);
}

static void talks_nonsense(struct client *peer)
{
    talk_say(peer, "ERROR\r\n");
}

static void asks_back(struct client *peer)
{
    talk_say(peer,
             "MSRP abcd FOO\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "-------abcd$\r\n",
             peer->own, peer->own);
}

static void stays_mute(struct client *peer)
{
    (void)peer;
}

struct ending {
    ending_fn end;
    const char *groups;
};

static const struct ending endings[] = {
    {closes, NULL},
    {breaks, NULL},
    {talks_nonsense, NULL},
    {asks_back, NULL},
    {stays_mute, "timers: { transaction = 0.5; };"},
};

enum { ENDINGS = sizeof endings / sizeof *endings };

static const char *say(struct client *c, const struct host *h,
                       const struct waiter *w)
{
    const char *tid = talk_tid(c);

    talk_say(c,
             "MSRP %s %s\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: id%s\r\n%s%s%s%s-------%s$\r\n",
             tid, w->method, host_path(c, h), c->own, tid, w->headers,
             w->body ? TYPE "\r\n" : "", w->body ? w->body : "",
             w->body ? "\r\n" : "", tid);
    return tid;
}

static struct scene *start(void **state, const char *groups)
{
    const struct outside_opts opts = {.relay.groups = groups};

    return outside_start(state, &opts);
}

/* The one that asks for the dial is answered when that fails, and not before.
 */
static void one_waits(void **state, const struct ending *e,
                      const struct waiter *w)
{
    struct scene *s = start(state, e->groups);
    struct host *h = host_new(s, &stranger);
    struct client *alice = login(s, "alice"), *peer;
    const char *tid = say(alice, h, w);
    struct got *probe;

    peer = host_accept(h);
    probe = talk_expect(peer, "SEND");
    assert_false(probe->head.has_body);
    if (!e->groups)
        talk_expect_nothing(alice);
    e->end(peer);
    if (w->code)
        talk_expect_code(alice, tid, w->code);
    else
        scene_wait_log(s, " dialled=peer.example.org:");
    talk_expect_nothing(alice);
    assert_int_equal(peer->octets_in, probe->text.n);
    assert_int_equal(scene_end(state), 0);
}

static void whatever_waits_is_answered(void **state)
{
    for (size_t i = 0; i < WAITERS; i++)
        one_waits(state, &endings[0], &waiters[i]);
}

static void however_it_ends(void **state)
{
    for (size_t i = 0; i < ENDINGS; i++)
        one_waits(state, &endings[i], &waiters[0]);
}

/* --- several -------------------------------------------------------------- */

/* Which of the requests the response is for. */
static size_t index_of(const struct got *g, const char *const *tids)
{
    struct span tid = msg_text(&g->head, g->head.tid);
    size_t i = 0;

    while (i < WAITERS && !span_eq(tid, span_str(tids[i])))
        i++;
    assert_in_range(i, 0, WAITERS - 1);
    return i;
}

/* Each of them gets its code once, whichever is first. */
static void expect_codes(struct client *c, const char *const *tids)
{
    bool seen[WAITERS] = {false};
    size_t due = 0;

    for (size_t i = 0; i < WAITERS; i++)
        due += waiters[i].code > 0;
    while (due-- > 0) {
        struct got *g = scene_frame(c);
        size_t i = index_of(g, tids);

        assert_int_equal(g->head.method, MSG_RESPONSE);
        assert_int_equal(g->head.code, waiters[i].code);
        assert_false(seen[i]);
        seen[i] = true;
    }
}

static void all_of_them_are_answered(void **state)
{
    for (size_t e = 0; e < ENDINGS; e++) {
        struct scene *s = start(state, endings[e].groups);
        struct host *h = host_new(s, &stranger);
        struct client *alice = login(s, "alice"), *peer;
        const char *tids[WAITERS];
        struct got *probe;

        for (size_t i = 0; i < WAITERS; i++)
            tids[i] = say(alice, h, &waiters[i]);
        peer = host_accept(h);
        probe = talk_expect(peer, "SEND");
        if (!endings[e].groups)
            talk_expect_nothing(alice);
        endings[e].end(peer);
        expect_codes(alice, tids);
        talk_expect_nothing(alice);
        assert_int_equal(peer->octets_in, probe->text.n);
        assert_int_equal(scene_end(state), 0);
    }
}

/* --- what goes on --------------------------------------------------------- */

/* An end after the answer to the probe is the peer's own. */
static void what_has_gone_out_is_the_peers_to_answer(void **state)
{
    struct scene *s = start(state, NULL);
    struct host *h = host_new(s, &stranger);
    struct client *alice = login(s, "alice"), *peer;

    say(alice, h, &waiters[0]);
    peer = host_accept(h);
    talk_answer(peer, talk_expect(peer, "SEND"), 200);
    talk_answer(peer, talk_expect(peer, "FOO"), 501);
    assert_int_equal(scene_frame(alice)->head.code, 501);
    say(alice, h, &waiters[0]);
    talk_expect(peer, "FOO");
    client_close(peer);
    scene_wait_log(s, "c=2 closed ");
    talk_expect_nothing(alice);
}

/* --- TLS ------------------------------------------------------------------ */

/* The one who listens there says nothing and closes. */
static void a_handshake_that_does_not_end_is_answered(void **state)
{
    static const char *const methods[] = {"AUTH", "FOO", "SEND"};
    static const struct host_opts deaf = {.deaf = true};

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct scene *s = start(state, NULL);
        struct host *h = host_new(s, &deaf);
        struct client *alice = login(s, "alice"), *peer;
        const char *tid = talk_tid(alice);

        talk_say(alice,
                 "MSRP %s %s\r\nTo-Path: %s "
                 "msrps://peer.example.org:%u/b3Ty6Ui8;tcp\r\nFrom-Path: "
                 "%s\r\nMessage-ID: id\r\n-------%s$\r\n",
                 tid, methods[i], alice->uri, host_port(h), alice->own, tid);
        peer = host_accept(h);
        talk_expect_nothing(alice);
        client_close(peer);
        talk_expect_code(alice, tid, 408);
        talk_expect_nothing(alice);
        assert_int_equal(scene_end(state), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(whatever_waits_is_answered),
        E2E_TEST(however_it_ends),
        E2E_TEST(all_of_them_are_answered),
        E2E_TEST(what_has_gone_out_is_the_peers_to_answer),
        E2E_TEST(a_handshake_that_does_not_end_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
