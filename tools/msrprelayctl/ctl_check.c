/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config_load.h"
#include "ctl_ask.h"
#include "err.h"

static void print_warning(void *ctx, struct config_place at, const char *what)
{
    (void)ctx;
    fprintf(stderr, "%s:%u: warning: %s\n", at.file, at.line, what);
}

static void keep_row(void *ctx, json_t *row)
{
    json_t **status = ctx;

    json_decref(*status);
    *status = json_incref(row);
}

enum ctl_exit ctl_check_running(int fd, int timeout_ms)
{
    json_t *status = NULL;
    enum ctl_exit code;
    struct ctl_end end;
    int err = ctl_ask(&end, fd, "status\n", timeout_ms, keep_row, &status);
    const char *path = json_string_value(json_object_get(status, "config"));

    if (err || !path)
        code = ctl_complain(CTL_UNREACHABLE, "incomplete answer from the relay",
                            err == ERR_IO ? strerror(errno)
                                          : err_text(err ? err : ERR_SYNTAX));
    else if (*path != '/')
        code = ctl_complain(CTL_FAILED, path,
                            "the relay was started with a relative path; name "
                            "the file with -c");
    else
        code = ctl_check(path);
    json_decref(status);
    return code;
}

enum ctl_exit ctl_check(const char *path)
{
    struct config_loaded loaded;
    int err = config_load_checked(&loaded, path, NULL, ctl_print_fault,
                                  print_warning, NULL);

    if (err == ERR_CONFIG) /* every fault has been printed */
        return CTL_BAD_CONFIG;
    if (err)
        return ctl_complain(CTL_FAILED, path, err_text(err));
    config_loaded_free(&loaded, NULL);
    puts("ok");
    return CTL_OK;
}
