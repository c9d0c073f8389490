/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <time.h>

#include "cmocka_all.h"
#include "err.h"
#include "rig.h"
#include "tls_files.h"

struct made {
    struct tls_files *files;
    struct tls_settings good;
};

static int set_up(void **state)
{
    static const struct tls_files_cert relay = {
        .common_name = "cn.example.com",
        .san = "DNS:relay.example.com,DNS:*.wild.example.com,"
               "DNS:f*.part.example.com,IP:192.0.2.1"};
    static const struct tls_files_cert other = {.common_name = "other"};
    static const struct tls_files_cert rsa = {.common_name = "rsa",
                                              .rsa = true};
    struct made *m = calloc(1, sizeof *m);

    assert_non_null(m);
    m->files = tls_files_new();
    assert_non_null(m->files);
    assert_true(tls_files_issue(m->files, "relay", &relay) &&
                tls_files_issue(m->files, "other", &other) &&
                tls_files_issue(m->files, "rsa", &rsa));
    m->good = (struct tls_settings){
        .certificate = tls_files_path(m->files, "relay.pem"),
        .private_key = tls_files_path(m->files, "relay.key"),
        .ca_file = tls_files_path(m->files, "ca.pem"),
        .ciphers = "",
        .ciphersuites = ""};
    *state = m;
    return 0;
}

static int tear_down(void **state)
{
    struct made *m = *state;

    tls_files_free(m->files);
    free(m);
    return 0;
}

