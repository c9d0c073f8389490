/* SPDX-License-Identifier: BSD-2-Clause */
/* What is counted about connections, over TCP and over TLS. */
#include "net_stats.h"

#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "rig.h"

static struct net_stats stats_of(const struct rig *r)
{
    struct net_stats s;

    net_stats(r->net, &s);
    return s;
}

static uint64_t sum(const uint64_t *figures, size_t n)
{
    uint64_t total = 0;

    for (size_t i = 0; i < n; i++)
        total += figures[i];
    return total;
}

/* Connections that live, over whatever. */
static uint64_t living(const struct net_stats *s)
{
    return sum(s->now[NET_TCP], CONN_STATES) +
           sum(s->now[NET_TLS], CONN_STATES);
}

static enum net_transport transport_of(const struct rig_world *w)
{
    return w->tls ? NET_TLS : NET_TCP;
}

static bool has_some(struct rig *r)
{
    return r->got_n >= 3000;
}

static void octets_and_states_are_counted(void **state)
{
    struct rig_world *w = *state;
    enum net_transport t = transport_of(w);
    struct rig *r = rig_open(w, (struct rig_opts){0});
    struct net_stats s = stats_of(r);
    uint64_t out_before = s.octets_out;

    assert_int_equal(s.accepted[t], 1);
    assert_int_equal(s.dialled[t], 0);
    assert_int_equal(s.now[t][CONN_OPEN], 1);
    assert_int_equal(living(&s), 1);
    assert_int_equal(sum(s.tls_up, TLS_VERSIONS), t == NET_TLS);

    rig_send_all(r, w->big, 3000);
    rig_until(r, has_some);
    assert_int_equal(rig_put(r, w->big, 5000), 0);
    s = stats_of(r);
    assert_int_equal(s.octets_queued, 5000);
    assert_int_equal(s.octets_out, out_before);
    rig_recv_all(r, w->back, 5000);
    s = stats_of(r);
    assert_int_equal(s.octets_in, r->ssl ? rig_wire_sent(r) : 3000);
    assert_int_equal(s.octets_out, r->ssl ? rig_wire_got(r) : 5000);
    assert_int_equal(s.octets_queued, 0);
    assert_int_equal(conn_octets_out(r->conn), s.octets_out);

    conn_finish(r->conn);
    rig_turn(r);
    s = stats_of(r);
    assert_int_equal(s.now[t][CONN_LINGER], 1);
    assert_int_equal(living(&s), 1);
    rig_hang_up(r);
    rig_until(r, rig_is_closed);
    s = stats_of(r);
    assert_int_equal(living(&s), 0);
    assert_int_equal(s.closed[CONN_WHY_LOCAL], 1);
    assert_int_equal(sum(s.closed, CONN_WHYS), 1);
    assert_int_equal(sum(s.tls_failed, TLS_FAILURES), 0);
    rig_free(r);
}

static void count_call(void *ctx)
{
    ++*(unsigned *)ctx;
}

static void one_asks_once_when_much_more_is_queued(void **state)
{
    struct rig_world *w = *state;
    struct rig *r = rig_open(w, (struct rig_opts){0});
    unsigned calls = 0;

    assert_int_equal(rig_put(r, w->big, 1000), 0);
    net_on_grown(r->net, 2000, count_call, &calls);
    assert_int_equal(rig_put(r, w->big, 2000), 0);
    assert_int_equal(calls, 0);
    assert_int_equal(rig_put(r, w->big, 1), 0);
    assert_int_equal(calls, 1);
    assert_int_equal(rig_put(r, w->big, 2000), 0);
    assert_int_equal(calls, 1);
    net_on_grown(r->net, 0, NULL, NULL);
    assert_int_equal(rig_put(r, w->big, 2000), 0);
    assert_int_equal(calls, 1);
    rig_free(r);
}

static bool has_sent(struct rig *r)
{
    return r->sent > 0;
}

