/* SPDX-License-Identifier: BSD-2-Clause */
#include "sql.h"

#include <stdbool.h>
#include <stdio.h>

#include "helper.h"

void sql_answer(struct question *q, const char *column, struct span value)
{
    if (span_ieq(span_str(column), SPAN("password")))
        helper_answer_password(q, value);
    else
        helper_answer_ha1(q, value);
}

/* The classes of errors about the query itself, the server's state and its
 * resources; others, such as those about data, may repeat what is stored. */
static bool is_harmless(struct span state)
{
    static const char classes[][3] = {"08", "25", "28", "3D", "3F",
                                      "42", "53", "55", "57", "58"};

    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (span_starts(state, span_of(classes[i], 2)))
            return true;
    return false;
}

void sql_answer_error(struct question *q, const char *state,
                      const char *message)
{
    char why[HELPER_WHY_MAX];

    snprintf(why, sizeof why, "SQLSTATE %s%s%s", state,
             is_harmless(span_str(state)) ? ": " : "",
             is_harmless(span_str(state)) ? message : "");
    helper_answer_error(q, why);
}

uint64_t sql_timeout_ms(uint64_t helper_ms)
{
    return helper_ms - helper_ms / 5;
}
