/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials and challenges: what is taken is complete, and lies in the value
 * or in the space beside it. */
#include "digest.h"

#include "fuzz.h"

static void check_part(struct span part, struct span value, const char *space,
                       size_t size)
{
    assert(fuzz_is_within(part, value) ||
           fuzz_is_within(part, span_of(space, size)));
}

static void check_credentials(struct span value)
{
    struct digest_auth a;

    if (digest_auth_parse(&a, value))
        return;

    const struct span parts[] = {a.username, a.realm,  a.nonce,
                                 a.response, a.cnonce, a.qop,
                                 a.nc,       a.uri,    a.opaque};
    struct digest_input in = {
        .alg = a.alg,
        .ha1 = a.response,
        .nonce = a.nonce,
        .nc = a.nc,
        .cnonce = a.cnonce,
        .method = SPAN("AUTH"),
        .uri = a.uri,
    };
    struct digest_hex h;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        assert(parts[i].n || i >= 7);
        check_part(parts[i], value, a.space, sizeof a.space);
    }
    assert(a.nc.n == 8);
    assert(span_ieq(a.qop, SPAN("auth")));
    assert(a.response.n == digest_hex_len(a.alg));
    assert(digest_response(&h, &in) == 0);
    assert(h.n == digest_hex_len(a.alg));
}

static void check_challenge(struct span value)
{
    struct digest_challenge c;

    if (digest_challenge_parse(&c, value))
        return;
    assert(c.realm.n && c.nonce.n);
    check_part(c.realm, value, c.space, sizeof c.space);
    check_part(c.nonce, value, c.space, sizeof c.space);
    check_part(c.opaque, value, c.space, sizeof c.space);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span value = fuzz_copy(data, n);

    check_credentials(value);
    check_challenge(value);
    fuzz_free(value);
    return 0;
}
