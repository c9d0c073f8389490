/* SPDX-License-Identifier: BSD-2-Clause */
/* Many messages fail at one moment: the sender hears of each of them, once and
 * in order, and is not closed for it (S-10). A flood into one who does not read
 * makes whoever floods wait (S-11). */
#include "cmocka_all.h"
#include "login.h"
#include "request.h"

enum { MANY = 2000 };

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

static void expect_reports(struct client *alice)
{
    for (int i = 0; i < MANY; i++) {
        struct got *g = scene_frame(alice);

        assert_int_equal(g->head.method, MSG_REPORT);
        assert_string_equal(talk_header(alice, g, "Message-ID"),
                            scene_text(alice->scene, "m%05d", i));
        assert_string_equal(talk_header(alice, g, "Status"), "000 408 Timeout");
    }
    talk_expect_nothing(alice);
}

static void all_are_told_to_one_who_reads(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    send_many(alice, bob);
    client_close(bob);
    expect_reports(alice);
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
    expect_reports(alice);
}

/* 2.9: 3 MB of what nobody else need answer, for one who does not read. */
static void a_flood_of_requests_closes_nobody(void **state)
{
    enum { REQUESTS = 200, LONG = 14000 };
    static const char *const methods[] = {"REPORT", "FOO"};
    struct scene *s = scene_start(state, NULL);
    struct client *carol = login(s, "carol");

    for (size_t k = 0; k < 2; k++) {
        struct client *mallory = scene_connect(s, RELAY_TLS, methods[k]);
        struct request r = {.method = methods[k],
                            .to = request_way_to(carol),
                            .headers = scene_text(s, "X: %0*d\r\n", LONG, 0)};

        carol->deaf = true;
        for (int i = 0; i < REQUESTS; i++)
            (void)request_say(mallory, &r);
        (void)login(s, "bob"); /* who notices nothing */
        carol->deaf = false;
        for (int i = 0; i < REQUESTS; i++)
            (void)scene_frame(carol);
        assert_int_equal(carol->end, CLIENT_END_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(all_are_told_to_one_who_reads),
        E2E_TEST(all_are_told_to_one_who_reads_later),
        E2E_TEST(a_flood_of_requests_closes_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
