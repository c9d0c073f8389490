/* SPDX-License-Identifier: BSD-2-Clause */
/* Anchored sessions over TLS: a certificate is known by its fingerprint in the
 * SDP, whoever issued it. */
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "anchored_call.h"
#include "cmocka_all.h"
#include "fingerprint.h"
#include "renew.h"

#define P_TLS "msrps://127.0.0.1:7654/aLiCe81hfnsQ;tcp"

/* A client's context with a certificate of its own, made by nobody's CA that
 * the relay knows; NULL stem: without. */
static SSL_CTX *client_tls(struct scene *s, struct tls_files *files,
                           const char *stem)
{
    const struct tls_files_cert cert = {
        .common_name = "client", .san = "DNS:client.example", .alone = true};
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    const char *path;

    assert_non_null(tls);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (!stem)
        return tls;
    assert_true(tls_files_issue(files, stem, &cert));
    path = tls_files_path(files, scene_text(s, "%s.pem", stem));
    assert_int_equal(SSL_CTX_use_certificate_file(tls, path, SSL_FILETYPE_PEM),
                     1);
    path = tls_files_path(files, scene_text(s, "%s.key", stem));
    assert_int_equal(SSL_CTX_use_PrivateKey_file(tls, path, SSL_FILETYPE_PEM),
                     1);
    return tls;
}

/* a=fingerprint of a PEM file's first certificate. */
static const char *fingerprint_line(struct scene *s, const char *path)
{
    struct fingerprint f = {.function = FINGERPRINT_SHA256};
    char text[FINGERPRINT_TEXT_MAX];
    FILE *file = fopen(path, "r");
    unsigned n = sizeof f.octets;
    X509 *x;

    assert_non_null(file);
    x = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    assert_non_null(x);
    assert_int_equal(X509_digest(x, EVP_sha256(), f.octets, &n), 1);
    X509_free(x);
    f.n = (uint8_t)n;
    return scene_text(s, "a=fingerprint:%.*s\r\n",
                      (int)fingerprint_text(text, &f), text);
}

static const char *tls_sdp(struct scene *s, const char *path, const char *more)
{
    return scene_text(s,
                      "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
                      "c=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                      "m=message 7654 TCP/TLS/MSRP *\r\na=path:%s\r\n%s",
                      path, more);
}

/* A call from alice over TLS, whose certificate is told to be alice.pem, to bob
 * over TCP. */
struct tls_call {
    struct call c;
    struct tls_files *files;
    SSL_CTX *tls; /* hers */
};

static struct tls_call begin_tls(void **state, const char *stem)
{
    struct tls_call t = {.c = call_prepare(state, PROXY_ANCHOR),
                         .files = tls_files_new()};
    struct proxy_call call = {.call_id = CALL_ID, .from = "1928"};
    const char *answer;
    SSL_CTX *told = client_tls(t.c.s, t.files, "alice");

    SSL_CTX_free(told);
    call.sdp =
        tls_sdp(t.c.s, P_TLS,
                fingerprint_line(t.c.s, tls_files_path(t.files, "alice.pem")));
    call.more = "18:transport-protocol8:TCP/MSRP";
    answer = proxy_offer(t.c.proxy, &call);
    assert_null(strstr(answer, "a=fingerprint"));
    assert_non_null(strstr(answer, " TCP/MSRP *\r\n"));
    t.c.u_b = proxy_path(t.c.proxy, answer);
    call.to = "314";
    call.sdp = call_sdp(t.c.s, t.c.p_b, "");
    answer = proxy_answer(t.c.proxy, &call);
    assert_non_null(strstr(
        answer, fingerprint_line(t.c.s, relay_path(t.c.s->relay, "pem"))));
    t.c.u_a = proxy_path(t.c.proxy, answer);
    t.c.bob = host_accept(t.c.host);
    talk_answer(t.c.bob, talk_expect(t.c.bob, "SEND"), 200);
    if (!stem || strcmp(stem, "alice") != 0) {
        t.tls = client_tls(t.c.s, t.files, stem);
    } else {
        t.tls = client_tls(t.c.s, t.files, NULL);
        assert_int_equal(
            SSL_CTX_use_certificate_file(
                t.tls, tls_files_path(t.files, "alice.pem"), SSL_FILETYPE_PEM),
            1);
        assert_int_equal(
            SSL_CTX_use_PrivateKey_file(
                t.tls, tls_files_path(t.files, "alice.key"), SSL_FILETYPE_PEM),
            1);
    }
    t.c.alice = scene_connect_with(
        t.c.s, "alice",
        &(struct client_opts){.tls = t.tls,
                              .port = relay_port(t.c.s->relay, RELAY_TLS)});
    scene_wait_open(t.c.alice);
    return t;
}

