/* SPDX-License-Identifier: BSD-2-Clause */
/* helper - between the relay and a store of users: takes questions from the
 * relay, hands them to the store, and sends the answers back, in any order.
 *
 * A question is answered exactly once: by the store or, when that takes longer
 * than the timeout, by the helper, with an error. What the relay may have open
 * at once is bounded; beyond that its lines are not read. Answers of one turn
 * of the loop go out in one write. When the input ends, what is open is still
 * answered, and then the loop is stopped. */
#ifndef HELPER_H
#define HELPER_H

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"
#include "question.h"
#include "str.h"

struct helper;

enum {
    HELPER_LINE_MAX = 64 * 1024, /* octets; longer questions are errors */
    HELPER_OPEN_MAX = 4096,      /* questions */
    HELPER_VALUE_MAX = 1023,     /* octets of a password */
    HELPER_WHY_MAX = 256         /* of the text of an error, with its NUL */
};

struct store_ops {
    /* A question, which is the store's until it is answered, in the call or
     * later, by a helper_answer_...(). */
    void (*ask)(void *store, struct question *q);
    /* Took too long: it is answered after the call, and is not the store's any
     * more. */
    void (*forget)(void *store, struct question *q);
};

struct helper_settings {
    const char *name; /* of the program, for what is noted */
    int in, out;      /* from and to the relay; may be the same socket */
    uint64_t timeout_ms;
};

/* 0 or ERR_NOMEM. The first question comes after helper_start(). */
int helper_new(struct helper **out, struct loop *loop,
               const struct helper_settings *s);
void helper_start(struct helper *h, const struct store_ops *ops, void *store);
/* All questions must have been answered. NULL is
 * harmless. */
void helper_free(struct helper *h);

struct loop *helper_loop(const struct helper *h);
uint64_t helper_timeout_ms(const struct helper *h);

/* Has the loop been stopped because answers could not be written? */
bool helper_failed(const struct helper *h);

/* --- answers; the question is freed, and NULL is harmless --- */

/* The hash, in hex. One that has not the length of the question's algorithm is
 * answered as an error, an empty one as an unknown user. */
void helper_answer_ha1(struct question *q, struct span hex);
/* An empty one is answered as an unknown user, a longer one than
 * HELPER_VALUE_MAX as an error. */
void helper_answer_password(struct question *q, struct span password);
void helper_answer_none(struct question *q);
/* `why` is for the relay's log: no secrets. Octets that are no printable text
 * are replaced. */
void helper_answer_error(struct question *q, const char *why);

/* --- for people --- */

/* A line for the relay's log, after the program's name. */
void helper_note(const struct helper *h, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A text of the store on one line: without line breaks, control characters and
 * blanks at its ends; cut to fit `size` (> 0). Returns dst. */
const char *helper_one_line(char *dst, size_t size, const char *text);

#endif
