/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole relay with users about whom it has to ask: alice is in the users
 * file, dora and others are not. */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "fake_asker.h"
#include "pending_auth.h"
#include "rig.h"
#include "secrets.h"

enum { LOOKUP_MS = 3000 };

struct scene {
    struct rig rig;
    struct fake_asker asker;
    struct wire *dora;
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof *s);

    assert_non_null(s);
    rig_init(&s->rig);
    s->rig.policy.lookup_ms = LOOKUP_MS;
    s->rig.policy.probation_ms = 30000;
    assert_int_equal(rig_start_plain(&s->rig), 0);
    fake_asker_init(&s->asker);
    relay_on_lookup(s->rig.relay, &s->asker.asker);
    s->dora = rig_connect(&s->rig, "dora");
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    rig_stop(&s->rig);
    for (unsigned i = 0; i < s->asker.n; i++)
        assert_null(s->asker.questions[i].wait); /* nobody is left behind */
    free(s);
    return 0;
}

/* w says that it is `user`, whose password is the name. */
static void try_user(struct scene *s, struct wire *w, const char *user)
{
    char text[1024];

    rig_credentials(&s->rig, w, user, text, sizeof text);
    rig_send(&s->rig, w, text);
}

static void answer(struct scene *s, unsigned i, enum asker_kind kind,
                   const char *password)
{
    relay_clock(s->rig.relay, s->rig.now_ms);
    fake_asker_answer(&s->asker, i, kind, password);
    rig_settle(&s->rig);
}

/* What w was sent since the last time has this in it; "" is nothing at all. */
static void assert_got(struct wire *w, const char *text)
{
    struct span got = fake_link_new_output(&w->fake);

    if (*text ? !memmem(got.p, got.n, text, strlen(text)) : got.n > 0)
        fail_msg("%s was sent \"%.*s\", not \"%s\"", w->name, SPAN_ARG(got),
                 text);
}

static struct relay_stats stats(const struct scene *s)
{
    struct relay_stats out;

    relay_stats(s->rig.relay, &out);
    return out;
}

/* --- the answers --- */

static void the_right_password_is_granted_after_the_answer(void **state)
{
    struct scene *s = *state;

    try_user(s, s->dora, "dora");
    assert_got(s->dora, "");
    assert_int_equal(s->asker.n, 1);
    assert_string_equal(s->asker.questions[0].user, "dora");
    assert_string_equal(s->asker.questions[0].realm, "example.com");
    assert_int_equal(s->asker.questions[0].alg, DIGEST_MD5);
    assert_int_equal(stats(s).auths_waiting_now, 1);
    answer(s, 0, ASKER_HA1, "dora");
    assert_got(s->dora, "MSRP auth2 200 OK\r\n");
    assert_int_equal(stats(s).auths_waiting_now, 0);
    assert_int_equal(stats(s).sessions_now, 1);
    assert_int_equal(stats(s).auths[RELAY_AUTH_OK], 1);
}

static void the_wrong_password_is_a_failure(void **state)
{
    struct scene *s = *state;

    try_user(s, s->dora, "dora");
    answer(s, 0, ASKER_HA1, "another");
    assert_got(s->dora, "MSRP auth2 401 ");
    assert_int_equal(stats(s).auths[RELAY_AUTH_WRONG], 1);
    assert_int_equal(s->dora->fake.link.trust.auth_failures, 1);
    for (unsigned i = 1; i < s->rig.policy.max_failures; i++) {
        try_user(s, s->dora, "dora");
        answer(s, i, ASKER_HA1, "another");
    }
    assert_true(s->dora->gone);
}

static void an_unknown_user_is_a_failure(void **state)
{
    struct scene *s = *state;

    try_user(s, s->dora, "dora");
    answer(s, 0, ASKER_NONE, NULL);
    assert_got(s->dora, "MSRP auth2 401 ");
    assert_int_equal(s->dora->fake.link.trust.auth_failures, 1);
}

static void an_error_counts_against_nobody(void **state)
{
    struct scene *s = *state;

    for (unsigned i = 0; i < 5; i++) {
        try_user(s, s->dora, "dora");
        answer(s, i, ASKER_ERROR, NULL);
        assert_got(s->dora, "MSRP auth2 408 ");
    }
    assert_int_equal(s->dora->fake.link.trust.auth_failures, 0);
    assert_int_equal(s->dora->fake.link.trust.failures, 0);
    assert_int_equal(stats(s).auths[RELAY_AUTH_LOOKUP], 5);
    try_user(s, s->dora, "dora");
    answer(s, 5, ASKER_HA1, "dora");
    assert_got(s->dora, "MSRP auth2 200 ");
}

