/* SPDX-License-Identifier: BSD-2-Clause */
/* config_suggest - the known key that a misspelt one was probably meant to
 * be. */
#ifndef CONFIG_SUGGEST_H
#define CONFIG_SUGGEST_H

#include <stdbool.h>

#include "settings.h"

enum { CONFIG_SUGGEST_MAX = 64 };

/* For `key`, which is not in the table: a name at the top of the file, or
 * "GROUP.NAME" in a group that exists. Writes the closest group or key to dst
 * (CONFIG_SUGGEST_MAX), or the only key of that very name in another group.
 * False: none is close. */
bool config_suggest(char *dst, const char *key);

/* The closest member of a group such as listen's, or NULL. */
const struct setting *config_suggest_member(const struct setting *group,
                                            const char *name);

#endif
