/* SPDX-License-Identifier: BSD-2-Clause */
#include "login.h"

#include "cmocka_all.h"

static const char *user_of(const struct client *c, const struct login *l)
{
    return l->user ? l->user : c->name;
}

static const char *realm_of(const struct client *c, const struct login *l)
{
    return l->realm ? l->realm : relay_realm(c->relay);
}

static const char *target_of(const struct client *c, const struct login *l)
{
    return l->to ? l->to : talk_relay(c);
}

static const char *nc_of(const struct login *l)
{
    return l->nc ? l->nc : "00000001";
}

/* The digest's URI is the last of To-Path (R4976-9.1-f). */
static const char *uri_of(const struct client *c, const struct login *l)
{
    const char *to = target_of(c, l), *last = strrchr(to, ' ');

    return last ? last + 1 : to;
}

void login_digest(struct digest_hex *out, const struct client *c,
                  const struct login *l, const char *method)
{
    const char *user = user_of(c, l);
    const char *password =
        l->password ? l->password
                    : scene_text(c->scene, "%s" RELAY_PASSWORD, user);
    struct digest_hex ha1;
    struct digest_input in = {.alg = l->alg,
                              .nonce = span_str(l->nonce),
                              .nc = span_str(nc_of(l)),
                              .cnonce = SPAN(LOGIN_CNONCE),
                              .method = span_str(method),
                              .uri = span_str(uri_of(c, l))};

    assert_int_equal(digest_ha1(&ha1, l->alg, span_str(user),
                                span_str(realm_of(c, l)), span_str(password)),
                     0);
    in.ha1 = digest_hex_span(&ha1);
    secrets_add(c->scene->secrets, "a password", span_str(password));
    secrets_add(c->scene->secrets, "an HA1", in.ha1);
    assert_int_equal(digest_response(out, &in), 0);
}

static const char *say_auth(struct client *c, const struct login *l,
                            const char *authorization)
{
    const char *tid = talk_tid(c);

    talk_say(c,
             "MSRP %s AUTH\r\nTo-Path: %s\r\nFrom-Path: %s\r\n%s%s-------%s$"
             "\r\n",
             tid, target_of(c, l), c->own, authorization,
             l->headers ? l->headers : "", tid);
    return tid;
}

static void take_challenge(struct client *c, struct login *l, struct span value)
{
    struct digest_challenge challenge;

    assert_int_equal(digest_challenge_parse(&challenge, value), 0);
    if (challenge.alg != l->alg)
        return;
    assert_span_equal(challenge.realm, span_str(realm_of(c, l)));
    assert_true(challenge.qop_auth);
    assert_true(challenge.opaque.n > 0); /* I-7 */
    l->nonce = scene_text(c->scene, "%.*s", SPAN_ARG(challenge.nonce));
    l->opaque = scene_text(c->scene, "%.*s", SPAN_ARG(challenge.opaque));
    l->stale = challenge.stale;
}

void login_take(struct client *c, struct login *l, const struct got *g)
{
    struct span rest = msg_text(&g->head, g->head.rest);

    l->nonce = "";
    while (rest.n > 0) {
        struct span line = span_cut(&rest, '\n');
        struct span name = span_cut(&line, ':');

        if (span_ieq(name, SPAN("WWW-Authenticate")))
            take_challenge(c, l, span_trim(span_of(line.p, line.n - 1)));
    }
    assert_true(*l->nonce);
}

void login_refused(struct client *c, struct login *l, const char *tid)
{
    login_take(c, l, talk_expect_code(c, tid, 401));
}

void login_ask(struct client *c, struct login *l)
{
    login_refused(c, l, say_auth(c, l, ""));
}

const char *login_try(struct client *c, const struct login *l)
{
    const char *quote = l->quoted ? "\"" : "";
    struct digest_hex right;
    struct span response;

    login_digest(&right, c, l, "AUTH");
    response = l->response ? span_str(l->response) : digest_hex_span(&right);
    return say_auth(
        c, l,
        scene_text(c->scene,
                   "Authorization: Digest username=\"%s\", "
                   "realm=\"%s\", nonce=\"%s\", opaque=\"%s\", "
                   "%s%s%salgorithm=%.*s, qop=%sauth%s, nc=%s%s%s, "
                   "cnonce=\"" LOGIN_CNONCE "\", response=\"%.*s\"\r\n",
                   user_of(c, l), realm_of(c, l), l->nonce, l->opaque,
                   l->no_uri ? "" : "uri=\"", l->no_uri ? "" : uri_of(c, l),
                   l->no_uri ? "" : "\", ", SPAN_ARG(digest_alg_name(l->alg)),
                   quote, quote, quote, nc_of(l), quote, SPAN_ARG(response)));
}

struct got *login_granted(struct client *c, const char *tid)
{
    struct got *g = talk_expect_code(c, tid, 200);
    const char *path = talk_header(c, g, "Use-Path");

    assert_non_null(path);
    assert_null(strchr(path, ' '));
    c->uri = scene_text(c->scene, "%s", path);
    return g;
}

struct got *login_on(struct client *c)
{
    struct login l = {.alg = DIGEST_MD5};

    login_ask(c, &l);
    return login_granted(c, login_try(c, &l));
}

struct client *login(struct scene *s, const char *user)
{
    struct client *c = scene_connect(s, RELAY_TLS, user);

    login_on(c);
    return c;
}
