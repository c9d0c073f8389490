/* SPDX-License-Identifier: BSD-2-Clause */
/* The relay's figures are those of the traffic. */
#include "relay_stats.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "rig.h"

#define SELF "msrps://relay.example.com:2855;tcp"
#define TYPE "Content-Type: a/b\r\n\r\n"
#define END "\r\n-------tidtid$\r\n"

struct scene {
    struct rig rig;
    struct wire *alice, *bob, *other;
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof *s);

    assert_non_null(s);
    rig_init(&s->rig);
    assert_int_equal(rig_start_plain(&s->rig), 0);
    s->alice = rig_client(&s->rig, "alice");
    s->bob = rig_client(&s->rig, "bob");
    s->other = rig_connect(&s->rig, "other");
    *state = s;
    return 0;
}

static struct relay_stats figures(const struct scene *s)
{
    struct relay_stats stats;

    relay_stats(s->rig.relay, &stats);
    return stats;
}

/* A request of w to bob through both sessions; `rest` begins behind the paths.
 */
static void request(struct scene *s, struct wire *w, const char *method,
                    const char *rest)
{
    char text[8192];

    (void)snprintf(text, sizeof text,
                   "MSRP tidtid %s\r\nTo-Path: %s %s msrps://bob.example:9/bob;"
                   "tcp\r\nFrom-Path: msrps://%s.example:9/%s;tcp\r\n"
                   "Message-ID: 1234\r\n%s",
                   method, w->uri, s->bob->uri, w->name, w->name, rest);
    rig_send(&s->rig, w, text);
}

/* Bob answers the last frame that he was sent. */
static void answer(struct scene *s, const char *code)
{
    const struct fake_link *f = &s->bob->fake;
    size_t at = f->out_n - 21;
    char text[512];

    while (memcmp(f->out + at, "MSRP ", 5) != 0)
        at--;
    (void)snprintf(text, sizeof text,
                   "MSRP %.16s %s\r\nTo-Path: %s msrps://alice.example:9/alice;"
                   "tcp\r\nFrom-Path: msrps://bob.example:9/bob;tcp\r\n"
                   "-------%.16s$\r\n",
                   f->out + at + 5, code, s->bob->uri, f->out + at + 5);
    rig_send(&s->rig, s->bob, text);
}

/* --- AUTH --- */

static void ask(struct scene *s, struct wire *w, const char *more)
{
    char text[1024];

    (void)snprintf(text, sizeof text,
                   "MSRP tidtid AUTH\r\nTo-Path: " SELF "\r\nFrom-Path: "
                   "msrps://x:1/x;tcp\r\n%s-------tidtid$\r\n",
                   more);
    rig_send(&s->rig, w, text);
}

/* Of all AUTHs so many had this result. Alice and Bob were each challenged and
 * let in before. */
static void assert_auths(struct scene *s, enum relay_auth auth, uint64_t n,
                         uint64_t others)
{
    struct relay_stats stats = figures(s);
    uint64_t all = 0;

    assert_int_equal(stats.auths[auth], n);
    for (size_t i = 0; i < RELAY_AUTHS; i++)
        all += stats.auths[i];
    assert_int_equal(all, n + others);
}

static void who_asks_first_is_challenged(void **state)
{
    struct scene *s = *state;

    ask(s, s->other, "");
    assert_auths(s, RELAY_AUTH_CHALLENGED, 3, 2);
    assert_int_equal(figures(s).responses_made[CODE_AT_401], 3);
    assert_int_equal(figures(s).responses_made[CODE_AT_200], 2);
}

/* With the user's real credentials, but for one digit of the response. */
static void ask_wrong(struct scene *s, const char *user)
{
    char text[1024], *digit;

    rig_credentials(&s->rig, s->other, user, text, sizeof text);
    digit = strstr(text, "response=\"") + 12;
    *digit = *digit == '0' ? '1' : '0';
    rig_send(&s->rig, s->other, text);
}

