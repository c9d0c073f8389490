/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole relay while its settings change, and while it is drained. What it
 * had before is freed at once (rig_reload()), so that the sanitizer sees who
 * still looks at it. */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "rig.h"

#define OLD_SELF "msrps://relay.example.com:2855;tcp"
#define NEW_SELF "msrps://new.example.net:3000;tcp"

struct scene {
    struct rig rig;
    struct wire *alice, *bob, *peer;
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof *s);

    assert_non_null(s);
    rig_init(&s->rig);
    assert_int_equal(rig_start_plain(&s->rig), 0);
    s->alice = rig_client(&s->rig, "alice");
    s->bob = rig_client(&s->rig, "bob");
    s->peer = rig_connect(&s->rig, "peer");
    *state = s;
    return 0;
}

/* Nothing is called as it was, and nobody has an account any more. */
static void move(struct scene *s)
{
    struct policy *p = &s->rig.policy;

    p->name = SPAN("new.example.net");
    p->realm = SPAN("example.net");
    p->self = span_str(NEW_SELF);
    p->ports[0] = 3000;
    rig_reload(&s->rig, "");
}

/* A request on w; `rest` begins behind the paths. */
static void request(struct scene *s, struct wire *w, const char *method,
                    const char *to, const char *rest)
{
    char text[2048];

    (void)snprintf(text, sizeof text,
                   "MSRP tidtid %s\r\nTo-Path: %s\r\nFrom-Path: "
                   "msrps://%s.example:9/%s;tcp\r\n%s-------tidtid$\r\n",
                   method, to, w->name, w->name, rest);
    rig_send(&s->rig, w, text);
}

#define MESSAGE "Message-ID: 1234\r\nContent-Type: a/b\r\n\r\nhello\r\n"

/* This is what w was sent last, up to the end of its start line. */
static void assert_got(struct wire *w, const char *start)
{
    struct span got = fake_link_new_output(&w->fake);

    if (!memmem(got.p, got.n, start, strlen(start)))
        fail_msg("%s was sent \"%.*s\", no %s", w->name, SPAN_ARG(got), start);
}

static const char *path(char *dst, size_t size, const struct wire *first,
                        const struct wire *second, const struct wire *last)
{
    (void)snprintf(dst, size, "%s %s%smsrps://%s.example:9/%s;tcp", first->uri,
                   second ? second->uri : "", second ? " " : "", last->name,
                   last->name);
    return dst;
}

/* The tid of the last frame that w was sent. */
static void last_tid(const struct wire *w, char tid[17])
{
    size_t at = w->fake.out_n - 21;

    while (memcmp(w->fake.out + at, "MSRP ", 5) != 0)
        at--;
    (void)span_copy(tid, 17, span_of(w->fake.out + at + 5, 16));
}

/* --- what was issued goes on under its old name --- */

static void sessions_go_on_under_another_name(void **state)
{
    struct scene *s = *state;
    char to[512];

    move(s);
    request(s, s->alice, "SEND", path(to, sizeof to, s->alice, s->bob, s->bob),
            MESSAGE);
    assert_got(s->alice, "MSRP tidtid 200 OK\r\n");
    assert_got(s->bob, " SEND\r\n");
    request(s, s->peer, "SEND", path(to, sizeof to, s->bob, NULL, s->bob),
            MESSAGE);
    assert_got(s->peer, "MSRP tidtid 200 OK\r\n");
    assert_got(s->bob, " SEND\r\n");
    request(s, s->bob, "SEND", path(to, sizeof to, s->bob, NULL, s->peer),
            MESSAGE);
    assert_got(s->bob, "MSRP tidtid 200 OK\r\n");
    assert_got(s->peer, " SEND\r\n");
}

static void reports_go_on_under_another_name(void **state)
{
    struct scene *s = *state;
    char to[512];

    request(s, s->alice, "SEND", path(to, sizeof to, s->alice, s->bob, s->bob),
            MESSAGE);
    move(s);
    assert_got(s->bob, " SEND\r\n");
    (void)fake_link_new_output(&s->alice->fake);
    request(s, s->bob, "REPORT",
            path(to, sizeof to, s->bob, s->alice, s->alice),
            "Message-ID: 1234\r\nStatus: 000 200 OK\r\n");
    assert_got(s->alice, " REPORT\r\n");
}

