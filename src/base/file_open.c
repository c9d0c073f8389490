/* SPDX-License-Identifier: BSD-2-Clause */
#include "file_open.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"

/* /dev/null is as good as an empty file. */
static int judge(const struct stat *st)
{
    if (S_ISREG(st->st_mode) || S_ISCHR(st->st_mode))
        return 0;
    if (!S_ISDIR(st->st_mode))
        return ERR_NOT_FILE;
    errno = EISDIR;
    return ERR_IO;
}

int file_open(int *fd, const char *path)
{
    int opened = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    int err, errnum;

    if (opened < 0)
        return errno == ENXIO ? ERR_NOT_FILE : ERR_IO; /* a socket */
    err = fstat(opened, &st) == 0 ? judge(&st) : ERR_IO;
    if (!err) {
        *fd = opened;
        return 0;
    }
    errnum = errno;
    (void)close(opened);
    errno = errnum;
    return err;
}
