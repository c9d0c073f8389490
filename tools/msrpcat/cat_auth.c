/* SPDX-License-Identifier: BSD-2-Clause */
#include "cat_auth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "codes.h"
#include "err.h"
#include "path.h"

enum { CREDENTIALS_MAX = 4096, CNONCE = 20, TRIES = 3 };

/* An AUTH can only be the first with its nonce: each try has a new one. */
#define NONCE_COUNT "00000001"

void cat_auth_init(struct cat_auth *a, const struct cat_auth_rules *rules,
                   struct tx *tx, struct rnd *rnd)
{
    *a = (struct cat_auth){.rules = *rules, .tx = tx, .rnd = rnd};
}

void cat_auth_fini(struct cat_auth *a)
{
    free(a->use_path);
    a->use_path = NULL;
}

/* The relay that is being asked, as the last URI in To-Path has it. */
static struct span relay_of(const struct cat_auth *a)
{
    return span_str(a->rules.relays[a->at]);
}

static int send_auth(struct cat_auth *a, struct span credentials)
{
    struct span so_far = a->use_path ? span_str(a->use_path) : SPAN("");
    char *to = path_join(so_far, relay_of(a));
    struct frame f;
    int err;

    if (!to)
        return ERR_NOMEM;
    tx_new_tid(a->tx, a->tid);
    frame_init(&f);
    frame_request(&f, span_of(a->tid, TX_TID), SPAN("AUTH"));
    frame_header(&f, SPAN("To-Path"), span_str(to));
    frame_header(&f, SPAN("From-Path"), a->rules.own);
    if (credentials.n > 0)
        frame_header(&f, SPAN("Authorization"), credentials);
    if (a->rules.expires_s > 0) {
        frame_add(&f, SPAN("Expires: "));
        frame_add_u64(&f, a->rules.expires_s);
        frame_add(&f, SPAN("\r\n"));
    }
    frame_end(&f, span_of(a->tid, TX_TID), '$');
    err = tx_frame(a->tx, &f);
    free(to);
    return err;
}

int cat_auth_start(struct cat_auth *a)
{
    return send_auth(a, SPAN(""));
}

static int give_up(struct cat_auth *a, const char *why)
{
    snprintf(a->why, sizeof a->why, "%s", why);
    return ERR_DENIED;
}

/* --- the challenge -------------------------------------------------------- */

/* Cuts the next header line off `*rest`. */
static bool next_header(struct span *name, struct span *value,
                        struct span *rest)
{
    struct span line;

    if (rest->n == 0)
        return false;
    line = span_cut(rest, '\n');
    *value = line;
    *name = span_cut(value, ':');
    *value = span_trim(*value);
    if (value->n > 0 && value->p[value->n - 1] == '\r')
        value->n--;
    return true;
}

/* The best challenge that is offered, taken apart in one of the two of `space`;
 * NULL if there is none that can be met. */
static const struct digest_challenge *choose(struct digest_challenge space[2],
                                             const struct msg *head)
{
    struct span rest = msg_text(head, head->rest), name, value;
    struct digest_challenge *best = NULL, *next = &space[0];

    while (next_header(&name, &value, &rest)) {
        if (!span_ieq(name, SPAN("WWW-Authenticate")) ||
            digest_challenge_parse(next, value) || !next->qop_auth)
            continue;
        if (best && next->alg <= best->alg)
            continue;
        best = next;
        next = best == &space[0] ? &space[1] : &space[0];
    }
    return best;
}

/* --- credentials ---------------------------------------------------------- */

struct text {
    char octets[CREDENTIALS_MAX];
    size_t n;
    bool overflow;
};

static void add(struct text *t, struct span s)
{
    if (s.n > sizeof t->octets - t->n) {
        t->overflow = true;
        return;
    }
    memcpy(t->octets + t->n, s.p, s.n);
    t->n += s.n;
}

static void add_quoted(struct text *t, struct span name, struct span value)
{
    add(t, name);
    add(t, SPAN("=\""));
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] == '"' || value.p[i] == '\\')
            add(t, SPAN("\\"));
        add(t, span_of(value.p + i, 1));
    }
    add(t, SPAN("\""));
}

/* The response to the challenge, and what the relay has to answer to it. */
static int compute(struct cat_auth *a, struct digest_hex *response,
                   const struct digest_challenge *c, struct span cnonce)
{
    struct digest_hex ha1;
    struct digest_input in = {
        .alg = c->alg,
        .nonce = c->nonce,
        .nc = SPAN(NONCE_COUNT),
        .cnonce = cnonce,
        .method = SPAN("AUTH"),
        .uri = relay_of(a),
    };
    int err =
        digest_ha1(&ha1, c->alg, a->rules.user, c->realm, a->rules.password);

    if (err)
        return err;
    in.ha1 = digest_hex_span(&ha1);
    err = digest_response(response, &in);
    in.method = SPAN("");
    if (!err)
        err = digest_response(&a->rspauth, &in);
    explicit_bzero(&ha1, sizeof ha1);
    return err;
}

