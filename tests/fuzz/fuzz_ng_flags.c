/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of `rtpp-flags`: each lies inside, after the one before, and is not
 * empty. */
#include "ng_flags.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span all = fuzz_copy(data, n), rest = all;
    struct ng_flag f;

    while (rest.n) {
        size_t before = rest.n;
        struct span words;

        if (!ng_flags_next(&f, &rest))
            break;
        assert(rest.n < before);
        assert(fuzz_is_within(f.key, all) && fuzz_is_within(f.value, all));
        assert(f.key.n || f.has_value);
        assert(f.has_value || f.value.n == 0);
        words = f.value;
        while (ng_flags_word(&words).n)
            ;
        assert(words.n == 0);
    }
    assert(rest.n == 0);
    fuzz_free(all);
    return 0;
}
