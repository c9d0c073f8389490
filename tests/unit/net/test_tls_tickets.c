/* SPDX-License-Identifier: BSD-2-Clause */
/* Who gets a session ticket, and for how long it is good. */
#include "tls_tickets.h"

#include <openssl/ssl.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "rig.h"

enum { HOUR_MS = 3600 * 1000 };

struct made {
    struct tls_files *files;
    struct tls_settings settings;
    struct tls_pair other; /* of chat.example.org */
    struct tls_tickets *tickets;
    struct tls_ctx *tls;
};

static struct tls_ctx *server_of(const struct tls_settings *s)
{
    char why[TLS_WHY_MAX] = "";
    struct tls_ctx *tls = NULL;
    enum tls_fault fault;

    assert_int_equal(tls_server_new(&tls, s, &fault, why), 0);
    return tls;
}

static int set_up(void **state)
{
    static const struct tls_files_cert relay = {.common_name = "relay",
                                                .san = "DNS:relay.example.com"};
    static const struct tls_files_cert chat = {.common_name = "chat",
                                               .san = "DNS:chat.example.org"};
    static const struct tls_files_cert person = {.common_name = "alice"};
    struct made *m = calloc(1, sizeof *m);

    assert_non_null(m);
    m->files = tls_files_new();
    assert_non_null(m->files);
    assert_true(tls_files_issue(m->files, "relay", &relay));
    assert_true(tls_files_issue(m->files, "chat", &chat));
    assert_true(tls_files_issue(m->files, "person", &person));
    m->other.certificate = tls_files_path(m->files, "chat.pem");
    m->other.private_key = tls_files_path(m->files, "chat.key");
    m->settings = (struct tls_settings){
        .certificate = tls_files_path(m->files, "relay.pem"),
        .private_key = tls_files_path(m->files, "relay.key"),
        .ca_file = tls_files_path(m->files, "ca.pem"),
        .ciphers = "",
        .ciphersuites = "",
        .more = &m->other,
        .n_more = 1,
    };
    assert_int_equal(tls_tickets_new(&m->tickets, 0), 0);
    m->tls = server_of(&m->settings);
    tls_tickets_use(m->tickets, m->tls, true);
    *state = m;
    return 0;
}

static int tear_down(void **state)
{
    struct made *m = *state;

    tls_ctx_unref(m->tls);
    tls_tickets_free(m->tickets);
    tls_files_free(m->files);
    free(m);
    return 0;
}

/* A client of this version, with a certificate or without. */
static SSL_CTX *client_of(struct made *m, int version, const char *stem)
{
    SSL_CTX *ctx = rig_client_ctx();
    char name[64];

    assert_int_equal(SSL_CTX_set_min_proto_version(ctx, version), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(ctx, version), 1);
    if (!stem)
        return ctx;
    snprintf(name, sizeof name, "%s.pem", stem);
    assert_int_equal(
        SSL_CTX_use_certificate_chain_file(ctx, tls_files_path(m->files, name)),
        1);
    snprintf(name, sizeof name, "%s.key", stem);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(
                         ctx, tls_files_path(m->files, name), SSL_FILETYPE_PEM),
                     1);
    return ctx;
}

/* Connects, with what is left of an earlier visit. `resumed` says whether that
 * was gone on with. What this one leaves is to be freed. */
static SSL_SESSION *visit(struct tls_ctx *tls, SSL_CTX *client,
                          const char *name, SSL_SESSION *earlier, bool *resumed)
{
    const struct rig_opts opts = {.tls = tls, .client = client};
    struct rig *r = rig_new(&opts);
    SSL_SESSION *left;
    char octet;

    if (name)
        assert_int_equal(SSL_set_tlsext_host_name(r->ssl, name), 1);
    if (earlier)
        assert_int_equal(SSL_set_session(r->ssl, earlier), 1);
    rig_until(r, rig_is_open);
    assert_int_equal(conn_write(r->conn, &SPAN("x"), 1), 0);
    rig_recv_all(r, &octet, 1); /* a ticket comes before it */
    *resumed = SSL_session_reused(r->ssl);
    left = SSL_get1_session(r->ssl);
    rig_hang_up(r); /* without a goodbye OpenSSL forgets the session */
    rig_until(r, rig_is_closed);
    rig_free(r);
    return left;
}

/* Comes twice; does the second visit go on with the first? */
static bool resumes(struct tls_ctx *first, struct tls_ctx *second,
                    SSL_CTX *client, const char *name)
{
    bool resumed;
    SSL_SESSION *left = visit(first, client, name, NULL, &resumed);

    assert_false(resumed);
    SSL_SESSION_free(visit(second, client, name, left, &resumed));
    SSL_SESSION_free(left);
    return resumed;
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
#define EACH_VERSION(i) for (size_t i = 0; (i) < 2; (i)++)

static void who_comes_again_resumes(void **state)
{
    struct made *m = *state;

    EACH_VERSION(i)
    {
        SSL_CTX *client = client_of(m, versions[i], NULL);

        assert_true(resumes(m->tls, m->tls, client, NULL));
        assert_true(resumes(m->tls, m->tls, client, "chat.example.org"));
        SSL_CTX_free(client);
    }
}

/* RFC 6066, 3: another name shows another certificate. */
static void another_name_begins_anew(void **state)
{
    static const char chat[] = "chat.example.org", other[] = "b.example.org";
    static const struct {
        const char *first, *then;
        bool resumes;
    } cases[] = {
        {chat, "CHAT.example.org", true},
        {chat, "relay.example.com", false},
        {chat, other, false},
        {chat, NULL, false},
        {NULL, chat, false},
        {"relay.example.com", chat, false},
        {other, chat, false},
        {NULL, other, true},
        {other, NULL, true},
    };
    struct made *m = *state;
    SSL_CTX *client = client_of(m, TLS1_2_VERSION, NULL);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool resumed;
        SSL_SESSION *left =
            visit(m->tls, client, cases[i].first, NULL, &resumed);

        SSL_SESSION_free(visit(m->tls, client, cases[i].then, left, &resumed));
        SSL_SESSION_free(left);
        if (resumed != cases[i].resumes)
            fail_msg("case %zu", i);
    }
    SSL_CTX_free(client);
}