static void what_is_remembered_is_not_asked(void **state)
{
    struct scene *s = *state;

    s->asker.remembers = "dora";
    try_user(s, s->dora, "dora");
    assert_got(s->dora, "MSRP auth2 200 ");
    assert_int_equal(s->asker.n, 0);
}

static void nobody_to_ask_is_408(void **state)
{
    struct scene *s = *state;

    s->asker.refuses = ERR_FULL;
    try_user(s, s->dora, "dora");
    assert_got(s->dora, "MSRP auth2 408 ");
    assert_int_equal(stats(s).auths_waiting_now, 0);
    assert_int_equal(s->dora->fake.link.trust.auth_failures, 0);
}

/* --- time --- */

static void no_answer_in_time_is_408(void **state)
{
    struct scene *s = *state;

    try_user(s, s->dora, "dora");
    rig_wait(&s->rig, LOOKUP_MS - 1);
    assert_got(s->dora, "");
    rig_wait(&s->rig, 101);
    assert_got(s->dora, "MSRP auth2 408 ");
    assert_int_equal(s->asker.forgotten, 1);
    assert_int_equal(s->dora->fake.link.trust.auth_failures, 0);
    rig_wait(&s->rig, 60000);
    assert_got(s->dora, "");
}

/* --- the link meanwhile --- */

static void the_link_is_not_paused(void **state)
{
    struct scene *s = *state;
    char text[1024];

    try_user(s, s->dora, "dora");
    assert_false(s->dora->fake.paused);
    assert_false(relay_link_is_idle(&s->dora->fake.link));
    assert_true(relay_link_in_flight(&s->dora->fake.link));
    try_user(s, s->dora, "alice"); /* of the users file */
    assert_got(s->dora, "MSRP auth2 200 ");
    (void)snprintf(text, sizeof text,
                   "MSRP ping SEND\r\nTo-Path: %.*s\r\nFrom-Path: "
                   "msrps://dora.example:9/dora;tcp\r\nMessage-ID: 1\r\n"
                   "-------ping$\r\n",
                   SPAN_ARG(s->rig.policy.self));
    rig_send(&s->rig, s->dora, text);
    assert_got(s->dora, "MSRP ping 200 ");
    answer(s, 0, ASKER_HA1, "dora");
    assert_got(s->dora, "MSRP auth2 200 ");
    assert_true(relay_link_is_idle(&s->dora->fake.link));
    assert_int_equal(s->asker.n, 1);
}

static void answers_come_in_any_order(void **state)
{
    struct scene *s = *state;
    struct wire *erin = rig_connect(&s->rig, "erin");

    try_user(s, s->dora, "dora");
    try_user(s, erin, "erin");
    try_user(s, s->dora, "dodo");
    answer(s, 1, ASKER_HA1, "erin");
    assert_got(erin, "MSRP auth2 200 ");
    answer(s, 2, ASKER_NONE, NULL);
    assert_got(s->dora, "MSRP auth2 401 ");
    answer(s, 0, ASKER_HA1, "dora");
    assert_got(s->dora, "MSRP auth2 200 ");
}

static void a_link_may_have_sixteen_waiting(void **state)
{
    struct scene *s = *state;
    struct wire *erin = rig_connect(&s->rig, "erin");

    try_user(s, s->dora, "alice"); /* then any number is challenged */
    assert_got(s->dora, "MSRP auth2 200 ");
    for (unsigned i = 0; i < PENDING_AUTHS_OF_LINK; i++) {
        try_user(s, s->dora, "dora");
        assert_got(s->dora, "");
    }
    try_user(s, s->dora, "dora");
    assert_got(s->dora, "MSRP auth2 408 ");
    assert_int_equal(stats(s).too_many_lookups, 1);
    try_user(s, erin, "erin"); /* others do not notice */
    assert_got(erin, "");
    answer(s, 0, ASKER_NONE, NULL);
    assert_got(s->dora, "MSRP auth2 401 ");
    try_user(s, s->dora, "dora");
    assert_got(s->dora, "");
}

static void a_link_that_ends_takes_what_waits_along(void **state)
{
    struct scene *s = *state;

    try_user(s, s->dora, "dora");
    try_user(s, s->dora, "dodo");
    rig_close(&s->rig, s->dora, false);
    assert_int_equal(s->asker.forgotten, 2);
    assert_int_equal(stats(s).auths_waiting_now, 0);
}

