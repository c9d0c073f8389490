/* SPDX-License-Identifier: BSD-2-Clause */
/* file_open - files of the operator, opened without waiting. */
#ifndef FILE_OPEN_H
#define FILE_OPEN_H

/* Opens the file at `path` for reading, as *fd, which is the caller's. 0,
 * ERR_IO (errno is set), or ERR_NOT_FILE for what the process might have to
 * wait for, such as a FIFO. */
int file_open(int *fd, const char *path);

#endif
