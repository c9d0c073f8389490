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
};

extern const struct setting settings_listen_members[];
extern const struct setting settings_certificate_members[];
extern const struct setting settings_interface_members[];

#endif
