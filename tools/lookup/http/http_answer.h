/* SPDX-License-Identifier: BSD-2-Clause */
/* http_answer - what a web service says of a user.
 *
 *     404, 410                          unknown
 *     200, {"ha1": "..."}               the hash
 *     200, {"password": "..."}          the password
 *     200, ha1 ... | password ...       the same on one line of plain text,
 *          | none                       or unknown
 *     200, hex digits alone             the hash, if they are as many
 *
 * JSON is what begins with `{`, whatever its type. All else is an error. */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include "question.h"
#include "str.h"

/* Answers with it. NULL is harmless. */
void http_answer(struct question *q, long status, struct span body);

#endif
