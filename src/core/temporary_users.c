/* SPDX-License-Identifier: BSD-2-Clause */
#include "temporary_users.h"

#include "err.h"

#define PREFIX "selftest-"

static bool is_over(const struct temporary_user *u, uint64_t now_ms)
{
    return u->until_ms <= now_ms;
}

static struct temporary_user *find_free(struct temporary_users *t,
                                        uint64_t now_ms)
{
    for (size_t i = 0; i < TEMPORARY_USERS_MAX; i++)
        if (is_over(&t->all[i], now_ms))
            return &t->all[i];
    return NULL;
}

int temporary_users_add(struct temporary_users *t, struct temporary_login *out,
                        struct span realm, struct rnd *rnd, uint64_t now_ms)
{
    struct temporary_user *u = find_free(t, now_ms);
    size_t n = sizeof PREFIX - 1;

    if (!u)
        return ERR_FULL;
    memcpy(out->name, PREFIX, n);
    rnd_alnum(rnd, out->name + n, sizeof out->name - n);
    rnd_alnum(rnd, out->password, sizeof out->password);
    for (int alg = 0; alg < DIGEST_ALGS; alg++) {
        int err = digest_ha1(&u->ha1[alg], (enum digest_alg)alg,
                             span_of(out->name, sizeof out->name), realm,
                             span_of(out->password, sizeof out->password));

        if (err)
            return err;
    }
    memcpy(u->name, out->name, sizeof u->name);
    u->until_ms = now_ms + TEMPORARY_USERS_MS;
    return 0;
}

struct span temporary_users_find(const struct temporary_users *t,
                                 struct span user, enum digest_alg alg,
                                 uint64_t now_ms)
{
    for (size_t i = 0; i < TEMPORARY_USERS_MAX; i++) {
        const struct temporary_user *u = &t->all[i];

        if (!is_over(u, now_ms) &&
            span_eq(user, span_of(u->name, sizeof u->name)))
            return digest_hex_span(&u->ha1[alg]);
    }
    return SPAN("");
}

void temporary_users_fini(struct temporary_users *t)
{
    explicit_bzero(t, sizeof *t);
}
