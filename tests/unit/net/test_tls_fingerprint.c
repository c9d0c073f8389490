/* SPDX-License-Identifier: BSD-2-Clause */
/* Peers that are known by the fingerprint of their certificate.
 */
#include <openssl/x509.h>

#include "cmocka_all.h"
#include "conn.h"
#include "rig.h"

/* A client's context that shows `stem` of these files. */
static SSL_CTX *client_with(struct tls_files *files, const char *stem)
{
    SSL_CTX *ctx = rig_client_ctx();
    char name[64];

    (void)snprintf(name, sizeof name, "%s.pem", stem);
    assert_int_equal(
        SSL_CTX_use_certificate_chain_file(ctx, tls_files_path(files, name)),
        1);
    (void)snprintf(name, sizeof name, "%s.key", stem);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(
                         ctx, tls_files_path(files, name), SSL_FILETYPE_PEM),
                     1);
    return ctx;
}

static struct fingerprint fingerprint_of(const SSL_CTX *ctx, const EVP_MD *hash,
                                         enum fingerprint_function function)
{
    struct fingerprint f = {.function = (uint8_t)function};
    unsigned n;

    assert_int_equal(
        X509_digest(SSL_CTX_get0_certificate(ctx), hash, f.octets, &n), 1);
    f.n = (uint8_t)n;
    return f;
}

static struct tls_ctx *server(struct tls_files *files, bool any_peer)
{
    const struct tls_settings s = {
        .certificate = tls_files_path(files, "relay.pem"),
        .private_key = tls_files_path(files, "relay.key"),
        .ca_file = tls_files_path(files, "ca.pem"),
        .ciphers = "",
        .ciphersuites = "",
        .any_peer = any_peer};
    char why[TLS_WHY_MAX] = "";
    struct tls_ctx *tls = NULL;
    enum tls_fault fault;

    assert_int_equal(tls_server_new(&tls, &s, &fault, why), 0);
    return tls;
}

/* A host's certificate that nobody here trusts. */
static struct tls_files *strange_files(void)
{
    const struct tls_files_cert phone = {.common_name = "phone",
                                         .san = "DNS:phone.example"};
    struct tls_files *files = tls_files_new();

    assert_non_null(files);
    assert_true(tls_files_issue(files, "phone", &phone));
    return files;
}

static void one_that_does_not_verify_names_nobody(void **state)
{
    struct rig_world *w = *state;
    struct tls_files *files = strange_files();
    SSL_CTX *client = client_with(files, "phone");
    struct tls_ctx *tls = server(w->files, true);
    struct fingerprint all[] = {
        fingerprint_of(client, EVP_sha256(), FINGERPRINT_SHA256),
        fingerprint_of(client, EVP_sha1(), FINGERPRINT_SHA1)};
    struct rig *r = rig_new(&(struct rig_opts){.tls = tls, .client = client});

    rig_until(r, rig_is_open);
    assert_false(conn_peer_is_host(r->conn));
    assert_false(conn_peer_has_name(r->conn, SPAN("phone.example")));
    assert_true(conn_peer_shows(r->conn, all, 1));
    assert_true(conn_peer_shows(r->conn, all + 1, 1));
    assert_false(conn_peer_shows(r->conn, all, 0));
    all[0].octets[31] ^= 1;
    assert_false(conn_peer_shows(r->conn, all, 1));
    assert_true(conn_peer_shows(r->conn, all, 2)); /* one of them will do */
    rig_free(r);
    tls_ctx_unref(tls);
    SSL_CTX_free(client);
    tls_files_free(files);
}

static void without_that_setting_it_is_refused(void **state)
{
    struct rig_world *w = *state;
    struct tls_files *files = strange_files();
    SSL_CTX *client = client_with(files, "phone");
    struct tls_ctx *tls = server(w->files, false);
    struct rig *r = rig_new(&(struct rig_opts){.tls = tls, .client = client});

    rig_until(r, rig_is_closed);
    assert_int_equal(r->opens, 0);
    rig_free(r);
    tls_ctx_unref(tls);
    SSL_CTX_free(client);
    tls_files_free(files);
}

static void one_that_verifies_still_names_its_host(void **state)
{
    struct rig_world *w = *state;
    SSL_CTX *client = client_with(w->files, "relay");
    struct tls_ctx *tls = server(w->files, true);
    struct rig *r = rig_new(&(struct rig_opts){.tls = tls, .client = client});

    rig_until(r, rig_is_open);
    assert_true(conn_peer_is_host(r->conn));
    assert_true(conn_peer_has_name(r->conn, SPAN("relay.example.com")));
    rig_free(r);
    tls_ctx_unref(tls);
    SSL_CTX_free(client);
}

static void one_without_a_certificate_shows_nothing(void **state)
{
    struct rig_world *w = *state;
    struct tls_ctx *tls = server(w->files, true);
    struct fingerprint f = {.function = FINGERPRINT_SHA256, .n = 32};
    struct rig *r = rig_new(&(struct rig_opts){.tls = tls});

    rig_until(r, rig_is_open);
    assert_false(conn_peer_shows(r->conn, &f, 1));
    rig_free(r);
    tls_ctx_unref(tls);
}

static void ours_is_told(void **state)
{
    struct rig_world *w = *state;
    struct tls_ctx *tls = server(w->files, true);
    SSL_CTX *same = client_with(w->files, "relay");
    struct fingerprint want =
        fingerprint_of(same, EVP_sha256(), FINGERPRINT_SHA256);
    struct fingerprint got;

    assert_int_equal(tls_ctx_fingerprint(tls, 0, FINGERPRINT_SHA256, &got), 0);
    assert_true(fingerprint_equal(&got, &want));
    SSL_CTX_free(same);
    tls_ctx_unref(tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_does_not_verify_names_nobody),
        cmocka_unit_test(without_that_setting_it_is_refused),
        cmocka_unit_test(one_that_verifies_still_names_its_host),
        cmocka_unit_test(one_without_a_certificate_shows_nothing),
        cmocka_unit_test(ours_is_told),
    };

    return cmocka_run_group_tests(tests, rig_set_up_tls, rig_tear_down);
}