static void wrong_credentials_are_counted(void **state)
{
    struct scene *s = *state;

    ask_wrong(s, "alice");
    ask_wrong(s, "nobody");
    assert_int_equal(figures(s).auths[RELAY_AUTH_WRONG], 2);
    assert_int_equal(figures(s).auths[RELAY_AUTH_CHALLENGED], 4);
    assert_int_equal(figures(s).too_many_wrong, 0);
    ask_wrong(s, "alice");
    assert_int_equal(figures(s).too_many_wrong, 1);
    assert_true(s->other->gone);
}

static void an_old_nonce_is_stale(void **state)
{
    struct scene *s = *state;
    char text[1024];

    rig_credentials(&s->rig, s->other, "alice", text, sizeof text);
    rig_wait(&s->rig, 61000);
    rig_send(&s->rig, s->other, text);
    assert_int_equal(figures(s).auths[RELAY_AUTH_STALE], 1);
    assert_int_equal(figures(s).auths[RELAY_AUTH_WRONG], 0);
}

static void intervals_out_of_bounds_are_counted(void **state)
{
    struct scene *s = *state;
    char text[1024], *end;

    s->rig.policy.min_expires_s = 1;
    s->rig.policy.max_expires_s = 2;
    s->rig.policy.default_expires_s = 1;
    rig_reload(&s->rig, NULL);
    rig_credentials(&s->rig, s->other, "alice", text, sizeof text);
    end = strstr(text, "-------auth2");
    (void)snprintf(end, 64, "Expires: 99\r\n-------auth2$\r\n");
    rig_send(&s->rig, s->other, text);
    assert_auths(s, RELAY_AUTH_INTERVAL, 1, 5);
}

static void forbidden_links_are_counted(void **state)
{
    struct scene *s = *state;

    s->other->fake.link.may_auth = false;
    ask(s, s->other, "");
    assert_auths(s, RELAY_AUTH_FORBIDDEN, 1, 4);
}

static void the_limit_of_sessions_is_counted(void **state)
{
    struct scene *s = *state;
    char text[1024];

    s->rig.policy.sessions_per_link = 1;
    rig_reload(&s->rig, NULL);
    rig_credentials(&s->rig, s->alice, "alice", text, sizeof text);
    rig_send(&s->rig, s->alice, text);
    assert_int_equal(figures(s).auths[RELAY_AUTH_LIMIT], 1);
    assert_int_equal(figures(s).too_many_sessions, 1);
    assert_int_equal(figures(s).sessions_ever, 2);
}

static void the_drained_are_counted(void **state)
{
    struct scene *s = *state;

    relay_drain(s->rig.relay, true);
    ask(s, s->other, "");
    ask(s, s->alice, "");
    assert_auths(s, RELAY_AUTH_DRAINING, 2, 4);
}

static void faulty_auths_are_counted(void **state)
{
    struct scene *s = *state;

    ask(s, s->other, "Authorization: Digest nonsense\r\n");
    assert_auths(s, RELAY_AUTH_FAULTY, 1, 4);
}

/* --- SEND --- */

static void a_message_in_chunks_is_one_message(void **state)
{
    struct scene *s = *state;
    struct relay_stats stats;

    request(s, s->alice, "SEND",
            "Byte-Range: 1-3/5\r\n" TYPE "hel\r\n-------tidtid+\r\n");
    request(s, s->alice, "SEND", "Byte-Range: 4-5/5\r\n" TYPE "lo" END);
    stats = figures(s);
    assert_int_equal(stats.chunks_in, 2);
    assert_int_equal(stats.chunks_forwarded, 2);
    assert_int_equal(stats.chunks_out, 2);
    assert_int_equal(stats.messages_in, 1);
    assert_int_equal(stats.messages_forwarded, 1);
    assert_int_equal(stats.octets_in, 5);
    assert_int_equal(stats.octets_out, 5);
    assert_int_equal(stats.transactions_now, 2);
    assert_int_equal(stats.transactions_ever, 2);
}

