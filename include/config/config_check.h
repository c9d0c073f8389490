/* SPDX-License-Identifier: BSD-2-Clause */
/* config_check - checks what a configuration names: files and accounts, and
 * settings that do not fit together. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config_loaded.h"
#include "config_report.h"

/* Looks at what l->config names, and fills in the rest of l. Users that are in
 * use are taken, not read again, when their file is surely the same; `in_use`
 * may be NULL.
 *
 * When faults were counted in r before, keys that were wrong are left out, and
 * so are those that are not set: one that seems to be left to its default may
 * just be misspelt. 0 or ERR_NOMEM; faults are counted in r, and while there
 * are any l may lack something. */
int config_check(struct config_loaded *l, const struct config_loaded *in_use,
                 struct config_report *r);

#endif
