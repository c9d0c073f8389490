/* SPDX-License-Identifier: BSD-2-Clause */
#include "users_file.h"

#include <stdlib.h>

#include "file.h"

static void no_fault(void *ctx, size_t line, const char *what)
{
    (void)ctx;
    (void)line;
    (void)what;
}

int users_file_load(struct users **out, const char *path, users_fault_fn fault,
                    void *ctx)
{
    char *text;
    size_t n;
    int err = file_read(&text, &n, path, USERS_FILE_MAX);

    if (err)
        return err;
    err = users_parse(out, span_of(text, n), fault ? fault : no_fault, ctx);
    explicit_bzero(text, n);
    free(text);
    return err;
}