static void a_chunk_that_is_cut_goes_out_as_several(void **state)
{
    struct scene *s = *state;
    struct relay_stats stats;
    char body[6100];

    s->rig.policy.max_chunk_size = 2048;
    rig_reload(&s->rig, NULL);
    (void)snprintf(body, sizeof body, TYPE "%06000d" END, 1);
    request(s, s->alice, "SEND", body);
    stats = figures(s);
    assert_int_equal(stats.chunks_in, 1);
    assert_int_equal(stats.chunks_forwarded, 1);
    assert_int_equal(stats.chunks_out, 3);
    assert_int_equal(stats.messages_forwarded, 1);
    assert_int_equal(stats.octets_in, 6000);
    assert_int_equal(stats.octets_out, 6000);
}

static void what_is_given_up_is_no_message(void **state)
{
    struct scene *s = *state;

    request(s, s->alice, "SEND", TYPE "hel\r\n-------tidtid#\r\n");
    assert_int_equal(figures(s).messages_in, 1);
    assert_int_equal(figures(s).messages_forwarded, 0);
    assert_int_equal(figures(s).messages_given_up, 1);
}

static void what_is_refused_is_in_and_not_out(void **state)
{
    struct scene *s = *state;
    struct relay_stats stats;

    s->rig.policy.message_size = 4;
    rig_reload(&s->rig, NULL);
    request(s, s->alice, "SEND", TYPE "hello" END);
    stats = figures(s);
    assert_int_equal(stats.chunks_in, 1);
    assert_int_equal(stats.messages_in, 1);
    assert_int_equal(stats.chunks_forwarded, 0);
    assert_int_equal(stats.chunks_out, 0);
    assert_int_equal(stats.octets_in, 0);
    assert_int_equal(stats.too_large, 1);
    assert_int_equal(stats.responses_made[CODE_AT_413], 1);
}

static void what_has_no_body_is_a_message_of_no_octets(void **state)
{
    struct scene *s = *state;

    request(s, s->alice, "SEND", "-------tidtid$\r\n");
    assert_int_equal(figures(s).messages_forwarded, 1);
    assert_int_equal(figures(s).chunks_out, 1);
    assert_int_equal(figures(s).octets_out, 0);
}

/* --- responses, REPORTs and the rest --- */

static void responses_are_counted_by_code(void **state)
{
    struct scene *s = *state;
    struct relay_stats stats;

    request(s, s->alice, "SEND", TYPE "hello" END);
    answer(s, "200 OK");
    request(s, s->alice, "SEND", TYPE "hello" END);
    answer(s, "413 enough");
    request(s, s->alice, "NICKNAME", "-------tidtid$\r\n");
    answer(s, "425 in use");
    rig_send(&s->rig, s->bob,
             "MSRP nobodys 200 OK\r\nTo-Path: msrps://x:1/x;tcp\r\n"
             "From-Path: msrps://x:1/x;tcp\r\n-------nobodys$\r\n");
    stats = figures(s);
    assert_int_equal(stats.responses_received[CODE_AT_200], 1);
    assert_int_equal(stats.responses_received[CODE_AT_413], 1);
    assert_int_equal(stats.responses_received[CODE_AT_425], 1);
    assert_int_equal(stats.responses_forwarded, 1);
    assert_int_equal(stats.dropped, 1);
    assert_int_equal(stats.responses_made[CODE_AT_200], 4);
    assert_int_equal(stats.reports_made, 1);
    assert_int_equal(stats.reports_made_by_code[CODE_AT_413], 1);
    assert_int_equal(stats.others_forwarded, 1);
}

static void silence_is_counted(void **state)
{
    struct scene *s = *state;

    request(s, s->alice, "SEND", TYPE "hello" END);
    rig_wait(&s->rig, 31000);
    assert_int_equal(figures(s).timeouts, 1);
    assert_int_equal(s->bob->fake.probes, 1); /* S-19 */
    assert_int_equal(s->alice->fake.probes, 0);
    assert_int_equal(figures(s).reports_made_by_code[CODE_AT_408], 1);
    assert_int_equal(figures(s).transactions_now, 0);
    assert_int_equal(figures(s).transactions_ever, 1);
}

