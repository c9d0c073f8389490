/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_key.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "settings.h"

int config_key_keep_file(struct config_key *k, size_t item,
                         const struct setting *member, const char *file)
{
    struct config_key_file *files =
        reallocarray(k->files, k->n_files + 1, sizeof *files);
    char *copy = strdup(file);

    if (files)
        k->files = files;
    if (!files || !copy) {
        free(copy);
        return ERR_NOMEM;
    }
    files[k->n_files].item = item;
    files[k->n_files].member = member;
    files[k->n_files++].file = copy;
    return 0;
}

const char *config_key_file(const struct config_key *k, size_t item,
                            const struct setting *member)
{
    for (size_t i = 0; i < k->n_files; i++)
        if (k->files[i].item == item && k->files[i].member == member)
            return k->files[i].file;
    return NULL;
}

static void forget_files(struct config_key *k)
{
    for (size_t i = 0; i < k->n_files; i++)
        free(k->files[i].file);
    free(k->files);
    k->files = NULL;
    k->n_files = 0;
}

const struct config_place *config_key_find_file(const struct config_key *k,
                                                const char *file)
{
    for (size_t i = 0; i < k->n_all; i++)
        if (k->all[i].file == file)
            return &k->all[i];
    return NULL;
}

int config_key_set(struct config_key *k, struct config_place at)
{
    struct config_place *all = reallocarray(k->all, k->n_all + 1, sizeof *all);

    if (!all)
        return ERR_NOMEM;
    k->all = all;
    k->all[k->n_all++] = at;
    k->place = at;
    forget_files(k);
    return 0;
}

void config_key_fini(struct config_key *k)
{
    forget_files(k);
    free(k->all);
    k->all = NULL;
    k->n_all = 0;
}

const struct config_key *config_key_find(const struct config *c,
                                         const char *key)
{
    const struct setting *s = settings_find(key);

    assert(s);
    return &c->origin->keys[s - settings];
}
