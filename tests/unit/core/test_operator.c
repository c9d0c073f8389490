/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole relay under its operator's hands: sessions listed and ended. */
#include "operator.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cmocka_all.h"
#include "rig.h"

struct scene {
    struct rig rig;
    struct wire *alice, *bob, *carol;
    struct session_record records[8];
    unsigned n_records;
};

static void on_session_end(void *ctx, const struct session_record *record)
{
    struct scene *s = ctx;

    assert_in_range(s->n_records, 0, 7);
    s->records[s->n_records++] = *record;
}

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof *s);

    assert_non_null(s);
    rig_init(&s->rig);
    assert_int_equal(rig_start_plain(&s->rig), 0);
    relay_on_session_end(s->rig.relay, on_session_end, s);
    s->alice = rig_client(&s->rig, "alice");
    s->bob = rig_client(&s->rig, "bob");
    s->carol = rig_client(&s->rig, "carol");
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    relay_on_session_end(s->rig.relay, NULL, NULL);
    rig_stop(&s->rig);
    free(s);
    return 0;
}

/* A SEND from w to the client `to`; `rest` begins behind the paths. */
static void send_text(struct scene *s, struct wire *w, const struct wire *to,
                      const char *rest)
{
    char text[4096];

    (void)snprintf(text, sizeof text,
                   "MSRP tidtid SEND\r\nTo-Path: %s %s msrps://%s.example:9/"
                   "%s;tcp\r\nFrom-Path: msrps://%s.example:9/%s;tcp\r\n"
                   "Message-ID: 1234\r\n%s",
                   w->uri, to->uri, to->name, to->name, w->name, w->name, rest);
    rig_send(&s->rig, w, text);
}

#define TYPE "Content-Type: a/b\r\n\r\n"
#define END "\r\n-------tidtid$\r\n"

static void forget_output(struct scene *s)
{
    for (size_t i = 0; i < s->rig.n_wires; i++)
        (void)fake_link_new_output(&s->rig.wires[i].fake);
}

static void assert_got(struct wire *w, const char *text)
{
    struct span got = fake_link_new_output(&w->fake);

    if (!memmem(got.p, got.n, text, strlen(text)))
        fail_msg("%s was sent \"%.*s\"", w->name, SPAN_ARG(got));
}

/* Ends all sessions of that user, as the control socket does it. */
static void kick(struct scene *s, const char *user)
{
    struct session_view v;
    struct relay_walk w;

    relay_walk_begin(s->rig.relay, &w);
    while (relay_walk_next(&w, &v))
        if (span_eq(v.user, span_str(user)))
            relay_walk_kick(s->rig.relay, &w);
    rig_settle(&s->rig);
}

static struct session_view view_of(struct scene *s, const char *user)
{
    struct session_view v;
    struct relay_walk w;

    relay_walk_begin(s->rig.relay, &w);
    while (relay_walk_next(&w, &v)) {
        if (span_eq(v.user, span_str(user))) {
            relay_walk_end(&w);
            return v;
        }
    }
    fail_msg("%s has no session", user);
    return v;
}

/* --- what is shown --- */

static void a_session_is_shown_with_its_figures(void **state)
{
    struct scene *s = *state;
    struct session_view alice, bob;

    send_text(s, s->alice, s->bob, TYPE "hello" END);
    alice = view_of(s, "alice");
    bob = view_of(s, "bob");
    assert_span_equal(span_str(alice.short_id),
                      span_of(strrchr(s->alice->uri, '/') + 1, 6));
    assert_int_equal(alice.connection, s->alice->fake.link.number);
    assert_int_equal(alice.expires_ms - alice.began_ms, 1800 * 1000);
    assert_int_equal(alice.home.n, 0);
    assert_int_equal(alice.usage.sent.octets, 5);
    assert_int_equal(alice.usage.sent.messages, 1);
    assert_int_equal(alice.usage.received.messages, 0);
    assert_int_equal(bob.usage.received.octets, 5);
    assert_int_equal(bob.usage.received.messages, 1);
}

static void what_is_under_way_is_shown_too(void **state)
{
    struct scene *s = *state;
    char body[3100];

    (void)snprintf(body, sizeof body, TYPE "%03000d", 1);
    send_text(s, s->alice, s->bob, body);
    assert_in_range(view_of(s, "alice").usage.sent.octets, 2048, 3000);
    assert_int_equal(view_of(s, "bob").usage.received.octets,
                     view_of(s, "alice").usage.sent.octets);
    rig_send(&s->rig, s->alice, END);
    assert_int_equal(view_of(s, "alice").usage.sent.octets, 3000);
    assert_int_equal(view_of(s, "bob").usage.received.octets, 3000);
}

