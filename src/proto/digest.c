/* SPDX-License-Identifier: BSD-2-Clause */
#include "digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "err.h"

/* The parameters that mean something here, in credentials or a challenge. */
enum param {
    PARAM_USERNAME,
    PARAM_REALM,
    PARAM_NONCE,
    PARAM_URI,
    PARAM_RESPONSE,
    PARAM_CNONCE,
    PARAM_OPAQUE,
    PARAM_QOP,
    PARAM_NC,
    PARAM_ALGORITHM,
    PARAM_STALE,
    PARAMS,
};

static const char *const param_names[PARAMS] = {
    [PARAM_USERNAME] = "username",
    [PARAM_REALM] = "realm",
    [PARAM_NONCE] = "nonce",
    [PARAM_URI] = "uri",
    [PARAM_RESPONSE] = "response",
    [PARAM_CNONCE] = "cnonce",
    [PARAM_OPAQUE] = "opaque",
    [PARAM_QOP] = "qop",
    [PARAM_NC] = "nc",
    [PARAM_ALGORITHM] = "algorithm",
    [PARAM_STALE] = "stale",
};

/* A header value on its way to being taken apart. Values with escapes are
 * written into `space`. A parameter that was not there has p == NULL. */
struct reader {
    struct span rest;
    char *space;
    size_t room;
    struct span values[PARAMS];
};

/* --- reading --- */

static bool is_token_octet(char c)
{
    return c > ' ' && c < 0x7f && !strchr("\"(),/:;<=>?@[\\]", c);
}

static bool is_quoted_octet(char c)
{
    unsigned char u = (unsigned char)c;

    return (u >= ' ' && u != 0x7f) || u == '\t';
}

static void skip_blanks(struct reader *r)
{
    while (r->rest.n && (r->rest.p[0] == ' ' || r->rest.p[0] == '\t'))
        r->rest = span_from(r->rest, 1);
}

static bool take_octet(struct reader *r, char c)
{
    if (!r->rest.n || r->rest.p[0] != c)
        return false;
    r->rest = span_from(r->rest, 1);
    return true;
}

static int take_token(struct span *out, struct reader *r)
{
    size_t n = 0;

    while (n < r->rest.n && is_token_octet(r->rest.p[n]))
        n++;
    if (!n)
        return ERR_SYNTAX;
    *out = span_of(r->rest.p, n);
    r->rest = span_from(r->rest, n);
    return 0;
}

/* Copies a quoted text, whose form is right, without its backslashes. */
static int unescape(struct span *out, struct reader *r, struct span raw)
{
    size_t n = 0;

    for (size_t i = 0; i < raw.n; i++) {
        if (raw.p[i] == '\\')
            i++;
        if (n == r->room)
            return ERR_SYNTAX;
        r->space[n++] = raw.p[i];
    }
    *out = span_of(r->space, n);
    r->space += n;
    r->room -= n;
    return 0;
}

/* The opening quote has been taken. Only quotes and backslashes are ever
 * escaped (RFC 4975, 9). */
static int take_quoted(struct span *out, struct reader *r)
{
    struct span raw = span_of(r->rest.p, 0);
    bool escaped = false;

    while (raw.n < r->rest.n && raw.p[raw.n] != '"') {
        char c = raw.p[raw.n++];

        if (c == '\\') {
            escaped = true;
            c = '\0';
            if (raw.n < r->rest.n)
                c = raw.p[raw.n++];
            if (c != '"' && c != '\\')
                return ERR_SYNTAX;
        }
        if (!is_quoted_octet(c))
            return ERR_SYNTAX;
    }
    r->rest = span_from(r->rest, raw.n);
    if (!take_octet(r, '"'))
        return ERR_SYNTAX;
    if (escaped)
        return unescape(out, r, raw);
    *out = raw;
    return 0;
}

/* name "=" ( token / quoted-string ) */
static int read_param(struct reader *r)
{
    struct span name, value;
    int err = take_token(&name, r);

    skip_blanks(r);
    if (err || !take_octet(r, '='))
        return ERR_SYNTAX;
    skip_blanks(r);
    err = take_octet(r, '"') ? take_quoted(&value, r) : take_token(&value, r);
    if (err)
        return err;
    for (size_t i = 0; i < PARAMS; i++) {
        if (!span_ieq(name, span_str(param_names[i])))
            continue;
        if (r->values[i].p)
            return ERR_SYNTAX;
        r->values[i] = value;
    }
    return 0;
}

/* "Digest" and its parameters, separated by commas. */
static int read_all(struct reader *r)
{
    struct span scheme;
    int err = take_token(&scheme, r);

    if (err)
        return err;
    if (!span_ieq(scheme, SPAN("Digest")))
        return ERR_UNSUPPORTED;
    do {
        skip_blanks(r);
        err = read_param(r);
        if (err)
            return err;
        skip_blanks(r);
    } while (take_octet(r, ','));
    return r->rest.n ? ERR_SYNTAX : 0;
}

static int read_algorithm(enum digest_alg *out, const struct reader *r)
{
    struct span name = r->values[PARAM_ALGORITHM];

    *out = DIGEST_MD5;
    if (name.p && digest_alg_from(out, name))
        return ERR_UNSUPPORTED;
    return 0;
}

