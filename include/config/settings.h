/* SPDX-License-Identifier: BSD-2-Clause */
/* settings - the one table of everything that can be configured.
 *
 * Reading, checking of types and bounds, defaults and the dump follow from it;
 * the manual page and the example file are held against it by tests. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

/* What a value is in the file and, after the colon, in struct config. */
enum setting_type {
    SETTING_BOOL,    /* true or false: bool */
    SETTING_COUNT,   /* a whole number: uint64_t */
    SETTING_SIZE,    /* 65536 or "64k": uint64_t octets */
    SETTING_TIME,    /* 30, 0.5 or "5m": uint64_t milliseconds */
    SETTING_SECONDS, /* the same without a fraction: uint64_t seconds */
    SETTING_TEXT,    /* a string: char *, owned */
    SETTING_CHOICE,  /* one of some strings: an enum, its place in `choices` */
    SETTING_ADDRESS, /* a numeric address: struct addr with port 0 */
    SETTING_SERVER,  /* the same, with or without a port: struct addr */
    SETTING_CIDR,    /* a block of addresses: struct cidr */
    SETTING_GROUP,   /* a group of its own `members`: a struct */
};

struct setting {
    const char *key; /* "relay.name"; of a member: its bare name */
    enum setting_type type;
    bool is_list;  /* any number of them: struct { T *items; size_t n; } */
    bool is_fixed; /* a change needs a restart */
    size_t at;     /* where in struct config, or in the group's struct */
    uint64_t min;  /* bounds of a number, in the unit that is stored; */
    uint64_t max;  /* ... of a list, of how many items it has */
    const char *initial;        /* the default as a file would say it; NULL: as
                                   `help` says (config_load.c), or none (listen) */
    const char *const *choices; /* ends with NULL */
    /* What a text must be, when it is not: "a host name"; NULL when it is. */
    const char *(*check)(struct span text);
    const struct setting *members;
    size_t n_members;
    size_t item_size; /* of a group */
    size_t place_at;  /* of a group: where it keeps its struct config_place */
    const char *help;
};

/* The table, in the order of the dump; the keys of one group are together. */
extern const struct setting settings[];
extern const size_t settings_n;

/* The setting with that key, or NULL. */
const struct setting *settings_find(const char *key);

/* Is there a group of that name, such as "relay"? */
bool settings_have_group(const char *name);

/* May the size be "", which stands for 0: the relay finds it by itself? */
static inline bool settings_may_be_empty(const struct setting *s)
{
    return s->initial && span_eq(span_str(s->initial), SPAN("\"\""));
}

/* Octets of one value, of one item for a list. */
size_t setting_size(const struct setting *s);

#endif
