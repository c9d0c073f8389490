/* SPDX-License-Identifier: BSD-2-Clause */
/* config_key - what became of the keys of a configuration: where each was set,
 * and what its values came from. */
#ifndef CONFIG_KEY_H
#define CONFIG_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

struct setting;

/* A text that came from a file. */
struct config_key_file {
    size_t item;                  /* of the key's list; 0: it has none */
    const struct setting *member; /* of the group that the item is; or NULL */
    char *file;                   /* owned */
};

/* What became of a key. */
struct config_key {
    struct config_place place; /* line 0: it is not set */
    struct config_place *all;  /* owned: each that set it, the last one last */
    size_t n_all;
    bool is_bad;                   /* set, but to something wrong */
    bool is_default;               /* what it would be if it were not set */
    struct config_key_file *files; /* owned */
    size_t n_files;
};

struct config_origin {
    char **files; /* the names in the places */
    size_t n_files;
    struct config_key keys[]; /* in the order of the table */
};

/* What became of `key`, such as "relay.name", which is in the table. */
const struct config_key *config_key_find(const struct config *c,
                                         const char *key);

/* Where the file, which is known by the pointer to its name, has set it; NULL
 * if it has not. */
const struct config_place *config_key_find_file(const struct config_key *k,
                                                const char *file);

/* Remembers that it was set there; what its values came from is forgotten. 0 or
 * ERR_NOMEM. */
int config_key_set(struct config_key *k, struct config_place at);

/* Remembers that this item, or this member of it, came from the file. 0 or
 * ERR_NOMEM. */
int config_key_keep_file(struct config_key *k, size_t item,
                         const struct setting *member, const char *file);

/* The file that it came from, which is all that may be shown of it, or NULL. */
const char *config_key_file(const struct config_key *k, size_t item,
                            const struct setting *member);

/* Frees all that it owns. */
void config_key_fini(struct config_key *k);

#endif
