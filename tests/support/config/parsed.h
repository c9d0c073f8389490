/* SPDX-License-Identifier: BSD-2-Clause */
/* parsed - configurations from text, and what is wrong with them. */
#ifndef PARSED_H
#define PARSED_H

#include "config.h"
#include "faults.h"

/* All that a file must have. */
#define LISTEN "listen = ( { } );\n"

/* Reads `text` under the name test.conf; NULL when it has faults, which are
 * then in f. */
struct config *parsed(struct faults *f, const char *text);

/* The configuration of a text that has no faults: the test fails else. */
struct config *parsed_good(const char *text);

/* Reads a text that must have exactly these faults. */
void parsed_bad(const char *text, const char *faults);

/* The dump of one, to be freed. */
char *parsed_dump(const struct config *c);

#endif
