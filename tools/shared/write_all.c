/* SPDX-License-Identifier: BSD-2-Clause */
#include "write_all.h"

#include <errno.h>
#include <unistd.h>

#include "err.h"

int write_all(int fd, struct span text)
{
    while (text.n > 0) {
        ssize_t n = write(fd, text.p, text.n);

        if (n < 0 && errno != EINTR)
            return ERR_IO;
        if (n > 0)
            text = span_from(text, (size_t)n);
    }
    return 0;
}
