/* SPDX-License-Identifier: BSD-2-Clause */
/* What is special about connections over TLS: versions, ciphers, certificates,
 * handshakes that do not go well. */
/* test-wraps: SSL_read_ex SSL_get_error */
#include "conn.h"

#include <openssl/err.h>
#include <sys/socket.h>

#include "cmocka_all.h"
#include "err.h"
#include "rig.h"

/* The linker's --wrap leaves no room for a context. */
static bool turn_around;
static unsigned server_reads;

int __real_SSL_read_ex(SSL *ssl, void *p, size_t n, size_t *done);
int __wrap_SSL_read_ex(SSL *ssl, void *p, size_t n, size_t *done);
int __real_SSL_get_error(const SSL *ssl, int ret);
int __wrap_SSL_get_error(const SSL *ssl, int ret);

int __wrap_SSL_read_ex(SSL *ssl, void *p, size_t n, size_t *done)
{
    server_reads += SSL_is_server(ssl);
    return __real_SSL_read_ex(ssl, p, n, done);
}

int __wrap_SSL_get_error(const SSL *ssl, int ret)
{
    int error = __real_SSL_get_error(ssl, ret);

    if (!SSL_is_server(ssl) || !turn_around || error != SSL_ERROR_WANT_READ)
        return error;
    turn_around = false;
    return SSL_ERROR_WANT_WRITE;
}

struct made {
    struct tls_files *ours, *foreign; /* two CAs; we trust the first */
    struct tls_ctx *tls;
};

