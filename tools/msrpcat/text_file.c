/* SPDX-License-Identifier: BSD-2-Clause */
#include "text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "write_all.h"

/* --- writing -------------------------------------------------------------- */

/* Writes, and closes `fd`. */
static int write_to(int fd, const char *text)
{
    int err = fd < 0 ? ERR_IO : write_all(fd, span_str(text));

    if (fd >= 0 && close(fd) && !err)
        err = ERR_IO;
    return err;
}

static int replace(const char *file, const char *text)
{
    char *temporary;
    int fd, err;

    if (asprintf(&temporary, "%s.XXXXXX", file) < 0)
        return ERR_IO;
    fd = mkostemp(temporary, O_CLOEXEC);
    err = write_to(fd, text);
    if (!err && rename(temporary, file))
        err = ERR_IO;
    if (err && fd >= 0) {
        int why = errno;

        unlink(temporary);
        errno = why;
    }
    free(temporary);
    return err;
}

/* The descriptor that /dev/fd/N names; -1 for other files. */
static int inherited(const char *file)
{
    static const char prefix[] = "/dev/fd/";
    uint64_t fd;

    if (strncmp(file, prefix, strlen(prefix)) != 0 ||
        span_u64(&fd, span_str(file + strlen(prefix)), INT32_MAX))
        return -1;
    return (int)fd;
}

int text_file_save(const char *file, const char *text)
{
    int fd = inherited(file);
    struct stat is;

    if (strcmp(file, "-") == 0)
        fd = STDOUT_FILENO;
    if (fd >= 0 && fd <= STDERR_FILENO)
        return write_all(fd, span_str(text));
    /* A shell's >(COMMAND): it has ended for the command once we close it. */
    if (fd >= 0)
        return write_to(fd, text);
    if (stat(file, &is) == 0 && !S_ISREG(is.st_mode))
        return write_to(open(file, O_WRONLY | O_CLOEXEC), text);
    return replace(file, text);
}

/* --- reading -------------------------------------------------------------- */

/* Does the text end with an empty line? That line is at *at. */
static bool has_ended(size_t *at, const char *text, size_t n)
{
    size_t end = n - 1;

    if (text[end] != '\n')
        return false;
    if (end > 0 && text[end - 1] == '\r')
        end--;
    if (end > 0 && text[end - 1] != '\n')
        return false;
    *at = end;
    return true;
}

/* Octet by octet: what is after it is for somebody else. */
static int read_text(char *text, size_t max, int fd)
{
    size_t n = 0;

    while (n < max) {
        ssize_t got = read(fd, text + n, 1);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ERR_IO;
        n += (size_t)got;
        if (got == 0 || has_ended(&n, text, n)) {
            text[n] = '\0';
            return 0;
        }
    }
    return ERR_LIMIT;
}

int text_file_read(char **out, const char *file, size_t max)
{
    bool is_stdin = strcmp(file, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    char *text;
    int err = ERR_NOMEM;

    if (fd < 0)
        return ERR_IO;
    text = malloc(max + 1);
    if (text)
        err = read_text(text, max, fd);
    if (!is_stdin) {
        int why = errno;

        close(fd);
        errno = why;
    }
    if (err)
        free(text);
    else
        *out = text;
    return err;
}
