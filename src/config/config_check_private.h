/* SPDX-License-Identifier: BSD-2-Clause */
/* config_check_private - what the files that check a configuration share, and
 * no other file sees.
 *
 *     config_check.c  in which order; sizes, accounts, logs, the control socket
 *     listen_check.c  listeners
 *     tls_check.c     certificates, keys and authorities
 *     login_check.c   users, secrets, look-ups and realms
 */
#ifndef CONFIG_CHECK_PRIVATE_H
#define CONFIG_CHECK_PRIVATE_H

#include "config_check.h"
#include "config_key.h"

struct check {
    const struct config *config;
    struct config_report *report;
    bool is_sound; /* the file, up to here: its silence means the defaults */
};

/* Is the value of this key to be looked at? */
bool config_check_counts(const struct check *k, const char *key);

/* --- listen_check.c --- */

void listen_check(const struct check *k);

/* Is there a listener at which clients can log in at all? */
bool listen_check_takes_logins(const struct config *c);

/* --- tls_check.c --- */

/* Makes *out, a context with all certificates that are good, which is NULL when
 * nothing works: 0 or ERR_NOMEM. */
int tls_check(const struct check *k, struct tls_ctx **out);

/* Which line is to blame for what is wrong with a key: its own, or the one that
 * makes its default matter. */
struct config_place tls_check_blame(const struct config *c, const char *key);

/* The file of a certificate or key, or "" when there is none to look at. */
const char *tls_check_file(const struct check *k, const char *key,
                           const char *path);

/* --- login_check.c --- */

/* They fill in their part of l: 0 or ERR_NOMEM. */
int login_check_users(const struct check *k, struct config_loaded *l,
                      const struct config_loaded *in_use);
int login_check_secrets(const struct check *k, struct config_loaded *l);
int login_check_lookup(const struct check *k, struct config_loaded *l);

/* Do the users that were loaded belong to a realm that is served? */
void login_check_realm(const struct check *k, const struct config_loaded *l);

#endif
