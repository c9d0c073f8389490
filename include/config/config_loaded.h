/* SPDX-License-Identifier: BSD-2-Clause */
/* config_loaded - a configuration together with what it names, loaded, so that
 * nothing that was checked is read a second time. */
#ifndef CONFIG_LOADED_H
#define CONFIG_LOADED_H

#include "config.h"
#include "config_warnings.h"
#include "secrets.h"
#include "tls.h"
#include "users.h"
#include "users_load.h"
#include "words.h"

struct config_loaded {
    struct config *config;            /* owned */
    struct tls_ctx *tls;              /* a reference; for TLS listeners */
    struct users *users;              /* owned, unless in use (below) */
    struct secrets *secrets;          /* owned; NULL: none are configured */
    struct words lookup;              /* auth.lookup.command; owned; none: "" */
    struct users_stamp users_stamp;   /* of their file, before it was read */
    struct config_warnings *warnings; /* owned; NULL without a configuration */
};

/* Frees all of it, except users that are also `in_use`, which may be NULL.
 * Copes with zeroes, and leaves them. */
void config_loaded_free(struct config_loaded *l, const struct users *in_use);

#endif
