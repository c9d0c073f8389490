/* SPDX-License-Identifier: BSD-2-Clause */
/* file_check - what relay.user can do with files: warns of those that he cannot
 * read, and of secrets that everybody can; a program must be one that he can
 * run, a log one that he can write. */
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

/* A log that lines cannot be appended to is a fault of `key`. As root, this
 * checks for relay.user, who will open it, too. */
void file_check_log(struct config_report *r, const struct config *c,
                    const char *key, const char *path);

/* A program that cannot be run is a fault of auth.lookup.command at `at`. As
 * root, this checks for relay.user, who will run it. */
void file_check_program(struct config_report *r, const struct config *c,
                        const char *path, struct config_place at);

#endif
