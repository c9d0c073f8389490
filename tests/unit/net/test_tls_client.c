/* SPDX-License-Identifier: BSD-2-Clause */
/* The dialling side of TLS: whose certificate is taken, and that nothing is
 * said to anybody else. */
#include "conn.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "rig.h"
#include "tls_server.h"

static const char peer_host[] = "peer.example.com";
static const char text[] = "MSRP a786hjs2 SEND\r\n";

struct made {
    struct tls_files *ours, *foreign; /* two CAs; we trust the first */
    struct tls_ctx *tls;              /* shows relay.example.com */
    struct tls_settings settings;
};

static int set_up(void **state)
{
    static const struct {
        const char *stem;
        struct tls_files_cert what;
    } certs[] = {
        {"relay", {.common_name = "r", .san = "DNS:relay.example.com"}},
        {"right", {.common_name = "x", .san = "DNS:peer.example.com"}},
        {"second",
         {.common_name = "x", .san = "DNS:a.example,DNS:peer.example.com"}},
        {"wild", {.common_name = "x", .san = "DNS:*.example.com"}},
        {"rsa",
         {.common_name = "x", .san = "DNS:peer.example.com", .rsa = true}},
        {"wrong", {.common_name = "peer.example.com", .san = "DNS:a.example"}},
        {"nosan", {.common_name = "peer.example.com"}},
        {"old",
         {.common_name = "x", .san = "DNS:peer.example.com", .expired = true}},
        {"client",
         {.common_name = "x",
          .san = "DNS:peer.example.com",
          .usage = "clientAuth"}},
        {"part", {.common_name = "x", .san = "DNS:p*.example.com"}},
        {"deep", {.common_name = "x", .san = "DNS:*.com"}},
        {"person", {.common_name = "x", .san = "URI:sip:peer.example.com"}},
        {"numeric", {.common_name = "x", .san = "IP:192.0.2.1,IP:2001:db8::1"}},
        {"textual", {.common_name = "192.0.2.1", .san = "DNS:192.0.2.1"}},
    };
    struct made *m = calloc(1, sizeof *m);

    assert_non_null(m);
    m->ours = tls_files_new();
    m->foreign = tls_files_new();
    assert_true(m->ours && m->foreign);
    for (size_t i = 0; i < sizeof certs / sizeof *certs; i++)
        assert_true(tls_files_issue(m->ours, certs[i].stem, &certs[i].what));
    assert_true(tls_files_issue(m->foreign, "right", &certs[1].what));
    m->settings = (struct tls_settings){
        .certificate = tls_files_path(m->ours, "relay.pem"),
        .private_key = tls_files_path(m->ours, "relay.key"),
        .ca_file = tls_files_path(m->ours, "ca.pem"),
        .ciphers = "",
        .ciphersuites = ""};
    *state = m;
    return 0;
}

static int tear_down(void **state)
{
    struct made *m = *state;

    tls_ctx_unref(m->tls);
    tls_files_free(m->ours);
    tls_files_free(m->foreign);
    free(m);
    return 0;
}

static struct tls_ctx *client_with(const struct tls_settings *s)
{
    enum tls_fault fault = TLS_FAULT_OTHER;
    char why[TLS_WHY_MAX] = "";
    struct tls_ctx *t = NULL;

    assert_int_equal(tls_client_new(&t, s, &fault, why), 0);
    assert_int_equal(fault, TLS_FAULT_NONE);
    assert_string_equal(why, "");
    return t;
}

/* Dials with these settings from now on. */
static void use(struct made *m, const struct tls_settings *s)
{
    tls_ctx_unref(m->tls);
    m->tls = client_with(s);
}

/* A fresh context for each test. */
static int begin(void **state)
{
    struct made *m = *state;

    use(m, &m->settings);
    return 0;
}

/* Dials that server as `host`, and writes at once. */
static struct rig *dial_rig(struct made *m, struct tls_server *s,
                            const char *host)
{
    struct rig *r = rig_new(
        &(struct rig_opts){.tls = m->tls, .client = s->ctx, .host = host});

    assert_int_equal(rig_put(r, text, sizeof text - 1), 0);
    return r;
}

static const char *noted_fault;