/* Reloads make new contexts. */
static void tickets_are_good_for_another_context(void **state)
{
    struct made *m = *state;
    struct tls_ctx *next = server_of(&m->settings);
    struct tls_ctx *browsers = server_of(&m->settings);

    tls_tickets_use(m->tickets, next, true);
    tls_tickets_use(m->tickets, browsers, false);
    EACH_VERSION(i)
    {
        SSL_CTX *client = client_of(m, versions[i], NULL);

        assert_true(resumes(m->tls, next, client, "chat.example.org"));
        /* not for one that asks for less */
        assert_false(resumes(browsers, next, client, NULL));
        SSL_CTX_free(client);
    }
    tls_ctx_unref(next);
    tls_ctx_unref(browsers);
}

static void without_keys_there_are_no_tickets(void **state)
{
    struct made *m = *state;
    struct tls_ctx *bare = server_of(&m->settings);

    EACH_VERSION(i)
    {
        SSL_CTX *client = client_of(m, versions[i], NULL);
        bool resumed;
        SSL_SESSION *left = visit(bare, client, NULL, NULL, &resumed);

        assert_false(SSL_SESSION_has_ticket(left));
        SSL_SESSION_free(left);
        SSL_CTX_free(client);
    }
    tls_ctx_unref(bare);
}

/* A host, or a person: what they may do is proved anew each time. */
static void who_shows_a_certificate_gets_none(void **state)
{
    static const char *const stems[] = {"chat", "person"};
    struct made *m = *state;

    for (size_t k = 0; k < 2; k++)
        EACH_VERSION(i)
        {
            SSL_CTX *client = client_of(m, versions[i], stems[k]);
            bool resumed;
            SSL_SESSION *left = visit(m->tls, client, NULL, NULL, &resumed);

            assert_false(SSL_SESSION_has_ticket(left));
            SSL_SESSION_free(visit(m->tls, client, NULL, left, &resumed));
            assert_false(resumed);
            SSL_SESSION_free(left);
            SSL_CTX_free(client);
        }
}

/* ... nor does one that he got before he had it count as his. */
static void a_ticket_proves_nothing(void **state)
{
    struct made *m = *state;
    SSL_CTX *bare = client_of(m, TLS1_3_VERSION, NULL);
    SSL_CTX *host = client_of(m, TLS1_3_VERSION, "chat");
    const struct rig_opts opts = {.tls = m->tls, .client = host};
    bool resumed;
    SSL_SESSION *left = visit(m->tls, bare, NULL, NULL, &resumed);
    struct rig *r = rig_new(&opts);

    assert_int_equal(SSL_set_session(r->ssl, left), 1);
    rig_until(r, rig_is_open);
    assert_true(SSL_session_reused(r->ssl));
    assert_false(conn_peer_is_host(r->conn));
    rig_free(r);
    SSL_SESSION_free(left);
    SSL_CTX_free(host);
    SSL_CTX_free(bare);
}

static void keys_last_for_two_hours(void **state)
{
    struct made *m = *state;

    EACH_VERSION(i)
    {
        SSL_CTX *client = client_of(m, versions[i], NULL);
        uint64_t now_ms = (uint64_t)(1 + 10 * i) * HOUR_MS;
        bool resumed;
        SSL_SESSION *left, *again;

        tls_tickets_tick(m->tickets, now_ms);
        left = visit(m->tls, client, NULL, NULL, &resumed);
        tls_tickets_tick(m->tickets, now_ms + HOUR_MS - 1);
        tls_tickets_tick(m->tickets, now_ms + HOUR_MS);
        again = visit(m->tls, client, NULL, left, &resumed);
        assert_true(resumed);
        tls_tickets_tick(m->tickets, now_ms + 2 * HOUR_MS);
        SSL_SESSION_free(visit(m->tls, client, NULL, left, &resumed));
        assert_false(resumed);
        /* The one that it was given for the old one is good. */
        SSL_SESSION_free(visit(m->tls, client, NULL, again, &resumed));
        assert_true(resumed);
        /* Nobody called for long: both are too old. */
        tls_tickets_tick(m->tickets, now_ms + 8 * HOUR_MS);
        SSL_SESSION_free(visit(m->tls, client, NULL, again, &resumed));
        assert_false(resumed);
        SSL_SESSION_free(left);
        SSL_SESSION_free(again);
        SSL_CTX_free(client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_comes_again_resumes),
        cmocka_unit_test(another_name_begins_anew),
        cmocka_unit_test(tickets_are_good_for_another_context),
        cmocka_unit_test(without_keys_there_are_no_tickets),
        cmocka_unit_test(who_shows_a_certificate_gets_none),
        cmocka_unit_test(a_ticket_proves_nothing),
        cmocka_unit_test(keys_last_for_two_hours),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
