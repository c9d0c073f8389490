/* SPDX-License-Identifier: BSD-2-Clause */
#include "scratch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"

void scratch_init(struct scratch *s)
{
    snprintf(s->dir, sizeof s->dir, "/tmp/msrp-test-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
}

/* Files first, then, for `depth` levels, what is left. */
static void clear(const char *dir, int depth)
{
    char name[PATH_MAX];
    DIR *d = opendir(dir);

    assert_non_null(d);
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof name, "%s/%s", dir, e->d_name);
        if (unlink(name) && depth > 0)
            clear(name, depth - 1);
    }
    closedir(d);
    assert_int_equal(rmdir(dir), 0);
}

void scratch_fini(struct scratch *s)
{
    clear(s->dir, 1);
}

const char *scratch_path(struct scratch *s, const char *file)
{
    snprintf(s->name, sizeof s->name, "%s/%s", s->dir, file);
    return s->name;
}

const char *scratch_write(struct scratch *s, const char *file,
                          struct span content)
{
    const char *slash = strchr(file, '/');
    FILE *f;

    if (slash) {
        snprintf(s->name, sizeof s->name, "%s/%.*s", s->dir,
                 (int)(slash - file), file);
        mkdir(s->name, 0700);
    }
    f = fopen(scratch_path(s, file), "w");
    assert_non_null(f);
    assert_int_equal(fwrite(content.p, 1, content.n, f), content.n);
    assert_int_equal(fclose(f), 0);
    return s->name;
}
