/* SPDX-License-Identifier: BSD-2-Clause */
/* Many messages fail at one moment: the sender hears of each of them, once and
 * in order, and is not closed for it (S-10). A flood into one who does not read
 * makes whoever floods wait (S-11). */
#include "cmocka_all.h"
#include "login.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(all_are_told_to_one_who_reads),
        E2E_TEST(all_are_told_to_one_who_reads_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