/* --- the nonce --- */

static void a_nonce_is_spent_before_the_question(void **state)
{
    struct scene *s = *state;
    char text[1024];

    rig_credentials(&s->rig, s->dora, "dora", text, sizeof text);
    rig_send(&s->rig, s->dora, text);
    rig_send(&s->rig, s->dora, text);
    assert_got(s->dora, "stale=true");
    assert_int_equal(s->asker.n, 1);
    answer(s, 0, ASKER_HA1, "dora");
    assert_got(s->dora, "MSRP auth2 200 ");
}

static void an_old_nonce_asks_nobody(void **state)
{
    struct scene *s = *state;
    char text[1024];

    rig_credentials(&s->rig, s->dora, "dora", text, sizeof text);
    rig_wait(&s->rig, s->rig.policy.nonce_lifetime_ms + 1);
    rig_send(&s->rig, s->dora, text);
    assert_got(s->dora, "stale=true");
    assert_int_equal(s->asker.n, 0);
}

/* --- who is asked about --- */

static void users_of_the_file_are_nobody_elses(void **state)
{
    struct scene *s = *state;
    char text[1024], *password;

    rig_credentials(&s->rig, s->dora, "alice", text, sizeof text);
    password = strstr(text, "response=\"");
    password[10] = password[10] == '0' ? '1' : '0';
    rig_send(&s->rig, s->dora, text);
    assert_got(s->dora, "MSRP auth2 401 ");
    assert_int_equal(s->asker.n, 0);
}

static void what_no_secret_proves_is_asked(void **state)
{
    struct scene *s = *state;
    struct secrets *secrets;

    assert_int_equal(
        secrets_parse(&secrets, SPAN("x\n"), EPHEMERAL_SHA1, NULL, NULL), 0);
    s->rig.policy.secrets = secrets;
    rig_reload(&s->rig, NULL);
    try_user(s, s->dora, "1800000000:dora");
    assert_string_equal(s->asker.questions[0].user, "1800000000:dora");
    answer(s, 0, ASKER_HA1, "1800000000:dora");
    assert_got(s->dora, "MSRP auth2 200 ");
    s->rig.policy.secrets = NULL;
    rig_reload(&s->rig, NULL);
    secrets_free(secrets);
}

static void another_realm_asks_nobody(void **state)
{
    struct scene *s = *state;
    char text[1024];

    rig_credentials(&s->rig, s->dora, "dora", text, sizeof text);
    memcpy(strstr(text, "example.com\", nonce"), "example.org", 11);
    rig_send(&s->rig, s->dora, text);
    assert_got(s->dora, "MSRP auth2 401 ");
    assert_int_equal(s->asker.n, 0);
}

static void a_blocked_user_is_not_asked_about(void **state)
{
    struct scene *s = *state;
    struct wire *relay = s->dora;

    fake_link_certify(&relay->fake, "dora.example");
    relay->fake.link.requested_cert = true;
    relay_link_known(s->rig.relay, &relay->fake.link);
    assert_true(relay->fake.link.is_relay);
    for (unsigned i = 0; i < s->rig.policy.max_failures; i++) {
        try_user(s, relay, "dora");
        answer(s, i, ASKER_NONE, NULL);
        assert_got(relay, "MSRP auth2 401 ");
    }
    try_user(s, relay, "dora");
    assert_got(relay, "MSRP auth2 403 ");
    assert_int_equal(s->asker.n, s->rig.policy.max_failures);
}

/* Many that were sent together are no more guesses than max_failures. */
static void guesses_that_wait_together_are_counted(void **state)
{
    struct scene *s = *state;

    for (unsigned i = 0; i < 8; i++)
        try_user(s, s->dora, "dora");
    assert_int_equal(s->asker.n, 8);
    for (unsigned i = 0; i < s->rig.policy.max_failures; i++)
        answer(s, i, ASKER_HA1, "another");
    assert_true(s->dora->gone);
    assert_int_equal(s->asker.forgotten, 8 - s->rig.policy.max_failures);
    assert_int_equal(stats(s).auths[RELAY_AUTH_WRONG],
                     s->rig.policy.max_failures);
}

/* --- what changes meanwhile --- */

