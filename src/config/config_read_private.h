/* SPDX-License-Identifier: BSD-2-Clause */
/* config_read_private - what the files that read a tree share, and no other
 * file sees.
 *
 *     config_read.c         keys, groups, lists, defaults, values elsewhere
 *     config_read_scalar.c  values that are neither lists nor groups
 */
#ifndef CONFIG_READ_PRIVATE_H
#define CONFIG_READ_PRIVATE_H

#include "config_read.h"

/* One value on its way in. */
struct reading {
    const struct config_source *source; /* NULL: it is a default */
    size_t part;                        /* of the source */
    struct config_report *report;
    struct config_key *into;      /* the key at hand; NULL: a default */
    size_t item;                  /* of its list, the one at hand */
    const struct setting *member; /* of the group that the item is; or NULL */
    const struct config_place *from; /* where an expanded value is; or NULL */
    const char *file; /* whose content it is, which is never shown; or NULL */
};

/* Where a value was set. */
struct config_place config_read_place(const struct reading *r,
                                      const config_setting_t *from);

/* Reports a value of the wrong type: ERR_CONFIG. */
int config_read_refuse_type(const struct reading *r, const struct setting *s,
                            const char *key, const config_setting_t *from);

/* The text of a string. */
struct span config_read_text_of(const config_setting_t *from);

/* Reads a value that is neither a list nor a group: 0, ERR_NOMEM, or ERR_CONFIG
 * when the fault was reported and the value is left as it was. */
int config_read_scalar(const struct reading *r, const struct setting *s,
                       const char *key, const config_setting_t *from, void *at);

#endif
