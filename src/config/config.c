/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include "config_read.h"
#include "settings.h"

struct config_place config_place(const struct config *c, const char *key)
{
    return config_key_find(c, key)->place;
}

bool config_is_set(const struct config *c, const char *key)
{
    return config_place(c, key).line > 0;
}

bool config_is_default(const struct config *c, const char *key)
{
    return config_key_find(c, key)->is_default;
}

struct config_place config_place_or_top(const struct config *c, const char *key)
{
    return config_is_set(c, key) ? config_place(c, key)
                                 : (struct config_place){c->path, 1};
}

void config_free(struct config *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < settings_n; i++)
        config_read_undo(&settings[i], (char *)c + settings[i].at);
    for (size_t i = 0; c->origin && i < settings_n; i++)
        config_key_fini(&c->origin->keys[i]);
    for (size_t i = 0; c->origin && i < c->origin->n_files; i++)
        free(c->origin->files[i]);
    if (c->origin)
        free(c->origin->files);
    free(c->origin);
    free(c->path);
    free(c);
}
