/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_asker - an asker that answers when the test says so. */
#ifndef FAKE_ASKER_H
#define FAKE_ASKER_H

#include "asker.h"
#include "list.h"

enum { FAKE_ASKER_MAX = 64, FAKE_ASKER_TEXT = 64 };

struct fake_question {
    struct asker_wait *wait; /* NULL: answered or forgotten */
    char user[FAKE_ASKER_TEXT], realm[FAKE_ASKER_TEXT];
    enum digest_alg alg;
};

struct fake_asker {
    struct asker asker;
    struct fake_question questions[FAKE_ASKER_MAX]; /* ever */
    unsigned n, forgotten;
    int refuses;           /* what ask() returns */
    const char *remembers; /* a user whose password is his name; or NULL */
};

void fake_asker_init(struct fake_asker *f);

/* Answers the i-th question: with the HA1 of this password, for ASKER_HA1. */
void fake_asker_answer(struct fake_asker *f, unsigned i, enum asker_kind kind,
                       const char *password);

#endif
