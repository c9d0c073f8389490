/* SPDX-License-Identifier: BSD-2-Clause */
/* Two relays, one link, and nobody who keeps up: all clients send and receive
 * at once, and all that they say goes over the link. Lasts some seconds, or
 * MSRP_E2E_FLOOD_S of them. */
#include "chain.h"
#include "cmocka_all.h"
#include "flow.h"

enum {
    CLIENTS = 4,
    MIB = 1 << 20,
    ROUND = 4 * MIB, /* octets of a message */
    CHUNK = 1 * MIB,
    SECONDS = 4,
    RECEIVE_BUFFER = 16384,
    GROWTH_KIB = 8 * 1024,
};

struct flood {
    struct scene *s;
    struct relay *extra;
    struct client *clients[CLIENTS]; /* each with the next, two and two */
    struct flow_out out[CLIENTS];
    struct flow_in in[CLIENTS];
    unsigned rounds;
};

/* Takes no more than `most` octets at a time. */
static struct client *slow_client(struct scene *s, struct relay *r,
                                  const char *name, size_t most)
{
    const struct client_opts opts = {.tls = s->tls,
                                     .port = relay_port(r, RELAY_TLS),
                                     .relay = r,
                                     .receive_buffer = RECEIVE_BUFFER};
    struct client *c = scene_connect_with(s, name, &opts);

    scene_wait_open(c);
    login_on(c);
    c->most = most;
    return c;
}

static void start(struct flood *f, void **state)
{
    static const struct outside_opts calm = {.relay.level = "info"};

    *f = (struct flood){.s = chain_start(state, &calm)};
    f->extra = chain_add(f->s, CHAIN_EXTRA, &calm);
    f->clients[0] = slow_client(f->s, f->s->relay, "alice", 16384);
    f->clients[1] = slow_client(f->s, f->extra, "bob", 4096);
    f->clients[2] = slow_client(f->s, f->s->relay, "carol", 1000);
    f->clients[3] = slow_client(f->s, f->extra, "dave", 8000);
    /* Else both might dial at the same moment, and have a link each. */
    talk_expect_code(f->clients[0],
                     talk_text(f->clients[0], f->clients[1], "first"), 200);
    talk_answer(f->clients[1],
                talk_expect_body(f->clients[1], SPAN("first"), '$'), 200);
}

static bool all_is_there(void *ctx)
{
    struct flood *f = ctx;

    for (int i = 0; i < CLIENTS; i++)
        if (!flow_in_is_done(&f->in[i]))
            return false;
    return true;
}

/* Every SEND is answered, with 200, and nothing is reported. */
static void expect_answers(struct client *c, const struct flow_out *out)
{
    for (unsigned n = c->tids - out->first_tid + 1; n > 0; n--) {
        struct got *g = scene_frame(c);

        assert_int_equal(g->head.method, MSG_RESPONSE);
        assert_int_equal(g->head.code, 200);
    }
    talk_expect_nothing(c);
}

/* Each sends one message and gets one. */
static void run_round(struct flood *f)
{
    unsigned char sent[CLIENTS][FLOW_HASH], received[CLIENTS][FLOW_HASH];

    f->rounds++;
    for (int i = 0; i < CLIENTS; i++) {
        const char *id =
            scene_text(f->s, "%s-%u", f->clients[i]->name, f->rounds);

        f->in[i ^ 1] = (struct flow_in){.id = id};
        f->out[i] = (struct flow_out){.id = id};
        flow_in_start(&f->in[i ^ 1], f->clients[i ^ 1]);
    }
    for (int i = 0; i < CLIENTS; i++)
        flow_out_start(&f->out[i], f->clients[i], f->clients[i ^ 1], ROUND,
                       CHUNK);
    scene_until(f->s, all_is_there, f, "the end of all messages");
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(f->in[i].flag, '$');
        assert_int_equal(f->in[i].at, ROUND);
        flow_out_end(&f->out[i], sent[i]);
        flow_in_end(&f->in[i], received[i]);
    }
    for (int i = 0; i < CLIENTS; i++) {
        assert_memory_equal(sent[i], received[i ^ 1], FLOW_HASH);
        expect_answers(f->clients[i], &f->out[i]);
    }
}

static void assert_memory(const struct relay *r, size_t idle)
{
    size_t peak = relay_peak_rss(r);

    print_message("%s: idle %zu KiB, peak %zu KiB\n", relay_name(r), idle,
                  peak);
#ifdef MSRP_SANITIZE
    (void)idle;
#else
    assert_in_range(peak, idle, idle + GROWTH_KIB);
#endif
}

static void a_link_flooded_both_ways_loses_nothing(void **state)
{
    const char *longer = getenv("MSRP_E2E_FLOOD_S");
    uint64_t end_ms =
        now_ms() + 1000 * (longer ? strtoul(longer, NULL, 10) : SECONDS);
    struct flood f;
    size_t near, far;

    start(&f, state);
    near = relay_rss(f.s->relay);
    far = relay_rss(f.extra);
    do
        run_round(&f);
    while (now_ms() < end_ms);
    print_message("%u rounds\n", f.rounds);
    assert_memory(f.s->relay, near);
    assert_memory(f.extra, far);
    assert_int_equal(chain_links(f.extra), 1);
    assert_int_equal(chain_links(f.s->relay), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(a_link_flooded_both_ways_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