static int set_up(void **state)
{
    static const struct tls_files_cert host = {
        .common_name = "cn.example.com",
        .san = "DNS:peer.example.com,DNS:second.example.com"};
    static const struct tls_files_cert person = {
        .common_name = "alice", .san = "URI:sip:alice@example.com"};
    static const struct tls_files_cert nobody = {.common_name =
                                                     "peer.example.com"};
    static const struct tls_files_cert old = {
        .common_name = "old", .san = "DNS:peer.example.com", .expired = true};
    static const struct tls_files_cert server = {.common_name = "server",
                                                 .san = "DNS:peer.example.com",
                                                 .usage = "serverAuth"};
    static const struct tls_files_cert code = {.common_name = "code",
                                               .san = "DNS:peer.example.com",
                                               .usage = "codeSigning"};
    static const struct tls_files_cert both = {.common_name = "both",
                                               .san = "DNS:peer.example.com",
                                               .usage =
                                                   "serverAuth,clientAuth"};
    struct made *m = calloc(1, sizeof *m);

    assert_non_null(m);
    m->ours = tls_files_new();
    m->foreign = tls_files_new();
    assert_true(m->ours && m->foreign);
    m->tls = rig_server_ctx(m->ours, true);
    assert_true(tls_files_issue(m->ours, "host", &host) &&
                tls_files_issue(m->ours, "person", &person) &&
                tls_files_issue(m->ours, "nobody", &nobody) &&
                tls_files_issue(m->ours, "old", &old) &&
                tls_files_issue(m->ours, "server", &server) &&
                tls_files_issue(m->ours, "code", &code) &&
                tls_files_issue(m->ours, "both", &both) &&
                tls_files_issue(m->foreign, "host", &host) &&
                tls_files_issue(m->foreign, "person", &person));
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

/* A client that speaks one version only. Level 0: the old ones, too. */
static SSL_CTX *client_of(int version)
{
    SSL_CTX *ctx = rig_client_ctx();

    SSL_CTX_set_security_level(ctx, 0);
    assert_int_equal(SSL_CTX_set_min_proto_version(ctx, version), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(ctx, version), 1);
    return ctx;
}

/* A rig with that client, which is given away. */
static struct rig *rig_with(struct made *m, SSL_CTX *client)
{
    struct rig *r =
        rig_new(&(struct rig_opts){.tls = m->tls, .client = client});

    SSL_CTX_free(client);
    return r;
}

static bool both_know(struct rig *r)
{
    return r->closes ? r->client_reason : rig_is_open(r);
}

/* --- versions and ciphers --- */

static void tls_13_and_12_are_spoken(void **state)
{
    static const struct {
        int version;
        const char *text;
    } cases[] = {{TLS1_3_VERSION, "TLSv1.3"}, {TLS1_2_VERSION, "TLSv1.2"}};

    for (int i = 0; i < 2; i++) {
        struct rig *r = rig_with(*state, client_of(cases[i].version));

        rig_until(r, rig_is_open);
        assert_string_equal(conn_tls_version(r->conn), cases[i].text);
        rig_free(r);
    }
}

static void tls_11_and_10_are_refused_by_alert(void **state)
{
    static const int versions[] = {TLS1_1_VERSION, TLS1_VERSION};

    for (int i = 0; i < 2; i++) {
        struct rig *r = rig_with(*state, client_of(versions[i]));

        rig_until(r, both_know);
        assert_int_equal(r->why, CONN_WHY_TLS);
        assert_int_equal(r->opens, 0);
        assert_int_equal(r->client_reason, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
        rig_free(r);
    }
}

static void tls_12_is_refused_where_13_is_the_least(void **state)
{
    struct made *m = *state;
    struct tls_settings s = {
        .certificate = tls_files_path(m->ours, "relay.pem"),
        .private_key = tls_files_path(m->ours, "relay.key"),
        .ca_file = "",
        .min_tls13 = true,
        .ciphers = "",
        .ciphersuites = ""};
    struct made strict = {0};
    char why[TLS_WHY_MAX];
    enum tls_fault fault;
    struct rig *r;

    assert_int_equal(tls_server_new(&strict.tls, &s, &fault, why), 0);
    r = rig_with(&strict, client_of(TLS1_2_VERSION));
    rig_until(r, both_know);
    assert_int_equal(r->why, CONN_WHY_TLS);
    rig_free(r);
    r = rig_with(&strict, client_of(TLS1_3_VERSION));
    rig_until(r, rig_is_open);
    rig_free(r);
    tls_ctx_unref(strict.tls);
}

static SSL_CTX *client_with_ciphers(const char *list)
{
    SSL_CTX *ctx = client_of(TLS1_2_VERSION);

    assert_int_equal(SSL_CTX_set_cipher_list(ctx, list), 1);
    return ctx;
}

/* R4976-9.2-c */
static void aes128_sha_is_accepted_but_only_as_the_last(void **state)
{
    struct rig *r = rig_with(*state, client_with_ciphers("AES128-SHA"));

    rig_until(r, rig_is_open);
    assert_string_equal(SSL_get_cipher_name(r->ssl), "AES128-SHA");
    rig_free(r);

    r = rig_with(*state,
                 client_with_ciphers("AES128-SHA:ECDHE-RSA-AES256-GCM-SHA384"));
    rig_until(r, rig_is_open);
    assert_string_equal(SSL_get_cipher_name(r->ssl),
                        "ECDHE-RSA-AES256-GCM-SHA384");
    rig_free(r);
}

static void other_old_ciphers_are_refused(void **state)
{
    struct rig *r = rig_with(
        *state, client_with_ciphers("AES256-SHA:ECDHE-RSA-AES128-SHA"));

    rig_until(r, both_know);
    assert_int_equal(r->why, CONN_WHY_TLS);
    assert_int_equal(r->client_reason, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
    rig_free(r);
}

static void nothing_is_kept_to_resume_a_session(void **state)
{
    static const int versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};

    for (int i = 0; i < 2; i++) {
        struct rig *r = rig_with(*state, client_of(versions[i]));
        SSL_SESSION *session;
        char text[5];
        unsigned n;

        rig_until(r, rig_is_open);
        assert_int_equal(rig_put(r, "hello", 5), 0);
        rig_recv_all(r, text, 5);
        session = SSL_get0_session(r->ssl);
        assert_false(SSL_SESSION_has_ticket(session));
        if (versions[i] == TLS1_2_VERSION) {
            SSL_SESSION_get_id(session, &n);
            assert_int_equal(n, 0);
        }
        rig_free(r);
    }
}

static void renegotiation_is_refused(void **state)
{
    struct rig *r = rig_with(*state, client_of(TLS1_2_VERSION));
    int ret;

    rig_until(r, rig_is_open);
    assert_int_equal(SSL_renegotiate(r->ssl), 1);
    do {
        ERR_clear_error();
        ret = SSL_do_handshake(r->ssl);
        loop_turn(r->loop, false);
    } while (ret != 1 && SSL_get_error(r->ssl, ret) == SSL_ERROR_WANT_READ);
    assert_int_not_equal(ret, 1);
    rig_free(r);
}

static void a_server_name_is_no_obstacle(void **state)
{
    struct rig *r = rig_with(*state, rig_client_ctx());

    assert_int_equal(SSL_set_tlsext_host_name(r->ssl, "else.example.org"), 1);
    rig_until(r, rig_is_open);
    rig_free(r);
}

/* --- the peer's certificate --- */

static int note_request(SSL *ssl, X509 **cert, EVP_PKEY **key)
{
    bool *asked = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    (void)cert;
    (void)key;
    *asked = true;
    return 0;
}

/* R4976-6.1-a */
static void a_certificate_is_always_asked_for(void **state)
{
    static const int versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};

    for (int i = 0; i < 2; i++) {
        SSL_CTX *client = client_of(versions[i]);
        bool asked = false;
        struct rig *r;

        SSL_CTX_set_app_data(client, &asked);
        SSL_CTX_set_client_cert_cb(client, note_request);
        r = rig_with(*state, client);
        rig_until(r, rig_is_open);
        assert_true(asked);
        assert_false(conn_peer_is_host(r->conn));
        assert_false(conn_peer_has_name(r->conn, SPAN("peer.example.com")));
        rig_free(r);
    }
}

/* A client that shows the certificate STEM, over either version. */
static struct rig *rig_showing(struct made *m, struct tls_files *files,
                               const char *stem, int version)
{
    SSL_CTX *client = client_of(version);
    char name[32];

    snprintf(name, sizeof name, "%s.pem", stem);
    assert_int_equal(
        SSL_CTX_use_certificate_chain_file(client, tls_files_path(files, name)),
        1);
    snprintf(name, sizeof name, "%s.key", stem);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(
                         client, tls_files_path(files, name), SSL_FILETYPE_PEM),
                     1);
    return rig_with(m, client);
}

