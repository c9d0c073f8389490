/* SPDX-License-Identifier: BSD-2-Clause */
/* Session tickets: who comes again resumes his TLS session, at less cost; who
 * shows a certificate never does. */
#include "cmocka_all.h"
#include "http.h"
#include "peer_relay.h"
#include "renew.h"
#include "s_client.h"

#define METRICS "metrics: { address = \"127.0.0.1\"; port = 0; };"

/* Logs in, with what is left of an earlier visit, and goes; `resumed` says
 * whether that was gone on with. What this one leaves is to be freed. */
static SSL_SESSION *visit(struct scene *s, SSL_CTX *tls, SSL_SESSION *earlier,
                          bool *resumed)
{
    const struct client_opts opts = {.tls = tls,
                                     .port = relay_port(s->relay, RELAY_TLS),
                                     .session = earlier};
    struct client *alice = scene_connect_with(s, "alice", &opts);
    SSL_SESSION *left;

    scene_wait_open(alice);
    login_on(alice);
    *resumed = SSL_session_reused(alice->ssl);
    left = SSL_get1_session(alice->ssl);
    client_close(alice);
    return left;
}

static unsigned count(const char *said, const char *what)
{
    unsigned n = 0;

    for (; (said = strstr(said, what)); said++)
        n++;
    return n;
}

static void openssl_reconnects(void **state)
{
    struct scene *s = scene_start(state, NULL);
    const char *said =
        s_client_run(s, relay_port(s->relay, RELAY_TLS), "-reconnect -tls1_2");

    assert_int_equal(count(said, "\nReused, TLSv1.2"), 5);
}

static void a_client_resumes_even_after_reloads(void **state)
{
    static const struct relay_opts opts = {.groups = METRICS};
    struct scene *s = scene_start(state, &opts);
    struct prom *p;
    bool resumed;
    SSL_SESSION *left = visit(s, s->tls, NULL, &resumed), *again;

    assert_false(resumed);
    renew_well(s);
    again = visit(s, s->tls, left, &resumed);
    assert_true(resumed);
    renew_certificate(s->relay);
    renew_well(s);
    SSL_SESSION_free(visit(s, s->tls, again, &resumed));
    assert_true(resumed);
    SSL_SESSION_free(left);
    SSL_SESSION_free(again);
    p = http_scrape(http_port(s->relay, 0));
    assert_true(http_sample(p, "msrprelayd_tls_resumptions_total") > 1.5);
    assert_true(http_sample(p, "msrprelayd_tls_resumptions_total") < 2.5);
    prom_free(p);
}

/* Sessions that have begun go on. */
static void a_reload_turns_them_off_and_on(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct relay_opts opts = {.tls = "tickets = false;"};
    struct client *bob = login(s, "bob"), *carol = login(s, "carol");
    bool resumed;
    SSL_SESSION *left = visit(s, s->tls, NULL, &resumed), *none;

    opts.listen = scene_text(
        s, "{ transport = \"tls\"; address = \"127.0.0.1\"; port = %u; }",
        relay_port(s->relay, RELAY_TLS));
    renew_with(s, &opts);
    none = visit(s, s->tls, left, &resumed);
    assert_false(resumed);
    assert_false(SSL_SESSION_has_ticket(none));
    SSL_SESSION_free(none);
    opts.tls = NULL;
    renew_with(s, &opts);
    SSL_SESSION_free(visit(s, s->tls, left, &resumed));
    assert_true(resumed);
    SSL_SESSION_free(left);
    talk_expect_code(bob, talk_text(bob, carol, "still here"), 200);
    talk_expect_body(carol, SPAN("still here"), '$');
}

/* A relay's certificate is asked for, and shown, on each connection. */
static void a_relay_gets_no_ticket(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct scene *s = scene_start(state, NULL);

    for (size_t i = 0; i < 2; i++) {
        const struct peer_relay_opts opts = {.version = versions[i]};
        struct client *r3 = peer_relay_connect(s, &opts);

        assert_int_equal(peer_relay_login(r3, "bob", NULL), 200);
        assert_false(SSL_SESSION_has_ticket(SSL_get_session(r3->ssl)));
        client_close(r3);
    }
}

/* --- figures --- */

enum { LOGINS = 100 };

static SSL_CTX *client_of(struct scene *s, int version)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

    assert_non_null(tls);
    assert_int_equal(SSL_CTX_load_verify_file(
                         tls, tls_files_path(relay_files(s->relay), "ca.pem")),
                     1);
    assert_int_equal(SSL_CTX_set_max_proto_version(tls, version), 1);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return tls;
}

/* Processor time of the relay for so many logins. */
static double cost_of(struct scene *s, SSL_CTX *tls, SSL_SESSION *with)
{
    uint64_t before_ms = relay_cpu_ms(s->relay);

    for (int i = 0; i < LOGINS; i++) {
        bool resumed;

        SSL_SESSION_free(visit(s, tls, with, &resumed));
        assert_int_equal(resumed, with != NULL);
    }
    return (double)(relay_cpu_ms(s->relay) - before_ms);
}

/* A login that resumes, as a part of what a full one costs. */
static double measure(struct scene *s, int version, const char *what)
{
    SSL_CTX *tls = client_of(s, version);
    bool resumed;
    SSL_SESSION *left = visit(s, tls, NULL, &resumed);
    double full = cost_of(s, tls, NULL), less = cost_of(s, tls, left);

    print_message("%s: full %.3f ms, resumed %.3f ms of CPU a login: %.2f\n",
                  what, full / LOGINS, less / LOGINS, less / full);
    SSL_SESSION_free(left);
    SSL_CTX_free(tls);
    return less / full;
}

/* Where the difference is largest; the others are to be read, since a machine
 * that is busy blurs them. */
static void a_resumed_login_costs_less(void **state)
{
    static const struct relay_opts opts = {.level = "info"};
    struct scene *s = scene_start(state, &opts);
    struct tls_files_cert rsa = {
        .common_name = RELAY_NAME, .san = "DNS:" RELAY_NAME, .rsa = true};

    (void)measure(s, TLS1_2_VERSION, "TLS 1.2, ECDSA");
    (void)measure(s, TLS1_3_VERSION, "TLS 1.3, ECDSA");
    assert_true(tls_files_issue(relay_files(s->relay), "relay", &rsa));
    renew_well(s);
    assert_true(measure(s, TLS1_2_VERSION, "TLS 1.2, RSA") < 0.7);
    (void)measure(s, TLS1_3_VERSION, "TLS 1.3, RSA");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(openssl_reconnects),
        E2E_TEST(a_client_resumes_even_after_reloads),
        E2E_TEST(a_reload_turns_them_off_and_on),
        E2E_TEST(a_relay_gets_no_ticket),
        E2E_TEST(a_resumed_login_costs_less),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
