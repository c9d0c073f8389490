/* SPDX-License-Identifier: BSD-2-Clause */
#include "log.h"

#include <assert.h>
#include <stdarg.h>
#include <time.h>

#include "clock.h"
#include "err.h"
#include "log_target.h"

enum {
    BURST_S = 5, /* of lines that the limit has saved up */
    SECOND_US = 1000000,
};

struct log {
    enum log_level level;
    enum log_format format;
    struct log_target *target; /* owned; NULL: nowhere */
    uint32_t rate;
    struct log_limit limit;
    uint64_t lost;
    uint64_t reported; /* how many of those were reported */
    uint64_t reported_us;
};

/* --- lines --- */

static uint64_t clock_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_US + (uint64_t)now.tv_nsec / 1000;
}

static int log_put_json(struct log *l, enum log_level level, const char *fmt,
                        struct span text)
{
    const struct log_entry entry = {
        .unix_ms = clock_unix_ms(), .level = level, .fmt = fmt, .text = text};
    char object[LOG_FORMAT_JSON_MAX];

    return log_target_put_json(l->target, level,
                               log_format_json(object, &entry), text);
}

static void log_put(struct log *l, enum log_level level, const char *fmt,
                    struct span text)
{
    int err = l->format == LOG_FORMAT_JSON
                  ? log_put_json(l, level, fmt, text)
                  : log_target_put(l->target, level, text);

    if (err)
        l->lost++;
}

/* Notices keep their distance: a full target must not get one for each line. */
static void tell_lost(struct log *l, uint64_t now_us)
{
    static const char fmt[] = "log lost lines=%llu";
    char text[64];
    int n;

    if (l->lost == l->reported || now_us - l->reported_us < SECOND_US ||
        !log_wants(l, LOG_LEVEL_WARN))
        return;
    n = snprintf(text, sizeof text, fmt,
                 (unsigned long long)(l->lost - l->reported));
    l->reported = l->lost;
    l->reported_us = now_us;
    log_put(l, LOG_LEVEL_WARN, fmt, span_of(text, (size_t)n));
}

/* Could peers fill the disk with such lines? Debugging is asked for, and an
 * error is worth its line. */
static bool is_limited(const struct log *l, enum log_level level,
                       const char *fmt)
{
    return l->rate && (level == LOG_LEVEL_WARN || level == LOG_LEVEL_INFO) &&
           span_starts(span_str(fmt), SPAN("c="));
}

/* May it be written? */
static bool log_pass(struct log *l, enum log_level level, const char *fmt)
{
    uint64_t now_us = clock_us();
    uint32_t held;
    bool may = !is_limited(l, level, fmt) ||
               log_limit_pass(&l->limit, now_us, BURST_S * l->rate,
                              SECOND_US / l->rate, &held);

    if (!may)
        l->lost++;
    tell_lost(l, now_us);
    return may;
}

__attribute__((format(printf, 3, 0))) static void
put_formatted(struct log *l, enum log_level level, const char *fmt,
              va_list args)
{
    char text[LOG_FORMAT_TEXT_MAX + 1];
    int k = vsnprintf(text, sizeof text, fmt, args);
    size_t n;

    if (k < 0)
        return;
    n = (size_t)k < sizeof text ? (size_t)k : sizeof text - 1;
    /* An event is one line, even if somebody forgot to escape. */
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < ' ')
            text[i] = '?';
    log_put(l, level, fmt, span_of(text, n));
}

void log_line(struct log *l, enum log_level level, const char *fmt, ...)
{
    va_list args;

    if (!l || !l->target || !log_wants(l, level) || !log_pass(l, level, fmt))
        return;
    va_start(args, fmt);
    put_formatted(l, level, fmt, args);
    va_end(args);
}

void log_always(struct log *l, const char *fmt, ...)
{
    va_list args;

    if (!l || !l->target)
        return;
    va_start(args, fmt);
    put_formatted(l, LOG_LEVEL_INFO, fmt, args);
    va_end(args);
}

void log_raw(struct log *l, struct span line)
{
    if (!l || !l->target)
        return;
    assert(span_find(line, '\n') == line.n);
    if (log_target_put_raw(l->target, line) != 0)
        l->lost++;
}

/* --- the log --- */

int log_new(struct log **out, enum log_level level, const char *target)
{
    struct log *l = calloc(1, sizeof *l);
    int err;

    if (!l)
        return ERR_NOMEM;
    l->level = level;
    err = log_target_open(&l->target, target);
    if (err) {
        free(l);
        return err;
    }
    *out = l;
    return 0;
}

void log_free(struct log *l)
{
    if (!l)
        return;
    log_target_close(l->target);
    free(l);
}

void log_use(struct log *l, struct log_target *target)
{
    log_target_close(l->target);
    l->target = target;
}

int log_reopen(struct log *l)
{
    return l->target ? log_target_reopen(l->target) : 0;
}

void log_set_format(struct log *l, enum log_format format)
{
    l->format = format;
}

void log_set_rate(struct log *l, uint32_t lines_per_s)
{
    assert(lines_per_s <= LOG_RATE_MAX);
    if (l->rate == lines_per_s)
        return;
    l->rate = lines_per_s;
    l->limit = (struct log_limit){0};
}

uint64_t log_lost(const struct log *l)
{
    return l->lost;
}

enum log_level log_level(const struct log *l)
{
    return l->level;
}

void log_set_level(struct log *l, enum log_level level)
{
    l->level = level;
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

/* May it stand without quotes? */
static bool is_plain(struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\')
            return false;
    }
    return s.n > 0;
}

const char *log_value(char *dst, size_t size, struct span s)
{
    if (s.n >= size || !is_plain(s))
        return log_escape(dst, size, s);
    (void)span_copy(dst, size, s);
    return dst;
}

bool log_limit_pass(struct log_limit *r, uint64_t now, uint32_t burst,
                    uint32_t every, uint32_t *held)
{
    uint64_t fresh;

    assert(burst && every);
    if (!r->started) {
        r->started = true;
        r->tokens = burst;
        r->last = now;
    }
    fresh = (now - r->last) / every;
    if (fresh >= burst - r->tokens) {
        r->tokens = burst;
        r->last = now;
    } else {
        r->tokens += (uint32_t)fresh;
        r->last += fresh * every;
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