static bool owner_knows(struct rig *r)
{
    return r->opens || r->closes;
}

/* P-8 */
static void a_persons_certificate_is_ignored_whoever_signed_it(void **state)
{
    struct made *m = *state;

    for (int i = 0; i < 6; i++) {
        struct tls_files *by = i % 3 == 1 ? m->foreign : m->ours;
        struct rig *r = rig_showing(m, by, i % 3 == 2 ? "nobody" : "person",
                                    i < 3 ? TLS1_3_VERSION : TLS1_2_VERSION);

        rig_until(r, owner_knows);
        assert_int_equal(r->opens, 1);
        assert_false(conn_peer_is_host(r->conn));
        assert_false(conn_peer_has_name(r->conn, SPAN("peer.example.com")));
        rig_free(r);
    }
}

/* P-8, R4976-9.2-g */
static void a_trusted_hosts_certificate_gives_its_names(void **state)
{
    static const char *const stems[] = {"host", "both", "server"};
    struct made *m = *state;

    for (int i = 0; i < 6; i++) {
        struct rig *r = rig_showing(m, m->ours, stems[i % 3],
                                    i < 3 ? TLS1_3_VERSION : TLS1_2_VERSION);

        rig_until(r, owner_knows);
        assert_int_equal(r->opens, 1);
        assert_true(conn_peer_is_host(r->conn));
        assert_true(conn_peer_has_name(r->conn, SPAN("peer.example.com")));
        assert_true(conn_peer_has_name(r->conn, SPAN("PEER.example.com")));
        assert_false(conn_peer_has_name(r->conn, SPAN("cn.example.com")));
        assert_false(conn_peer_has_name(r->conn, SPAN("example.com")));
        rig_free(r);
    }
}

/* P-8 */
static void a_hosts_certificate_that_fails_ends_the_handshake(void **state)
{
    struct made *m = *state;
    const struct {
        struct tls_files *files;
        const char *stem;
        int alert;
    } cases[] = {
        {m->foreign, "host", SSL_R_TLSV1_ALERT_UNKNOWN_CA},
        {m->ours, "old", SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED},
        {m->ours, "code", SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE},
    };

    for (int i = 0; i < 6; i++) {
        struct rig *r = rig_showing(m, cases[i % 3].files, cases[i % 3].stem,
                                    i < 3 ? TLS1_3_VERSION : TLS1_2_VERSION);
        char octet;

        rig_until(r, owner_knows);
        assert_int_equal(r->opens, 0);
        assert_int_equal(r->why, CONN_WHY_CERT);
        while (!r->client_reason) { /* with 1.3 it learns by reading */
            rig_recv(r, &octet, 1);
            rig_turn(r);
        }
        assert_int_equal(r->client_reason, cases[i % 3].alert);
        rig_free(r);
    }
}

/* --- handshakes --- */

static struct rig *silent_rig(struct made *m, uint64_t handshake_ms)
{
    return rig_new(&(struct rig_opts){.tls = m->tls,
                                      .no_hello = true,
                                      .settings.handshake_ms = handshake_ms});
}

static void a_silent_client_is_closed_in_time(void **state)
{
    struct rig *r = silent_rig(*state, 20);

    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_HANDSHAKE);
    assert_int_equal(r->opens, 0);
    rig_free(r);
}