static void answers_find_back_under_another_name(void **state)
{
    struct scene *s = *state;
    char to[512], text[1024], tid[17];

    request(s, s->alice, "NICKNAME",
            path(to, sizeof to, s->alice, s->bob, s->bob), "");
    assert_got(s->bob, " NICKNAME\r\n");
    last_tid(s->bob, tid);
    move(s);
    (void)snprintf(text, sizeof text,
                   "MSRP %s 200 OK\r\nTo-Path: %s %s msrps://alice.example:9/"
                   "alice;tcp\r\nFrom-Path: msrps://bob.example:9/bob;tcp\r\n"
                   "-------%s$\r\n",
                   tid, s->bob->uri, s->alice->uri, tid);
    rig_send(&s->rig, s->bob, text);
    assert_got(s->alice, "MSRP tidtid 200 OK\r\n");
}

static void what_never_was_ours_stays_foreign(void **state)
{
    struct scene *s = *state;

    move(s);
    request(s, s->peer, "SEND",
            "msrps://relay.example.com:2855/none;tcp msrps://x:1/x;tcp",
            MESSAGE);
    assert_true(s->peer->gone);
    assert_string_equal(s->peer->fake.why, "not addressed to this relay");
}

/* --- who may have a URI --- */

static void sessions_outlive_their_user(void **state)
{
    struct scene *s = *state;
    char to[512];

    rig_reload(&s->rig, "");
    request(s, s->alice, "SEND", path(to, sizeof to, s->alice, s->bob, s->bob),
            MESSAGE);
    assert_got(s->bob, " SEND\r\n");
    (void)fake_link_new_output(&s->alice->fake);
    rig_wait(&s->rig, 1801 * 1000);
    request(s, s->alice, "SEND", path(to, sizeof to, s->alice, s->bob, s->bob),
            MESSAGE);
    assert_got(s->alice, "MSRP tidtid 481 ");
}

static void a_challenge_may_be_answered_after_a_reload(void **state)
{
    struct scene *s = *state;
    char text[1024];

    rig_credentials(&s->rig, s->peer, "alice", text, sizeof text);
    rig_reload(&s->rig, NULL);
    rig_send(&s->rig, s->peer, text);
    assert_got(s->peer, "MSRP auth2 200 OK\r\n");
}

static void who_left_the_file_is_refused(void **state)
{
    struct scene *s = *state;
    char text[1024];

    rig_credentials(&s->rig, s->peer, "alice", text, sizeof text);
    rig_reload(&s->rig, "");
    rig_send(&s->rig, s->peer, text);
    assert_got(s->peer, "MSRP auth2 401 Unauthorized\r\n");
}

/* It was used, and would be forgotten by now. */
static void a_longer_nonce_lifetime_lets_nobody_replay(void **state)
{
    struct scene *s = *state;
    char text[1024];

    rig_credentials(&s->rig, s->peer, "alice", text, sizeof text);
    rig_send(&s->rig, s->peer, text);
    assert_got(s->peer, "MSRP auth2 200 OK\r\n");
    rig_wait(&s->rig, 150000);
    rig_auth(&s->rig, s->bob, "bob"); /* makes it forget the old ones */
    s->rig.policy.nonce_lifetime_ms = 600000;
    rig_reload(&s->rig, NULL);
    rig_send(&s->rig, s->peer, text);
    assert_got(s->peer, "stale=true");
}

/* --- timers --- */

static void what_is_awaited_keeps_its_timeout(void **state)
{
    struct scene *s = *state;
    char to[512];

    request(s, s->alice, "SEND", path(to, sizeof to, s->alice, s->bob, s->bob),
            MESSAGE);
    (void)fake_link_new_output(&s->alice->fake);
    s->rig.policy.transaction_ms = 5000;
    rig_reload(&s->rig, NULL);
    rig_wait(&s->rig, 29900);
    assert_int_equal(fake_link_new_output(&s->alice->fake).n, 0);
    rig_wait(&s->rig, 200);
    assert_got(s->alice, "Status: 000 408");
    request(s, s->alice, "SEND", path(to, sizeof to, s->alice, s->bob, s->bob),
            "Message-ID: 5678\r\nContent-Type: a/b\r\n\r\nhello\r\n");
    rig_wait(&s->rig, 5000);
    assert_got(s->alice, "Status: 000 408");
}

