/* config_check - what a configuration names, looked at: files, accounts, and
 * what it asks for that this version cannot do. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config.h"
#include "config_report.h"

/* When faults were counted in r before, keys that were wrong are left out, and
 * so are those that are not set: one that seems to be left to its default may
 * just be misspelt. 0 or ERR_NOMEM; faults are counted in r. */
int config_check(const struct config *c, struct config_report *r);

#endif