static void note_fault(struct rig *r)
{
    struct conn *c = r->ctx;

    noted_fault = conn_fault(c);
}

/* --- who is believed --- */

static void believe(struct made *m, const char *stem, const char *host,
                    int version)
{
    char got[sizeof text - 1];
    struct tls_server s;
    struct rig *r;

    tls_server_init(&s, m->ours, stem, version);
    r = dial_rig(m, &s, host);
    assert_int_equal(r->sent, 0);
    rig_until(r, rig_is_open);
    assert_true(conn_peer_is_host(r->conn));
    assert_true(conn_peer_has_name(r->conn, span_str(host)));
    assert_false(conn_peer_has_name(r->conn, SPAN("relay.example.org")));
    assert_string_equal(conn_fault(r->conn), "");
    rig_recv_all(r, got, sizeof got);
    assert_memory_equal(got, text, sizeof got);
    rig_send_all(r, "MSRP", 4);
    while (r->got_n < 4)
        rig_turn(r);
    assert_memory_equal(r->got, "MSRP", 4);
    rig_free(r);
    SSL_CTX_free(s.ctx);
}

static void whoever_proves_to_be_the_host_gets_what_was_written(void **state)
{
    static const char *const stems[] = {"right", "second", "wild", "rsa"};

    for (int i = 0; i < 4; i++) {
        believe(*state, stems[i], peer_host, TLS1_3_VERSION);
        believe(*state, stems[i], peer_host, TLS1_2_VERSION);
        believe(*state, stems[i], "PEER.example.com", TLS1_3_VERSION);
    }
}

/* The system's store knows nobody here, nor is there such a file. */
static void trust_may_be_another_contexts(void **state)
{
    struct made *m = *state;
    struct tls_settings settings = m->settings;
    struct tls_ctx *other = client_with(&settings);

    settings.ca_file = "/nonexistent/ca.pem";
    settings.trust = other;
    use(m, &settings);
    tls_ctx_unref(other);
    believe(m, "right", peer_host, TLS1_3_VERSION);
}

static void a_literal_is_believed_by_its_address(void **state)
{
    static const char *const hosts[] = {"192.0.2.1", "[2001:db8::1]",
                                        "[2001:DB8:0::1]", "2001:db8::1"};

    for (int i = 0; i < 4; i++) {
        believe(*state, "numeric", hosts[i], TLS1_3_VERSION);
        believe(*state, "numeric", hosts[i], TLS1_2_VERSION);
    }
}

/* R4976-9.2-b; RFC 6066, 3 */
static void names_are_asked_for_and_literals_are_not(void **state)
{
    static const char *const rows[][3] = {
        {"right", "peer.example.com", "peer.example.com"},
        {"numeric", "192.0.2.1", "(none)"},
        {"numeric", "[2001:db8::1]", "(none)"},
    };
    struct made *m = *state;

    for (int i = 0; i < 3; i++) {
        struct tls_server s;
        struct rig *r;

        tls_server_init(&s, m->ours, rows[i][0], TLS1_3_VERSION);
        r = dial_rig(m, &s, rows[i][1]);
        rig_until(r, rig_is_open);
        assert_string_equal(s.name, rows[i][2]);
        rig_free(r);
        SSL_CTX_free(s.ctx);
    }
}

/* --- who is not --- */

static bool both_know(struct rig *r)
{
    char octet;

    if (r->closes && !r->client_reason)
        assert_int_equal(rig_recv(r, &octet, 1), 0);
    return r->closes && (r->client_reason || r->client_eof);
}

static void refuse(struct made *m, struct tls_server *s, const char *host,
                   const char *fault)
{
    struct rig *r = dial_rig(m, s, host);

    r->ctx = r->conn;
    r->on_closed = note_fault;
    rig_until(r, both_know);
    assert_int_equal(r->opens, 0);
    assert_int_equal(r->why, CONN_WHY_CERT);
    assert_string_equal(noted_fault, fault);
    assert_int_equal(r->sent, 0);
    assert_int_equal(r->got_n, 0);
    rig_free(r);
}

