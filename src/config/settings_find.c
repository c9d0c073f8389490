/* SPDX-License-Identifier: BSD-2-Clause */
/* settings_find - what is asked of the table. */
#include "config.h"
#include "settings.h"

const struct setting *settings_find(const char *key)
{
    for (size_t i = 0; i < settings_n; i++)
        if (strcmp(settings[i].key, key) == 0)
            return &settings[i];
    return NULL;
}

bool settings_have_group(const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < settings_n; i++)
        if (strncmp(settings[i].key, name, n) == 0 && settings[i].key[n] == '.')
            return true;
    return false;
}

size_t setting_size(const struct setting *s)
{
    switch (s->type) {
    case SETTING_BOOL:
        return sizeof(bool);
    case SETTING_COUNT:
    case SETTING_SIZE:
    case SETTING_TIME:
    case SETTING_SECONDS:
        return sizeof(uint64_t);
    case SETTING_TEXT:
        return sizeof(char *);
    case SETTING_CHOICE:
        return sizeof(unsigned);
    case SETTING_ADDRESS:
    case SETTING_SERVER:
        return sizeof(struct addr);
    case SETTING_CIDR:
        return sizeof(struct cidr);
    case SETTING_GROUP:
        return s->item_size;
    }
    return 0;
}
