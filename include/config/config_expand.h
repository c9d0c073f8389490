/* SPDX-License-Identifier: BSD-2-Clause */
/* config_expand - values that are not in the configuration itself.
 *
 *     name = "${RELAY_NAME}";
 *     name = "@file:/run/credentials/msrprelayd.service/name";
 *
 * `${NAME}` anywhere in a string stands for a variable of the environment,
 * `$${` for itself. A string that then begins with `@file:` stands for what the
 * file has, without the end of its last line. */
#ifndef CONFIG_EXPAND_H
#define CONFIG_EXPAND_H

#include <stdbool.h>

#include "str.h"

enum {
    CONFIG_EXPAND_MAX = 4096, /* octets of a value */
    CONFIG_EXPAND_WHY = 512,
};

struct config_expanded {
    char text[CONFIG_EXPAND_MAX + 1];
    bool is_file;                     /* it was in a file, */
    char file[CONFIG_EXPAND_MAX + 1]; /* ... of this name */
};

/* Is there anything to expand? */
bool config_expand_is_due(struct span text);

/* Expands `text`, which is in the file `from`: the name of a file without a
 * slash in front begins in that one's directory. 0, or ERR_CONFIG with what is
 * wrong in `why`, a sentence without a full stop. */
int config_expand(struct config_expanded *out, char why[CONFIG_EXPAND_WHY],
                  struct span text, const char *from);

#endif
