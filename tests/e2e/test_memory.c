/* SPDX-License-Identifier: BSD-2-Clause */
/* limits.memory: whatever many do together, the process stays within it, and
 * those who are there are served (S-15). */
#include "cmocka_all.h"
#include "flow.h"
#include "login.h"
#include "renew.h"

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
enum { TIGHT_KIB = 128 * KIB, TIGHTER_KIB = 96 * KIB, MESSAGES = 4500 };
#else
#define TIGHT "64M"
#define TIGHTER "32M"
enum { TIGHT_KIB = 64 * KIB, TIGHTER_KIB = 32 * KIB, MESSAGES = 1500 };
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

#define WITH_MEMORY(size)                                                      \
    {                                                                          \
        .in_child = free_at_once,                                              \
        .groups = "limits: { memory = \"" size "\"; };\n"                      \
                  "send: { high_water = \"1M\"; low_water = \"256k\"; };\n"    \
                  "timers: { stall = 300.0; transaction = 300.0; };\n"         \
                  "tcp: { receive_buffer = 65536; send_buffer = 65536;\n"      \
                  "       dead_after = 300.0; };\n",                           \
        .level = "info"                                                        \
    }

static const struct relay_opts tight = WITH_MEMORY(TIGHT);
static const struct relay_opts ample = WITH_MEMORY("1G");
static const struct relay_opts little = WITH_MEMORY(TIGHTER);

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

/* --- large heads that wait for answers: 2.6 ------------------------------- */

enum { HEAD = 14000 };

static const struct relay_opts tighter = {
    .in_child = free_at_once,
    .groups = "limits: { memory = \"" TIGHTER "\"; };\n",
    .level = "info"};

/* What nobody but their receiver needs goes with them. */
static void headers_do_not_wait_for_the_answer(void **state)
{
    struct scene *s = scene_start(state, &tighter);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct send message = {.headers =
                                     scene_text(s, "X-Long: %0*d\r\n", HEAD, 0),
                                 .body = SPAN("x")};
    const char *first = NULL;

    for (int i = 0; i < MESSAGES; i++) {
        const char *tid = talk_send(alice, bob, &message);

        talk_expect(bob, "SEND");
        talk_expect_code(alice, tid, 200);
        first = first ? first : tid;
    }
    print_message("peak %zu KiB of %d\n", relay_peak_rss(s->relay),
                  TIGHTER_KIB);
    assert_in_range(relay_peak_rss(s->relay), 1, TIGHTER_KIB * 9 / 10);
    (void)login(s, "carol");
    client_close(bob);
    for (int i = 0; i < MESSAGES; i++)
        talk_expect(alice, "REPORT");
}

static bool has_more_than_little(void *ctx)
{
    return relay_rss(ctx) > TIGHTER_KIB;
}

/* What is there stays. */
static void nobody_new_is_let_in_while_it_is_short(void **state)
{
    struct scene *s = scene_start(state, &ample);
    const struct client_opts newcomer = {
        .tls = s->tls, .port = relay_port(s->relay, RELAY_TLS)};
    struct flow_out out[PAIRS] = {{0}};
    unsigned char sent[FLOW_HASH];

    for (int i = 0; i < PAIRS; i++) {
        struct client *deaf = login_deaf(s, "carol");

        flow_out_start(&out[i], login(s, "dave"), deaf, LARGE, LARGE);
    }
    scene_until(s, has_more_than_little, s->relay, "outputs that are full");
    renew_with(s, &little);
    scene_wait_log(s, "memory is short");
    (void)scene_connect_with(s, "eve", &newcomer);
    scene_wait_log(s, "reason=\"limits.memory\"");
    renew_with(s, &ample);
    scene_wait_log(s, "memory is enough again");
    (void)login(s, "carol");
    for (int i = 0; i < PAIRS; i++)
        flow_out_end(&out[i], sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(many_slow_receivers_stay_within_it),
        E2E_TEST(headers_do_not_wait_for_the_answer),
        E2E_TEST(nobody_new_is_let_in_while_it_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
