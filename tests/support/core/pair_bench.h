/* SPDX-License-Identifier: BSD-2-Clause */
/* pair_bench - a relay between two clients that never log in. */
#ifndef PAIR_BENCH_H
#define PAIR_BENCH_H

#include "anchored.h"
#include "anchored_dial.h"
#include "rig.h"

/* What the sides announce. */
#define P_A "msrp://alice.example:7654/aLiCe;tcp"
#define P_B "msrp://bob.example:12763/b0b;tcp"

/* A SEND with a body, from Message-ID on; its tid is m1. */
#define HELLO                                                                  \
    "Message-ID: 87652491\r\nSuccess-Report: yes\r\nByte-Range: 1-5/5\r\n"     \
    "Content-Type: text/plain\r\n\r\nhello\r\n-------m1$\r\n"

enum { PAIR_TEXT_MAX = 4096 };

struct pair_bench {
    struct rig rig;
    struct anchored_token *token;
    struct anchored_pair *pair; /* NULL once it has ended by itself */
    char u_a[128], u_b[128];
    bool dials; /* whoever is dialled can be reached; the wire is "dialled" */
    unsigned n_dialled;
    struct anchored_dial dialled; /* the last one; its texts may be gone */
    unsigned n_ended;
    enum anchored_why ended;
    unsigned n_records;
    struct anchored_record record; /* the last one, without texts */
};

/* cmocka's set-up and tear-down; *state is the bench, with a token. */
int pair_bench_set_up(void **state);
int pair_bench_tear_down(void **state);

/* What URIs of the bench are made of. */
struct anchored_grant pair_bench_grant(void);

/* The side has announced this path of one URI. */
void pair_bench_say(struct pair_bench *b, struct anchored_pair *p,
                    enum anchored_side side, const char *path, bool we_dial);

/* A new pair of this token, of which nobody has said anything. */
struct anchored_pair *pair_bench_pair(struct pair_bench *b,
                                      struct anchored_token *token);

/* The answer has come: A connects, and so does B unless he is dialled. */
void pair_bench_answer(struct pair_bench *b, bool dial_b);

/* Somebody connects over plain TCP. */
struct wire *pair_bench_come(struct pair_bench *b, const char *name);

/* The same for both sides, after the answer; both have spoken. */
void pair_bench_connect(struct pair_bench *b, struct wire **a,
                        struct wire **bob);

/* Sends a request: `start` is tid and method, `rest` what follows the paths. */
void pair_bench_ask(struct pair_bench *b, struct wire *w, const char *start,
                    const char *to, const char *from, const char *rest);

/* What was sent on the wire since the last time, with `@` for the tid of its
 * first frame, if that is the relay's own. Valid until the next call. */
const char *pair_bench_got(struct wire *w);

/* Checks that, and that it contains this. */
void pair_bench_assert(struct wire *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void pair_bench_assert_in(struct wire *w, const char *part);

#endif
