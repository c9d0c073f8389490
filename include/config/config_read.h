/* SPDX-License-Identifier: BSD-2-Clause */
/* config_read - the tree that libconfig has read, put into struct config as the
 * table of settings says. */
#ifndef CONFIG_READ_H
#define CONFIG_READ_H

#include <libconfig.h>
#include <stdbool.h>

#include "config.h"
#include "config_key.h"
#include "config_report.h"
#include "config_source.h"
#include "settings.h"

/* Takes every key of `tree`, which was read from that part of `source`, into
 * `c`, which is zeroed at first except for an origin with room for all
 * settings. A key that another file has set before is set again. A list gets
 * those of its items that are right. 0 or ERR_NOMEM; faults are counted in r.
 */
int config_read_tree(struct config *c, const config_t *tree,
                     const struct config_source *source, size_t part,
                     struct config_report *r);

/* Then: the defaults of those that are not there or wrong. What has no default
 * stays empty. The same. */
int config_read_defaults(struct config *c, struct config_report *r);

/* The same for this one, which is empty in c. */
int config_read_default(struct config *c, const struct setting *s,
                        struct config_report *r);

/* Frees what a value of the setting at `at` owns. */
void config_read_undo(const struct setting *s, void *at);

/* A list in struct config, whatever its items are. */
struct config_items {
    void *items;
    size_t n;
};
struct config_items config_items(const void *list);

#endif