static void what_is_lost_with_a_connection_is_not_queued_any_more(void **state)
{
    struct rig_world *w = *state;
    struct rig *r =
        rig_open(w, (struct rig_opts){.settings.sock.send_buffer = 65536,
                                      .client_receive = 65536});
    struct net_stats s;

    assert_int_equal(rig_put(r, w->big, RIG_BIG), 0);
    rig_until(r, has_sent);
    s = stats_of(r);
    assert_int_equal(s.octets_queued, conn_queued(r->conn));
    assert_int_equal(s.octets_queued + r->sent, RIG_BIG);
    conn_fail(r->conn, CONN_WHY_STALL);
    s = stats_of(r);
    assert_int_equal(s.octets_queued, 0);
    assert_int_equal(s.closed[CONN_WHY_STALL], 1);
    rig_free(r);
}

static bool has_all(struct rig *r)
{
    return r->got_n >= 6000;
}

static void rests_for_the_rate_are_counted(void **state)
{
    struct rig_world *w = *state;
    struct rig *r = rig_open(w, (struct rig_opts){.settings.rate = 50000});

    rig_send_all(r, w->big, 6000); /* a bucket holds 5000 */
    rig_until(r, has_all);
    assert_true(stats_of(r).rate_pauses >= 1);
    rig_free(r);
}

/* --- TLS --- */

static SSL_CTX *client_of(int min, int max)
{
    SSL_CTX *ctx = rig_client_ctx();

    assert_int_equal(SSL_CTX_set_min_proto_version(ctx, min), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(ctx, max), 1);
    SSL_CTX_set_security_level(ctx, 0); /* TLS 1.0 and 1.1 need it */
    return ctx;
}

static void handshakes_are_counted_by_version(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct rig_world *w = *state;

    for (int v = 0; v < TLS_VERSIONS; v++) {
        SSL_CTX *client = client_of(versions[v], versions[v]);
        struct rig *r = rig_open(w, (struct rig_opts){.client = client});
        struct net_stats s = stats_of(r);

        assert_int_equal(s.tls_up[v], 1);
        assert_int_equal(s.tls_up[1 - v], 0);
        assert_string_equal(tls_version_text(v == 0 ? TLS_1_2 : TLS_1_3),
                            conn_tls_version(r->conn));
        rig_free(r);
        SSL_CTX_free(client);
    }
}

static void assert_failed(struct rig *r, enum tls_failure failure)
{
    struct net_stats s;

    rig_until(r, rig_is_closed);
    s = stats_of(r);
    for (int f = 0; f < TLS_FAILURES; f++)
        assert_int_equal(s.tls_failed[f], f == (int)failure);
    assert_int_equal(sum(s.tls_up, TLS_VERSIONS), 0);
    assert_int_equal(living(&s), 0);
    rig_free(r);
}

static void assert_refused_client(struct rig_world *w, SSL_CTX *client,
                                  enum tls_failure failure)
{
    assert_failed(rig_new(&(struct rig_opts){.tls = w->tls, .client = client}),
                  failure);
    SSL_CTX_free(client);
}

static void what_has_nothing_in_common_is_a_mismatch(void **state)
{
    struct rig_world *w = *state;
    SSL_CTX *client = client_of(TLS1_2_VERSION, TLS1_2_VERSION);

    assert_int_equal(SSL_CTX_set_cipher_list(client, "CAMELLIA128-SHA"), 1);
    assert_refused_client(w, client, TLS_FAILURE_MISMATCH);
    assert_refused_client(w, client_of(TLS1_1_VERSION, TLS1_1_VERSION),
                          TLS_FAILURE_MISMATCH);
}

static void a_client_that_refuses_us_sends_an_alert(void **state)
{
    struct rig_world *w = *state;
    SSL_CTX *client = client_of(TLS1_2_VERSION, TLS1_2_VERSION);

    SSL_CTX_set_verify(client, SSL_VERIFY_PEER, NULL);
    assert_refused_client(w, client, TLS_FAILURE_ALERT);
}

static void a_host_certificate_that_does_not_verify_is_refused(void **state)
{
    const struct tls_files_cert host = {.common_name = "x",
                                        .san = "DNS:x.example"};
    struct rig_world *w = *state;
    struct tls_files *others = tls_files_new();
    SSL_CTX *client = client_of(TLS1_2_VERSION, TLS1_2_VERSION);

    assert_true(tls_files_issue(others, "x", &host));
    assert_int_equal(SSL_CTX_use_certificate_chain_file(
                         client, tls_files_path(others, "x.pem")),
                     1);
    assert_int_equal(
        SSL_CTX_use_PrivateKey_file(client, tls_files_path(others, "x.key"),
                                    SSL_FILETYPE_PEM),
        1);
    assert_refused_client(w, client, TLS_FAILURE_CERT);
    tls_files_free(others);
}

