/* SPDX-License-Identifier: BSD-2-Clause */
/* Several certificates: which one a client is shown, by the name that it asks
 * for and the kinds of key that it knows. */
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "rig.h"

/* What each certificate is for is in its common name. */
static const struct {
    const char *stem;
    struct tls_files_cert what;
} certs[] = {
    {"relay", {.common_name = "relay", .san = "DNS:relay.example.com"}},
    {"relay-rsa",
     {.common_name = "relay-rsa", .san = "DNS:relay.example.com", .rsa = true}},
    {"chat",
     {.common_name = "chat", .san = "DNS:Chat.example.org,IP:192.0.2.1"}},
    {"wild",
     {.common_name = "wild",
      .san = "DNS:*.example.org,DNS:*.deep.example.net",
      .days = 10}},
    {"wild-rsa",
     {.common_name = "wild-rsa", .san = "DNS:*.example.org", .rsa = true}},
    {"nameless", {.common_name = "nameless"}},
};
enum { CERTS = sizeof certs / sizeof *certs };

struct made {
    struct tls_files *files;
    struct tls_pair pairs[CERTS];
    struct tls_settings settings; /* with all of them */
    struct tls_ctx *tls;
};

static const char *file_of(struct made *m, const char *stem, const char *suffix)
{
    char name[64];

    snprintf(name, sizeof name, "%s.%s", stem, suffix);
    return tls_files_path(m->files, name);
}

static struct tls_ctx *server_of(const struct tls_settings *s)
{
    char why[TLS_WHY_MAX] = "";
    struct tls_ctx *tls = NULL;
    enum tls_fault fault;

    assert_int_equal(tls_server_new(&tls, s, &fault, why), 0);
    assert_string_equal(why, "");
    return tls;
}

static int set_up(void **state)
{
    struct made *m = calloc(1, sizeof *m);

    assert_non_null(m);
    m->files = tls_files_new();
    assert_non_null(m->files);
    for (size_t i = 0; i < CERTS; i++) {
        assert_true(tls_files_issue(m->files, certs[i].stem, &certs[i].what));
        m->pairs[i].certificate = file_of(m, certs[i].stem, "pem");
        m->pairs[i].private_key = file_of(m, certs[i].stem, "key");
    }
    m->settings = (struct tls_settings){
        .certificate = m->pairs[0].certificate,
        .private_key = m->pairs[0].private_key,
        .more = m->pairs + 1,
        .n_more = CERTS - 1,
        .ca_file = tls_files_path(m->files, "ca.pem"),
        .ciphers = "",
        .ciphersuites = "",
    };
    m->tls = server_of(&m->settings);
    *state = m;
    return 0;
}

static int tear_down(void **state)
{
    struct made *m = *state;

    tls_ctx_unref(m->tls);
    tls_files_free(m->files);
    free(m);
    return 0;
}

struct visitor {
    const char *asks;  /* for this name; NULL: none */
    const char *knows; /* the signatures that it knows; NULL: all */
    int version;       /* 0: any */
    const char *sees;
};

static SSL_CTX *visitor_ctx(const struct visitor *v)
{
    SSL_CTX *ctx = rig_client_ctx();

    if (v->version)
        assert_int_equal(SSL_CTX_set_max_proto_version(ctx, v->version), 1);
    if (v->knows)
        assert_int_equal(SSL_CTX_set1_sigalgs_list(ctx, v->knows), 1);
    return ctx;
}

static void assert_sees(struct tls_ctx *tls, const struct visitor *v)
{
    SSL_CTX *ctx = visitor_ctx(v);
    const struct rig_opts opts = {.tls = tls, .client = ctx};
    struct rig *r = rig_new(&opts);
    char name[64] = "";
    X509 *cert;

    if (v->asks)
        assert_int_equal(SSL_set_tlsext_host_name(r->ssl, v->asks), 1);
    rig_until(r, rig_is_open);
    cert = SSL_get0_peer_certificate(r->ssl);
    assert_non_null(cert);
    X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name,
                              sizeof name);
    assert_string_equal(name, v->sees);
    rig_free(r);
    SSL_CTX_free(ctx);
}

#define ECDSA "ECDSA+SHA256"
#define RSA "RSA+SHA256:rsa_pss_rsae_sha256"

