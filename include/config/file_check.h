/* SPDX-License-Identifier: BSD-2-Clause */
/* file_check - warns of files that relay.user cannot read, and of secrets that
 * everybody can. */
#ifndef FILE_CHECK_H
#define FILE_CHECK_H

#include <stdbool.h>

#include "config.h"
#include "config_report.h"

struct file_check {
    const char *key;  /* that names the file, such as "tls.private_key" */
    const char *path; /* "": not looked at */
    bool is_secret;
    struct config_place at;
};

/* Looks at n files that this process could read. relay.user is asked for only
 * when root runs this: then the files were read as root, and a reload or a
 * start by the service manager may fail. */
void file_check(struct config_report *r, const struct config *c,
                const struct file_check *files, size_t n);

#endif