/* --- draining --- */

static void ask(struct scene *s, struct wire *w)
{
    request(s, w, "AUTH", OLD_SELF, "");
}

static void draining_closes_who_wants_a_uri(void **state)
{
    struct scene *s = *state;

    relay_drain(s->rig.relay, true);
    ask(s, s->peer);
    assert_true(s->peer->gone);
    assert_string_equal(s->peer->fake.why, "draining");
    assert_int_equal(fake_link_new_output(&s->peer->fake).n, 0);
}

static void draining_refuses_who_has_sessions_already(void **state)
{
    struct scene *s = *state;
    char to[512];

    relay_drain(s->rig.relay, true);
    ask(s, s->alice);
    assert_got(s->alice, "MSRP tidtid 403 Forbidden\r\n");
    assert_false(s->alice->gone);
    request(s, s->alice, "SEND", path(to, sizeof to, s->alice, s->bob, s->bob),
            MESSAGE);
    assert_got(s->bob, " SEND\r\n");
}

static void draining_lets_peers_of_sessions_come(void **state)
{
    struct scene *s = *state;
    struct wire *late;
    char to[512];

    relay_drain(s->rig.relay, true);
    late = rig_connect(&s->rig, "late");
    request(s, late, "SEND", path(to, sizeof to, s->bob, NULL, s->bob),
            MESSAGE);
    assert_got(late, "MSRP tidtid 200 OK\r\n");
    ask(s, late);
    assert_got(late, "MSRP tidtid 403 Forbidden\r\n");
    assert_false(late->gone);
}

static void draining_refuses_another_relays_clients(void **state)
{
    struct scene *s = *state;

    fake_link_certify(&s->peer->fake, "peer.example");
    relay_link_known(s->rig.relay, &s->peer->fake.link);
    relay_drain(s->rig.relay, true);
    ask(s, s->peer);
    assert_got(s->peer, "MSRP tidtid 403 Forbidden\r\n");
    assert_false(s->peer->gone);
}

static void draining_passes_auths_to_other_relays(void **state)
{
    struct scene *s = *state;
    char to[512];

    rig_dials(&s->rig, "inner", "inner.example");
    relay_drain(s->rig.relay, true);
    (void)snprintf(to, sizeof to, "%s msrps://inner.example:2855;tcp",
                   s->alice->uri);
    request(s, s->alice, "AUTH", to, "");
    rig_up(&s->rig, rig_wire(&s->rig, SPAN("inner")));
    assert_got(rig_wire(&s->rig, SPAN("inner")), " AUTH\r\n");
}

static void after_draining_all_is_as_before(void **state)
{
    struct scene *s = *state;

    relay_drain(s->rig.relay, true);
    relay_drain(s->rig.relay, false);
    ask(s, s->peer);
    assert_got(s->peer, "MSRP tidtid 401 Unauthorized\r\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sessions_go_on_under_another_name),
        TEST(reports_go_on_under_another_name),
        TEST(answers_find_back_under_another_name),
        TEST(what_never_was_ours_stays_foreign),
        TEST(sessions_outlive_their_user),
        TEST(a_challenge_may_be_answered_after_a_reload),
        TEST(who_left_the_file_is_refused),
        TEST(a_longer_nonce_lifetime_lets_nobody_replay),
        TEST(what_is_awaited_keeps_its_timeout),
        TEST(draining_closes_who_wants_a_uri),
        TEST(draining_refuses_who_has_sessions_already),
        TEST(draining_lets_peers_of_sessions_come),
        TEST(draining_refuses_another_relays_clients),
        TEST(draining_passes_auths_to_other_relays),
        TEST(after_draining_all_is_as_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
