/* SPDX-License-Identifier: BSD-2-Clause */
/* users_load - loads the users that a configuration names, and reports each
 * fault as FILE:LINE. */
#ifndef USERS_LOAD_H
#define USERS_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "config.h"
#include "config_report.h"
#include "users.h"

/* All users in auth.users_file. 0; ERR_CONFIG when faults were reported to r;
 * or ERR_NOMEM. */
int users_load(struct users **out, const struct config *c,
               struct config_report *r);

/* Identifies the content of a file. */
struct users_stamp {
    bool is_sure; /* else nothing is known */
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec modified, changed;
};

/* The stamp of auth.users_file now, to be taken before it is loaded. Not sure
 * when the file cannot be examined, or was written so recently that another
 * write in the same moment would go unnoticed. */
struct users_stamp users_stamp_of(const struct config *c);

/* Is it surely the same file with the same content? */
bool users_stamp_same(const struct users_stamp *a, const struct users_stamp *b);

#endif
