/* SPDX-License-Identifier: BSD-2-Clause */
/* No descriptor is left: accepting paused, what is there goes on, everything
 * that needs a new one fails in order, and all of it works again later. */
#include <limits.h>
#include <linux/close_range.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "ctl.h"
#include "http.h"
#include "login.h"
#include "outside.h"

enum {
    DESCRIPTORS = 64,
    GUESTS = 80, /* more than the relay can take */
    LEAVING = 50,
    PAUSES = 4, /* how long it is watched: each is a second */
    /* Processor time while nothing can be accepted, in thousandths of the time
     * that passes. A loop that spins takes all of it. */
    CPU_PER_MILLE = 50,
};

/* Guests say nothing. */
#define PATIENT "timers: { probation = 300.0; };\n"

#define LISTEN_TCP "{ transport = \"tcp\"; address = \"127.0.0.1\"; port = 0; }"
#define LISTEN                                                                 \
    "{ transport = \"tls\"; address = \"127.0.0.1\"; port = 0; }, " LISTEN_TCP

/* What the test inherited is not to count. Root may raise its limits again, so
 * that is taken away, too. */
static void take_descriptors(void *ctx, struct tls_files *files)
{
    const struct rlimit few = {DESCRIPTORS, DESCRIPTORS};

    (void)ctx;
    (void)files;
    if (setrlimit(RLIMIT_NOFILE, &few) != 0 ||
        close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC) != 0)
        _exit(127);
    (void)prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE, 0, 0, 0);
}

/* A scene whose relay takes a few connections only, with nobody in it. */
static struct scene *start(void **state)
{
    static const struct outside_opts few = {
        .relay = {.in_child = take_descriptors, .groups = PATIENT}};

    return outside_start(state, &few);
}

static void come(struct scene *s, struct client *guests[GUESTS])
{
    const struct client_opts opts = {.port = relay_port(s->relay, RELAY_TCP),
                                     .relay = s->relay};

    for (int i = 0; i < GUESTS; i++)
        guests[i] = scene_connect_with(s, "guest", &opts);
    scene_wait_log(s, "accepting paused");
}

static void leave(struct client *guests[GUESTS])
{
    for (int i = 0; i < LEAVING; i++)
        client_close(guests[i]);
}

static void assert_message_arrives(struct client *from, struct client *to)
{
    const char *tid = talk_text(from, to, "hello");

    talk_answer(to, talk_expect_body(to, SPAN("hello"), '$'), 200);
    talk_expect_code(from, tid, 200);
}

static const char *send_to_uri(struct client *c, const char *uri)
{
    const struct send out = {.to = scene_text(c->scene, "%s %s", c->uri, uri),
                             .body = SPAN("hello")};

    return talk_send(c, NULL, &out);
}

static size_t occurrences(const char *log, const char *text)
{
    size_t n = 0;

    for (; (log = strstr(log, text)); log += strlen(text))
        n++;
    return n;
}

struct pauses {
    const struct relay *relay;
    size_t wanted;
};

static bool has_rested(void *ctx)
{
    const struct pauses *r = ctx;

    return occurrences(relay_log(r->relay), "accepting paused") >= r->wanted;
}

static void wait_for_pauses(struct scene *s, size_t more)
{
    struct pauses r = {s->relay, 0};

    r.wanted = occurrences(relay_log(s->relay), "accepting paused") + more;
    scene_until(s, has_rested, &r, "accepting to rest again");
}

/* --- */

static void sessions_live_on_and_newcomers_wait_their_turn(void **state)
{
    struct scene *s = start(state);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob"), *carol;
    struct client *guests[GUESTS];

    come(s, guests);
    for (int i = 0; i < 100; i++)
        assert_message_arrives(alice, bob);
    wait_for_pauses(s, 1);
    assert_message_arrives(bob, alice);
    leave(guests);
    carol = login(s, "carol");
    assert_message_arrives(alice, carol);
    assert_message_arrives(carol, bob);
}

static void the_loop_does_not_spin(void **state)
{
    struct scene *s = start(state);
    struct client *guests[GUESTS];
    uint64_t cpu_ms, begun_ms, first_ms = now_ms();

    come(s, guests);
    begun_ms = now_ms();
    cpu_ms = relay_cpu_ms(s->relay);
    wait_for_pauses(s, PAUSES);
    cpu_ms = relay_cpu_ms(s->relay) - cpu_ms;
    begun_ms = now_ms() - begun_ms;
    print_message("%u ms of processor time in %u ms\n", (unsigned)cpu_ms,
                  (unsigned)begun_ms);
    /* A rest lasts a second, from whenever the test has read of the first. */
    assert_true(now_ms() - first_ms >= 1000 * PAUSES);
    assert_true(cpu_ms * 1000 <= begun_ms * CPU_PER_MILLE);
}

static void what_can_not_be_dialled_is_answered_408(void **state)
{
    const struct host_opts by_name = {.name = "late.example.org"};
    struct scene *s = start(state);
    struct host *h = host_new(s, &(struct host_opts){0});
    struct host *late = host_new(s, &by_name);
    struct client *alice = login(s, "alice"), *peer;
    struct client *guests[GUESTS];
    const char *tid;

    come(s, guests);
    /* The name server cannot be asked, and the address not connected to. */
    talk_expect_code(alice, send_to_uri(alice, host_uri(h)), 408);
    talk_expect_code(alice, send_to_uri(alice, host_uri_as(h, "127.0.0.1")),
                     408);
    assert_int_equal(host_connections(h), 0);
    leave(guests);
    assert_message_arrives(alice, login(s, "bob"));
    tid = send_to_uri(alice, host_uri(late));
    peer = host_accept(late);
    talk_answer(peer, talk_expect_body(peer, SPAN("hello"), '$'), 200);
    talk_expect_code(alice, tid, 200);
}

