/* SPDX-License-Identifier: BSD-2-Clause */
#include "users_load.h"

#include "clock.h"
#include "err.h"
#include "users_file.h"

enum { LATELY_S = 2 };

int users_load(struct users **out, const struct config *c,
               struct config_report *r)
{
    const char *path = c->auth.users_file;
    struct config_report_file faults = {r, path};
    int err = users_file_load(out, path, config_report_line, &faults);

    if (!err || err == ERR_NOMEM || err == ERR_CONFIG)
        return err;
    config_report(r, config_place_or_top(c, "auth.users_file"),
                  "auth.users_file: cannot read %s: %s", path,
                  err == ERR_LIMIT ? "file too large" : err_reason(err));
    return ERR_CONFIG;
}

struct users_stamp users_stamp_of(const struct config *c)
{
    struct users_stamp s = {0};
    struct stat st;
    int64_t now_s;

    if (stat(c->auth.users_file, &st) != 0)
        return s;
    now_s = (int64_t)(clock_unix_ms() / 1000);
    s.dev = st.st_dev;
    s.ino = st.st_ino;
    s.size = st.st_size;
    s.modified = st.st_mtim;
    s.changed = st.st_ctim;
    s.is_sure = S_ISREG(st.st_mode) && now_s - st.st_ctim.tv_sec > LATELY_S;
    return s;
}

static bool is_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool users_stamp_same(const struct users_stamp *a, const struct users_stamp *b)
{
    return a->is_sure && b->is_sure && a->dev == b->dev && a->ino == b->ino &&
           a->size == b->size && is_same_time(a->modified, b->modified) &&
           is_same_time(a->changed, b->changed);
}
