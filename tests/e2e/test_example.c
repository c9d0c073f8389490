/* SPDX-License-Identifier: BSD-2-Clause */
/* The worked example of the digest of RFC 4976: every message on every hop,
 * octet for octet but for ports, tids, tokens, nonces and what follows from
 * them. The test stands between the two relays, and has both certificates. */
#include "chain.h"
#include "cmocka_all.h"

#define ALICE "msrps://alice-pc.example.com:49152/a9Xc2Vb7Nm4Qw1Er;tcp"
#define EXTRA "msrps://" CHAIN_EXTRA ";tcp"

struct example {
    struct scene *s;
    struct client *alice, *bob;
    struct client *intra, *extra; /* in whose place each of them is spoken to */
    struct host *between, *host;
    struct relay *relay;   /* extra */
    const char *t, *u, *b; /* the URIs of intra, extra and Bob */
};

static struct client *speak_to_extra(struct example *e)
{
    SSL_CTX *tls = chain_tls_of(e->s, e->s->relay);
    const struct client_opts opts = {
        .tls = tls, .port = relay_port(e->relay, RELAY_TLS), .relay = e->relay};
    struct client *c = scene_connect_with(e->s, "intra", &opts);

    scene_wait_open(c);
    SSL_CTX_free(tls);
    return c;
}

static void start(struct example *e, void **state,
                  const struct outside_opts *opts)
{
    const struct outside_opts extra = {
        .dial = opts ? opts->dial : NULL,
        .relay = {.name = CHAIN_EXTRA,
                  .realm = CHAIN_EXTRA,
                  .groups = opts ? opts->relay.groups : NULL}};

    e->s = chain_start(state, opts);
    e->relay = outside_add_relay(e->s, &extra);
    e->between = host_new(
        e->s,
        &(struct host_opts){.name = CHAIN_EXTRA, .tls = true, .srv = true});
    e->host = host_new(
        e->s, &(struct host_opts){.name = "bob.example.org", .tls = true});
    e->b = host_uri(e->host);
    e->alice = scene_connect(e->s, RELAY_TLS, "alice");
    e->alice->own = scene_text(e->s, "%s", ALICE);
    login_on(e->alice);
    e->t = e->alice->uri;
}

/* What one relay said to the other goes on to it as it is. */
static struct got *hand_on(struct client *to, struct got *g)
{
    client_put(to, g->text);
    return g;
}

/* A1 to A4. Returns the challenge, as it stands in WWW-Authenticate. */
static const char *be_challenged(struct example *e)
{
    const char *challenge;
    struct got *g;

    talk_say(e->alice,
             "MSRP 0011223344556677 AUTH\r\n"
             "To-Path: %s " EXTRA "\r\n"
             "From-Path: " ALICE "\r\n"
             "-------0011223344556677$\r\n",
             e->t);
    e->intra = host_accept(e->between);
    g = talk_expect_text(e->intra,
                         "MSRP TID AUTH\r\n"
                         "To-Path: " EXTRA "\r\n"
                         "From-Path: %s " ALICE "\r\n"
                         "-------TID$\r\n",
                         e->t);
    e->extra = speak_to_extra(e);
    hand_on(e->extra, g);
    g = scene_frame(e->extra);
    challenge = talk_header(e->extra, g, "WWW-Authenticate");
    assert_string_equal(scene_text(e->s, "%.*s", SPAN_ARG(g->text)),
                        talk_with_tid(e->s,
                                      scene_text(e->s,
                                                 "MSRP TID 401 Unauthorized\r\n"
                                                 "To-Path: %s " ALICE "\r\n"
                                                 "From-Path: " EXTRA "\r\n"
                                                 "WWW-Authenticate: %s\r\n"
                                                 "-------TID$\r\n",
                                                 e->t, challenge),
                                      msg_text(&g->head, g->head.tid)));
    hand_on(e->intra, g);
    talk_expect_text(e->alice,
                     "MSRP 0011223344556677 401 Unauthorized\r\n"
                     "To-Path: " ALICE "\r\n"
                     "From-Path: %s " EXTRA "\r\n"
                     "WWW-Authenticate: %s\r\n"
                     "-------0011223344556677$\r\n",
                     e->t, challenge);
    return challenge;
}

/* The headers of A5 behind its paths, and those of A7. */
struct credentials {
    const char *request, *response;
};

