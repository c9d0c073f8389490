/* SPDX-License-Identifier: BSD-2-Clause */
/* users_file - auth.users_file, read from disk. */
#ifndef USERS_FILE_H
#define USERS_FILE_H

#include "users.h"

enum { USERS_FILE_MAX = 1 << 30 }; /* octets */

/* All users in the file at `path`; every malformed line is reported to `fault`,
 * which may be NULL. 0; ERR_IO (errno is set), ERR_LIMIT or ERR_NOMEM;
 * ERR_CONFIG for malformed lines. */
int users_file_load(struct users **out, const char *path, users_fault_fn fault,
                    void *ctx);

#endif
