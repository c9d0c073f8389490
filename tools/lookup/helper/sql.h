/* SPDX-License-Identifier: BSD-2-Clause */
/* sql - what the helpers for databases have in common. */
#ifndef SQL_H
#define SQL_H

#include <stdint.h>

#include "question.h"
#include "str.h"

/* Answers with what a query gave: the column's name says what it is, a
 * `password` in clear, or else a hash. An empty one is an unknown user. NULL is
 * harmless. */
void sql_answer(struct question *q, const char *column, struct span value);

/* Answers with an error of the database, by its SQLSTATE; the message is told
 * only where it cannot have a value of the data in it. NULL is harmless. */
void sql_answer_error(struct question *q, const char *state,
                      const char *message);

/* For how long the server may work on a query for which the helper waits so
 * long: it is to give up first. */
uint64_t sql_timeout_ms(uint64_t helper_ms);

#endif
