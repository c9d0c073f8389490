/* SPDX-License-Identifier: BSD-2-Clause */
/* settings_private - what the files of the table share, and no other file sees.
 *
 *     settings.c          the table
 *     settings_members.c  the members of groups in lists
 *     settings_find.c     what is asked of the table
 */
#ifndef SETTINGS_PRIVATE_H
#define SETTINGS_PRIVATE_H

#include "settings.h"

enum {
    SETTINGS_LISTEN_MEMBERS = 8,
    SETTINGS_CERTIFICATE_MEMBERS = 2,
    SETTINGS_INTERFACE_MEMBERS = 5,
    GIBI = 1 << 30,
};

extern const struct setting settings_listen_members[SETTINGS_LISTEN_MEMBERS],
    settings_certificate_members[SETTINGS_CERTIFICATE_MEMBERS],
    settings_interface_members[SETTINGS_INTERFACE_MEMBERS];

/* What a row says of a field. A table is about the fields of one struct, whose
 * name is OF there. */
#define FIELD(what, field) .type = (what), .at = offsetof(struct OF, field)
#define NUMBER(what, field, from, to)                                          \
    FIELD(what, field), .min = (from), .max = (to)
#define COUNT(field, from, to) NUMBER(SETTING_COUNT, field, from, to)
#define SIZE(field, from, to) NUMBER(SETTING_SIZE, field, from, to)
#define TIME(field, from, to) NUMBER(SETTING_TIME, field, from, to)
#define SECONDS(field, from, to) NUMBER(SETTING_SECONDS, field, from, to)
#define BOOL(field) FIELD(SETTING_BOOL, field)
#define ADDRESS(field) FIELD(SETTING_ADDRESS, field)
#define TEXT(field, test) FIELD(SETTING_TEXT, field), .check = (test)
#define CHOICE(field, of) FIELD(SETTING_CHOICE, field), .choices = (of)
#define LIST(what, field, from, to)                                            \
    NUMBER(what, field, from, to), .is_list = true

#endif