static bool has_all(const struct reader *r, const enum param *which, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (span_is_empty(r->values[which[i]]))
            return false;
    return true;
}

int digest_auth_parse(struct digest_auth *out, struct span value)
{
    static const enum param needed[] = {
        PARAM_USERNAME, PARAM_REALM, PARAM_NONCE, PARAM_RESPONSE,
        PARAM_CNONCE,   PARAM_QOP,   PARAM_NC};
    struct reader r = {
        .rest = value,
        .space = out->space,
        .room = sizeof out->space,
    };
    struct span *v = r.values;
    enum digest_alg alg;
    int err = read_all(&r);

    if (err)
        return err;
    if (!has_all(&r, needed, sizeof needed / sizeof *needed))
        return ERR_SYNTAX;
    if (read_algorithm(&alg, &r) || !span_ieq(v[PARAM_QOP], SPAN("auth")))
        return ERR_UNSUPPORTED;
    if (v[PARAM_NC].n != 8 || !span_is_hex(v[PARAM_NC]) ||
        v[PARAM_RESPONSE].n != digest_hex_len(alg) ||
        !span_is_hex(v[PARAM_RESPONSE]))
        return ERR_SYNTAX;
    out->username = v[PARAM_USERNAME];
    out->realm = v[PARAM_REALM];
    out->nonce = v[PARAM_NONCE];
    out->uri = v[PARAM_URI];
    out->response = v[PARAM_RESPONSE];
    out->cnonce = v[PARAM_CNONCE];
    out->opaque = v[PARAM_OPAQUE];
    out->qop = v[PARAM_QOP];
    out->nc = v[PARAM_NC];
    out->alg = alg;
    return 0;
}

/* Is "auth" in a list such as "auth,auth-int"? */
static bool offers_auth(struct span list)
{
    while (list.n)
        if (span_ieq(span_trim(span_cut(&list, ',')), SPAN("auth")))
            return true;
    return false;
}

int digest_challenge_parse(struct digest_challenge *out, struct span value)
{
    static const enum param needed[] = {PARAM_REALM, PARAM_NONCE};
    struct reader r = {
        .rest = value,
        .space = out->space,
        .room = sizeof out->space,
    };
    enum digest_alg alg;
    int err = read_all(&r);

    if (err)
        return err;
    if (!has_all(&r, needed, sizeof needed / sizeof *needed))
        return ERR_SYNTAX;
    err = read_algorithm(&alg, &r);
    if (err)
        return err;
    out->realm = r.values[PARAM_REALM];
    out->nonce = r.values[PARAM_NONCE];
    out->opaque = r.values[PARAM_OPAQUE];
    out->alg = alg;
    out->stale = span_ieq(r.values[PARAM_STALE], SPAN("true"));
    out->qop_auth = offers_auth(r.values[PARAM_QOP]);
    return 0;
}

/* --- algorithms --- */

struct span digest_alg_name(enum digest_alg alg)
{
    return alg == DIGEST_SHA256 ? SPAN("SHA-256") : SPAN("MD5");
}

size_t digest_hex_len(enum digest_alg alg)
{
    return alg == DIGEST_SHA256 ? 64 : 32;
}

int digest_alg_from(enum digest_alg *out, struct span name)
{
    for (int alg = 0; alg < DIGEST_ALGS; alg++) {
        if (span_ieq(name, digest_alg_name((enum digest_alg)alg))) {
            *out = (enum digest_alg)alg;
            return 0;
        }
    }
    return ERR_NOT_FOUND;
}

/* --- hashing --- */

/* H(part ":" part ":" ... ). */
static int hash_joined(struct digest_hex *out, enum digest_alg alg,
                       const struct span *parts, size_t n)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok =
        ctx && EVP_DigestInit_ex(
                   ctx, alg == DIGEST_SHA256 ? EVP_sha256() : EVP_md5(), NULL);

    for (size_t i = 0; ok && i < n; i++) {
        if (i > 0)
            ok = EVP_DigestUpdate(ctx, ":", 1);
        ok = ok && EVP_DigestUpdate(ctx, parts[i].p, parts[i].n);
    }
    ok = ok && EVP_DigestFinal_ex(ctx, hash, &len);
    EVP_MD_CTX_free(ctx);
    if (!ok)
        return ERR_NOMEM;
    hex_text(out->text, hash, len);
    out->n = (uint8_t)(2 * len);
    OPENSSL_cleanse(hash, sizeof hash);
    return 0;
}

int digest_ha1(struct digest_hex *out, enum digest_alg alg, struct span user,
               struct span realm, struct span password)
{
    const struct span parts[] = {user, realm, password};

    return hash_joined(out, alg, parts, 3);
}

int digest_response(struct digest_hex *out, const struct digest_input *in)
{
    const struct span a2[] = {in->method, in->uri};
    struct digest_hex ha2;
    int err = hash_joined(&ha2, in->alg, a2, 2);

    if (err)
        return err;

    const struct span parts[] = {
        in->ha1,    in->nonce,    in->nc,
        in->cnonce, SPAN("auth"), digest_hex_span(&ha2),
    };

    return hash_joined(out, in->alg, parts, 6);
}

int digest_mac(unsigned char out[32], struct span key, struct span data)
{
    return HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)data.p,
                data.n, out, NULL)
               ? 0
               : ERR_NOMEM;
}
