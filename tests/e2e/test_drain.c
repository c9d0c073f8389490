/* SPDX-License-Identifier: BSD-2-Clause */
/* The soft end, for maintenance, and the hard one, with transfers in flight:
 * what can finish is complete, what is cut was reported, and all is over in
 * time. */
#include <signal.h>

#include "ask.h"
#include "cmocka_all.h"
#include "flow.h"
#include "login.h"
#include "renew.h"

/* --- the soft one --------------------------------------------------------- */

static struct scene *start_with_control(void **state)
{
    struct scene *s = scene_start(state, NULL);

    ask_open(s, NULL);
    return s;
}

/* AUTH without credentials; its tid. */
static const char *say_auth(struct client *c)
{
    const char *tid = talk_tid(c);

    talk_say(c,
             "MSRP %s AUTH\r\nTo-Path: %s\r\nFrom-Path: %s\r\n-------%s$\r\n",
             tid, talk_relay(c), c->own, tid);
    return tid;
}

static void newcomers_are_closed_unanswered(void **state)
{
    struct scene *s = start_with_control(state);
    struct client *alice = login(s, "alice"), *bob;

    ask_well(s, "drain on");
    bob = scene_connect(s, RELAY_TLS, "bob");
    say_auth(bob);
    assert_int_equal(scene_wait_end(bob), CLIENT_END_EOF);
    talk_expect_nothing(alice);
}

static void who_has_a_session_is_refused_another(void **state)
{
    struct scene *s = start_with_control(state);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *tid;

    ask_well(s, "drain on");
    talk_expect_code(alice, say_auth(alice), 403);
    tid = talk_text(alice, bob, "still here");
    talk_answer(bob, talk_expect_body(bob, SPAN("still here"), '$'), 200);
    talk_expect_code(alice, tid, 200);
}

/* Who was challenged before the drain gets no session in it either. */
static void answer_to_an_earlier_challenge_is_not_granted(void **state)
{
    struct scene *s = start_with_control(state);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {.alg = DIGEST_MD5};

    login_ask(alice, &l);
    ask_well(s, "drain on");
    login_try(alice, &l);
    assert_int_equal(scene_wait_end(alice), CLIENT_END_EOF);
}

static void peers_of_sessions_still_come_and_send(void **state)
{
    struct scene *s = start_with_control(state);
    struct client *alice = login(s, "alice"), *peer;
    const char *tid;

    ask_well(s, "drain on");
    peer = scene_connect(s, RELAY_TLS, "peer");
    tid = talk_text(peer, alice, "may I?");
    talk_answer(alice, talk_expect_body(alice, SPAN("may I?"), '$'), 200);
    talk_expect_code(peer, tid, 200);
    tid = talk_text(alice, peer, "do");
    talk_answer(peer, talk_expect_body(peer, SPAN("do"), '$'), 200);
    talk_expect_code(alice, tid, 200);
}

static void sessions_end_in_their_own_time(void **state)
{
    static const struct relay_opts brief = {.auth = "min_expires = 1;"};
    struct scene *s = scene_start(state, &brief);
    struct login l = {.alg = DIGEST_MD5, .headers = "Expires: 1\r\n"};
    uint64_t deadline_ms = now_ms() + DEADLINE_MS;
    struct client *alice, *bob, *peer;

    ask_open(s, &brief);
    alice = scene_connect(s, RELAY_TLS, "alice");
    bob = login(s, "bob");
    login_ask(alice, &l);
    login_granted(alice, login_try(alice, &l));
    ask_well(s, "drain on");
    while (strstr(ask_well(s, "sessions user=alice"), "\"session\""))
        assert_true(now_ms() < deadline_ms);
    peer = scene_connect(s, RELAY_TLS, "peer");
    talk_expect_code(peer, talk_text(peer, alice, "too late"), 481);
    talk_expect_nothing(bob);
}

static void drain_outlives_a_reload_and_ends_when_told(void **state)
{
    struct scene *s = start_with_control(state);
    struct client *alice;

    ask_well(s, "drain on");
    renew_well(s);
    alice = scene_connect(s, RELAY_TLS, "alice");
    say_auth(alice);
    assert_int_equal(scene_wait_end(alice), CLIENT_END_EOF);
    ask_well(s, "drain off");
    talk_expect_nothing(login(s, "alice"));
}

static void term_ends_a_drain_as_ever(void **state)
{
    struct scene *s = start_with_control(state);
    struct client *alice = login(s, "alice");

    ask_well(s, "drain on");
    relay_signal(s->relay, SIGTERM);
    assert_int_equal(scene_wait_end(alice), CLIENT_END_EOF);
    assert_int_equal(scene_wait_exit(s), 0);
}

/* --- the hard one --------------------------------------------------------- */

enum {
    CROWD = 60,
    TOTAL = 100000,
    CHUNK = 10000,
    HALF = 45000,    /* within a SEND */
    MARGIN_MS = 1000 /* that the end may take beyond the drain */
};