static int answer_challenge(struct cat_auth *a,
                            const struct digest_challenge *c)
{
    struct text t = {.n = 0};
    struct digest_hex response;
    char letters[CNONCE];
    struct span cnonce;
    int err;

    rnd_alnum(a->rnd, letters, CNONCE);
    cnonce = span_of(letters, CNONCE);
    err = compute(a, &response, c, cnonce);
    if (err)
        return err;
    add(&t, SPAN("Digest "));
    add_quoted(&t, SPAN("username"), a->rules.user);
    add_quoted(&t, SPAN(", realm"), c->realm);
    add_quoted(&t, SPAN(", nonce"), c->nonce);
    add_quoted(&t, SPAN(", uri"), relay_of(a));
    add(&t, SPAN(", algorithm="));
    add(&t, digest_alg_name(c->alg));
    add(&t, SPAN(", qop=auth, nc=" NONCE_COUNT));
    add_quoted(&t, SPAN(", cnonce"), cnonce);
    add_quoted(&t, SPAN(", response"), digest_hex_span(&response));
    if (c->opaque.n > 0)
        add_quoted(&t, SPAN(", opaque"), c->opaque);
    if (t.overflow)
        return give_up(a, "the relay's challenge is too long");
    return send_auth(a, span_of(t.octets, t.n));
}

static int on_challenge(struct cat_auth *a, const struct msg *head)
{
    struct digest_challenge space[2];
    const struct digest_challenge *c = choose(space, head);

    if (!c)
        return give_up(a, "the relay offers no supported digest algorithm");
    if (a->tries > 0 && !c->stale)
        return give_up(a, "user or password is wrong");
    if (a->tries++ == TRIES)
        return give_up(a, "the relay rejects every nonce as stale");
    return answer_challenge(a, c);
}

/* --- the answer ----------------------------------------------------------- */

/* The value of `rspauth` in an Authentication-Info. Commas may be in quotes.
 */
static struct span find_rspauth(struct span info)
{
    const struct span want = SPAN("rspauth=\"");
    bool quoted = false, fresh = true;

    for (size_t i = 0; i < info.n; i++) {
        char c = info.p[i];
        struct span rest = span_from(info, i);

        if (fresh && rest.n > want.n &&
            span_ieq(span_of(rest.p, want.n), want)) {
            rest = span_from(rest, want.n);
            return span_cut(&rest, '"');
        }
        if (c == '"')
            quoted = !quoted;
        fresh = !quoted && (c == ',' || (fresh && c == ' '));
    }
    return SPAN("");
}

/* Whoever answers has to know the password too. An older relay may say
 * nothing. */
static bool is_genuine(const struct cat_auth *a, const struct msg *head)
{
    struct span info, rspauth;

    if (a->tries == 0 || !msg_header(&info, head, SPAN("Authentication-Info")))
        return true;
    rspauth = find_rspauth(info);
    return rspauth.n == 0 || span_ieq(rspauth, digest_hex_span(&a->rspauth));
}

static int on_granted(struct cat_auth *a, const struct msg *head)
{
    struct span use_path, expires;
    uint64_t granted_s;
    char *copy;

    if (!is_genuine(a, head))
        return give_up(a, "the relay did not prove that it knows the password");
    if (!msg_header(&use_path, head, SPAN("Use-Path")) ||
        !path_is_valid(use_path))
        return give_up(a, "the response has no valid Use-Path");
    copy = strndup(use_path.p, use_path.n);
    if (!copy)
        return ERR_NOMEM;
    free(a->use_path);
    a->use_path = copy;
    /* The path is as good as the URI in it that ends first. */
    if (msg_header(&expires, head, SPAN("Expires")) &&
        span_u64(&granted_s, expires, UINT32_MAX) == 0 &&
        (a->granted_s == 0 || granted_s < a->granted_s))
        a->granted_s = granted_s;
    a->tries = 0;
    a->at++;
    if (a->at < a->rules.n_relays)
        return cat_auth_start(a);
    a->done = true;
    return 0;
}

static int on_refused(struct cat_auth *a, const struct msg *head)
{
    struct span bound, comment = code_comment(head->code);

    if (msg_header(&bound, head, SPAN("Min-Expires")))
        snprintf(a->why, sizeof a->why,
                 "the relay requires --expires %.*s or more",
                 bound.n > 20 ? 20 : (int)bound.n, bound.p);
    else if (msg_header(&bound, head, SPAN("Max-Expires")))
        snprintf(a->why, sizeof a->why,
                 "the relay requires --expires %.*s or less",
                 bound.n > 20 ? 20 : (int)bound.n, bound.p);
    else
        snprintf(a->why, sizeof a->why, "the relay answered %u %.*s",
                 head->code, SPAN_ARG(comment));
    return ERR_DENIED;
}

int cat_auth_on_response(struct cat_auth *a, const struct msg *head)
{
    if (a->done || !span_eq(msg_text(head, head->tid), span_of(a->tid, TX_TID)))
        return 0;
    if (head->code == 200)
        return on_granted(a, head);
    if (head->code == 401)
        return on_challenge(a, head);
    return on_refused(a, head);
}
