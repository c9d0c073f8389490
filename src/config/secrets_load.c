/* SPDX-License-Identifier: BSD-2-Clause */
#include "secrets_load.h"

#include <stdlib.h>

#include "err.h"
#include "file.h"

enum { SECRET_FILE_MAX = 1 << 20 }; /* octets */

struct secrets_faults {
    struct config_report *report;
    const char *file;
};

static void secrets_load_on_fault(void *ctx, size_t line, const char *what)
{
    const struct secrets_faults *f = ctx;

    config_report(f->report, (struct config_place){f->file, (unsigned)line},
                  "%s", what);
}

int secrets_load(struct secrets **out, const struct config *c,
                 struct config_report *r)
{
    const char *path = c->auth.secret_file;
    struct secrets_faults faults = {r, path};
    char *text;
    size_t n;
    int err = file_read(&text, &n, path, SECRET_FILE_MAX);

    if (err == ERR_NOMEM)
        return err;
    if (err) {
        config_report(r, config_place(c, "auth.secret_file"),
                      "auth.secret_file: cannot read %s: %s", path,
                      err == ERR_LIMIT ? "file too large" : err_reason(err));
        return ERR_CONFIG;
    }
    err = secrets_parse(out, span_of(text, n), c->auth.secret_hash,
                        secrets_load_on_fault, &faults);
    explicit_bzero(text, n);
    free(text);
    if (!err && secrets_count(*out) == 0)
        config_warn(r, config_place(c, "auth.secret_file"),
                    "auth.secret_file: %s has no secret", path);
    return err;
}