static void a_peer_that_spoke_is_counted(void **state)
{
    struct scene *s = *state;

    rig_speak(&s->rig, rig_connect(&s->rig, "peer"), s->bob->uri);
    assert_int_equal(view_of(s, "bob").peers, 1);
}

/* --- records --- */

static void the_record_holds_what_was_shown(void **state)
{
    struct scene *s = *state;

    send_text(s, s->alice, s->bob,
              "Byte-Range: 1-3/5\r\n" TYPE "hel\r\n"
              "-------tidtid+\r\n");
    send_text(s, s->alice, s->bob, "Byte-Range: 4-5/5\r\n" TYPE "lo" END);
    rig_close(&s->rig, s->alice, false);
    assert_int_equal(s->n_records, 1);
    assert_int_equal(s->records[0].why, SESSION_CONNECTION);
    assert_int_equal(s->records[0].usage.sent.octets, 5);
    assert_int_equal(s->records[0].usage.sent.messages, 1);
}

static void a_message_cut_off_counts_its_octets_only(void **state)
{
    struct scene *s = *state;
    char body[3100];

    (void)snprintf(body, sizeof body, TYPE "%03000d", 1);
    send_text(s, s->alice, s->bob, body);
    rig_close(&s->rig, s->alice, false);
    assert_in_range(s->records[0].usage.sent.octets, 2048, 3000);
    assert_int_equal(s->records[0].usage.sent.messages, 0);
    assert_int_equal(view_of(s, "bob").usage.received.octets,
                     s->records[0].usage.sent.octets);
}

static void when_the_relay_ends_sessions_end_for_that(void **state)
{
    struct scene *s = *state;

    relay_shut_down(s->rig.relay);
    rig_close(&s->rig, s->alice, false);
    assert_int_equal(s->records[0].why, SESSION_SHUTDOWN);
}

static void reports_made_are_counted_for_the_sender(void **state)
{
    struct scene *s = *state;

    send_text(s, s->alice, s->bob, TYPE "hello" END);
    rig_close(&s->rig, s->bob, false);
    assert_got(s->alice, "Status: 000 408");
    assert_int_equal(view_of(s, "alice").usage.reports_made, 1);
    assert_int_equal(s->records[0].usage.reports_made, 0);
}

static void reports_passed_on_are_counted_both_ways(void **state)
{
    struct scene *s = *state;
    char text[1024];

    (void)snprintf(text, sizeof text,
                   "MSRP tidtid REPORT\r\nTo-Path: %s %s msrps://alice.example:"
                   "9/alice;tcp\r\nFrom-Path: msrps://bob.example:9/bob;tcp\r\n"
                   "Message-ID: 1234\r\nStatus: 000 200 OK\r\n"
                   "-------tidtid$\r\n",
                   s->bob->uri, s->alice->uri);
    rig_send(&s->rig, s->bob, text);
    assert_int_equal(view_of(s, "bob").usage.sent.reports, 1);
    assert_int_equal(view_of(s, "bob").usage.received.reports, 0);
    assert_int_equal(view_of(s, "alice").usage.sent.reports, 0);
    assert_int_equal(view_of(s, "alice").usage.received.reports, 1);
}

/* --- kicked --- */

