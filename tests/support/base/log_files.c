/* SPDX-License-Identifier: BSD-2-Clause */
#include "log_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmocka_all.h"

struct log_files *log_files_new(void)
{
    struct log_files *f = test_calloc(1, sizeof *f);

    span_copy(f->dir, sizeof f->dir, SPAN("/tmp/msrp-log-XXXXXX"));
    if (!mkdtemp(f->dir)) {
        test_free(f);
        return NULL;
    }
    snprintf(f->path, sizeof f->path, "%s/log", f->dir);
    snprintf(f->moved, sizeof f->moved, "%s/log.1", f->dir);
    return f;
}

void log_files_free(struct log_files *f)
{
    unlink(f->path);
    unlink(f->moved);
    rmdir(f->dir);
    test_free(f);
}

const char *log_files_read(struct log_files *f, const char *path)
{
    FILE *in = fopen(path, "r");
    size_t n;

    assert_non_null(in);
    n = fread(f->text, 1, sizeof f->text - 1, in);
    f->text[n] = '\0';
    fclose(in);
    return f->text;
}
