/* SPDX-License-Identifier: BSD-2-Clause */
/* log_target - where lines go: stderr, a file, syslog or the journal.
 *
 * Writing never waits, except for a file's disk: a target that is stuck or away
 * loses lines, and gets the next ones when it is back. Syslog and the journal
 * get one datagram for each line. */
#ifndef LOG_TARGET_H
#define LOG_TARGET_H

#include "log_level.h"
#include "str.h"

struct log_target;

/* "stderr", "syslog", "journal" or a path, which is opened for appending; ""
 * gives NULL, which is nowhere. 0, ERR_IO with errno, or ERR_NOMEM. */
int log_target_open(struct log_target **out, const char *target);

/* A file that is open for appending as `fd`, which is closed on failure too: 0
 * or ERR_NOMEM. */
int log_target_adopt(struct log_target **out, const char *path, int fd);

/* The same as log_target_open(), by the path of the socket at which syslog or
 * the journal listens.
 */
int log_target_open_syslog(struct log_target **out, const char *path);
int log_target_open_journal(struct log_target **out, const char *path);

/* NULL is harmless. */
void log_target_close(struct log_target *t);

/* Reopens a file, for rotation; the old one stays in use if that fails: 0, or
 * ERR_IO with errno. */
int log_target_reopen(struct log_target *t);

/* Writes one line; `text` has no control characters. The time and the level are
 * shown in a file and on stderr; the other two add them themselves, and the
 * journal gets the values of `c=` and `s=` at the head of the text as fields.
 * 0, ERR_AGAIN if it would have to wait, or ERR_IO; then the line is lost. */
int log_target_put(struct log_target *t, enum log_level level,
                   struct span text);

/* The same for a line as one object of JSON, which has its time and level and
 * gets nothing before it in a file; the journal's fields are taken from
 * `fields`, the line as text. */
int log_target_put_json(struct log_target *t, enum log_level level,
                        struct span object, struct span fields);

/* The same with nothing put before it. */
int log_target_put_raw(struct log_target *t, struct span text);

#endif
