/* SPDX-License-Identifier: BSD-2-Clause */
/* log_files - a directory of the test's own, with a log in it. */
#ifndef LOG_FILES_H
#define LOG_FILES_H

struct log_files {
    char dir[64];
    char path[80], moved[80]; /* of the log, and of one that was rotated */
    char text[4096];          /* of the file last read */
};

/* Makes the directory; NULL if it cannot. */
struct log_files *log_files_new(void);
/* Removes it with the two files. */
void log_files_free(struct log_files *f);

/* What is in the file at `path`; valid until the next call. */
const char *log_files_read(struct log_files *f, const char *path);

#endif