static void answer_challenge(struct credentials *out, const struct example *e,
                             const char *challenge)
{
    struct login l = {.alg = DIGEST_MD5, .to = EXTRA, .realm = CHAIN_EXTRA};
    struct digest_hex response, rspauth;
    struct digest_challenge c;

    assert_int_equal(digest_challenge_parse(&c, span_str(challenge)), 0);
    assert_span(c.realm, CHAIN_EXTRA);
    assert_true(c.qop_auth);
    l.nonce = scene_text(e->s, "%.*s", SPAN_ARG(c.nonce));
    login_digest(&response, e->alice, &l, "AUTH");
    login_digest(&rspauth, e->alice, &l, "");
    out->request = scene_text(
        e->s,
        "Authorization: Digest username=\"alice\", realm=\"" CHAIN_EXTRA
        "\", nonce=\"%s\", opaque=\"%.*s\", uri=\"" EXTRA
        "\", qop=auth, nc=00000001, cnonce=\"" LOGIN_CNONCE
        "\", response=\"%.*s\"\r\n"
        "Expires: 600\r\n",
        l.nonce, SPAN_ARG(c.opaque), SPAN_ARG(digest_hex_span(&response)));
    out->response = scene_text(
        e->s,
        "Authentication-Info: rspauth=\"%.*s\", cnonce=\"" LOGIN_CNONCE
        "\", nc=00000001, qop=auth\r\n"
        "Expires: 600\r\n",
        SPAN_ARG(digest_hex_span(&rspauth)));
}

/* A5 to A8. */
static void be_granted(struct example *e, const char *challenge)
{
    struct credentials with;
    const char *path;
    struct got *g;

    answer_challenge(&with, e, challenge);
    talk_say(e->alice,
             "MSRP 1122334455667788 AUTH\r\n"
             "To-Path: %s " EXTRA "\r\n"
             "From-Path: " ALICE "\r\n"
             "%s"
             "-------1122334455667788$\r\n",
             e->t, with.request);
    hand_on(e->extra, talk_expect_text(e->intra,
                                       "MSRP TID AUTH\r\n"
                                       "To-Path: " EXTRA "\r\n"
                                       "From-Path: %s " ALICE "\r\n"
                                       "%s"
                                       "-------TID$\r\n",
                                       e->t, with.request));
    g = scene_frame(e->extra);
    path = talk_header(e->extra, g, "Use-Path");
    assert_non_null(path);
    assert_memory_equal(path, e->t, strlen(e->t));
    e->u = path + strlen(e->t) + 1;
    assert_string_equal(
        scene_text(e->s, "%.*s", SPAN_ARG(g->text)),
        talk_with_tid(e->s,
                      scene_text(e->s,
                                 "MSRP TID 200 OK\r\n"
                                 "To-Path: %s " ALICE "\r\n"
                                 "From-Path: " EXTRA "\r\n"
                                 "Use-Path: %s %s\r\n"
                                 "%s"
                                 "-------TID$\r\n",
                                 e->t, e->t, e->u, with.response),
                      msg_text(&g->head, g->head.tid)));
    hand_on(e->intra, g);
    talk_expect_text(e->alice,
                     "MSRP 1122334455667788 200 OK\r\n"
                     "To-Path: " ALICE "\r\n"
                     "From-Path: %s " EXTRA "\r\n"
                     "Use-Path: %s %s\r\n"
                     "%s"
                     "-------1122334455667788$\r\n",
                     e->t, e->t, e->u, with.response);
}

#define HELLO                                                                  \
    "Message-ID: m7Kd02Lx9Qp4\r\n"                                             \
    "Success-Report: yes\r\n"                                                  \
    "Byte-Range: 1-9/9\r\n"                                                    \
    "Content-Type: text/plain\r\n"                                             \
    "\r\n"                                                                     \
    "Hello Bob\r\n"

/* S1 to S5: the frame that Bob got. */
static struct got *send_hello(struct example *e)
{
    const char *text = scene_text(e->s,
                                  "MSRP a1b2c3d4e5f60718 SEND\r\n"
                                  "To-Path: %s %s %s\r\n"
                                  "From-Path: " ALICE "\r\n" HELLO
                                  "-------a1b2c3d4e5f60718$\r\n",
                                  e->t, e->u, e->b);
    struct got *g;

