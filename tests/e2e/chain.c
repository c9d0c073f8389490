/* SPDX-License-Identifier: BSD-2-Clause */
#include "chain.h"

#include "cmocka_all.h"
#include "peer_relay.h"

/* --- relays --------------------------------------------------------------- */

static struct outside_opts named(const struct outside_opts *opts,
                                 const char *name)
{
    struct outside_opts named = {0};

    if (opts)
        named = *opts;
    named.relay.name = named.relay.realm = name;
    return named;
}

static void know(struct scene *s, const char *name)
{
    dns_stub_host(outside_names(s), name, 60, "127.0.0.1");
}

struct scene *chain_start(void **state, const struct outside_opts *opts)
{
    struct outside_opts intra = named(opts, CHAIN_INTRA);
    struct scene *s = outside_start(state, &intra);

    know(s, CHAIN_INTRA);
    return s;
}

struct relay *chain_add(struct scene *s, const char *name,
                        const struct outside_opts *opts)
{
    struct outside_opts more = named(opts, name);
    struct relay *r = outside_add_relay(s, &more);

    know(s, name);
    outside_srv(s, name, 0, relay_port(r, RELAY_TLS), name);
    return r;
}

struct host *chain_add_behind(struct relay **out, struct scene *s,
                              const char *name, const struct outside_opts *opts)
{
    struct outside_opts more = named(opts, name);
    struct host_opts host = {.name = name, .srv = true};

    *out = outside_add_relay(s, &more);
    host.behind = relay_port(*out, RELAY_TLS);
    return host_new(s, &host);
}

unsigned chain_links(const struct relay *r)
{
    const char *at = relay_log(r);
    unsigned n = 0;

    while ((at = strstr(at, "host_certificate=yes"))) {
        at++;
        n++;
    }
    return n;
}

SSL_CTX *chain_tls_of(struct scene *s, const struct relay *r)
{
    return peer_relay_tls(s, relay_files(s->relay), relay_name(r));
}

/* --- AUTH ----------------------------------------------------------------- */

struct got *chain_expect_code(struct client *c, const char *tid, unsigned code,
                              const char *to)
{
    struct got *g = scene_frame(c);

    if (g->head.method != MSG_RESPONSE || g->head.code != code)
        fail_msg("%s expected %u, got: %.*s", c->name, code, SPAN_ARG(g->text));
    assert_span_equal(msg_text(&g->head, g->head.tid), span_str(tid));
    assert_span_equal(msg_text(&g->head, g->head.to), span_str(c->own));
    assert_span_equal(msg_text(&g->head, g->head.from), span_str(to));
    return g;
}

static const char *to_relay(const struct client *c, const struct relay *r)
{
    return scene_text(c->scene, "%s msrps://%s;tcp", c->uri, relay_name(r));
}

void chain_ask(struct client *c, struct relay *r, struct login *l)
{
    const char *tid = talk_tid(c), *value;
    struct digest_challenge challenge;
    struct got *g;

    l->alg = DIGEST_MD5;
    l->realm = relay_realm(r);
    if (!l->to)
        l->to = to_relay(c, r);
    talk_say(c,
             "MSRP %s AUTH\r\nTo-Path: %s\r\nFrom-Path: %s\r\n-------%s$\r\n",
             tid, l->to, c->own, tid);
    g = chain_expect_code(c, tid, 401, l->to);
    value = talk_header(c, g, "WWW-Authenticate");
    assert_int_equal(digest_challenge_parse(&challenge, span_str(value)), 0);
    assert_span_equal(challenge.realm, span_str(l->realm));
    l->nonce = scene_text(c->scene, "%.*s", SPAN_ARG(challenge.nonce));
    l->opaque = scene_text(c->scene, "%.*s", SPAN_ARG(challenge.opaque));
}

const char *chain_try(struct client *c, struct relay *r, struct login *l)
{
    chain_ask(c, r, l);
    return login_try(c, l);
}

static void login_to(struct client *c, struct relay *r, const char *to)
{
    struct login l = {.to = to};
    const char *tid = chain_try(c, r, &l);
    struct got *g = chain_expect_code(c, tid, 200, l.to);
    const char *path = talk_header(c, g, "Use-Path");

    /* What there was, and the new one behind it (R4976-4.2-b). */
    assert_non_null(path);
    assert_memory_equal(path, c->uri, strlen(c->uri));
    assert_non_null(
        strstr(path + strlen(c->uri),
               scene_text(c->scene, " msrps://%s:%u/", relay_name(r),
                          relay_port(r, RELAY_TLS))));
    c->uri = scene_text(c->scene, "%s", path);
}

void chain_login(struct client *c, struct relay *r)
{
    login_to(c, r, NULL);
}

void chain_login_at(struct client *c, struct relay *r)
{
    login_to(c, r,
             scene_text(c->scene, "%s msrps://%s:%u;tcp", c->uri, relay_name(r),
                        relay_port(r, RELAY_TLS)));
}

struct client *chain_client(struct scene *s, struct relay *r, const char *user)
{
    struct client *c = login(s, user);

    chain_login(c, r);
    return c;
}