/* What becomes of a transfer when the end has begun. */
enum fate {
    FINISHES,   /* its sender goes on */
    IS_CUT,     /* its sender says no more */
    UNANSWERED, /* all of it has gone, and its receiver says nothing */
    FATES,
};

struct crowd {
    struct scene *scene;
    struct client *from[CROWD], *to[CROWD];
    struct flow_out out[CROWD];
    struct flow_in in[CROWD];
};

static enum fate fate_of(int i)
{
    return (enum fate)(i % FATES);
}

static bool is_under_way(void *ctx)
{
    const struct crowd *c = ctx;

    for (int i = 0; i < CROWD; i++)
        if (c->in[i].at < (fate_of(i) == UNANSWERED ? TOTAL : HALF - CHUNK))
            return false;
    return true;
}

static struct crowd *gather(void **state, const char *groups)
{
    const struct relay_opts opts = {.groups = groups};
    struct crowd *c = calloc(1, sizeof *c);

    assert_non_null(c);
    c->scene = scene_start(state, &opts);
    for (int i = 0; i < CROWD; i++) {
        c->from[i] = login(c->scene, "alice");
        c->to[i] = login(c->scene, "bob");
        c->out[i].gate = fate_of(i) == UNANSWERED ? 0 : HALF;
        c->in[i].is_mute = fate_of(i) == UNANSWERED;
        flow_in_start(&c->in[i], c->to[i]);
        flow_out_start(&c->out[i], c->from[i], c->to[i], TOTAL, CHUNK);
    }
    scene_until(c->scene, is_under_way, c, "transfers");
    return c;
}

static void disperse(struct crowd *c)
{
    unsigned char hash[FLOW_HASH];

    for (int i = 0; i < CROWD; i++) {
        flow_out_end(&c->out[i], hash);
        flow_in_end(&c->in[i], hash);
    }
    free(c);
}

static bool have_ended(void *ctx)
{
    const struct crowd *c = ctx;

    for (int i = 0; i < CROWD; i++)
        if (c->from[i]->state != CLIENT_ENDED ||
            c->to[i]->state != CLIENT_ENDED)
            return false;
    return true;
}

/* TERM; then those go on that can. How long the end took. */
static uint64_t end_crowd(struct crowd *c)
{
    uint64_t since_ms = now_ms(), took_ms;

    relay_signal(c->scene->relay, SIGTERM);
    scene_wait_log(c->scene, " shutting down connections=");
    for (int i = 0; i < CROWD; i++)
        if (fate_of(i) == FINISHES)
            flow_out_allow(&c->out[i], 0);
    assert_int_equal(scene_wait_exit(c->scene), 0);
    took_ms = now_ms() - since_ms;
    scene_until(c->scene, have_ended, c, "the ends of connections");
    return took_ms;
}

/* How often it was told of a failure: by a response or a REPORT. */
static int failures_told(struct client *c)
{
    struct got *g;
    int n = 0;

    while ((g = client_take(c))) {
        const char *status = talk_header(c, g, "Status");

        if (g->head.method == MSG_RESPONSE && g->head.code == 200)
            continue;
        if (g->head.method == MSG_RESPONSE)
            assert_int_equal(g->head.code, 408);
        else
            assert_string_equal(status, "000 408 Timeout");
        n++;
    }
    return n;
}

static void assert_complete(struct crowd *c, int i)
{
    unsigned char sent[FLOW_HASH], received[FLOW_HASH];
    EVP_MD_CTX *copy = EVP_MD_CTX_new();

    assert_int_equal(c->in[i].flag, '$');
    assert_int_equal(c->in[i].at, TOTAL);
    EVP_MD_CTX_copy(copy, c->out[i].hash);
    EVP_DigestFinal_ex(copy, sent, NULL);
    EVP_MD_CTX_copy(copy, c->in[i].hash);
    EVP_DigestFinal_ex(copy, received, NULL);
    EVP_MD_CTX_free(copy);
    assert_memory_equal(sent, received, FLOW_HASH);
}

static void assert_fate(struct crowd *c, int i)
{
    int told = failures_told(c->from[i]);

    switch (fate_of(i)) {
    case FINISHES:
        assert_complete(c, i);
        assert_int_equal(told, 0);
        break;
    case IS_CUT:
        assert_int_equal(c->in[i].flag, '#');
        assert_int_equal(told, 1);
        break;
    case UNANSWERED:
        assert_complete(c, i);
        assert_true(told > 0);
        break;
    case FATES:
        break;
    }
}

/* It takes as long as the drain while anything is in flight, and no longer than
 * a second more. */
static void end_in_time(void **state, uint64_t drain_ms)
{
    char groups[64];
    struct crowd *c;
    uint64_t took_ms;

    snprintf(groups, sizeof groups, "timers: { drain = %u.%03u; };",
             (unsigned)(drain_ms / 1000), (unsigned)(drain_ms % 1000));
    c = gather(state, groups);
    took_ms = end_crowd(c);
    print_message("drain %llu ms, end %llu ms\n", (unsigned long long)drain_ms,
                  (unsigned long long)took_ms);
    assert_in_range(took_ms, drain_ms, drain_ms + MARGIN_MS);
    for (int i = 0; i < CROWD; i++)
        assert_fate(c, i);
    disperse(c);
}

