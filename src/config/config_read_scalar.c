/* SPDX-License-Identifier: BSD-2-Clause */
/* config_read_scalar - values that are neither lists nor groups. */
#include <inttypes.h>
#include <stdio.h>

#include "config_read_private.h"
#include "config_value.h"
#include "config_words.h"
#include "err.h"
#include "log.h"

enum { QUOTED_MAX = 128 };

struct config_place config_read_place(const struct reading *r,
                                      const config_setting_t *from)
{
    if (!r->source)
        return (struct config_place){NULL, 0};
    if (r->from)
        return *r->from;
    return config_source_place(r->source, r->part,
                               config_setting_source_line(from));
}

/* --- wrong types --- */

int config_read_refuse_type(const struct reading *r, const struct setting *s,
                            const char *key, const config_setting_t *from)
{
    config_report(r->report, config_read_place(r, from),
                  "%s must be %s, not %s", key, config_words_wanted(s->type),
                  config_words_type(config_setting_type(from)));
    return ERR_CONFIG;
}

/* --- strings --- */

struct span config_read_text_of(const config_setting_t *from)
{
    const char *text = config_setting_get_string(from);

    return span_str(text ? text : "");
}

static int refuse_text(const struct reading *r, const char *key,
                       const config_setting_t *from, const char *wanted)
{
    char quoted[QUOTED_MAX];
    struct span shown = r->file ? span_str(r->file) : config_read_text_of(from);

    config_report(r->report, config_read_place(r, from),
                  "%s must be %s, not %s%s", key, wanted,
                  r->file ? "what is in " : "",
                  log_escape(quoted, sizeof quoted, shown));
    return ERR_CONFIG;
}

static int read_text(const struct reading *r, const struct setting *s,
                     const char *key, const config_setting_t *from, void *at)
{
    struct span text = config_read_text_of(from);
    const char *wanted = s->check ? s->check(text) : NULL;
    char *copy;

    if (wanted)
        return refuse_text(r, key, from, wanted);
    copy = strndup(text.p, text.n);
    if (!copy)
        return ERR_NOMEM;
    *(char **)at = copy;
    return 0;
}

static int read_choice(const struct reading *r, const struct setting *s,
                       const char *key, const config_setting_t *from, void *at)
{
    char wanted[QUOTED_MAX] = "one of";
    size_t n = strlen(wanted);

    for (unsigned i = 0; s->choices[i]; i++) {
        if (span_eq(config_read_text_of(from), span_str(s->choices[i]))) {
            memcpy(at, &i, sizeof i);
            return 0;
        }
        n += (size_t)snprintf(wanted + n, sizeof wanted - n, "%s \"%s\"",
                              i ? "," : "", s->choices[i]);
    }
    return refuse_text(r, key, from, wanted);
}

/* What is written as a string, taken apart by its type. */
static int read_parsed(const struct reading *r, const struct setting *s,
                       const char *key, const config_setting_t *from, void *at)
{
    struct span text = config_read_text_of(from);
    const char *wanted = config_words_wanted(s->type);
    int err = 0;

    if (s->type == SETTING_ADDRESS)
        err = addr_parse(at, text, 0);
    else if (s->type == SETTING_SERVER)
        err = config_value_server(at, text);
    else
        err = cidr_parse(at, text);
    if (err == ERR_LIMIT)
        wanted = "a block with no bits set after its prefix";
    return err ? refuse_text(r, key, from, wanted) : 0;
}

static int read_string(const struct reading *r, const struct setting *s,
                       const char *key, const config_setting_t *from, void *at)
{
    if (config_setting_type(from) != CONFIG_TYPE_STRING)
        return config_read_refuse_type(r, s, key, from);
    if (s->type == SETTING_TEXT)
        return read_text(r, s, key, from, at);
    if (s->type == SETTING_CHOICE)
        return read_choice(r, s, key, from, at);
    return read_parsed(r, s, key, from, at);
}

