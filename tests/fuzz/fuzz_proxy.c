/* SPDX-License-Identifier: BSD-2-Clause */
/* Headers of the PROXY protocol: whole and octet by octet the outcome is the
 * same, and nothing is taken that is not the header's. */
#include "proxy.h"

#include "err.h"
#include "fuzz.h"

static void check_source(const struct proxy_head *h)
{
    const struct proxy_source *s = &h->source;

    assert(s->n == 0 || s->n == 4 || s->n == 16);
    assert(h->n >= 15 && h->n <= PROXY_MAX);
}

static bool is_same_source(const struct proxy_source *a,
                           const struct proxy_source *b)
{
    return a->n == b->n && memcmp(a->host, b->host, a->n) == 0 &&
           a->port == b->port && a->is_tls == b->is_tls;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span copy = fuzz_copy(data, n), in = copy;
    struct proxy_head whole, single;
    int err = ERR_AGAIN, again = ERR_AGAIN;
    size_t at = 0;

    proxy_init(&whole);
    err = proxy_next(&whole, &in);
    assert(fuzz_is_within(in, copy));
    proxy_init(&single);
    while (again == ERR_AGAIN && at < n) {
        struct span octet = span_of(copy.p + at++, 1);

        again = proxy_next(&single, &octet);
    }
    assert(err == again);
    if (err == 0) {
        check_source(&whole);
        assert(whole.n == n - in.n && single.n == at && at == whole.n);
        assert(is_same_source(&whole.source, &single.source));
        assert(proxy_begins(copy));
    } else if (err == ERR_AGAIN) {
        assert(in.n == 0);
    } else {
        assert(err == ERR_SYNTAX && whole.fault[0]);
        assert(strcmp(whole.fault, single.fault) == 0);
    }
    fuzz_free(copy);
    return 0;
}