static double cpu_s(void)
{
    struct timespec t;

    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Case 3.4: no walk over what waits for others, for each session. */
static void a_kick_costs_what_the_kicked_have_in_flight(void **state)
{
    enum { SESSIONS = 51, WAITING = 100000 };
    static const double most_s = 0.05; /* walks over all take 0.7 s */
    struct scene *s = *state;
    double before_s;

    relay_on_session_end(s->rig.relay, NULL, NULL);
    s->rig.policy.transactions_per_link = 0;
    rig_reload(&s->rig, NULL);
    for (unsigned i = 1; i < SESSIONS; i++)
        rig_auth(&s->rig, s->carol, "carol");
    for (unsigned i = 0; i < WAITING; i++)
        send_text(s, s->alice, s->bob, TYPE "x" END);
    before_s = cpu_s();
    kick(s, "carol");
    assert_true(cpu_s() - before_s < most_s);
    assert_true(s->carol->gone);
    assert_int_equal(s->bob->fake.link.txns.n, WAITING);
}

static void who_is_kicked_loses_his_connection(void **state)
{
    struct scene *s = *state;

    kick(s, "alice");
    assert_true(s->alice->gone);
    assert_string_equal(s->alice->fake.why, "kicked");
    assert_int_equal(s->n_records, 1);
    assert_int_equal(s->records[0].why, SESSION_KICKED);
    assert_false(s->bob->gone);
}

static void other_sessions_keep_the_connection(void **state)
{
    struct scene *s = *state;
    char first[RIG_URI_MAX];

    (void)span_copy(first, sizeof first, span_str(s->alice->uri));
    rig_auth(&s->rig, s->alice, "carol");
    kick(s, "alice");
    assert_false(s->alice->gone);
    send_text(s, s->alice, s->bob, TYPE "hello" END);
    assert_got(s->alice, "MSRP tidtid 200 OK");
    (void)span_copy(s->alice->uri, sizeof s->alice->uri, span_str(first));
    send_text(s, s->alice, s->bob, TYPE "hello" END);
    assert_got(s->alice, "MSRP tidtid 481 ");
}

static void what_is_sent_to_the_kicked_is_refused(void **state)
{
    struct scene *s = *state;

    kick(s, "bob");
    send_text(s, s->alice, s->bob, TYPE "hello" END);
    assert_got(s->alice, "MSRP tidtid 481 ");
}

/* A chunk half in is answered at once, its receiver is told the end. */
static void a_transfer_to_the_kicked_fails_at_once(void **state)
{
    struct scene *s = *state;
    char body[3100];

    (void)snprintf(body, sizeof body, TYPE "%03000d", 1);
    send_text(s, s->alice, s->bob, body);
    assert_non_null(s->alice->fake.link.stream);
    kick(s, "bob");
    assert_got(s->alice, "MSRP tidtid 481 ");
    assert_got(s->bob, "#\r\n");
    rig_send(&s->rig, s->alice, END);
    assert_int_equal(fake_link_new_output(&s->alice->fake).n, 0);
    send_text(s, s->alice, s->carol, TYPE "hello" END);
    assert_got(s->carol, "hello");
}

static void what_the_kicked_was_sent_is_reported(void **state)
{
    struct scene *s = *state;

    send_text(s, s->alice, s->bob, TYPE "hello" END);
    send_text(s, s->carol, s->alice, TYPE "hello" END);
    forget_output(s);
    kick(s, "bob");
    assert_got(s->alice, "Status: 000 481 No Such Session");
    assert_int_equal(fake_link_new_output(&s->carol->fake).n, 0);
    assert_int_equal(s->alice->fake.link.txns.n, 1);
    rig_wait(&s->rig, 31000);
    assert_int_equal(fake_link_new_output(&s->alice->fake).n, 0);
    assert_got(s->carol, "Status: 000 408");
}

static void what_the_kicked_had_sent_is_reported_to_him(void **state)
{
    struct scene *s = *state;

    rig_auth(&s->rig, s->carol, "bob"); /* keeps the connection */
    rig_auth(&s->rig, s->carol, "carol");
    send_text(s, s->carol, s->alice, TYPE "hello" END);
    forget_output(s);
    kick(s, "carol");
    assert_got(s->carol, "Status: 000 481 No Such Session");
    assert_int_equal(s->alice->fake.link.txns.n, 0);
}

static void who_is_on_a_kicked_connection_is_kicked(void **state)
{
    struct scene *s = *state;

    rig_auth(&s->rig, s->alice, "carol");
    send_text(s, s->bob, s->alice, TYPE "hello" END);
    relay_link_kick(s->rig.relay, &s->alice->fake.link);
    rig_settle(&s->rig);
    assert_true(s->alice->gone);
    assert_string_equal(s->alice->fake.why, "kicked");
    assert_int_equal(s->n_records, 2);
    assert_int_equal(s->records[0].why, SESSION_KICKED);
    assert_int_equal(s->records[1].why, SESSION_KICKED);
    assert_got(s->bob, "REPORT");
}

static void nobody_is_kicked_twice(void **state)
{
    struct scene *s = *state;
    struct session_view v;
    struct relay_walk w;

    relay_walk_begin(s->rig.relay, &w);
    relay_walk_kick(s->rig.relay, &w); /* nobody was shown yet */
    assert_true(relay_walk_next(&w, &v));
    rig_close(&s->rig, s->alice, false);
    relay_walk_kick(s->rig.relay, &w);
    assert_int_equal(s->n_records, 1);
    assert_true(relay_walk_next(&w, &v));
    assert_span_equal(v.user, SPAN("bob"));
    relay_walk_end(&w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Lists the users into `out`, one "name:sessions:connections:sent:received;"
 * each; sessions of `except` are not counted. */
static void list_users(struct scene *s, char *out, size_t size,
                       const char *except)
{
    uint64_t list = relay_users_begin(s->rig.relay);
    struct session_view v;
    struct user_view user;
    struct relay_walk w;
    size_t n = 0;

    out[0] = '\0';
    relay_walk_begin(s->rig.relay, &w);
    while (relay_walk_next(&w, &v))
        if (!span_eq(v.user, span_str(except)))
            relay_users_count(&w, list);
    relay_walk_begin(s->rig.relay, &w);
    while (relay_walk_next(&w, &v))
        if (relay_users_show(&w, list, &user))
            n += (size_t)snprintf(
                out + n, size - n, "%.*s:%llu:%llu:%llu:%llu;",
                SPAN_ARG(user.user), (unsigned long long)user.sessions,
                (unsigned long long)user.connections,
                (unsigned long long)user.sent_octets,
                (unsigned long long)user.received_octets);
}

static void each_user_is_listed_once_with_his_sums(void **state)
{
    struct scene *s = *state;
    char list[512];

    rig_client(&s->rig, "alice");         /* another connection */
    rig_auth(&s->rig, s->alice, "alice"); /* a session more on the first */
    send_text(s, s->alice, s->bob, "Byte-Range: 1-5/5\r\n" TYPE "hello" END);
    list_users(s, list, sizeof list, "");
    assert_string_equal(list, "alice:3:2:5:0;bob:1:1:0:5;carol:1:1:0:0;");
    list_users(s, list, sizeof list, "bob");
    assert_string_equal(list, "alice:3:2:5:0;carol:1:1:0:0;");
    kick(s, "alice");
    list_users(s, list, sizeof list, "");
    assert_string_equal(list, "bob:1:1:0:5;carol:1:1:0:0;");
}

static void a_user_who_goes_while_he_is_counted_is_not_listed(void **state)
{
    struct scene *s = *state;
    uint64_t list = relay_users_begin(s->rig.relay);
    struct session_view v;
    struct user_view user;
    struct relay_walk w;
    unsigned shown = 0;

    relay_walk_begin(s->rig.relay, &w);
    while (relay_walk_next(&w, &v)) {
        if (span_eq(v.user, SPAN("bob")))
            relay_walk_kick(s->rig.relay, &w);
        relay_users_count(&w, list); /* of one that has ended: nothing */
    }
    rig_settle(&s->rig);
    rig_client(&s->rig, "bob"); /* came after he could be counted */
    relay_walk_begin(s->rig.relay, &w);
    while (relay_walk_next(&w, &v)) {
        if (!relay_users_show(&w, list, &user))
            continue;
        shown++;
        assert_false(span_eq(user.user, SPAN("bob")));
    }
    assert_int_equal(shown, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_session_is_shown_with_its_figures),
        TEST(what_is_under_way_is_shown_too),
        TEST(a_peer_that_spoke_is_counted),
        TEST(the_record_holds_what_was_shown),
        TEST(a_message_cut_off_counts_its_octets_only),
        TEST(when_the_relay_ends_sessions_end_for_that),
        TEST(reports_made_are_counted_for_the_sender),
        TEST(reports_passed_on_are_counted_both_ways),
        TEST(a_kick_costs_what_the_kicked_have_in_flight),
        TEST(who_is_kicked_loses_his_connection),
        TEST(other_sessions_keep_the_connection),
        TEST(what_is_sent_to_the_kicked_is_refused),
        TEST(a_transfer_to_the_kicked_fails_at_once),
        TEST(what_the_kicked_was_sent_is_reported),
        TEST(what_the_kicked_had_sent_is_reported_to_him),
        TEST(who_is_on_a_kicked_connection_is_kicked),
        TEST(nobody_is_kicked_twice),
        TEST(each_user_is_listed_once_with_his_sums),
        TEST(a_user_who_goes_while_he_is_counted_is_not_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
