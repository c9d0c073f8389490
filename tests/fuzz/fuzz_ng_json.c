/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON: cut anywhere, the scan gives the same end; what is read is well-formed
 * bencode. */
#include "ng_json.h"

#include "bencode.h"
#include "err.h"
#include "fuzz.h"
#include "ng_request.h"

static void check_scan(struct span all)
{
    struct ng_json_scan once = {0}, steps = {0};
    int want = ng_json_scan(&once, all, all.n + 1), err = ERR_AGAIN;

    for (size_t n = 0; n <= all.n && err == ERR_AGAIN; n++)
        err = ng_json_scan(&steps, span_of(all.p, n), all.n + 1);
    assert(err == want && steps.at == once.at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span all = fuzz_copy(data, n);
    struct ng_request r;
    struct text out;

    if (all.n && all.p[0] == '{')
        check_scan(all);
    text_init(&out, 1 << 20);
    if (ng_json_read(&out, all) == 0) {
        assert(bencode_check(text_span(&out)) == 0);
        (void)ng_request_read(&r, text_span(&out));
    }
    text_fini(&out);
    fuzz_free(all);
    return 0;
}
