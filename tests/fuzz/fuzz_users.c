/* SPDX-License-Identifier: BSD-2-Clause */
/* A users file: without faults each line that looks like a user's is found
 * again, and what is found is lower-case hex. */
#include "users.h"

#include "err.h"
#include "fuzz.h"

struct faults {
    size_t n;
    size_t last_line;
};

static void count_fault(void *ctx, size_t line, const char *what)
{
    struct faults *f = ctx;

    assert(line > f->last_line);
    assert(what && *what);
    f->last_line = line;
    f->n++;
}

static void check_found(struct span ha1, enum digest_alg alg)
{
    assert(ha1.n == digest_hex_len(alg));
    for (size_t i = 0; i < ha1.n; i++)
        assert(memchr("0123456789abcdef", ha1.p[i], 16));
}

/* Looks for what stands before the first colon and up to each later one. */
static size_t look_up(const struct users *u, struct span line)
{
    struct span rest = line;
    struct span user = span_cut(&rest, ':');
    size_t found = 0;

    for (size_t i = 0; i < rest.n; i++) {
        if (rest.p[i] != ':')
            continue;
        for (int alg = 0; alg < DIGEST_ALGS; alg++) {
            struct span ha1 =
                users_find(u, user, span_of(rest.p, i), (enum digest_alg)alg);

            if (ha1.n) {
                check_found(ha1, (enum digest_alg)alg);
                found++;
            }
        }
    }
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span text = fuzz_copy(data, n), rest = text;
    struct faults f = {0};
    struct users *u = NULL;
    int err = users_parse(&u, text, count_fault, &f);
    size_t found = 0;

    assert(err == 0 || err == ERR_CONFIG);
    assert((err != 0) == (f.n > 0));
    if (!err) {
        while (rest.n)
            found += look_up(u, span_cut(&rest, '\n'));
        assert(found >= users_count(u));
        users_free(u);
    }
    fuzz_free(text);
    return 0;
}