static struct rig *silent(struct rig_world *w, uint64_t handshake_ms)
{
    return rig_new(&(struct rig_opts){.tls = w->tls,
                                      .no_hello = true,
                                      .settings.handshake_ms = handshake_ms});
}

static void what_is_no_tls_is_told_apart(void **state)
{
    static const char *const greetings[] = {
        "MSRP a786hjs2 AUTH\r\nTo-Path: msrps://relay.example.com;tcp\r\n",
        "GET / HTTP/1.1\r\nHost: relay.example.com\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2p1\r\n",
    };
    struct rig_world *w = *state;

    for (size_t i = 0; i < sizeof greetings / sizeof *greetings; i++) {
        struct rig *r = silent(w, 0);
        size_t n = strlen(greetings[i]);

        assert_int_equal(send(r->fd, greetings[i], n, 0), n);
        assert_failed(r, TLS_FAILURE_NOT_TLS);
    }
}

static void who_says_nothing_times_out(void **state)
{
    assert_failed(silent(*state, 20), TLS_FAILURE_TIMEOUT);
}

static void who_leaves_is_gone(void **state)
{
    const struct linger at_once = {.l_onoff = 1};
    struct rig *r = silent(*state, 0);

    rig_hang_up(r);
    assert_failed(r, TLS_FAILURE_GONE);
    r = silent(*state, 0);
    assert_int_equal(
        setsockopt(r->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    rig_hang_up(r);
    assert_failed(r, TLS_FAILURE_GONE);
}

static void who_is_closed_by_us_is_another_failure(void **state)
{
    struct rig *r = silent(*state, 0);

    assert_int_equal(stats_of(r).now[NET_TLS][CONN_HELLO], 1);
    conn_close(r->conn);
    assert_failed(r, TLS_FAILURE_OTHER);
}

static void every_figure_has_a_word_of_its_own(void **state)
{
    const char *words[64];
    size_t n = 0;

    (void)state;
    for (int i = 0; i < CONN_STATES; i++)
        words[n++] = conn_state_text((enum conn_state)i);
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++)
            assert_string_not_equal(words[i], words[k]);
    n = 0;
    for (int i = 0; i < TLS_FAILURES; i++)
        words[n++] = tls_failure_text((enum tls_failure)i);
    for (int i = 0; i < NET_TRANSPORTS; i++)
        words[n++] = net_transport_text((enum net_transport)i);
    for (int i = 0; i < TLS_VERSIONS; i++)
        words[n++] = tls_version_text((enum tls_version_known)i);
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++)
            assert_string_not_equal(words[i], words[k]);
}

int main(void)
{
#define T(test) cmocka_unit_test(test)
    const struct CMUnitTest tests[] = {
        T(octets_and_states_are_counted),
        T(one_asks_once_when_much_more_is_queued),
        T(what_is_lost_with_a_connection_is_not_queued_any_more),
        T(rests_for_the_rate_are_counted),
    };
    const struct CMUnitTest of_tls[] = {
        T(handshakes_are_counted_by_version),
        T(what_has_nothing_in_common_is_a_mismatch),
        T(a_client_that_refuses_us_sends_an_alert),
        T(a_host_certificate_that_does_not_verify_is_refused),
        T(what_is_no_tls_is_told_apart),
        T(who_says_nothing_times_out),
        T(who_leaves_is_gone),
        T(who_is_closed_by_us_is_another_failure),
        T(every_figure_has_a_word_of_its_own),
    };

    return cmocka_run_group_tests_name("over tcp", tests, rig_set_up_tcp,
                                       rig_tear_down) +
           cmocka_run_group_tests_name("over tls", tests, rig_set_up_tls,
                                       rig_tear_down) +
           cmocka_run_group_tests_name("of tls", of_tls, rig_set_up_tls,
                                       rig_tear_down);
}
