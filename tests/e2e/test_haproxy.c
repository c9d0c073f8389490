/* SPDX-License-Identifier: BSD-2-Clause */
/* HAProxy in front of the relay: with TLS passed through or ended there, log,
 * limits and accounting have the addresses of its clients. */
#include "cmocka_all.h"
#include "haproxy.h"
#include "http.h"
#include "websocket.h"

#define LISTENER(transport, more)                                              \
    "{ transport = \"" transport "\"; address = \"127.0.0.1\"; port = 0; "     \
    "proxy = [ \"" HAPROXY_SOURCE "\" ]; " more " }"
#define LISTEN(more)                                                           \
    LISTENER("tls", "")                                                        \
    "," LISTENER("tcp", more) "," LISTENER("ws", more)
#define CLIENT "127.0.0.7"

static const struct haproxy_way ways[] = {
    {RELAY_TLS, false, "send-proxy"},  {RELAY_TLS, false, "send-proxy-v2"},
    {RELAY_TCP, true, "send-proxy"},   {RELAY_TCP, true, "send-proxy-v2"},
    {RELAY_WS, true, "send-proxy-v2"},
};
/* The header says that there was TLS. */
static const struct haproxy_way ways_that_tell[] = {
    {RELAY_TCP, true, "send-proxy-v2-ssl"},
    {RELAY_WS, true, "send-proxy-v2-ssl"},
};
#define COUNT(list) (sizeof(list) / sizeof *(list))

/* Comes through it, all handshakes done. */
static struct client *come(struct scene *s, const struct haproxy *h,
                           const struct haproxy_way *list, size_t way,
                           const char *name, const char *from)
{
    const struct client_opts opts = {
        .tls = s->tls, .port = haproxy_port(h, way), .from = from};
    struct client *c = scene_connect_with(s, name, &opts);

    scene_wait_open(c);
    if (list[way].to == RELAY_WS)
        websocket_open(c);
    return c;
}

/* Alice logs in over each of them, and talks to herself over the next. */
static void pass_all(struct scene *s, const struct haproxy_way *list, size_t n)
{
    struct haproxy *h = haproxy_start(s, list, n);
    struct client *last = NULL;

    /* What a client that speaks TLS calls it. */
    relay_use_port(s->relay, RELAY_WSS, relay_port(s->relay, RELAY_WS));

    for (size_t i = 0; i < n; i++) {
        size_t mark = relay_log_size(s->relay);
        struct client *c = come(s, h, list, i, "alice", CLIENT);

        login_on(c);
        assert_true(span_starts(span_str(c->uri), SPAN("msrps://")));
        scene_wait_log_since(s, mark, " session granted peer=" CLIENT ":");
        if (last) {
            talk_expect_code(last, talk_text(last, c, "hello"), 200);
            talk_answer(c, talk_expect_body(c, SPAN("hello"), '$'), 200);
        }
        last = c;
    }
    client_close(last);
    scene_wait_log(s, "\"peer\":{\"address\":\"" CLIENT "\"");
}

static void clients_come_through_with_their_addresses(void **state)
{
    static const struct relay_opts opts = {.listen =
                                               LISTEN("tls_in_front = true;"),
                                           .log = "accounting = \"stderr\";"};

    if (!haproxy_is_there())
        skip();
    pass_all(scene_start(state, &opts), ways, COUNT(ways));
}

static void what_it_says_of_tls_is_believed(void **state)
{
    static const struct relay_opts opts = {.listen = LISTEN(""),
                                           .log = "accounting = \"stderr\";"};

    if (!haproxy_is_there())
        skip();
    pass_all(scene_start(state, &opts), ways_that_tell, COUNT(ways_that_tell));
}

static void limits_are_the_clients(void **state)
{
    static const struct relay_opts opts = {
        .listen = LISTEN("tls_in_front = true;"),
        .groups = "limits: { connections_per_address = 1; };"};
    struct client_opts again = {.from = CLIENT};
    struct scene *s;
    struct haproxy *h;

    if (!haproxy_is_there())
        skip();
    s = scene_start(state, &opts);
    h = haproxy_start(s, ways, COUNT(ways));
    again.port = haproxy_port(h, 1);
    login_on(come(s, h, ways, 0, "alice", CLIENT));
    scene_wait_end(scene_connect_with(s, "again", &again));
    scene_wait_log(s, " connection refused peer=" CLIENT ":");
    login_on(come(s, h, ways, 3, "bob", "127.0.0.8"));
}

static double checks(struct scene *s)
{
    struct prom *p = http_scrape(http_port(s->relay, 0));
    double n = http_sample(p, "msrprelayd_health_checks_total");

    prom_free(p);
    return n;
}

/* It looks whether the relay is there, ten times a second. */
static void its_checks_leave_no_line(void **state)
{
    static const struct haproxy_way checked[] = {
        {RELAY_TLS, false, "send-proxy-v2 check inter 50ms check-send-proxy"},
        {RELAY_TCP, true, "send-proxy-v2 check inter 50ms"},
    };
    static const struct relay_opts opts = {
        .listen = LISTEN("tls_in_front = true;"),
        .level = "info",
        .groups = "metrics: { address = \"127.0.0.1\"; port = 0; };"};
    uint64_t until_ms = now_ms() + DEADLINE_MS;
    struct scene *s;

    if (!haproxy_is_there())
        skip();
    s = scene_start(state, &opts);
    haproxy_start(s, checked, COUNT(checked));
    while (checks(s) < 10)
        assert_true(now_ms() < until_ms);
    assert_null(strstr(relay_log(s->relay), "peer="));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(clients_come_through_with_their_addresses),
        E2E_TEST(what_it_says_of_tls_is_believed),
        E2E_TEST(limits_are_the_clients),
        E2E_TEST(its_checks_leave_no_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
