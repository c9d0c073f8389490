/* SPDX-License-Identifier: BSD-2-Clause */
/* config_words - how the types of settings and of libconfig are called, and one
 * made out of the other. */
#ifndef CONFIG_WORDS_H
#define CONFIG_WORDS_H

#include <libconfig.h>

#include "settings.h"

/* What a value of this type must be: "a string". */
const char *config_words_wanted(enum setting_type type);

/* What a value of libconfig's type is: "a list". */
const char *config_words_type(int type);

/* Adds `v` to the empty tree: `text` as a setting of this type would be
 * written, a string if it is no number or truth value. 0 or ERR_NOMEM. */
int config_words_scalar(config_t *tree, enum setting_type type,
                        const char *text);

#endif