static void a_reload_fails_and_the_next_one_works(void **state)
{
    struct scene *s = start(state);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct client *guests[GUESTS];

    come(s, guests);
    relay_signal(s->relay, SIGHUP);
    scene_wait_log(s, "reload failed");
    assert_message_arrives(alice, bob);
    leave(guests);
    assert_message_arrives(alice, login(s, "carol"));
    relay_signal(s->relay, SIGHUP);
    scene_wait_log(s, "reloaded");
    assert_message_arrives(alice, bob);
}

/* One descriptor is kept back for each of them. */
static void operators_are_answered_all_the_same(void **state)
{
    static const struct relay_opts few = {
        .in_child = take_descriptors,
        .groups = PATIENT "metrics: { address = \"127.0.0.1\"; port = 0; };\n"};
    struct scene *s = ctl_scene(state, &few);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct client *guests[GUESTS];
    unsigned port = http_port(s->relay, 0);

    come(s, guests);
    for (int i = 0; i < 3; i++) {
        char *page = http_get(port, "/healthz");

        assert_int_equal(http_code(page), 200);
        free(page);
        ctl_ok(s, "ping");
        assert_message_arrives(alice, bob);
    }
    assert_non_null(strstr(ctl_ok(s, "status"), "descriptors"));
}

/* --- each descriptor less ------------------------------------------------- */

struct usage {
    const struct relay *relay;
    size_t wanted;
};

static bool is_in_use(void *ctx)
{
    const struct usage *u = ctx;

    return relay_descriptors(u->relay) == u->wanted;
}

static void wait_for_use(struct scene *s, size_t wanted)
{
    struct usage u = {s->relay, wanted};

    scene_until(s, is_in_use, &u, "descriptors to come or go");
}

/* Guests come until not one descriptor is left. Returns how many. */
static int fill_up(struct scene *s, struct client *guests[GUESTS])
{
    const struct client_opts opts = {.port = relay_port(s->relay, RELAY_TCP),
                                     .relay = s->relay};
    size_t used = relay_descriptors(s->relay);
    int n = 0;

    while (used < DESCRIPTORS) {
        assert_true(n < GUESTS);
        guests[n++] = scene_connect_with(s, "guest", &opts);
        wait_for_use(s, ++used);
    }
    return n;
}

static const char told_good[] = " reloaded\n";
static const char told_bad[] = " reload failed, ";

struct outcome {
    const struct relay *relay;
    size_t good, bad; /* told before */
};

static bool is_told(void *ctx)
{
    const struct outcome *o = ctx;
    const char *log = relay_log(o->relay);

    return occurrences(log, told_good) + occurrences(log, told_bad) >
           o->good + o->bad;
}

/* Did it? */
static bool reload(struct scene *s)
{
    const char *log = relay_log(s->relay);
    struct outcome o = {s->relay, occurrences(log, told_good),
                        occurrences(log, told_bad)};

    relay_signal(s->relay, SIGHUP);
    scene_until(s, is_told, &o, "the end of a reload");
    return occurrences(relay_log(s->relay), told_good) > o.good;
}

/* One with this many descriptors more: a listener, pages, a control socket; and
 * if they are there, one in reserve for each of the last two. */
enum { MORE = 3, RESERVE = 2 };

static struct relay_opts more(struct scene *s)
{
    return (struct relay_opts){
        .listen = LISTEN ", " LISTEN_TCP,
        .groups = scene_text(
            s,
            PATIENT "metrics: { address = \"127.0.0.1\"; port = 0; };\n"
                    "control: { socket = \"%s\"; };",
            tls_files_path(relay_files(s->relay), "control"))};
}

/* To a larger configuration and back, with one descriptor more at each attempt:
 * wherever it fails, all is as it was. */
static void a_reload_is_whole_or_nothing_however_few_are_left(void **state)
{
    enum { ENOUGH = 6 }; /* successes */
    const struct relay_opts small = {.in_child = take_descriptors,
                                     .groups = PATIENT};
    struct scene *s = scene_start(state, &small);
    const struct relay_opts large = more(s);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct client *guests[GUESTS] = {NULL};
    int n = fill_up(s, guests), good = 0, bad = 0;
    size_t small_use = DESCRIPTORS, used;

    while (good < ENOUGH) {
        bool grows = good % 2 == 0;
        bool is_good;

        relay_write_config(s->relay, grows ? &large : &small);
        is_good = reload(s);
        good += is_good;
        bad += !is_good;
        assert_message_arrives(alice, bob);
        used = relay_descriptors(s->relay);
        if (grows && is_good)
            assert_in_range(used, small_use + MORE, small_use + MORE + RESERVE);
        else
            assert_int_equal(used, small_use);
        assert_true(n > 0);
        client_close(guests[--n]);
        wait_for_use(s, used - 1);
        small_use--;
    }
    assert_int_equal(bad, MORE);
}

static void that_there_are_too_few_is_told_at_the_start(void **state)
{
    scene_wait_log(start(state), "descriptors=64 too low for "
                                 "limits.connections=100000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(sessions_live_on_and_newcomers_wait_their_turn),
        E2E_TEST(the_loop_does_not_spin),
        E2E_TEST(what_can_not_be_dialled_is_answered_408),
        E2E_TEST(operators_are_answered_all_the_same),
        E2E_TEST(a_reload_fails_and_the_next_one_works),
        E2E_TEST(a_reload_is_whole_or_nothing_however_few_are_left),
        E2E_TEST(that_there_are_too_few_is_told_at_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
