/* SPDX-License-Identifier: BSD-2-Clause */
#include "faults.h"

#include <stdio.h>

#include "cmocka_all.h"

void faults_add(void *ctx, struct config_place place, const char *what)
{
    struct faults *f = ctx;
    size_t n = strlen(f->text);
    const char *slash = strrchr(place.file, '/');

    assert_true(place.line > 0);
    assert_true(n + strlen(what) + strlen(place.file) + 16 < sizeof f->text);
    f->count++;
    snprintf(f->text + n, sizeof f->text - n, "%s:%u: %s\n",
             slash ? slash + 1 : place.file, place.line, what);
}
