/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_words.h"

#include <string.h>

#include "err.h"
#include "str.h"

static const char *const wanted[] = {
    [SETTING_BOOL] = "true or false",
    [SETTING_COUNT] = "a whole number",
    [SETTING_SIZE] = "octets, or a string such as \"64k\"",
    [SETTING_TIME] = "seconds, or a string such as \"30s\" or \"5m\"",
    [SETTING_SECONDS] = "whole seconds, or a string such as \"30s\" or \"5m\"",
    [SETTING_TEXT] = "a string",
    [SETTING_CHOICE] = "a string",
    [SETTING_ADDRESS] = "a numeric address in a string",
    [SETTING_SERVER] = "an address with or without a port, in a string",
    [SETTING_CIDR] = "a block of addresses such as \"10.0.0.0/8\"",
    [SETTING_GROUP] = "a group in braces",
};

const char *config_words_type(int type)
{
    switch (type) {
    case CONFIG_TYPE_GROUP:
        return "a group";
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return "a whole number";
    case CONFIG_TYPE_FLOAT:
        return "a number with a fraction";
    case CONFIG_TYPE_STRING:
        return "a string";
    case CONFIG_TYPE_BOOL:
        return "true or false";
    case CONFIG_TYPE_ARRAY:
        return "an array";
    case CONFIG_TYPE_LIST:
        return "a list";
    }
    return "nothing";
}

const char *config_words_wanted(enum setting_type type)
{
    return wanted[type];
}

int config_words_scalar(config_t *tree, enum setting_type type,
                        const char *text)
{
    config_setting_t *root = config_root_setting(tree), *v;
    bool is_true = strcmp(text, "true") == 0;
    uint64_t number;

    if (type == SETTING_BOOL && (is_true || strcmp(text, "false") == 0)) {
        v = config_setting_add(root, "v", CONFIG_TYPE_BOOL);
        return v && config_setting_set_bool(v, is_true) ? 0 : ERR_NOMEM;
    }
    if (type == SETTING_COUNT &&
        span_u64(&number, span_str(text), INT64_MAX) == 0) {
        v = config_setting_add(root, "v", CONFIG_TYPE_INT64);
        return v && config_setting_set_int64(v, (long long)number) ? 0
                                                                   : ERR_NOMEM;
    }
    v = config_setting_add(root, "v", CONFIG_TYPE_STRING);
    return v && config_setting_set_string(v, text) ? 0 : ERR_NOMEM;
}
