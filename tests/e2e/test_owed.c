/* SPDX-License-Identifier: BSD-2-Clause */
/* Many messages fail at one moment: the sender hears of each of them, once and
 * in order, and is not closed for it (S-10). A flood into one who does not read
 * makes whoever floods wait (S-11). */
#include "chain.h"
#include "cmocka_all.h"
#include "request.h"

enum { MANY = 2000 };

/* What had not gone out yet when bob ended is told as 481: how much that is
 * depends on the machine. */
static const char lost[] = "000 408 Timeout";
static const char unsent[] = "000 481 No Such Session";

/* Does nobody answer them? Then they are on their way when bob ends. */
static void send_many(struct client *alice, struct client *bob)
{
    char id[16];
    struct send m = {.id = id, .body = SPAN("x")};

    for (int i = 0; i < MANY; i++) {
        (void)snprintf(id, sizeof id, "m%05d", i);
        (void)talk_send(alice, bob, &m);
    }
    for (int i = 0; i < MANY; i++)
        assert_int_equal(scene_frame(alice)->head.code, 200);
}

static void expect_reports(struct client *alice, const char *status)
{
    for (int i = 0; i < MANY; i++) {
        struct got *g = scene_frame(alice);
        const char *said;

        assert_int_equal(g->head.method, MSG_REPORT);
        assert_string_equal(talk_header(alice, g, "Message-ID"),
                            scene_text(alice->scene, "m%05d", i));
        said = talk_header(alice, g, "Status");
        if (status != lost || strcmp(said, unsent) != 0)
            assert_string_equal(said, status);
    }
    talk_expect_nothing(alice);
}

static void all_are_told_to_one_who_reads(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    send_many(alice, bob);
    client_close(bob);
    expect_reports(alice, lost);
}

static void all_are_told_to_one_who_reads_later(void **state)
{
    static const struct relay_opts opts = {
        .groups = "tcp: { send_buffer = 16384; };\n"
                  "send: { high_water = 16384; low_water = 4096; };\n"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    send_many(alice, bob);
    alice->deaf = true;
    client_close(bob);
    login(s, "carol"); /* the relay has seen the end of bob */
    alice->deaf = false;
    expect_reports(alice, lost);
}

static void all_are_told_of_refusals(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    send_many(alice, bob);
    for (int i = 0; i < MANY; i++)
        talk_answer(bob, talk_expect(bob, "SEND"), 415);
    expect_reports(alice, "000 415 Media Type Not Understood");
}

/* The link lives, for others too. */
static void all_are_told_over_a_link(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *far = chain_add(s, CHAIN_EXTRA, NULL);
    struct client *alice = scene_connect_to(s, far, "alice");
    struct client *bob = login(s, "bob"), *carol = login(s, "carol");

    login_on(alice);
    send_many(alice, bob);
    for (int i = 0; i < MANY; i++)
        (void)talk_expect(bob, "SEND");
    client_close(bob);
    expect_reports(alice, lost);
    talk_expect_code(alice, talk_text(alice, carol, "hello"), 200);
    talk_answer(carol, talk_expect_body(carol, SPAN("hello"), '$'), 200);
    assert_int_equal(chain_links(far), 1);
}

/* --- floods (2.9) --------------------------------------------------------- */

/* 3 MB of what nobody else need answer come for one who does not read. */
static void flood(struct client *from, struct client *carol, const char *method)
{
    enum { REQUESTS = 200, LONG = 14000 };
    struct scene *s = carol->scene;
    struct request r = {.method = method,
                        .to = from->uri ? talk_path(from, carol)
                                        : request_way_to(carol),
                        .headers = scene_text(s, "X: %0*d\r\n", LONG, 0)};
    struct client *bob;

    carol->deaf = true;
    for (int i = 0; i < REQUESTS; i++)
        (void)request_say(from, &r);
    bob = login(s, "bob"); /* who notices nothing */
    talk_expect_nothing(bob);
    client_close(bob);
    carol->deaf = false;
    for (int i = 0; i < REQUESTS; i++)
        (void)talk_expect(carol, method);
    assert_int_equal(carol->end, CLIENT_END_NONE);
    assert_int_equal(from->end, CLIENT_END_NONE);
}

static const char *const flooding[] = {"REPORT", "FOO", "NICKNAME"};

enum { FLOODING = sizeof flooding / sizeof *flooding };

static void a_strangers_flood_closes_nobody(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *carol = login(s, "carol");

    for (size_t i = 0; i < FLOODING; i++)
        flood(scene_connect(s, RELAY_TLS, flooding[i]), carol, flooding[i]);
}

static void a_users_flood_closes_nobody(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *carol = login(s, "carol");

    for (size_t i = 0; i < FLOODING; i++)
        flood(login(s, "dave"), carol, flooding[i]);
}

/* --- many to oneself (2.5) ------------------------------------------------ */

/* Nobody did anything wrong: there are fewer than a link may have of its own.
 */
static void who_writes_to_himself_gets_all_of_it(void **state)
{
    enum { WRITTEN = 1500 };
    static const struct relay_opts opts = {
        .groups = "limits: { transactions_per_connection = 200; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice");
    struct got *sends[WRITTEN];
    int n = 0, granted = 0;
    char *first;

    first = scene_text(s, "%s", alice->uri);
    login_on(alice); /* another session there */
    for (int i = 0; i < WRITTEN; i++) {
        const struct send m = {
            .to = scene_text(s, "%s %s %s", alice->uri, first, alice->own),
            .body = SPAN("to myself")};

        (void)talk_send(alice, NULL, &m);
    }
    while (n + granted < 2 * WRITTEN) {
        struct got *g = scene_frame(alice);

        if (g->head.method == MSG_SEND)
            sends[n++] = g;
        else if (g->head.method == MSG_RESPONSE && g->head.code == 200)
            granted++;
        else
            fail_msg("alice got: %.*s", SPAN_ARG(g->text));
    }
    assert_int_equal(n, WRITTEN);
    for (int i = 0; i < WRITTEN; i++)
        talk_answer(alice, sends[i], 200);
    talk_expect_nothing(alice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(all_are_told_to_one_who_reads),
        E2E_TEST(all_are_told_to_one_who_reads_later),
        E2E_TEST(all_are_told_of_refusals),
        E2E_TEST(all_are_told_over_a_link),
        E2E_TEST(a_strangers_flood_closes_nobody),
        E2E_TEST(a_users_flood_closes_nobody),
        E2E_TEST(who_writes_to_himself_gets_all_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
