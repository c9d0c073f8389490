/* SPDX-License-Identifier: BSD-2-Clause */
/* limits.memory: whatever many do together, the process stays within it, and
 * those who are there are served (S-15). */
#include "cmocka_all.h"
#include "flow.h"
#include "login.h"

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    LIMIT_KIB = 64 * KIB,
    PAIRS = 100, /* what they could fill is more than that */
    LARGE = 4 * MIB,
    BUFFER = 64 * KIB,
};

static const struct relay_opts tight = {
    .groups = "limits: { memory = \"64M\"; };\n"
              "send: { high_water = \"1M\"; low_water = \"256k\"; };\n"
              "tcp: { receive_buffer = 65536; send_buffer = 65536; };\n",
    .level = "info"};

/* With sanitizers the process is several times as large. */
static void skip_with_sanitizers(void)
{
#ifdef MSRP_SANITIZE
    skip();
#endif
}

static struct client *login_deaf(struct scene *s, const char *name)
{
    struct client_opts opts = {.tls = s->tls,
                               .port = relay_port(s->relay, RELAY_TLS),
                               .receive_buffer = BUFFER};
    struct client *c = scene_connect_with(s, name, &opts);

    login_on(c);
    c->deaf = true;
    return c;
}

static void many_slow_receivers_stay_within_it(void **state)
{
    struct scene *s;
    struct client *alice, *bob, *deaf[PAIRS], *senders[PAIRS];
    struct flow_out out[PAIRS] = {{0}};
    struct flow_in in[PAIRS] = {{0}};
    unsigned char sent[FLOW_HASH], received[FLOW_HASH];

    skip_with_sanitizers();
    s = scene_start(state, &tight);
    alice = login(s, "alice");
    bob = login(s, "bob");
    for (int i = 0; i < PAIRS; i++) {
        deaf[i] = login_deaf(s, "carol");
        senders[i] = login(s, "dave");
    }
    for (int i = 0; i < PAIRS; i++) {
        flow_in_start(&in[i], deaf[i]);
        flow_out_start(&out[i], senders[i], deaf[i], LARGE, LARGE);
    }
    scene_wait_blocked(senders[PAIRS - 1]);
    flow_pass(alice, bob, LARGE, LARGE, LARGE); /* who is there is served */
    print_message("peak %zu KiB of %d\n", relay_peak_rss(s->relay), LIMIT_KIB);
    assert_in_range(relay_peak_rss(s->relay), LIMIT_KIB * 7 / 10,
                    LIMIT_KIB + LIMIT_KIB / 10);
    /* And nobody lost anything. */
    for (int i = 0; i < PAIRS; i++) {
        deaf[i]->deaf = false;
        flow_in_wait(&in[i], LARGE);
        scene_until(s, flow_in_is_done, &in[i], "the last end-line");
        flow_out_end(&out[i], sent);
        flow_in_end(&in[i], received);
        assert_memory_equal(sent, received, FLOW_HASH);
    }
}

/* Large heads that wait for answers: 2.6. */
static void nobody_new_is_let_in_while_it_is_short(void **state)
{
    enum { MESSAGES = 1500, HEAD = 14000 };
    static const struct relay_opts less = {
        .groups = "limits: { memory = \"32M\"; };\n", .level = "info"};
    static char headers[HEAD];
    const struct send message = {.headers = headers, .body = SPAN("x")};
    struct client_opts newcomer = {0};
    struct client *alice, *bob;
    struct scene *s;

    skip_with_sanitizers();
    (void)snprintf(headers, sizeof headers, "X-Long: %0*d\r\n",
                   (int)sizeof headers - 12, 0);
    s = scene_start(state, &less);
    alice = login(s, "alice");
    bob = login(s, "bob");
    newcomer.tls = s->tls;
    newcomer.port = relay_port(s->relay, RELAY_TLS);
    for (int i = 0; i < MESSAGES; i++)
        talk_send(alice, bob, &message);
    scene_wait_log(s, "memory is short");
    (void)scene_connect_with(s, "eve", &newcomer);
    scene_wait_log(s, "reason=\"limits.memory\"");
    for (int i = 0; i < MESSAGES; i++)
        talk_answer(bob, talk_expect(bob, "SEND"), 200);
    scene_wait_log(s, "memory is enough again");
    (void)login(s, "carol");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(many_slow_receivers_stay_within_it),
        E2E_TEST(nobody_new_is_let_in_while_it_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