/* --- numbers --- */

/* A value of the setting as an operator would write it. */
static const char *number_text(char *dst, const struct setting *s, uint64_t v)
{
    if (s->type == SETTING_TIME)
        return config_value_time_text(dst, v);
    if (s->type == SETTING_SIZE)
        return config_value_size_text(dst, v);
    snprintf(dst, CONFIG_VALUE_MAX, "%" PRIu64, v);
    return dst;
}

static int refuse_bounds(const struct reading *r, const struct setting *s,
                         const char *key, const config_setting_t *from)
{
    char min[CONFIG_VALUE_MAX], max[CONFIG_VALUE_MAX];

    config_report(r->report, config_read_place(r, from),
                  "%s must be from %s to %s", key, number_text(min, s, s->min),
                  number_text(max, s, s->max));
    return ERR_CONFIG;
}

/* The number in the setting's unit: 0, ERR_LIMIT when it is negative or far too
 * large, ERR_SYNTAX for a string that is none, ERR_UNSUPPORTED for what cannot
 * be one. */
static int config_read_take_number(uint64_t *out, const struct setting *s,
                                   const config_setting_t *from)
{
    bool is_time = s->type == SETTING_TIME || s->type == SETTING_SECONDS;
    long long whole;

    switch (config_setting_type(from)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        whole = config_setting_get_int64(from);
        if (is_time)
            return config_value_seconds(out, (double)whole);
        *out = (uint64_t)whole;
        return whole < 0 ? ERR_LIMIT : 0;
    case CONFIG_TYPE_FLOAT:
        if (is_time)
            return config_value_seconds(out, config_setting_get_float(from));
        return ERR_UNSUPPORTED;
    case CONFIG_TYPE_STRING:
        if (is_time)
            return config_value_time(out, config_read_text_of(from));
        if (s->type == SETTING_SIZE && settings_may_be_empty(s) &&
            config_read_text_of(from).n == 0)
            return 0;
        if (s->type == SETTING_SIZE)
            return config_value_size(out, config_read_text_of(from));
    }
    return ERR_UNSUPPORTED;
}

static int read_number(const struct reading *r, const struct setting *s,
                       const char *key, const config_setting_t *from, void *at)
{
    uint64_t value = 0;
    int err = config_read_take_number(&value, s, from);

    if (err == ERR_UNSUPPORTED)
        return config_read_refuse_type(r, s, key, from);
    if (err == ERR_SYNTAX)
        return refuse_text(r, key, from, config_words_wanted(s->type));
    if (!err && s->type == SETTING_SECONDS) {
        if (value % 1000) {
            config_report(r->report, config_read_place(r, from),
                          "%s must be whole seconds", key);
            return ERR_CONFIG;
        }
        value /= 1000;
    }
    if (err || value > s->max ||
        (value < s->min && !(value == 0 && settings_may_be_empty(s))))
        return refuse_bounds(r, s, key, from);
    memcpy(at, &value, sizeof value);
    return 0;
}

/* --- all of them --- */

int config_read_scalar(const struct reading *r, const struct setting *s,
                       const char *key, const config_setting_t *from, void *at)
{
    switch (s->type) {
    case SETTING_BOOL:
        if (config_setting_type(from) != CONFIG_TYPE_BOOL)
            return config_read_refuse_type(r, s, key, from);
        *(bool *)at = config_setting_get_bool(from);
        return 0;
    case SETTING_COUNT:
    case SETTING_SIZE:
    case SETTING_TIME:
    case SETTING_SECONDS:
        return read_number(r, s, key, from, at);
    case SETTING_TEXT:
    case SETTING_CHOICE:
    case SETTING_ADDRESS:
    case SETTING_SERVER:
    case SETTING_CIDR:
        return read_string(r, s, key, from, at);
    case SETTING_GROUP:
        break;
    }
    return config_read_refuse_type(r, s, key, from);
}
