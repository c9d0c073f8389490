/* SPDX-License-Identifier: BSD-2-Clause */
/* config_load - from a file, or a text, to a configuration. */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "config.h"
#include "config_loaded.h"
#include "str.h"

/* Reads the file at `path`, and those it includes, and calls `fault` for every
 * fault in them. 0, ERR_CONFIG after at least one call, or ERR_NOMEM; *out is
 * written on success alone. Free with config_free(). */
int config_load(struct config **out, const char *path, config_fault_fn fault,
                void *ctx);

/* As config_load(), for text in memory; `path` is what faults call it, and the
 * directory from which it includes. */
int config_parse(struct config **out, const char *path, struct span text,
                 config_fault_fn fault, void *ctx);

/* As config_load(), and looks at everything that the configuration names:
 * certificate, key, users, user and group; and at settings that do not fit
 * together. Faulty values do not end it: the others are looked at all the same,
 * so that one run tells all. `warn` is called for what is allowed but probably
 * a mistake.
 *
 * What it has loaded is handed over with the configuration. Users that are in
 * use are handed over again when their file is surely the same; `in_use` is
 * NULL when there are none. Free with config_loaded_free(). */
int config_load_checked(struct config_loaded *out, const char *path,
                        const struct config_loaded *in_use,
                        config_fault_fn fault, config_fault_fn warn, void *ctx);

#endif
