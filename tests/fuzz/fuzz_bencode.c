/* SPDX-License-Identifier: BSD-2-Clause */
/* Documents: cut anywhere, a scan gives the same; what is well formed is read
 * to its end, every value inside; a request that is read points into it. */
#include "bencode.h"

#include "err.h"
#include "fuzz.h"
#include "ng_request.h"

enum { LISTS_MAX = 64 };

static void check_scan(struct span all)
{
    struct bencode_scan once = {0}, steps = {0};
    int want = bencode_scan(&once, all, all.n + 1), err = ERR_AGAIN;

    for (size_t n = 0; n <= all.n && err == ERR_AGAIN; n++)
        err = bencode_scan(&steps, span_of(all.p, n), all.n + 1);
    assert(err == want);
    assert(err || steps.at == once.at);
}

/* Every value, level by level, some at least. */
static void check_values(struct span all)
{
    struct span lists[LISTS_MAX] = {span_of(all.p + 1, all.n - 2)};
    size_t n = 1;

    while (n) {
        struct span rest = lists[--n];
        struct bencode v;

        while (bencode_next(&v, &rest)) {
            assert(fuzz_is_within(v.text, all));
            if (v.type >= BENCODE_LIST && n < LISTS_MAX)
                lists[n++] = v.text;
            if (n == LISTS_MAX)
                break;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span all = fuzz_copy(data, n);
    struct ng_request r;

    check_scan(all);
    if (bencode_check(all) == 0) {
        check_values(all);
        if (ng_request_read(&r, all) == 0) {
            assert(fuzz_is_within(r.command, all));
            assert(fuzz_is_within(r.call_id, all));
            assert(fuzz_is_within(r.from_interface, all));
            assert(fuzz_is_within(r.to_interface, all));
            assert(fuzz_is_within(r.transport_protocol, all));
            assert(fuzz_is_within(r.received_from, all));
        }
    }
    fuzz_free(all);
    return 0;
}
