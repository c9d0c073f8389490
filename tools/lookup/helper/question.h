/* SPDX-License-Identifier: BSD-2-Clause */
/* question - what the relay asks a helper, and the line that answers it
 * (decisions 7).
 *
 *     ID TAB user TAB realm TAB algorithm      a question
 *     ID TAB kind [TAB value]                  its answer
 *
 * Octets below 0x20, `%` and octets above 0x7E are %XX in any field. Lines are
 * given without the LF that ends them. */
#ifndef QUESTION_H
#define QUESTION_H

#include <stdbool.h>

#include "digest.h"
#include "list.h"
#include "str.h"
#include "text.h"
#include "timer.h"

struct helper;

enum { QUESTION_ID_MAX = 20 /* digits */ };

struct question {
    struct list link; /* for the store that has it; in none */
    void *place;      /* the same; NULL */
    bool repeated;    /* the same: asked once already, and no answer came */
    struct helper *helper; /* who waits for the answer; NULL */
    struct timer timer;    /* the helper's */
    char id[QUESTION_ID_MAX + 1];
    enum digest_alg alg;
    struct span user, realm; /* each has a NUL after it */
    char octets[];
};

/* The question on a line: 0; ERR_SYNTAX; ERR_UNSUPPORTED for an unknown
 * algorithm; ERR_NOMEM. Free with question_free(). */
int question_parse(struct question **out, struct span line);
/* NULL is harmless. */
void question_free(struct question *q);

/* The ID of a line that may be no question; empty if it has none. */
struct span question_id(struct span line);

/* Can a database have such a user? Names are UTF-8 without a NUL there. */
bool question_is_text(const struct question *q);

/* Appends a field of a line: `s`, with %XX where it is due. */
void question_put_field(struct text *t, struct span s);

/* Appends a line, with its LF: `kind` is ha1, password, none or error; an empty
 * value is left out. */
void question_put_answer(struct text *t, struct span id, struct span kind,
                         struct span value);

#endif
