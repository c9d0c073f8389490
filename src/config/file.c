/* SPDX-License-Identifier: BSD-2-Clause */
#include "file.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "err.h"
#include "file_open.h"

enum { FIRST_SIZE = 16 * 1024 };

/* Reads as it comes: files of the kernel do not tell their size. */
static int file_read_all(char **data, size_t *n, int fd, size_t max)
{
    size_t size = 0;
    ssize_t got = 1;

    while (got != 0) {
        if (size - *n <= 1) {
            char *bigger = realloc(*data, size ? 2 * size : FIRST_SIZE);

            if (!bigger)
                return ERR_NOMEM;
            *data = bigger;
            size = size ? 2 * size : FIRST_SIZE;
        }
        got = read(fd, *data + *n, size - *n - 1);
        if (got < 0 && errno != EINTR)
            return ERR_IO;
        if (got > 0)
            *n += (size_t)got;
        if (*n > max)
            return ERR_LIMIT;
    }
    (*data)[*n] = '\0';
    return 0;
}

int file_read(char **data, size_t *n, const char *path, size_t max)
{
    char *all = NULL;
    size_t len = 0;
    int fd, err, errnum;

    err = file_open(&fd, path);
    if (err)
        return err;
    err = file_read_all(&all, &len, fd, max);
    errnum = errno;
    close(fd);
    errno = errnum;
    if (err) {
        free(all);
        return err;
    }
    *data = all;
    *n = len;
    return 0;
}