static void ends_within_half_a_second_of_drain(void **state)
{
    end_in_time(state, 500);
}

static void ends_within_a_second_of_drain(void **state)
{
    end_in_time(state, 1000);
}

static void ends_within_two_seconds_of_drain(void **state)
{
    end_in_time(state, 2000);
}

/* Without a drain everything is cut, and everybody is told. */
static void ends_at_once_without_drain(void **state)
{
    struct crowd *c = gather(state, "timers: { drain = 0; };");
    uint64_t since_ms = now_ms();

    relay_signal(c->scene->relay, SIGTERM);
    assert_int_equal(scene_wait_exit(c->scene), 0);
    assert_in_range(now_ms() - since_ms, 0, MARGIN_MS);
    scene_until(c->scene, have_ended, c, "the ends of connections");
    for (int i = 0; i < CROWD; i++)
        assert_true(failures_told(c->from[i]) > 0);
    disperse(c);
}

static void ends_as_soon_as_the_last_transfer_has(void **state)
{
    struct crowd *c = gather(state, "timers: { drain = 3600; };");
    uint64_t since_ms;

    relay_signal(c->scene->relay, SIGTERM);
    scene_wait_log(c->scene, " shutting down connections=");
    for (int i = 0; i < CROWD; i++)
        if (fate_of(i) == UNANSWERED)
            client_vanish(c->to[i]);
        else
            flow_out_allow(&c->out[i], 0);
    since_ms = now_ms();
    assert_int_equal(scene_wait_exit(c->scene), 0);
    assert_in_range(now_ms() - since_ms, 0, MARGIN_MS);
    scene_until(c->scene, have_ended, c, "the ends of connections");
    for (int i = 0; i < CROWD; i++) {
        assert_complete(c, i);
        assert_int_equal(failures_told(c->from[i]) > 0,
                         fate_of(i) == UNANSWERED);
    }
    disperse(c);
}

static void second_term_leaves_at_once(void **state)
{
    struct crowd *c = gather(state, "timers: { drain = 3600; };");
    uint64_t since_ms;

    relay_signal(c->scene->relay, SIGTERM);
    scene_wait_log(c->scene, " shutting down connections=");
    since_ms = now_ms();
    relay_signal(c->scene->relay, SIGINT);
    assert_int_equal(scene_wait_exit(c->scene), 0);
    assert_in_range(now_ms() - since_ms, 0, MARGIN_MS);
    disperse(c);
}

/* However often it is told, and when: up to the last moment of the process. */
static void any_number_of_terms_ends_in_order(void **state)
{
    struct crowd *c = gather(state, NULL);
    uint64_t deadline_ms = now_ms() + DEADLINE_MS;

    while (relay_is_running(c->scene->relay)) {
        assert_true(now_ms() < deadline_ms);
        relay_signal(c->scene->relay, SIGTERM);
        scene_turn(c->scene, now_ms());
    }
    assert_int_equal(scene_wait_exit(c->scene), 0);
    disperse(c);
}

/* A signal that waits when the process begins. */
static void send_early(void *ctx, struct tls_files *files)
{
    sigset_t set;

    (void)files;
    sigemptyset(&set);
    sigaddset(&set, *(const int *)ctx);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(*(const int *)ctx);
}

static void signals_before_it_runs_are_taken_when_it_does(void **state)
{
    static int hup = SIGHUP, term = SIGTERM;
    const struct relay_opts reloads = {.in_child = send_early,
                                       .child_ctx = &hup};
    const struct relay_opts ends = {.in_child = send_early, .child_ctx = &term};
    struct scene *s = scene_start(state, &reloads);

    scene_wait_log(s, " reloaded\n");
    talk_expect_nothing(login(s, "alice"));
    assert_int_equal(scene_end(state), 0);
    assert_int_equal(scene_wait_exit(scene_start(state, &ends)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(newcomers_are_closed_unanswered),
        E2E_TEST(who_has_a_session_is_refused_another),
        E2E_TEST(answer_to_an_earlier_challenge_is_not_granted),
        E2E_TEST(peers_of_sessions_still_come_and_send),
        E2E_TEST(sessions_end_in_their_own_time),
        E2E_TEST(drain_outlives_a_reload_and_ends_when_told),
        E2E_TEST(term_ends_a_drain_as_ever),
        E2E_TEST(ends_at_once_without_drain),
        E2E_TEST(ends_within_half_a_second_of_drain),
        E2E_TEST(ends_within_a_second_of_drain),
        E2E_TEST(ends_within_two_seconds_of_drain),
        E2E_TEST(ends_as_soon_as_the_last_transfer_has),
        E2E_TEST(second_term_leaves_at_once),
        E2E_TEST(any_number_of_terms_ends_in_order),
        E2E_TEST(signals_before_it_runs_are_taken_when_it_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
