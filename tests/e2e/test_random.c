/* SPDX-License-Identifier: BSD-2-Clause */
/* Clients over all transports, and hosts that are dialled, do what comes into
 * their minds: whatever that is, two who behave are served all the time, what
 * the relay sends is sound, and it ends in order. In the environment:
 *
 *     MSRP_E2E_RANDOM_S     how long, with one seed after the other
 *     MSRP_E2E_RANDOM_SEED  the first one */
#include <inttypes.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "http.h"
#include "login.h"
#include "outside.h"
#include "request.h"
#include "talk.h"
#include "websocket.h"
#include "ws_side.h"

enum {
    STEPS = 5000,
    WILD = 12,
    HOSTS = 2,
    DIALS_MAX = 50, /* of a host */
    BODY_MAX = 70000,
};

struct world {
    struct scene *s;
    uint64_t random;
    unsigned http;
    struct client *alice, *bob; /* these two behave */
    struct client *wild[WILD];  /* NULL: to come */
    struct host *hosts[HOSTS];
    char body[BODY_MAX];
};

/* Less than `below` (xorshift64*). */
static unsigned chance(struct world *w, unsigned below)
{
    w->random ^= w->random >> 12;
    w->random ^= w->random << 25;
    w->random ^= w->random >> 27;
    return (unsigned)((w->random * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}

#define ONE_OF(w, list) ((list)[chance((w), sizeof(list) / sizeof *(list))])

static struct span some_octets(struct world *w, size_t most)
{
    size_t n = chance(w, (unsigned)most);

    return span_of(w->body + chance(w, (unsigned)(BODY_MAX - n)), n);
}

/* --- what a wild client does ---------------------------------------------- */

typedef void (*act_fn)(struct world *w, struct client *c);

static const char *somebody(struct world *w, const struct client *c)
{
    const struct client *peer = c;
    struct host *h = w->hosts[chance(w, HOSTS)];

    for (int i = 0; i < WILD && (peer == c || !peer || !peer->uri); i++)
        peer = w->wild[chance(w, WILD)];
    if (chance(w, 16) == 0)
        return talk_relay(c);
    if (c->uri && chance(w, 6) == 0 && host_connections(h) < DIALS_MAX)
        return host_path(c, h);
    return talk_path(c, peer ? peer : c);
}

static void say_send(struct world *w, struct client *c)
{
    static const char *const ids[] = {NULL, NULL, "again", "and-again"};
    static const char *const ranges[] = {NULL,  NULL,      "1-*/*", "1-5/*",
                                         "5-*", "7-*/100", "9-3/1", "1-0/0"};
    static const char *const headers[] = {
        NULL,
        "Failure-Report: no\r\n",
        "Failure-Report: partial\r\n",
        "Success-Report: yes\r\n",
        "Success-Report: yes\r\nFailure-Report: no\r\n",
        "X-Long: 0123456789012345678901234567890123456789\r\n"};
    static const size_t sizes[] = {1, 16, 3000, 20000, BODY_MAX};
    struct send s = {.to = somebody(w, c),
                     .id = ONE_OF(w, ids),
                     .headers = ONE_OF(w, headers),
                     .range = ONE_OF(w, ranges),
                     .flag = "$$$$+#"[chance(w, 6)],
                     .body = some_octets(w, ONE_OF(w, sizes))};

    s.is_empty = chance(w, 8) == 0;
    talk_send(c, NULL, &s);
}

/* What the client says from here on may be part of a body, in which it must not
 * repeat what the relay logs. */
static void lose_track(struct world *w, struct client *c)
{
    c->out_ctx = w;
}

static void say_half(struct world *w, struct client *c)
{
    talk_say(c,
             "MSRP %s SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\nMessage-ID: "
             "half\r\nByte-Range: 1-*/*\r\nContent-Type: a/b\r\n\r\n",
             talk_tid(c), somebody(w, c), c->own);
    client_put(c, some_octets(w, 5000));
    lose_track(w, c);
}

static void say_octets(struct world *w, struct client *c)
{
    client_put(c, some_octets(w, 5000));
}

static void say_request(struct world *w, struct client *c)
{
    static const char *const methods[] = {"NICKNAME", "FOO", "REPORT", "AUTH"};
    const struct request r = {.method = ONE_OF(w, methods),
                              .to = somebody(w, c)};

    (void)request_say(c, &r);
}

/* One octet of what it says is another. */
static void say_wrong(struct world *w, struct client *c)
{
    char *text;
    size_t n;

    if (c->ws)
        return; /* its own side would stumble */
    say_send(w, c);
    text = client_unput(c, &n);
    text[chance(w, (unsigned)n)] = (char)chance(w, 256);
    bytes_add(&c->out, span_of(text, n));
    free(text);
    lose_track(w, c);
}

static void say_junk(struct world *w, struct client *c)
{
    struct span junk = some_octets(w, 2000);

    if (c->ws)
        ws_side_put(c->ws, chance(w, 256), junk);
    else
        bytes_add(&c->out, junk);
    lose_track(w, c);
}

/* Below TLS, where there is TLS. */
static void write_junk(struct world *w, struct client *c)
{
    struct span junk = some_octets(w, 200);

    (void)send(c->fd, junk.p, junk.n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void say_frames(struct world *w, struct client *c)
{
    static const unsigned firsts[] = {0x89, 0x8a, 0x82, 0x02, 0x00, 0x80, 0x88};

    if (!c->ws)
        return;
    for (unsigned n = 1 + chance(w, 10); n > 0; n--)
        ws_side_put(c->ws, ONE_OF(w, firsts), some_octets(w, 126));
}

static void update_keys(struct world *w, struct client *c)
{
    if (!c->ssl || SSL_version(c->ssl) != TLS1_3_VERSION)
        return;
    for (unsigned n = 1 + chance(w, 40); n > 0; n--) {
        ERR_clear_error();
        (void)SSL_key_update(c->ssl, (int)chance(w, 2));
        (void)SSL_do_handshake(c->ssl);
    }
}

static void change_pace(struct world *w, struct client *c)
{
    static const size_t paces[] = {0, 0, 1, 100, 5000};

    c->deaf = chance(w, 3) == 0;
    c->most = ONE_OF(w, paces);
}

static void leave(struct world *w, struct client *c)
{
    switch (chance(w, 4)) {
    case 0:
        client_close(c);
        return;
    case 1:
        client_reset(c);
        return;
    case 2:
        client_vanish(c);
        return;
    default:
        (void)shutdown(c->fd, SHUT_WR);
    }
}

/* --- what happens to all -------------------------------------------------- */

/* Whoever has something answers, or not. */
static void answer(struct world *w, struct client *c)
{
    static const unsigned codes[] = {200, 200, 200, 200, 400, 408,
                                     413, 415, 481, 501, 506, 999};
    const struct got *g = client_take(c);

    if (!g || c->out_ctx || g->head.method == MSG_RESPONSE || chance(w, 4) == 0)
        return;
    talk_answer(c, g, ONE_OF(w, codes));
    if (chance(w, 8) == 0)
        talk_answer(c, g, ONE_OF(w, codes));
}

static void answer_all(struct world *w)
{
    struct list *m, *next;

    LIST_EACH(m, next, &w->s->clients)
    {
        struct client *c = CONTAINER(m, struct client, of_scene);

        for (int i = 0; i < 4 && c != w->alice && c != w->bob; i++)
            answer(w, c);
    }
}

static void text_passes(struct world *w, struct client *from, struct client *to)
{
    request_passes(from, talk_path(from, to), to,
                   scene_text(w->s, "a text that passes, %u", chance(w, 9)));
}

static void disturb(struct world *w)
{
    static const int signals[] = {SIGHUP, SIGUSR1, SIGUSR2};
    struct prom *p;

    switch (chance(w, 6)) {
    case 0:
        relay_signal(w->s->relay, ONE_OF(w, signals));
        return;
    case 1:
        host_cut(w->hosts[chance(w, HOSTS)]);
        return;
    case 2:
        p = http_scrape(w->http);
        prom_free(p);
        return;
    default:
        text_passes(w, w->alice, w->bob);
        text_passes(w, w->bob, w->alice);
    }
}

/* Some never end their handshakes, and some do not log in. */
static void come(struct world *w, struct client **out)
{
    static const char *const names[] = {"carol", "dave"};
    static const int buffers[] = {0, 0, 4096};
    enum relay_port port = chance(w, RELAY_PORTS);
    bool is_ws = port == RELAY_WSS || port == RELAY_WS;
    const struct client_opts opts = {
        .tls = port == RELAY_TLS || port == RELAY_WSS ? w->s->tls : NULL,
        .port = relay_port(w->s->relay, port),
        .receive_buffer = ONE_OF(w, buffers)};
    struct client *c = scene_connect_with(w->s, ONE_OF(w, names), &opts);

    *out = c;
    c->raw = is_ws;
    if (chance(w, 10) == 0)
        return;
    scene_wait_open(c);
    if (chance(w, 10) == 0)
        return;
    if (is_ws)
        websocket_open(c);
    if (chance(w, 4) > 0)
        login_on(c);
}

static void step(struct world *w)
{
    static const struct {
        act_fn act;
        unsigned often;
    } acts[] = {{say_send, 20},  {say_request, 3}, {say_half, 2},
                {say_wrong, 1},  {say_junk, 1},    {change_pace, 4},
                {say_frames, 1}, {write_junk, 1},  {update_keys, 2},
                {leave, 1}};
    static const act_fn lost[] = {say_octets, change_pace, update_keys, leave};
    struct client **at = &w->wild[chance(w, WILD)];
    unsigned which = chance(w, 36), i = 0;

    while (which >= acts[i].often)
        which -= acts[i++].often;
    if (*at && (*at)->state == CLIENT_ENDED) {
        client_free(*at);
        *at = NULL;
    }
    if (!*at)
        come(w, at);
    else if ((*at)->state == CLIENT_OPEN)
        ((*at)->out_ctx ? ONE_OF(w, lost) : acts[i].act)(w, *at);
    if (chance(w, 10) == 0)
        disturb(w);
    answer_all(w);
    scene_turn(w->s, now_ms() + chance(w, 10));
}

/* --- a run ---------------------------------------------------------------- */

static bool are_alone(void *ctx)
{
    struct world *w = ctx;
    struct prom *p = http_scrape(w->http);
    bool alone = http_sample(p, "msrprelayd_sessions") == 2;

    prom_free(p);
    return alone;
}

static void make_world(struct world *w, void **state, uint64_t seed)
{
    static const struct outside_opts opts = {
        .relay = {.listen = WEBSOCKET_AND_OTHERS,
                  .auth = "allow_tcp = true; max_failures = 1000;",
                  .groups =
                      "metrics: { address = \"127.0.0.1\"; port = 0; };\n"
                      "limits: { transactions_per_connection = 16;\n"
                      "          requests_per_connection = 4;\n"
                      "          dials_per_connection = 2;\n"
                      "          message_size = 100000; };\n"
                      "timers: { transaction = 2.0; stall = 0.4; hold = 0.2;\n"
                      "          connect = 1.0; probation = 3.0; };\n"
                      "send: { max_chunk_size = 4096; high_water = 16384;\n"
                      "        low_water = 8192; };\n"
                      "tcp: { send_buffer = 8192; };\n"}};
    const struct host_opts hosts[HOSTS] = {
        {.name = "clear.example.org"},
        {.name = "secure.example.org", .tls = true}};

    w->random = seed;
    (void)chance(w, 2);
    for (size_t i = 0; i < BODY_MAX; i++)
        w->body[i] = (char)chance(w, 256);
    w->s = outside_start(state, &opts);
    w->http = http_port(w->s->relay, 0);
    for (size_t i = 0; i < HOSTS; i++)
        w->hosts[i] = host_new(w->s, &hosts[i]);
    w->alice = login(w->s, "alice");
    w->bob = websocket_login(w->s, "bob");
}

static void run(void **state, uint64_t seed)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    make_world(w, state, seed);
    for (int i = 0; i < STEPS; i++)
        step(w);
    for (size_t i = 0; i < WILD; i++)
        if (w->wild[i])
            client_vanish(w->wild[i]);
    text_passes(w, w->alice, w->bob);
    scene_until(w->s, are_alone, w, "everybody else's end");
    text_passes(w, w->bob, w->alice);
    free(w);
    assert_int_equal(scene_end(state), 0);
}

static void all_goes_on_for_those_who_behave(void **state)
{
    const char *seconds = getenv("MSRP_E2E_RANDOM_S");
    const char *first = getenv("MSRP_E2E_RANDOM_SEED");
    uint64_t end =
        now_ms() + 1000 * strtoull(seconds ? seconds : "0", NULL, 10);
    uint64_t seed = strtoull(first ? first : "1", NULL, 10), i = 0;

    do {
        print_message("seed %" PRIu64 "\n", seed + i);
        run(state, seed + i++);
    } while (now_ms() < end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(all_goes_on_for_those_who_behave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