static void clients_see_what_they_ask_for_and_know(void **state)
{
    static const struct visitor visitors[] = {
        {"relay.example.com", NULL, 0, "relay"},
        {"relay.example.com", RSA, 0, "relay-rsa"},
        {"relay.example.com", ECDSA ":" RSA, TLS1_2_VERSION, "relay"},
        {"RELAY.example.com", RSA, TLS1_2_VERSION, "relay-rsa"},
        {NULL, NULL, 0, "relay"},
        {NULL, RSA, 0, "relay-rsa"},
        {"nowhere.example.net", NULL, 0, "relay"},
        {"chat.example.org", NULL, 0, "chat"},
        /* the wildcard's RSA key stands beside the exact one's */
        {"chat.example.org", RSA, 0, "wild-rsa"},
        {"other.example.org", NULL, 0, "wild"},
        {"other.example.org", RSA, TLS1_2_VERSION, "wild-rsa"},
        {"a.deep.example.net", NULL, TLS1_2_VERSION, "wild"},
        /* a wildcard stands for one label */
        {"a.b.example.org", NULL, 0, "relay"},
        {"example.org", NULL, 0, "relay"},
    };
    struct made *m = *state;

    for (size_t i = 0; i < sizeof visitors / sizeof *visitors; i++)
        assert_sees(m->tls, &visitors[i]);
}

static void the_names_of_all_are_its_own(void **state)
{
    struct made *m = *state;

    assert_true(tls_ctx_has_name(m->tls, SPAN("relay.example.com")));
    assert_true(tls_ctx_has_name(m->tls, SPAN("chat.example.org")));
    assert_true(tls_ctx_has_name(m->tls, SPAN("any.example.org")));
    assert_false(tls_ctx_has_name(m->tls, SPAN("a.b.example.org")));
    assert_false(tls_ctx_has_name(m->tls, SPAN("")));
    assert_false(tls_ctx_has_name(m->tls, SPAN(".example.org")));
}

static void it_ends_with_the_first_that_does(void **state)
{
    struct made *m = *state;
    struct tls_settings s = m->settings;
    struct tls_ctx *wild;

    s.certificate = m->pairs[3].certificate;
    s.private_key = m->pairs[3].private_key;
    s.n_more = 0;
    wild = server_of(&s);
    assert_true(tls_ctx_expires(m->tls) == tls_ctx_expires(wild));
    tls_ctx_unref(wild);
}

/* A connection outlives the context that it began with. */
static void a_handshake_goes_on_when_the_context_is_replaced(void **state)
{
    struct made *m = *state;
    struct tls_ctx *tls = server_of(&m->settings);
    const struct rig_opts opts = {.tls = tls};
    struct rig *r = rig_new(&opts);

    tls_ctx_unref(tls);
    assert_int_equal(SSL_set_tlsext_host_name(r->ssl, "chat.example.org"), 1);
    rig_until(r, rig_is_open);
    rig_free(r);
}

/* What a relay that is dialled sees. */
static void links_show_the_one_that_names_the_relay(void **state)
{
    static const struct {
        const char *name, *has;
    } cases[] = {
        {"chat.example.org", "chat.example.org"},
        {"relay.example.com", "relay.example.com"},
        {"nowhere.example.com", "relay.example.com"},
    };
    struct made *m = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tls_settings s = m->settings;
        char why[TLS_WHY_MAX] = "";
        struct tls_ctx *tls = NULL;
        enum tls_fault fault;

        s.name = span_str(cases[i].name);
        assert_int_equal(tls_client_new(&tls, &s, &fault, why), 0);
        assert_true(tls_ctx_has_name(tls, span_str(cases[i].has)));
        tls_ctx_unref(tls);
    }
}

static void a_file_that_is_none_is_told(void **state)
{
    struct made *m = *state;
    struct tls_settings s = m->settings;
    const struct tls_pair other = {m->pairs[2].certificate,
                                   m->pairs[1].private_key},
                          none = {file_of(m, "chat", "key"),
                                  m->pairs[1].private_key};
    char why[TLS_WHY_MAX] = "";
    struct tls_ctx *tls = NULL;
    enum tls_fault fault;

    s.more = &other;
    s.n_more = 1;
    assert_int_equal(tls_server_new(&tls, &s, &fault, why), ERR_TLS);
    assert_int_equal(fault, TLS_FAULT_MISMATCH);
    s.more = &none;
    assert_int_equal(tls_server_new(&tls, &s, &fault, why), ERR_TLS);
    assert_int_equal(fault, TLS_FAULT_CERTIFICATE);
    assert_non_null(strstr(why, "cannot read a certificate in "));
    assert_null(tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_see_what_they_ask_for_and_know),
        cmocka_unit_test(the_names_of_all_are_its_own),
        cmocka_unit_test(it_ends_with_the_first_that_does),
        cmocka_unit_test(a_handshake_goes_on_when_the_context_is_replaced),
        cmocka_unit_test(links_show_the_one_that_names_the_relay),
        cmocka_unit_test(a_file_that_is_none_is_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