static void another_asker_ends_the_wait(void **state)
{
    struct scene *s = *state;
    struct fake_asker other;

    fake_asker_init(&other);
    try_user(s, s->dora, "dora");
    relay_on_lookup(s->rig.relay, &s->asker.asker); /* the same */
    rig_settle(&s->rig);
    assert_got(s->dora, "");
    relay_on_lookup(s->rig.relay, &other.asker);
    rig_settle(&s->rig);
    assert_got(s->dora, "MSRP auth2 408 ");
    assert_int_equal(s->asker.forgotten, 1);
    try_user(s, s->dora, "dora");
    assert_int_equal(other.n, 1);
    relay_on_lookup(s->rig.relay, NULL);
    rig_settle(&s->rig);
    assert_got(s->dora, "MSRP auth2 408 ");
    try_user(s, s->dora, "dora"); /* unknown, as there is nobody to ask */
    assert_got(s->dora, "MSRP auth2 401 ");
}

static void a_reload_keeps_what_waits(void **state)
{
    struct scene *s = *state;

    try_user(s, s->dora, "dora");
    rig_reload(&s->rig, "");
    answer(s, 0, ASKER_HA1, "dora");
    assert_got(s->dora, "MSRP auth2 200 ");
}

static void a_realm_that_has_gone_is_408(void **state)
{
    struct scene *s = *state;

    try_user(s, s->dora, "dora");
    s->rig.policy.realm = SPAN("example.net");
    rig_reload(&s->rig, "");
    answer(s, 0, ASKER_HA1, "dora");
    assert_got(s->dora, "MSRP auth2 408 ");
    assert_int_equal(s->dora->fake.link.trust.auth_failures, 0);
}

static void limits_hold_at_the_answer(void **state)
{
    struct scene *s = *state;

    s->rig.policy.sessions_per_user = 1;
    rig_reload(&s->rig, NULL);
    try_user(s, s->dora, "dora");
    try_user(s, s->dora, "dora");
    answer(s, 1, ASKER_HA1, "dora");
    assert_got(s->dora, "MSRP auth2 200 ");
    answer(s, 0, ASKER_HA1, "dora");
    assert_got(s->dora, "MSRP auth2 403 ");
}

static void what_has_expired_counts_no_longer(void **state)
{
    struct scene *s = *state;
    uint64_t life_ms = UINT64_C(1000) * s->rig.policy.default_expires_s;

    s->rig.policy.sessions_per_user = 1;
    rig_reload(&s->rig, NULL);
    rig_wait(&s->rig, 300);
    try_user(s, s->dora, "alice");
    assert_got(s->dora, "MSRP auth2 200 ");
    rig_wait(&s->rig, life_ms - 1);
    try_user(s, s->dora, "alice");
    assert_got(s->dora, "MSRP auth2 403 ");
    rig_wait(&s->rig, 1);
    try_user(s, s->dora, "alice");
    assert_got(s->dora, "MSRP auth2 200 ");
    assert_int_equal(stats(s).sessions_now, 1);
}

static void a_drain_turns_away_who_waits(void **state)
{
    struct scene *s = *state;

    try_user(s, s->dora, "dora");
    relay_drain(s->rig.relay, true);
    answer(s, 0, ASKER_HA1, "dora");
    assert_true(s->dora->gone);
    assert_int_equal(stats(s).sessions_now, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_right_password_is_granted_after_the_answer),
        TEST(the_wrong_password_is_a_failure),
        TEST(an_unknown_user_is_a_failure),
        TEST(an_error_counts_against_nobody),
        TEST(what_is_remembered_is_not_asked),
        TEST(nobody_to_ask_is_408),
        TEST(no_answer_in_time_is_408),
        TEST(the_link_is_not_paused),
        TEST(answers_come_in_any_order),
        TEST(a_link_may_have_sixteen_waiting),
        TEST(a_link_that_ends_takes_what_waits_along),
        TEST(a_nonce_is_spent_before_the_question),
        TEST(an_old_nonce_asks_nobody),
        TEST(users_of_the_file_are_nobody_elses),
        TEST(what_no_secret_proves_is_asked),
        TEST(another_realm_asks_nobody),
        TEST(a_blocked_user_is_not_asked_about),
        TEST(guesses_that_wait_together_are_counted),
        TEST(another_asker_ends_the_wait),
        TEST(a_reload_keeps_what_waits),
        TEST(a_realm_that_has_gone_is_408),
        TEST(limits_hold_at_the_answer),
        TEST(what_has_expired_counts_no_longer),
        TEST(a_drain_turns_away_who_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