/* R4976-9.2-g */
static void whoever_is_not_the_host_gets_no_octet(void **state)
{
    static const char mismatch[] = "hostname mismatch";
    static const struct {
        const char *stem, *host, *fault;
        bool foreign;
    } cases[] = {
        {"wrong", peer_host, mismatch, false},
        {"nosan", peer_host, mismatch, false}, /* the common name */
        {"person", peer_host, mismatch, false},
        {"part", peer_host, mismatch, false},
        {"deep", peer_host, mismatch, false},
        {"wild", "a.peer.example.com", mismatch, false},
        {"wild", "example.com", mismatch, false},
        {"right", "example.com", mismatch, false},
        {"old", peer_host, "certificate has expired", false},
        {"client", peer_host, "unsuitable certificate purpose", false},
        {"right", peer_host, "self-signed certificate in certificate chain",
         true},
        {"right", "192.0.2.1", "IP address mismatch", false},
        {"textual", "192.0.2.1", "IP address mismatch", false},
        {"numeric", "192.0.2.2", "IP address mismatch", false},
        {"numeric", "[2001:db8::2]", "IP address mismatch", false},
        {"numeric", "[::ffff:192.0.2.1]", "IP address mismatch", false},
    };
    static const int versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
    struct made *m = *state;

    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        struct tls_files *by = cases[i / 2].foreign ? m->foreign : m->ours;
        struct tls_server s;

        tls_server_init(&s, by, cases[i / 2].stem, versions[i % 2]);
        refuse(m, &s, cases[i / 2].host, cases[i / 2].fault);
        SSL_CTX_free(s.ctx);
    }
}

static void the_systems_store_does_not_know_our_ca(void **state)
{
    struct made *m = *state;
    struct tls_settings settings = m->settings;
    struct tls_server s;

    settings.ca_file = "";
    use(m, &settings);
    tls_server_init(&s, m->ours, "right", TLS1_3_VERSION);
    refuse(m, &s, peer_host, "self-signed certificate in certificate chain");
    SSL_CTX_free(s.ctx);
}

/* An operator's cipher list may have some that go without. */
static void a_server_without_any_certificate_is_refused(void **state)
{
    struct made *m = *state;
    struct tls_settings settings = m->settings;
    struct tls_server s;

    settings.ciphers = "ADH-AES128-GCM-SHA256:@SECLEVEL=0";
    use(m, &settings);
    tls_server_init(&s, m->ours, NULL, TLS1_2_VERSION);
    assert_int_equal(SSL_CTX_set_cipher_list(s.ctx, settings.ciphers), 1);
    assert_int_equal(SSL_CTX_set_dh_auto(s.ctx, 1), 1);
    refuse(m, &s, peer_host, "no certificate");
    SSL_CTX_free(s.ctx);
}

static void for_tests_any_certificate_will_do(void **state)
{
    static const char *const stems[] = {"right", "wrong", "nosan", "old"};
    struct made *m = *state;
    struct tls_settings settings = m->settings;

    settings.insecure = true;
    use(m, &settings);
    for (int i = 0; i < 4; i++) {
        struct tls_server s;
        struct rig *r;

        tls_server_init(&s, i ? m->ours : m->foreign, stems[i], TLS1_3_VERSION);
        r = dial_rig(m, &s, peer_host);
        rig_until(r, rig_is_open);
        assert_true(conn_peer_is_host(r->conn));
        assert_int_equal(conn_peer_has_name(r->conn, span_of(peer_host, 16)),
                         strcmp(stems[i], "right") == 0 ||
                             strcmp(stems[i], "old") == 0);
        rig_free(r);
        SSL_CTX_free(s.ctx);
    }
}

/* --- what else may go wrong --- */

/* The words before an alert's name depend on the version of OpenSSL. */
static void assert_fault(const char *fault)
{
    if (strncmp(fault, "alert ", 6) == 0)
        assert_non_null(strstr(noted_fault, fault));
    else
        assert_string_equal(noted_fault, fault);
}

static void assert_ends(struct rig *r, enum conn_why why, const char *fault)
{
    r->ctx = r->conn;
    r->on_closed = note_fault;
    rig_until(r, rig_is_closed);
    assert_int_equal(r->opens, 0);
    assert_int_equal(r->why, why);
    assert_fault(fault);
    assert_int_equal(r->sent, 0);
    rig_free(r);
}

