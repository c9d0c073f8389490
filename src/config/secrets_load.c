/* SPDX-License-Identifier: BSD-2-Clause */
#include "secrets_load.h"

#include <stdlib.h>

#include "err.h"
#include "file.h"

enum { SECRET_FILE_MAX = 1 << 20 }; /* octets */

int secrets_load(struct secrets **out, const struct config *c,
                 struct config_report *r)
{
    const char *path = c->auth.secret_file;
    struct config_report_file faults = {r, path};
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
                        config_report_line, &faults);
    explicit_bzero(text, n);
    free(text);
    if (!err && secrets_count(*out) == 0)
        config_warn(r, config_place(c, "auth.secret_file"),
                    "auth.secret_file: %s has no secret", path);
    return err;
}