static void half_a_hello_does_not_stop_the_clock(void **state)
{
    struct rig *r = silent_rig(*state, 20);

    assert_int_equal(rig_send(r, "\x16\x03\x01\x02", 4), 4);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_HANDSHAKE);
    rig_free(r);
}

static void plain_text_instead_of_a_hello_is_refused(void **state)
{
    struct rig *r = silent_rig(*state, 0);
    static const char text[] = "MSRP a786hjs2 SEND\r\n";

    assert_int_equal(rig_send(r, text, sizeof text - 1), sizeof text - 1);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_TLS);
    rig_free(r);
}

static void a_client_that_leaves_before_its_hello_is_an_end(void **state)
{
    struct rig *r = silent_rig(*state, 0);

    rig_hang_up(r);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_EOF);
    rig_free(r);
}

/* Moves what the client's SSL has to say to the socket, an octet a turn. */
static void drip(struct rig *r, BIO *from)
{
    char octet;

    while (BIO_read(from, &octet, 1) == 1) {
        assert_int_equal(send(r->fd, &octet, 1, 0), 1);
        loop_turn(r->loop, false);
    }
}

static void a_handshake_may_come_in_single_octets(void **state)
{
    struct rig *r = silent_rig(*state, 0);
    SSL_CTX *ctx = rig_client_ctx();
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    SSL *ssl = SSL_new(ctx);
    char octets[4096];

    BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(ssl, in, out);
    SSL_set_connect_state(ssl);
    while (SSL_do_handshake(ssl) != 1) {
        ssize_t n;

        drip(r, out);
        n = recv(r->fd, octets, sizeof octets, MSG_DONTWAIT);
        if (n > 0)
            assert_int_equal(BIO_write(in, octets, (int)n), n);
        loop_turn(r->loop, false);
        assert_int_equal(r->closes, 0);
    }
    assert_int_equal(SSL_write(ssl, "hello", 5), 5);
    drip(r, out);
    while (r->got_n < 5)
        loop_turn(r->loop, false);
    assert_memory_equal(r->got, "hello", 5);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    rig_free(r);
}

static void key_updates_are_followed_and_answered(void **state)
{
    struct rig *r = rig_with(*state, client_of(TLS1_3_VERSION));
    char out[1000], back[1000];

    memset(out, 'x', sizeof out);
    rig_until(r, rig_is_open);
    for (size_t i = 1; i <= 20; i++) {
        assert_int_equal(SSL_key_update(r->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        rig_send_all(r, "in", 2);
        while (r->got_n < 2 * i)
            rig_turn(r);
        assert_int_equal(rig_put(r, out, sizeof out), 0);
        rig_recv_all(r, back, sizeof back);
        assert_memory_equal(back, out, sizeof out);
    }
    rig_free(r);
}

static void a_read_that_has_to_write_first_waits_for_room(void **state)
{
    struct rig *r = rig_with(*state, rig_client_ctx());

    rig_until(r, rig_is_open);
    for (int i = 0; i < 10; i++)
        rig_turn(r);
    server_reads = 0;
    turn_around = true;
    /* The beginning of a record: nothing to read yet. There is room, so it
     * tries again, and is then back to waiting for input. */
    assert_int_equal(send(r->fd, "\x17\x03\x03", 3, 0), 3);
    while (server_reads < 2)
        rig_turn(r);
    for (int i = 0; i < 10; i++)
        rig_turn(r);
    assert_false(turn_around);
    assert_int_equal(server_reads, 2);
    rig_free(r);
}

int main(void)
{
#define T(test) cmocka_unit_test(test)
    const struct CMUnitTest tests[] = {
        T(tls_13_and_12_are_spoken),
        T(tls_11_and_10_are_refused_by_alert),
        T(tls_12_is_refused_where_13_is_the_least),
        T(aes128_sha_is_accepted_but_only_as_the_last),
        T(other_old_ciphers_are_refused),
        T(nothing_is_kept_to_resume_a_session),
        T(renegotiation_is_refused),
        T(a_server_name_is_no_obstacle),
        T(a_certificate_is_always_asked_for),
        T(a_persons_certificate_is_ignored_whoever_signed_it),
        T(a_trusted_hosts_certificate_gives_its_names),
        T(a_hosts_certificate_that_fails_ends_the_handshake),
        T(a_silent_client_is_closed_in_time),
        T(half_a_hello_does_not_stop_the_clock),
        T(plain_text_instead_of_a_hello_is_refused),
        T(a_client_that_leaves_before_its_hello_is_an_end),
        T(a_handshake_may_come_in_single_octets),
        T(key_updates_are_followed_and_answered),
        T(a_read_that_has_to_write_first_waits_for_room),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
