/* SPDX-License-Identifier: BSD-2-Clause */
/* config_read - the tree that libconfig has read, put into struct config as the
 * table of settings says. */
#ifndef CONFIG_READ_H
#define CONFIG_READ_H

#include <libconfig.h>
#include <stdbool.h>

#include "config.h"
#include "config_report.h"
#include "config_source.h"
#include "settings.h"

/* What became of a key. */
struct config_key {
    struct config_place place; /* line 0: it is not set */
    bool is_bad;               /* set, but to something wrong */
};

struct config_origin {
    char **files; /* the names in the places */
    size_t n_files;
    struct config_key keys[]; /* in the order of the table */
};

/* Takes every key of `tree`, which was read from the text of `source`, and the
 * defaults of those that are not there or wrong, into `c`, which is zeroed
 * except for an origin with room for all settings. What has no default stays
 * empty; a list gets those of its items that are right. 0 or ERR_NOMEM; faults
 * are counted in r. */
int config_read_tree(struct config *c, const config_t *tree,
                     const struct config_source *source,
                     struct config_report *r);

/* What became of `key`, such as "relay.name", which is in the table. */
const struct config_key *config_read_key(const struct config *c,
                                         const char *key);

/* Frees what a value of the setting at `at` owns. */
void config_read_undo(const struct setting *s, void *at);

/* A list in struct config, whatever its items are. */
struct config_items {
    void *items;
    size_t n;
};
struct config_items config_items(const void *list);

#endif
