/* SPDX-License-Identifier: BSD-2-Clause */
#include "peer_relay.h"

#include "cmocka_all.h"

/* --- connections ---------------------------------------------------------- */

SSL_CTX *peer_relay_tls(struct scene *s, struct tls_files *files,
                        const char *stem)
{
    const char *ca = tls_files_path(relay_files(s->relay), "ca.pem");
    const char *pem = tls_files_path(files, scene_text(s, "%s.pem", stem));
    const char *key = tls_files_path(files, scene_text(s, "%s.key", stem));
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

    assert_non_null(tls);
    assert_int_equal(SSL_CTX_load_verify_file(tls, ca), 1);
    assert_int_equal(SSL_CTX_use_certificate_chain_file(tls, pem), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM),
                     1);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return tls;
}

static void limit_version(SSL_CTX *tls, int version)
{
    assert_int_equal(SSL_CTX_set_min_proto_version(tls, version), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(tls, version), 1);
}

struct client *peer_relay_try(struct scene *s,
                              const struct peer_relay_opts *opts)
{
    static const struct peer_relay_opts usual;
    const struct peer_relay_opts *o = opts ? opts : &usual;
    const char *name = o->name ? o->name : "r3.test";
    struct relay *to = o->to ? o->to : s->relay;
    struct tls_files *files = o->files ? o->files : relay_files(s->relay);
    const struct tls_files_cert cert = {
        .common_name = name,
        .san = o->san ? o->san : scene_text(s, "DNS:%s", name),
        .expired = o->expired};
    struct client_opts with = {.port = relay_port(to, RELAY_TLS), .relay = to};
    struct client *c;

    assert_true(tls_files_issue(files, "a-peer-relay", &cert));
    with.tls = o->bare ? SSL_CTX_new(TLS_client_method())
                       : peer_relay_tls(s, files, "a-peer-relay");
    assert_non_null(with.tls);
    limit_version(with.tls, o->version);
    c = scene_connect_with(s, "peerrelay", &with);
    SSL_CTX_free(with.tls);
    c->own = scene_text(s, "msrps://%s:%u/token-of-%s;tcp", name,
                        o->port ? o->port : 7003, name);
    return c;
}

struct client *peer_relay_connect(struct scene *s,
                                  const struct peer_relay_opts *opts)
{
    struct client *c = peer_relay_try(s, opts);

    scene_wait_open(c);
    return c;
}

const char *peer_relay_user(const struct client *c, const char *user)
{
    return scene_text(c->scene, "msrps://%s.test:4000/%s;tcp", user, user);
}

const char *peer_relay_from(const struct client *c, const char *user)
{
    return scene_text(c->scene, "%s %s", c->own, peer_relay_user(c, user));
}

/* --- AUTH ----------------------------------------------------------------- */

/* What login.h says and hears has the whole From-Path for the client's own. */
static char *speak_for(struct client *c, struct login *l, const char *user)
{
    char *own = c->own;

    c->own = scene_text(c->scene, "%s", peer_relay_from(c, user));
    l->user = user;
    return own;
}

void peer_relay_ask(struct client *c, struct login *l, const char *user)
{
    char *own = speak_for(c, l, user);

    login_ask(c, l);
    c->own = own;
}

unsigned peer_relay_attempt(struct client *c, struct login *l, const char *user)
{
    char *own = speak_for(c, l, user);
    struct got *g = request_answer(c, login_try(c, l));

    if (g->head.code == 401)
        login_take(c, l, g);
    else if (g->head.code == 200)
        c->uri = scene_text(c->scene, "%s", talk_header(c, g, "Use-Path"));
    c->own = own;
    return g->head.code;
}

unsigned peer_relay_login(struct client *c, const char *user,
                          const char *password)
{
    struct login l = {.alg = DIGEST_MD5, .password = password};

    peer_relay_ask(c, &l, user);
    return peer_relay_attempt(c, &l, user);
}

const char *peer_relay_grant(struct client *c, const char *user)
{
    const char *last;

    assert_int_equal(peer_relay_login(c, user, NULL), 200);
    last = strrchr(c->uri, ' ');
    assert_non_null(last); /* R4976-6.3-c: its own URI, then ours */
    return last + 1;
}