static const char *file_with(struct made *m, const char *name, const char *text)
{
    const char *path = tls_files_path(m->files, name);
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* These settings fail, for this reason, with these words in the sentence. */
static void assert_fault(const struct tls_settings *s, enum tls_fault want,
                         const char *words)
{
    enum tls_fault fault = TLS_FAULT_NONE;
    char why[TLS_WHY_MAX] = "";
    struct tls_ctx *t = NULL;

    assert_int_equal(tls_server_new(&t, s, &fault, why), ERR_TLS);
    assert_null(t);
    assert_int_equal(fault, want);
    assert_non_null(strstr(why, words));
}

static struct tls_ctx *made_with(const struct tls_settings *s)
{
    enum tls_fault fault = TLS_FAULT_OTHER;
    char why[TLS_WHY_MAX] = "";
    struct tls_ctx *t = NULL;

    assert_int_equal(tls_server_new(&t, s, &fault, why), 0);
    assert_int_equal(fault, TLS_FAULT_NONE);
    assert_string_equal(why, "");
    return t;
}

static void good_settings_make_a_context(void **state)
{
    struct made *m = *state;
    struct tls_ctx *t = made_with(&m->good);

    tls_ctx_unref(tls_ctx_ref(t));
    assert_true(tls_ctx_has_name(t, SPAN("relay.example.com")));
    tls_ctx_unref(t);
    tls_ctx_unref(NULL);
}

static void the_end_of_the_certificate_is_known(void **state)
{
    enum { LIFE_S = 90 * 86400, SLACK_S = 600 };
    struct made *m = *state;
    struct tls_settings s = m->good;
    struct tls_ctx *t = made_with(&s);
    int64_t left_s = tls_ctx_expires(t) - (int64_t)time(NULL);

    assert_true(left_s > LIFE_S - SLACK_S && left_s <= LIFE_S);
    tls_ctx_unref(t);
    s.certificate = s.private_key = "";
    t = made_with(&s);
    assert_int_equal(tls_ctx_expires(t), 0);
    tls_ctx_unref(t);
}

static void note_name(void *ctx, struct span name)
{
    char *all = ctx;
    size_t n = strlen(all);

    assert_true(n + name.n + 2 < 512);
    snprintf(all + n, 512 - n, "%.*s ", SPAN_ARG(name));
}

static void the_names_of_the_certificate_are_known(void **state)
{
    struct made *m = *state;
    struct tls_settings s = m->good;
    struct tls_ctx *t = made_with(&s);
    char names[512] = "";

    if (tls_ctx_certificates(t))
        (void)tls_ctx_certificate(t, 0, note_name, names);
    assert_non_null(strstr(names, "relay.example.com "));
    tls_ctx_unref(t);
    names[0] = '\0';
    s.certificate = s.private_key = "";
    t = made_with(&s);
    if (tls_ctx_certificates(t))
        (void)tls_ctx_certificate(t, 0, note_name, names);
    assert_string_equal(names, "");
    tls_ctx_unref(t);
}

static void the_systems_store_will_do(void **state)
{
    struct made *m = *state;
    struct tls_settings s = m->good;

    s.ca_file = "";
    tls_ctx_unref(made_with(&s));
}

static void a_faulty_certificate_is_told(void **state)
{
    struct made *m = *state;
    struct tls_settings s = m->good;

    s.certificate = "/nonexistent/relay.pem";
    assert_fault(&s, TLS_FAULT_CERTIFICATE,
                 "/nonexistent/relay.pem: No such file or directory");
    s.certificate = file_with(m, "text", "no PEM at all\n");
    assert_fault(&s, TLS_FAULT_CERTIFICATE, "contains no PEM certificate");
    s.certificate = m->good.private_key;
    assert_fault(&s, TLS_FAULT_CERTIFICATE, "contains no PEM certificate");
    s.certificate = file_with(m, "broken",
                              "-----BEGIN CERTIFICATE-----\nAAAA\n"
                              "-----END CERTIFICATE-----\n");
    assert_fault(&s, TLS_FAULT_CERTIFICATE, "broken");
}

static void a_faulty_key_is_told(void **state)
{
    struct made *m = *state;
    struct tls_settings s = m->good;

    s.private_key = "/nonexistent/relay.key";
    assert_fault(&s, TLS_FAULT_KEY,
                 "/nonexistent/relay.key: No such file or directory");
    s.private_key = m->good.certificate;
    assert_fault(&s, TLS_FAULT_KEY, "contains no PEM private key");
}

static void a_key_with_a_pass_phrase_is_told_without_asking(void **state)
{
    struct made *m = *state;
    struct tls_settings s = m->good;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    FILE *file;

    s.private_key = tls_files_path(m->files, "locked.key");
    file = fopen(s.private_key, "we");
    assert_true(key && file);
    assert_int_equal(PEM_write_PrivateKey(file, key, EVP_aes_128_cbc(), NULL, 0,
                                          NULL, "secret"),
                     1);
    assert_int_equal(fclose(file), 0);
    EVP_PKEY_free(key);
    assert_fault(&s, TLS_FAULT_KEY, "without a pass phrase");
}

static void a_key_of_another_certificate_is_told(void **state)
{
    struct made *m = *state;
    struct tls_settings s = m->good;

    s.private_key = tls_files_path(m->files, "other.key");
    assert_fault(&s, TLS_FAULT_MISMATCH, "does not match");
    s.private_key = tls_files_path(m->files, "rsa.key");
    assert_fault(&s, TLS_FAULT_MISMATCH, "does not match");
}

static void a_faulty_ca_file_is_told(void **state)
{
    struct made *m = *state;
    struct tls_settings s = m->good;

    s.ca_file = "/nonexistent/ca.pem";
    assert_fault(&s, TLS_FAULT_CA, "No such file or directory");
    s.ca_file = file_with(m, "text", "no PEM at all\n");
    assert_fault(&s, TLS_FAULT_CA, "contains no PEM certificate of a CA");
}

static void faulty_ciphers_are_told(void **state)
{
    struct made *m = *state;
    struct tls_settings s = m->good;

    s.ciphers = "NONSENSE";
    assert_fault(&s, TLS_FAULT_CIPHERS, "NONSENSE");
    s.ciphers = "AES128-SHA";
    s.ciphersuites = "TLS_NONSENSE";
    assert_fault(&s, TLS_FAULT_CIPHERSUITES, "TLS_NONSENSE");
    s.ciphersuites = "TLS_AES_256_GCM_SHA384";
    tls_ctx_unref(made_with(&s));
}

static void without_a_certificate_the_rest_is_still_tried(void **state)
{
    struct made *m = *state;
    struct tls_settings s = m->good;
    struct tls_ctx *t;

    s.certificate = "";
    t = made_with(&s);
    assert_false(tls_ctx_has_name(t, SPAN("relay.example.com")));
    tls_ctx_unref(t);
    s.private_key = m->good.certificate;
    assert_fault(&s, TLS_FAULT_KEY, "contains no PEM private key");
    s.private_key = "";
    s.ciphers = "NONSENSE";
    assert_fault(&s, TLS_FAULT_CIPHERS, "NONSENSE");
    s.certificate = m->good.certificate;
    s.ciphers = "";
    t = made_with(&s);
    assert_true(tls_ctx_has_name(t, SPAN("relay.example.com")));
    tls_ctx_unref(t);
}

static void only_dns_names_are_names(void **state)
{
    static const struct {
        const char *host;
        bool has;
    } cases[] = {
        {"relay.example.com", true},
        {"RELAY.example.COM", true},
        {"a.wild.example.com", true},
        {"cn.example.com", false}, /* the common name */
        {"wild.example.com", false},
        {"a.b.wild.example.com", false},
        {"foo.part.example.com", false}, /* part of a label */
        {"192.0.2.1", false},
        {".example.com", false},
        {"example.com", false},
        {"", false},
    };
    struct made *m = *state;
    struct tls_ctx *t = made_with(&m->good);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(tls_ctx_has_name(t, span_str(cases[i].host)),
                         cases[i].has);
    assert_false(tls_ctx_has_name(t, SPAN("relay.example.com\0.evil.org")));
    tls_ctx_unref(t);
}

static void a_session_outlives_its_context(void **state)
{
    struct made *m = *state;
    struct tls_ctx *t = made_with(&m->good);
    SSL *ssl;

    assert_int_equal(tls_session_new(&ssl, t, BIO_new(BIO_s_mem())), 0);
    tls_ctx_unref(t);
    assert_false(tls_peer_is_host(ssl));
    assert_false(tls_peer_has_name(ssl, SPAN("relay.example.com")));
    SSL_free(ssl);
}

int main(void)
{
#define T(test) cmocka_unit_test(test)
    const struct CMUnitTest tests[] = {
        T(good_settings_make_a_context),
        T(the_end_of_the_certificate_is_known),
        T(the_names_of_the_certificate_are_known),
        T(the_systems_store_will_do),
        T(a_faulty_certificate_is_told),
        T(a_faulty_key_is_told),
        T(a_key_with_a_pass_phrase_is_told_without_asking),
        T(a_key_of_another_certificate_is_told),
        T(a_faulty_ca_file_is_told),
        T(faulty_ciphers_are_told),
        T(without_a_certificate_the_rest_is_still_tried),
        T(only_dns_names_are_names),
        T(a_session_outlives_its_context),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
