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

/* What became of each key, in the order of the table. */
struct config_origin {
    char **files; /* the names in the places */
    size_t n_files;
    struct {
        struct config_place place;
        bool is_bad; /* set, but to something wrong: the value is not */
    } keys[];
};

/* Takes every key of `tree`, which was read from the text of `source`, and the
 * defaults of those that are not there, into `c`, which is zeroed but for an
 * origin with room for all settings. A key that is wrong, or has no default,
 * stays empty. 0 or ERR_NOMEM; faults are counted in r. */
int config_read_tree(struct config *c, const config_t *tree,
                     const struct config_source *source,
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