static void say_hello(struct tls_call *t)
{
    talk_say(t->c.alice,
             "MSRP t1 SEND\r\nTo-Path: %s\r\nFrom-Path: " P_TLS
             "\r\nMessage-ID: m1\r\nByte-Range: 1-2/2\r\n"
             "Content-Type: text/plain\r\n\r\nhi\r\n-------t1$\r\n",
             t->c.u_a);
}

static void end_tls(struct tls_call *t)
{
    call_end(&t->c);
    SSL_CTX_free(t->tls);
    tls_files_free(t->files);
}

static void the_certificate_that_was_told_gets_in(void **state)
{
    struct tls_call t = begin_tls(state, "alice");

    say_hello(&t);
    talk_answer(t.c.bob, talk_expect_body(t.c.bob, SPAN("hi"), '$'), 200);
    call_expect_code(t.c.alice, "t1", 200);
    end_tls(&t);
}

static void another_certificate_does_not(void **state)
{
    struct tls_call t = begin_tls(state, "mallory");

    say_hello(&t);
    call_expect_code(t.c.alice, "t1", 403);
    (void)scene_wait_end(t.c.alice);
    end_tls(&t);
}

static void neither_does_no_certificate(void **state)
{
    struct tls_call t = begin_tls(state, NULL);

    say_hello(&t);
    call_expect_code(t.c.alice, "t1", 403);
    (void)scene_wait_end(t.c.alice);
    end_tls(&t);
}

/* --- dialled -------------------------------------------------------------- */

/* bob over TLS, of whom this fingerprint was told. */
static struct call dial_tls(void **state, const char *(*line)(struct scene *s))
{
    struct call c = {.s = call_scene(state, PROXY_ANCHOR)};
    struct proxy_call call = {.call_id = CALL_ID, .from = "1928"};

    c.proxy = proxy_new(c.s, false);
    c.host = host_new(c.s, &(struct host_opts){.tls = true,
                                               .expired = true,
                                               .san = "DNS:somebody.else",
                                               .sees_probe = true,
                                               .unnamed = true});
    c.p_b = host_uri_as(c.host, "127.0.0.1");
    call.sdp = call_sdp(c.s, P_A, "");
    call.more = "18:transport-protocol12:TCP/TLS/MSRP";
    c.u_b = proxy_path(c.proxy, proxy_offer(c.proxy, &call));
    call.to = "314";
    call.sdp = tls_sdp(c.s, c.p_b, line(c.s));
    c.u_a = proxy_path(c.proxy, proxy_answer(c.proxy, &call));
    return c;
}

static const char *right_line(struct scene *s)
{
    return fingerprint_line(
        s, tls_files_path(relay_files(s->relay), "peer.example.org.pem"));
}

static const char *wrong_line(struct scene *s)
{
    return fingerprint_line(s, relay_path(s->relay, "pem"));
}

static void who_is_dialled_is_known_by_the_fingerprint_alone(void **state)
{
    struct call c = dial_tls(state, right_line);

    call_meet(&c);
    call_talk(&c, "over TCP, then TLS");
    call_end(&c);
}

