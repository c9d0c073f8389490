#include "log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "err.h"

#define LOG_IDENT "msrprelayd"
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

enum { LINE_MAX_OCTETS = 1024 };

enum target { TARGET_FD, TARGET_SYSLOG, TARGET_JOURNAL };

struct log {
    enum log_level level;
    enum target target;
    int fd;     /* stderr, the path or the journal's socket; else -1 */
    char *path; /* owned; NULL unless the target is one */
};

static const struct {
    const char *name;
    int priority; /* as syslog and the journal count */
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", LOG_ERR},
    [LOG_LEVEL_WARN] = {"warn", LOG_WARNING},
    [LOG_LEVEL_INFO] = {"info", LOG_INFO},
    [LOG_LEVEL_DEBUG] = {"debug", LOG_DEBUG},
};

static int open_path(int *fd, const char *path)
{
    int got =
        open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);

    if (got < 0)
        return ERR_IO;
    *fd = got;
    return 0;
}

static int open_journal(int *fd)
{
    static const struct sockaddr_un at = {.sun_family = AF_UNIX,
                                          .sun_path = JOURNAL_SOCKET};
    int got = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (got < 0)
        return ERR_IO;
    if (connect(got, (const struct sockaddr *)&at, sizeof at) != 0) {
        close(got);
        return ERR_IO;
    }
    *fd = got;
    return 0;
}

static int open_target(struct log *l, const char *target)
{
    if (strcmp(target, "stderr") == 0) {
        l->fd = STDERR_FILENO;
        return 0;
    }
    if (strcmp(target, "syslog") == 0) {
        l->target = TARGET_SYSLOG;
        openlog(LOG_IDENT, LOG_PID | LOG_NDELAY, LOG_DAEMON);
        return 0;
    }
    if (strcmp(target, "journal") == 0) {
        l->target = TARGET_JOURNAL;
        return open_journal(&l->fd);
    }
    l->path = strdup(target);
    return l->path ? open_path(&l->fd, target) : ERR_NOMEM;
}

int log_new(struct log **out, enum log_level level, const char *target)
{
    struct log *l = calloc(1, sizeof *l);
    int err;

    if (!l)
        return ERR_NOMEM;
    l->level = level;
    l->fd = -1;
    err = open_target(l, target);
    if (err) {
        log_free(l);
        return err;
    }
    *out = l;
    return 0;
}

void log_free(struct log *l)
{
    if (!l)
        return;
    if (l->target == TARGET_SYSLOG)
        closelog();
    if (l->fd >= 0 && l->fd != STDERR_FILENO)
        close(l->fd);
    free(l->path);
    free(l);
}

int log_reopen(struct log *l)
{
    int fd, err;

    if (!l->path)
        return 0;
    err = open_path(&fd, l->path);
    if (err)
        return err;
    close(l->fd);
    l->fd = fd;
    return 0;
}

enum log_level log_level(const struct log *l)
{
    return l->level;
}

void log_set_level(struct log *l, enum log_level level)
{
    l->level = level;
}

int log_level_from(enum log_level *out, struct span name)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (span_eq(name, span_str(levels[i].name))) {
            *out = (enum log_level)i;
            return 0;
        }
    }
    return ERR_NOT_FOUND;
}

/* `2026-11-22T10:00:00.123Z info `, at most `size` octets; how many. */
static size_t stamp(char *dst, size_t size, enum log_level level)
{
    struct timespec now;
    struct tm tm;
    size_t n;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    n = strftime(dst, size, "%Y-%m-%dT%H:%M:%S", &tm);
    n += (size_t)snprintf(dst + n, size - n, ".%03dZ %s ",
                          (int)(now.tv_nsec / 1000000), levels[level].name);
    return n;
}

/* The journal's native protocol: one datagram of NAME=value lines. Never waits:
 * a journal that is stuck costs lines, not the relay. */
static void send_journal(const struct log *l, enum log_level level,
                         const char *line, size_t n)
{
    char fields[64];
    int k = snprintf(fields, sizeof fields,
                     "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nMESSAGE=",
                     levels[level].priority, LOG_IDENT);
    struct iovec parts[] = {
        {fields, (size_t)k},
        {(char *)line, n},
    };
    struct msghdr msg = {.msg_iov = parts, .msg_iovlen = 2};

    while (sendmsg(l->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
           errno == EINTR)
        ;
}

static void write_line(const struct log *l, const char *line, size_t n)
{
    while (write(l->fd, line, n) < 0 && errno == EINTR)
        ;
}

void log_line(struct log *l, enum log_level level, const char *fmt, ...)
{
    char line[LINE_MAX_OCTETS + 1];
    size_t head = 0, n;
    va_list args;
    int k;

    if (!l || !log_wants(l, level))
        return;
    if (l->target == TARGET_FD)
        head = stamp(line, sizeof line, level);
    va_start(args, fmt);
    k = vsnprintf(line + head, sizeof line - head, fmt, args);
    va_end(args);
    if (k < 0)
        return;
    n = head + (size_t)k;
    if (n > LINE_MAX_OCTETS - 1)
        n = LINE_MAX_OCTETS - 1;
    /* An event is one line, even if somebody forgot to escape. */
    for (size_t i = head; i < n; i++)
        if ((unsigned char)line[i] < ' ')
            line[i] = '?';
    line[n] = '\n';
    line[n + 1] = '\0';
    switch (l->target) {
    case TARGET_FD:
        write_line(l, line, n + 1);
        break;
    case TARGET_SYSLOG:
        syslog(levels[level].priority, "%s", line);
        break;
    case TARGET_JOURNAL:
        send_journal(l, level, line, n + 1);
        break;
    }
}

const char *log_escape(char *dst, size_t size, struct span s)
{
    static const char digits[] = "0123456789abcdef";
    static const char cut[] = "\"...";
    size_t n = 0;

    assert(size > sizeof cut);
    dst[n++] = '"';
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = c >= ' ' && c < 0x7f && c != '"' && c != '\\';
        size_t need = plain ? 1 : 4;

        if (n + need + sizeof cut > size) {
            memcpy(dst + n, cut, sizeof cut);
            return dst;
        }
        if (plain) {
            dst[n++] = (char)c;
            continue;
        }
        dst[n++] = '\\';
        dst[n++] = 'x';
        dst[n++] = digits[c >> 4];
        dst[n++] = digits[c & 15];
    }
    dst[n++] = '"';
    dst[n] = '\0';
    return dst;
}

bool log_limit_pass(struct log_limit *r, uint64_t now_ms, uint32_t burst,
                    uint32_t every_ms, uint32_t *held)
{
    uint64_t fresh;

    assert(burst && every_ms);
    if (!r->started) {
        r->started = true;
        r->tokens = burst;
        r->last_ms = now_ms;
    }
    fresh = (now_ms - r->last_ms) / every_ms;
    if (fresh >= burst - r->tokens) {
        r->tokens = burst;
        r->last_ms = now_ms;
    } else {
        r->tokens += (uint32_t)fresh;
        r->last_ms += fresh * every_ms;
    }
    if (!r->tokens) {
        r->held_back++;
        return false;
    }
    r->tokens--;
    *held = r->held_back;
    r->held_back = 0;
    return true;
}
