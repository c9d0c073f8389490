/* SPDX-License-Identifier: BSD-2-Clause */
/* auth_bench - AUTH requests, judged by a relay that has the user alice in two
 * realms: "secret" is her password in example.com, "other" in two.example. */
#ifndef AUTH_BENCH_H
#define AUTH_BENCH_H

#include "auth.h"
#include "secrets.h"

enum { AUTH_BENCH_NOW_MS = 5000000 };

struct auth_bench {
    struct nonce_window nonces;
    struct rnd rnd;
    struct policy policy;
    struct users *users;
    struct secrets *secrets;
    struct auth auth;
    char nonce[NONCE_LEN + 1];
    char text[2048];
    struct auth_verdict v;
};

/* What a client says of itself; zero fields stand for the right thing. */
struct auth_claim {
    const char *user, *realm, *password, *nonce, *nc, *cnonce, *to, *uri;
    const char *rest; /* of the headers */
    enum digest_alg alg;
    const char *alg_name; /* NULL: says none */
};

/* A bench in *state, with a fresh nonce. */
int auth_bench_set_up(void **state);
int auth_bench_tear_down(void **state);

/* The code for an AUTH with this To-Path and these headers; b->v has the rest.
 */
unsigned auth_bench_judge_text(struct auth_bench *b, const char *to,
                               const char *headers, uint64_t now_ms);
/* The code for what is claimed. */
unsigned auth_bench_judge_at(struct auth_bench *b, const struct auth_claim *c,
                             uint64_t now_ms);
unsigned auth_bench_judge(struct auth_bench *b, const struct auth_claim *c);

/* The nonce of a challenge for the realm of an AUTH to `to`, into b->nonce. */
void auth_bench_challenge(struct auth_bench *b, const char *to,
                          const char *realm);

#endif