static void an_old_server_is_refused(void **state)
{
    struct made *m = *state;
    struct tls_server s;

    tls_server_init(&s, m->ours, "rsa", TLS1_1_VERSION);
    assert_ends(dial_rig(m, &s, peer_host), CONN_WHY_TLS,
                "alert protocol version");
    SSL_CTX_free(s.ctx);
}

static struct rig *dial_mute(struct made *m, uint64_t handshake_ms)
{
    return rig_new(&(struct rig_opts){.tls = m->tls,
                                      .host = peer_host,
                                      .no_hello = true,
                                      .settings.handshake_ms = handshake_ms});
}

static void a_server_that_says_nothing_is_left_in_time(void **state)
{
    assert_ends(dial_mute(*state, 20), CONN_WHY_HANDSHAKE, "");
}

static void a_server_that_speaks_no_tls_is_left(void **state)
{
    struct rig *r = dial_mute(*state, 0);

    assert_int_equal(rig_send(r, text, sizeof text - 1), sizeof text - 1);
    assert_ends(r, CONN_WHY_TLS, "wrong version number");
}

static void a_server_that_hangs_up_is_an_end(void **state)
{
    struct rig *r = dial_mute(*state, 0);

    assert_int_equal(shutdown(r->fd, SHUT_WR), 0);
    assert_ends(r, CONN_WHY_EOF, "");
}

static void a_cipher_that_is_not_shared_is_told(void **state)
{
    struct made *m = *state;
    struct tls_server s;

    tls_server_init(&s, m->ours, "rsa", TLS1_2_VERSION);
    assert_int_equal(SSL_CTX_set_cipher_list(s.ctx, "AES256-SHA"), 1);
    assert_ends(dial_rig(m, &s, peer_host), CONN_WHY_TLS,
                "alert handshake failure");
    SSL_CTX_free(s.ctx);
}

/* R4976-9.2-c */
static void aes128_sha_is_offered(void **state)
{
    struct made *m = *state;
    struct tls_server s;
    struct rig *r;

    tls_server_init(&s, m->ours, "rsa", TLS1_2_VERSION);
    assert_int_equal(SSL_CTX_set_cipher_list(s.ctx, "AES128-SHA"), 1);
    r = dial_rig(m, &s, peer_host);
    rig_until(r, rig_is_open);
    assert_string_equal(SSL_get_cipher_name(r->ssl), "AES128-SHA");
    rig_free(r);
    SSL_CTX_free(s.ctx);
}

static void hosts_that_no_certificate_names_are_refused_at_once(void **state)
{
    static const struct span hosts[] = {
        {"", 0}, {".example.com", 12}, {"peer\0.example.com", 17}};
    char longest[256];
    struct addr peer;
    struct made *m = *state;
    struct loop *loop;
    struct net *net;

    memset(longest, 'a', sizeof longest);
    assert_int_equal(addr_parse(&peer, SPAN("127.0.0.1"), 2855), 0);
    assert_int_equal(loop_new(&loop), 0);
    assert_int_equal(net_new(&net, loop,
                             &(struct net_settings){.input_size = 4096,
                                                    .handshake_ms = 1000,
                                                    .stall_ms = 1000}),
                     0);
    for (int i = 0; i < 4; i++) {
        struct conn_to to = {.peer = &peer,
                             .tls = m->tls,
                             .host = i < 3 ? hosts[i] : span_of(longest, 256)};
        struct conn *c = NULL;
        int fds[2];
        char octet;

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        to.fd = fds[0];
        assert_int_equal(conn_connect(&c, net, &to, NULL, NULL), ERR_SYNTAX);
        assert_null(c);
        assert_int_equal(recv(fds[1], &octet, 1, 0), 0); /* closed */
        close(fds[1]);
    }
    net_free(net);
    loop_free(loop);
}

