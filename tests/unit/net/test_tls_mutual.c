/* SPDX-License-Identifier: BSD-2-Clause */
/* Does who is dialled ask for our certificate (R4976-9.2-e), and do we ask? */
#include "conn.h"

#include "cmocka_all.h"
#include "rig.h"

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

/* A server's context of OpenSSL's own, which shows relay.example.com, too. */
static SSL_CTX *server_of(struct tls_files *files, int version, int verify)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    assert_non_null(ctx);
    assert_int_equal(SSL_CTX_set_min_proto_version(ctx, version), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(ctx, version), 1);
    assert_int_equal(SSL_CTX_use_certificate_chain_file(
                         ctx, tls_files_path(files, "relay.pem")),
                     1);
    assert_int_equal(
        SSL_CTX_use_PrivateKey_file(ctx, tls_files_path(files, "relay.key"),
                                    SSL_FILETYPE_PEM),
        1);
    assert_int_equal(
        SSL_CTX_load_verify_file(ctx, tls_files_path(files, "ca.pem")), 1);
    SSL_CTX_set_verify(ctx, verify, NULL);
    return ctx;
}

static struct tls_ctx *client_of(struct tls_files *files, bool certificate)
{
    struct tls_settings s = {.certificate = "",
                             .private_key = "",
                             .ca_file = tls_files_path(files, "ca.pem"),
                             .ciphers = "",
                             .ciphersuites = ""};
    char why[TLS_WHY_MAX] = "";
    struct tls_ctx *tls = NULL;
    enum tls_fault fault;

    if (certificate) {
        s.certificate = tls_files_path(files, "relay.pem");
        s.private_key = tls_files_path(files, "relay.key");
    }
    assert_int_equal(tls_client_new(&tls, &s, &fault, why), 0);
    return tls;
}

/* An open connection to such a server. */
static struct rig *dial(struct rig_world *w, int version, int verify,
                        bool certificate)
{
    SSL_CTX *server = server_of(w->files, version, verify);
    struct tls_ctx *client = client_of(w->files, certificate);
    struct rig *r = rig_new(&(struct rig_opts){
        .tls = client, .client = server, .host = "relay.example.com"});

    rig_until(r, rig_is_open);
    SSL_CTX_free(server);
    tls_ctx_unref(client);
    return r;
}

static void one_that_asks_gets_our_certificate(void **state)
{
    for (int v = 0; v < 2; v++) {
        struct rig *r = dial(*state, versions[v], SSL_VERIFY_PEER, true);

        assert_true(conn_peer_asked(r->conn));
        assert_non_null(SSL_get0_peer_certificate(r->ssl));
        rig_free(r);
    }
}

static void one_that_does_not_ask_is_told_apart(void **state)
{
    for (int v = 0; v < 2; v++) {
        struct rig *r = dial(*state, versions[v], SSL_VERIFY_NONE, true);

        assert_false(conn_peer_asked(r->conn));
        assert_true(conn_peer_is_host(r->conn));
        rig_free(r);
    }
}

static void without_a_certificate_to_show_it_has_still_asked(void **state)
{
    for (int v = 0; v < 2; v++) {
        struct rig *r = dial(*state, versions[v], SSL_VERIFY_PEER, false);

        assert_true(conn_peer_asked(r->conn));
        assert_null(SSL_get0_peer_certificate(r->ssl));
        rig_free(r);
    }
}

static void one_that_connected_has_not_asked(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    assert_false(conn_peer_asked(r->conn));
    rig_free(r);
}

/* --- do we ask? --- */

static int note_request(SSL *ssl, void *asked)
{
    (void)ssl;
    *(bool *)asked = true;
    return 1;
}

/* Does a server's context ask who connects? */
static bool asks(struct rig_world *w, bool no_peer)
{
    struct tls_settings s = {
        .certificate = tls_files_path(w->files, "relay.pem"),
        .private_key = tls_files_path(w->files, "relay.key"),
        .ca_file = tls_files_path(w->files, "ca.pem"),
        .ciphers = "",
        .ciphersuites = "",
        .no_peer = no_peer};
    SSL_CTX *client = rig_client_ctx();
    char why[TLS_WHY_MAX] = "";
    struct tls_ctx *tls = NULL;
    enum tls_fault fault;
    bool asked = false;
    struct rig *r;

    SSL_CTX_set_cert_cb(client, note_request, &asked);
    assert_int_equal(tls_server_new(&tls, &s, &fault, why), 0);
    r = rig_new(&(struct rig_opts){.tls = tls, .client = client});
    rig_until(r, rig_is_open);
    assert_false(conn_peer_is_host(r->conn));
    rig_free(r);
    tls_ctx_unref(tls);
    SSL_CTX_free(client);
    return asked;
}

static void who_connects_is_asked(void **state)
{
    assert_true(asks(*state, false));
}

/* Browsers would ask whoever sits before them (RFC 7977). */
static void who_connects_is_not_asked_where_browsers_come(void **state)
{
    assert_false(asks(*state, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_asks_gets_our_certificate),
        cmocka_unit_test(one_that_does_not_ask_is_told_apart),
        cmocka_unit_test(without_a_certificate_to_show_it_has_still_asked),
        cmocka_unit_test(one_that_connected_has_not_asked),
        cmocka_unit_test(who_connects_is_asked),
        cmocka_unit_test(who_connects_is_not_asked_where_browsers_come),
    };

    return cmocka_run_group_tests(tests, rig_set_up_tls, rig_tear_down);
}