    talk_say(e->alice, "%s", text);
    talk_expect_text(e->alice,
                     "MSRP a1b2c3d4e5f60718 200 OK\r\n"
                     "To-Path: " ALICE "\r\n"
                     "From-Path: %s\r\n"
                     "-------a1b2c3d4e5f60718$\r\n",
                     e->t);
    g = hand_on(e->extra, talk_expect_text(e->intra,
                                           "MSRP TID SEND\r\n"
                                           "To-Path: %s %s\r\n"
                                           "From-Path: %s " ALICE "\r\n" HELLO
                                           "-------TID$\r\n",
                                           e->u, e->b, e->t));
    assert_int_equal(g->text.n, strlen(text)); /* as the tids are alike */
    e->bob = host_accept(e->host);
    hand_on(e->intra, talk_expect_text(e->extra,
                                       "MSRP TID 200 OK\r\n"
                                       "To-Path: %s\r\n"
                                       "From-Path: %s\r\n"
                                       "-------TID$\r\n",
                                       e->t, e->u));
    return talk_expect_text(e->bob,
                            "MSRP TID SEND\r\n"
                            "To-Path: %s\r\n"
                            "From-Path: %s %s " ALICE "\r\n" HELLO
                            "-------TID$\r\n",
                            e->b, e->u, e->t);
}

/* S6 to S9. */
static void report_success(struct example *e, const struct got *hello)
{
    struct span tid = msg_text(&hello->head, hello->head.tid);

    talk_say(e->bob,
             "MSRP %.*s 200 OK\r\n"
             "To-Path: %s\r\n"
             "From-Path: %s\r\n"
             "-------%.*s$\r\n",
             SPAN_ARG(tid), e->u, e->b, SPAN_ARG(tid));
    talk_say(e->bob,
             "MSRP c0ffee1234567890 REPORT\r\n"
             "To-Path: %s %s " ALICE "\r\n"
             "From-Path: %s\r\n"
             "Message-ID: m7Kd02Lx9Qp4\r\n"
             "Byte-Range: 1-9/9\r\n"
             "Status: 000 200 OK\r\n"
             "-------c0ffee1234567890$\r\n",
             e->u, e->t, e->b);
    hand_on(e->intra, talk_expect_text(e->extra,
                                       "MSRP TID REPORT\r\n"
                                       "To-Path: %s " ALICE "\r\n"
                                       "From-Path: %s %s\r\n"
                                       "Message-ID: m7Kd02Lx9Qp4\r\n"
                                       "Byte-Range: 1-9/9\r\n"
                                       "Status: 000 200 OK\r\n"
                                       "-------TID$\r\n",
                                       e->t, e->u, e->b));
    talk_expect_text(e->alice,
                     "MSRP TID REPORT\r\n"
                     "To-Path: " ALICE "\r\n"
                     "From-Path: %s %s %s\r\n"
                     "Message-ID: m7Kd02Lx9Qp4\r\n"
                     "Byte-Range: 1-9/9\r\n"
                     "Status: 000 200 OK\r\n"
                     "-------TID$\r\n",
                     e->t, e->u, e->b);
}

/* F1 and F2. */
static void report_silence(struct example *e)
{
    hand_on(e->intra, talk_expect_text(e->extra,
                                       "MSRP TID REPORT\r\n"
                                       "To-Path: %s " ALICE "\r\n"
                                       "From-Path: %s\r\n"
                                       "Message-ID: m7Kd02Lx9Qp4\r\n"
                                       "Byte-Range: 1-9/9\r\n"
                                       "Status: 000 408 Timeout\r\n"
                                       "-------TID$\r\n",
                                       e->t, e->u));
    talk_expect_text(e->alice,
                     "MSRP TID REPORT\r\n"
                     "To-Path: " ALICE "\r\n"
                     "From-Path: %s %s\r\n"
                     "Message-ID: m7Kd02Lx9Qp4\r\n"
                     "Byte-Range: 1-9/9\r\n"
                     "Status: 000 408 Timeout\r\n"
                     "-------TID$\r\n",
                     e->t, e->u);
}

static void bob_answers_and_reports(void **state)
{
    struct example e;

    start(&e, state, NULL);
    be_granted(&e, be_challenged(&e));
    report_success(&e, send_hello(&e));
    talk_expect_nothing(e.alice);
}

static void bob_is_silent(void **state)
{
    const struct outside_opts soon = {.relay.groups =
                                          "timers: { transaction = 0.5; };"};
    struct example e;

    start(&e, state, &soon);
    be_granted(&e, be_challenged(&e));
    send_hello(&e);
    report_silence(&e);
    talk_expect_nothing(e.alice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(bob_answers_and_reports),
        E2E_TEST(bob_is_silent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
