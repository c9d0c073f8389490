/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl_check.h"

#include <stdio.h>

#include "config_load.h"
#include "ctl_ask.h"
#include "ctl_show.h"
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

enum ctl_exit ctl_check_running(int fd, int timeout_ms, bool json)
{
    json_t *status = NULL;
    enum ctl_exit code;
    struct ctl_end end;
    int err = ctl_ask(&end, fd, "status\n", timeout_ms, keep_row, &status);
    const char *path = json_string_value(json_object_get(status, "config"));

    if (err || !path)
        code = ctl_complain_cut(err ? err : ERR_SYNTAX);
    else if (*path != '/')
        code = ctl_complain(CTL_FAILED, path,
                            "the relay was started with a relative path; name "
                            "the file with -c");
    else
        code = ctl_check(path, json);
    json_decref(status);
    return code;
}

static void show(struct ctl_show *to, struct config_place at, const char *what,
                 bool is_warning)
{
    json_t *row =
        json_pack("{s:s,s:i,s:b,s:s}", "file", at.file, "line", (int)at.line,
                  "is_warning", is_warning, "what", what);

    ctl_show_row(to, row);
    json_decref(row);
}

static void show_fault(void *ctx, struct config_place at, const char *what)
{
    show(ctx, at, what, false);
}

static void show_warning(void *ctx, struct config_place at, const char *what)
{
    show(ctx, at, what, true);
}

static int check_as_json(struct config_loaded *loaded, const char *path)
{
    struct ctl_show list;
    int err;

    ctl_show_begin(&list, stdout, CONTROL_FAULTS, true);
    err = config_load_checked(loaded, path, NULL, show_fault, show_warning,
                              &list);
    ctl_show_end(&list, NULL);
    return err;
}

enum ctl_exit ctl_check(const char *path, bool json)
{
    struct config_loaded loaded;
    int err = json ? check_as_json(&loaded, path)
                   : config_load_checked(&loaded, path, NULL, ctl_print_fault,
                                         print_warning, NULL);

    if (err == ERR_CONFIG) /* every fault has been printed */
        return CTL_BAD_CONFIG;
    if (err)
        return ctl_complain(CTL_FAILED, path, err_text(err));
    config_loaded_free(&loaded, NULL);
    if (!json)
        puts("ok");
    return CTL_OK;
}
