/* log_target - where lines go: stderr, a file, syslog or the journal.
 *
 * None of them is waited for, but a file's disk: one that is stuck or away
 * costs lines, and one that comes back gets the next. Syslog and the journal
 * are spoken to in single datagrams. */
#ifndef LOG_TARGET_H
#define LOG_TARGET_H

#include <sys/types.h>

#include "log_level.h"
#include "str.h"

struct log_target;

/* "stderr", "syslog", "journal" or a path, which is opened for appending; ""
 * gives NULL, which is nowhere. 0, ERR_IO with errno, or ERR_NOMEM. */
int log_target_open(struct log_target **out, const char *target);

/* The same, by the path of the socket at which syslog or the journal listens.
 */
int log_target_open_syslog(struct log_target **out, const char *path);
int log_target_open_journal(struct log_target **out, const char *path);

/* NULL is harmless. */
void log_target_close(struct log_target *t);

/* Opens a file anew, for rotation; the old one stays in use if that fails: 0,
 * or ERR_IO with errno. */
int log_target_reopen(struct log_target *t);

/* Makes a file that user's, who may then reopen it: 0, or ERR_IO with errno. */
int log_target_give(struct log_target *t, uid_t uid, gid_t gid);

/* Writes one line; `text` has no control characters. The time and the level
 * are shown in a file and on stderr; the other two know them by themselves, and
 * the journal is told what stands behind `c=` and `s=` at the head of the text.
 * 0, ERR_AGAIN if it would have to wait, or ERR_IO; then the line is lost. */
int log_target_put(struct log_target *t, enum log_level level,
                   struct span text);

/* The same with nothing put before it. */
int log_target_put_raw(struct log_target *t, struct span text);

#endif