static void forwarded_requests_are_counted_by_kind(void **state)
{
    struct scene *s = *state;
    char text[512];

    request(s, s->alice, "NICKNAME", "-------tidtid$\r\n");
    request(s, s->alice, "REPORT", "Status: 000 200 OK\r\n-------tidtid$\r\n");
    rig_dials(&s->rig, "inner", "inner.example");
    (void)snprintf(text, sizeof text,
                   "MSRP tidtid AUTH\r\nTo-Path: %s msrps://inner.example:2855;"
                   "tcp\r\nFrom-Path: msrps://alice.example:9/alice;tcp\r\n"
                   "-------tidtid$\r\n",
                   s->alice->uri);
    rig_send(&s->rig, s->alice, text);
    assert_int_equal(figures(s).others_forwarded, 1);
    assert_int_equal(figures(s).reports_forwarded, 1);
    assert_int_equal(figures(s).auths_forwarded, 1);
}

/* --- sessions, waiting --- */

static void sessions_are_counted_from_begin_to_end(void **state)
{
    struct scene *s = *state;

    assert_int_equal(figures(s).sessions_now, 2);
    assert_int_equal(figures(s).sessions_ever, 2);
    rig_close(&s->rig, s->alice, false);
    rig_wait(&s->rig, 1802 * 1000);
    assert_int_equal(figures(s).sessions_now, 0);
    assert_int_equal(figures(s).sessions_ended[SESSION_CONNECTION], 1);
    assert_int_equal(figures(s).sessions_ended[SESSION_EXPIRED], 1);
}

/* Rises while somebody waits, and stands still afterwards. */
static void the_time_of_waiting_is_counted_up_to_now(void **state)
{
    struct scene *s = *state;
    char body[6100];

    s->rig.policy.high_water = 4096;
    s->rig.policy.low_water = 1024;
    rig_reload(&s->rig, NULL);
    s->bob->held = true;
    (void)snprintf(body, sizeof body, TYPE "%06000d" END, 1);
    request(s, s->alice, "SEND", body);
    request(s, s->alice, "SEND", body);
    assert_int_equal(figures(s).links_waiting_now, 1);
    assert_true(figures(s).waits >= 1);
    rig_wait(&s->rig, 700);
    assert_int_equal(figures(s).wait_ms, 700);
    assert_int_equal(figures(s).longest_wait_ms, 700);
    s->bob->held = false;
    rig_settle(&s->rig);
    assert_int_equal(figures(s).links_waiting_now, 0);
    rig_wait(&s->rig, 500);
    assert_int_equal(figures(s).wait_ms, 700);
}

static void names_are_those_of_their_places(void **state)
{
    (void)state;
    assert_string_equal(relay_auth_name(RELAY_AUTH_OK), "ok");
    assert_string_equal(relay_auth_name(RELAY_AUTH_FAULTY), "faulty");
    assert_string_equal(session_why_name(SESSION_EXPIRED), "expired");
    assert_string_equal(session_why_name(SESSION_SHUTDOWN), "shutdown");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_asks_first_is_challenged),
        TEST(wrong_credentials_are_counted),
        TEST(an_old_nonce_is_stale),
        TEST(intervals_out_of_bounds_are_counted),
        TEST(forbidden_links_are_counted),
        TEST(the_limit_of_sessions_is_counted),
        TEST(the_drained_are_counted),
        TEST(faulty_auths_are_counted),
        TEST(a_message_in_chunks_is_one_message),
        TEST(a_chunk_that_is_cut_goes_out_as_several),
        TEST(what_is_given_up_is_no_message),
        TEST(what_is_refused_is_in_and_not_out),
        TEST(what_has_no_body_is_a_message_of_no_octets),
        TEST(responses_are_counted_by_code),
        TEST(silence_is_counted),
        TEST(forwarded_requests_are_counted_by_kind),
        TEST(sessions_are_counted_from_begin_to_end),
        TEST(the_time_of_waiting_is_counted_up_to_now),
        cmocka_unit_test(names_are_those_of_their_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
