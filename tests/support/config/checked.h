/* SPDX-License-Identifier: BSD-2-Clause */
/* checked - configurations that are loaded with all that they name, and what
 * is said about them. A test needs
 *     test-wraps: geteuid getpwnam getgrnam gethostname
 * in its second line. */
#ifndef CHECKED_H
#define CHECKED_H

#include <sys/types.h>

#include "faults.h"
#include "scratch.h"
#include "tls_files.h"

#define TCP                                                                    \
    "listen = ( { transport = \"tcp\"; address = \"127.0.0.1\"; port = 0; } "  \
    ");\n"
#define TLS "listen = (\n { transport = \"tls\"; port = 0; } );\n"
#define MD5_HA1 "0123456789abcdef0123456789abcdef"
#define ALICE(realm) "alice:" realm ":" MD5_HA1 "\n"

/* What geteuid() answers; 1000 to begin with. */
extern uid_t checked_uid;

struct checked {
    struct scratch scratch; /* has the file users */
    struct tls_files *tls;  /* has relay and other */
    struct faults faults, warnings;
};

int checked_setup(void **state);
int checked_teardown(void **state);

/* What config_load_checked() calls; ctx is a struct checked. */
void checked_add_fault(void *ctx, struct config_place at, const char *what);
void checked_add_warning(void *ctx, struct config_place at, const char *what);

/* Checks the file test.conf. */
void checked_whole(struct checked *x, const char *text);

/* The same for a file whose line 1 names a good users file, and lets clients
 * log in over tcp. */
void checked_rest(struct checked *x, const char *rest);

/* The same, with a `tls` group in line 2 of these files in the directory of
 * certificates, and `more` in it. */
void checked_tls(struct checked *x, const char *certificate, const char *key,
                 const char *more);

/* There are so many faults, and one of them begins and goes on like this. */
void checked_fault(struct checked *x, size_t count, const char *start,
                   const char *what);

#endif