static void over_plain_tcp_nobody_proves_anything(void **state)
{
    struct rig *r = rig_new(&(struct rig_opts){.host = peer_host});
    char got[sizeof text - 1];

    (void)state;
    assert_int_equal(rig_put(r, text, sizeof text - 1), 0);
    rig_until(r, rig_is_open);
    rig_recv_all(r, got, sizeof got);
    assert_memory_equal(got, text, sizeof got);
    assert_string_equal(conn_tls_version(r->conn), "");
    assert_false(conn_peer_is_host(r->conn));
    assert_false(conn_peer_has_name(r->conn, span_str(peer_host)));
    rig_free(r);
}

/* --- our own certificate --- */

static void our_certificate_is_shown(void **state)
{
    static const int versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
    struct made *m = *state;

    for (int i = 0; i < 2; i++) {
        struct tls_server s;
        struct rig *r;

        tls_server_init(&s, m->ours, "right", versions[i]);
        tls_server_ask(&s, m->settings.ca_file);
        r = dial_rig(m, &s, peer_host);
        rig_until(r, rig_is_open);
        assert_int_equal(X509_check_host(SSL_get0_peer_certificate(r->ssl),
                                         "relay.example.com", 0, 0, NULL),
                         1);
        rig_free(r);
        SSL_CTX_free(s.ctx);
    }
}

static void a_server_that_refuses_our_certificate_is_told(void **state)
{
    struct made *m = *state;
    struct tls_server s;

    tls_server_init(&s, m->ours, "right", TLS1_2_VERSION);
    tls_server_ask(&s, tls_files_path(m->foreign, "ca.pem"));
    assert_ends(dial_rig(m, &s, peer_host), CONN_WHY_TLS, "alert unknown ca");
    SSL_CTX_free(s.ctx);
}

/* With 1.3 the handshake is over on this side when the alert comes. */
static void such_a_refusal_may_come_after_the_handshake(void **state)
{
    struct made *m = *state;
    struct tls_server s;
    struct rig *r;

    tls_server_init(&s, m->ours, "right", TLS1_3_VERSION);
    tls_server_ask(&s, tls_files_path(m->foreign, "ca.pem"));
    r = dial_rig(m, &s, peer_host);
    r->ctx = r->conn;
    r->on_closed = note_fault;
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_TLS);
    assert_fault("alert unknown ca");
    rig_free(r);
    SSL_CTX_free(s.ctx);
}

static void faults_in_the_settings_are_told_as_for_a_server(void **state)
{
    struct made *m = *state;
    struct tls_settings settings = m->settings;
    char why[TLS_WHY_MAX] = "";
    struct tls_ctx *t = NULL;
    enum tls_fault fault;

    settings.ca_file = "/nonexistent/ca.pem";
    assert_int_equal(tls_client_new(&t, &settings, &fault, why), ERR_TLS);
    assert_int_equal(fault, TLS_FAULT_CA);
    assert_non_null(strstr(why, "/nonexistent/ca.pem"));
    settings = m->settings;
    settings.private_key = tls_files_path(m->ours, "right.key");
    assert_int_equal(tls_client_new(&t, &settings, &fault, why), ERR_TLS);
    assert_int_equal(fault, TLS_FAULT_MISMATCH);
    assert_null(t);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup(test, begin)
    const struct CMUnitTest tests[] = {
        T(whoever_proves_to_be_the_host_gets_what_was_written),
        T(trust_may_be_another_contexts),
        T(a_literal_is_believed_by_its_address),
        T(names_are_asked_for_and_literals_are_not),
        T(whoever_is_not_the_host_gets_no_octet),
        T(the_systems_store_does_not_know_our_ca),
        T(a_server_without_any_certificate_is_refused),
        T(for_tests_any_certificate_will_do),
        T(an_old_server_is_refused),
        T(a_server_that_says_nothing_is_left_in_time),
        T(a_server_that_speaks_no_tls_is_left),
        T(a_server_that_hangs_up_is_an_end),
        T(a_cipher_that_is_not_shared_is_told),
        T(aes128_sha_is_offered),
        T(hosts_that_no_certificate_names_are_refused_at_once),
        T(over_plain_tcp_nobody_proves_anything),
        T(our_certificate_is_shown),
        T(a_server_that_refuses_our_certificate_is_told),
        T(such_a_refusal_may_come_after_the_handshake),
        T(faults_in_the_settings_are_told_as_for_a_server),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