static void somebody_else_gets_nothing(void **state)
{
    struct call c = dial_tls(state, wrong_line);

    c.alice = scene_connect(c.s, RELAY_TCP, "alice");
    talk_say(c.alice,
             "MSRP t1 SEND\r\nTo-Path: %s\r\nFrom-Path: " P_A
             "\r\nMessage-ID: m1\r\nByte-Range: 1-2/2\r\n"
             "Content-Type: text/plain\r\n\r\nhi\r\n-------t1$\r\n",
             c.u_a);
    call_expect_code(c.alice, "t1", 403);
    call_end(&c);
}

/* --- several certificates ------------------------------------------------- */

/* A client may be shown any of them. */
static void every_certificate_is_told(void **state)
{
    const struct tls_files_cert cert = {
        .common_name = "rsa", .san = "DNS:" RELAY_NAME, .rsa = true};
    struct call c = call_prepare(state, PROXY_ANCHOR);
    struct tls_files *files = relay_files(c.s->relay);
    const char *rsa = tls_files_path(files, "rsa.pem"), *shown;
    struct relay_opts opts = {.groups = PROXY_ANCHOR};

    assert_true(tls_files_issue(files, "rsa", &cert));
    opts.tls = scene_text(c.s,
                          "certificates = ( { certificate = \"%s\";"
                          " private_key = \"%s/rsa.key\"; } );",
                          rsa, tls_files_dir(files));
    renew_with(c.s, &opts);
    shown = proxy_offer(proxy_new_at(c.s, "127.0.0.1",
                                     relay_port_since(c.s->relay, 0, "ng-udp")),
                        &(struct proxy_call){.call_id = CALL_ID,
                                             .from = "1928",
                                             .sdp = tls_sdp(c.s, P_TLS, "")});
    assert_non_null(
        strstr(shown, fingerprint_line(c.s, relay_path(c.s->relay, "pem"))));
    assert_non_null(strstr(shown, fingerprint_line(c.s, rsa)));
}

/* bob expects the certificate that his SDP told of, whatever a reload has done
 * since (anchor trap 18); a new SDP tells of the new one. */
static void who_is_dialled_is_shown_what_was_told(void **state)
{
    struct call c = dial_tls(state, right_line);
    struct proxy_call call = {.call_id = CALL_ID, .from = "1928", .to = "314"};
    uint64_t told = renew_serial(c.s->relay);

    call_meet(&c);
    assert_int_equal(renew_serial_seen(c.bob), told);
    renew_certificate(c.s->relay);
    renew_well(c.s);
    assert_int_not_equal(renew_serial(c.s->relay), told);
    call_talk(&c, "before");
    call_talk_back(&c);
    host_cut(c.host);
    c.bob = host_accept(c.host);
    assert_int_equal(renew_serial_seen(c.bob), told);
    talk_answer(c.bob, talk_expect(c.bob, "SEND"), 200);
    call_talk(&c, "and after");
    call_talk_back(&c);

    call.sdp = call_sdp(c.s, P_A, "");
    (void)proxy_offer(c.proxy, &call);
    call.sdp = tls_sdp(c.s, c.p_b, right_line(c.s));
    (void)proxy_answer(c.proxy, &call);
    host_cut(c.host);
    c.bob = host_accept(c.host);
    assert_int_equal(renew_serial_seen(c.bob), renew_serial(c.s->relay));
    talk_answer(c.bob, talk_expect(c.bob, "SEND"), 200);
    call_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(the_certificate_that_was_told_gets_in),
        E2E_TEST(another_certificate_does_not),
        E2E_TEST(neither_does_no_certificate),
        E2E_TEST(who_is_dialled_is_known_by_the_fingerprint_alone),
        E2E_TEST(somebody_else_gets_nothing),
        E2E_TEST(every_certificate_is_told),
        E2E_TEST(who_is_dialled_is_shown_what_was_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
