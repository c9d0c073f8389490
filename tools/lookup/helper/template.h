/* SPDX-License-Identifier: BSD-2-Clause */
/* template - a text with places for what is asked: %u user, %r realm,
 * %a algorithm, %% a percent sign. */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <stdbool.h>

#include "question.h"
#include "str.h"
#include "text.h"

/* How values are written. */
enum template_form {
    TEMPLATE_PLAIN, /* as they are */
    TEMPLATE_URL,   /* %XX for all but letters, digits, and - . _ ~ */
    TEMPLATE_JSON,  /* for between the quotes of a JSON text */
};

/* Has it no `%` but those above, and a place for the user? */
bool template_is_valid(const char *text);

/* Appends the text, which is valid, with what `q` asks. */
void template_put(struct text *to, const char *text, enum template_form form,
                  const struct question *q);

#endif
