/* SPDX-License-Identifier: BSD-2-Clause */
/* limits.memory: whatever many do together, the process stays within it, and
 * those who are there are served (S-15). */
#include "cmocka_all.h"
#include "flow.h"
#include "login.h"

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    PAIRS = 100, /* what they could fill is more than that */
    LARGE = 4 * MIB,
    BUFFER = 64 * KIB,
};

/* The process under sanitizers is larger from the start, and gives nothing back
 * that it has freed unless it is asked to. */
#ifdef MSRP_SANITIZE
#define TIGHT "128M"
#define TIGHTER "96M"
enum { TIGHT_KIB = 128 * KIB, MESSAGES = 4500 };
#else
#define TIGHT "64M"
#define TIGHTER "32M"
enum { TIGHT_KIB = 64 * KIB, MESSAGES = 1500 };
#endif

static void free_at_once(void *ctx, struct tls_files *files)
{
    (void)ctx;
    (void)files;
    setenv("ASAN_OPTIONS",
           "quarantine_size_mb=0:thread_local_quarantine_size_kb=0:"
           "allocator_release_to_os_interval_ms=0",
           1);
}

static const struct relay_opts tight = {
    .in_child = free_at_once,
    .groups = "limits: { memory = \"" TIGHT "\"; };\n"
              "send: { high_water = \"1M\"; low_water = \"256k\"; };\n"
              "timers: { stall = 300.0; transaction = 300.0; };\n"
              "tcp: { receive_buffer = 65536; send_buffer = 65536;\n"
              "       dead_after = 300.0; };\n",
    .level = "info"};

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
    struct scene *s = scene_start(state, &tight);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct client *deaf[PAIRS], *senders[PAIRS];
    struct flow_out out[PAIRS] = {{0}};
    struct flow_in in[PAIRS] = {{0}};
    unsigned char sent[FLOW_HASH], received[FLOW_HASH];

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
    print_message("peak %zu KiB of %d\n", relay_peak_rss(s->relay), TIGHT_KIB);
    assert_in_range(relay_peak_rss(s->relay), TIGHT_KIB * 7 / 10,
                    TIGHT_KIB + TIGHT_KIB / 10);
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
    enum { HEAD = 14000 };
    static const struct relay_opts less = {
        .in_child = free_at_once,
        .groups = "limits: { memory = \"" TIGHTER "\"; };\n",
        .level = "info"};
    static char headers[HEAD];
    const struct send message = {.headers = headers, .body = SPAN("x")};
    struct client_opts newcomer = {0};
    struct client *alice, *bob;
    struct scene *s;

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
