/* SPDX-License-Identifier: BSD-2-Clause */
/* file - the whole content of a file. */
#ifndef FILE_H
#define FILE_H

#include <stddef.h>

/* The content of the file at `path`, with a NUL after its n octets, to be
 * freed. It never waits. 0, ERR_IO (errno is set), ERR_NOT_FILE for a FIFO and
 * the like, ERR_LIMIT when it is larger than `max`, or ERR_NOMEM. */
int file_read(char **data, size_t *n, const char *path, size_t max);

#endif
