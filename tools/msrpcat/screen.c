/* SPDX-License-Identifier: BSD-2-Clause */
#include "screen.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "msg.h"
#include "terminal.h"

enum { DRAW_EVERY_MS = 200, BAR_CELLS = 20, BAR_TEXT = 160 };

void screen_init(struct screen *s, FILE *to, bool quiet)
{
    *s = (struct screen){.to = to, .bar = !quiet && isatty(fileno(to))};
}

void screen_note(struct screen *s, const char *fmt, ...)
{
    va_list args;
    char *text;
    int n;

    va_start(args, fmt);
    n = vasprintf(&text, fmt, args);
    va_end(args);
    if (n < 0)
        return;
    n = (int)terminal_text(text, span_of(text, (size_t)n), '?');
    screen_progress_end(s);
    fprintf(s->to, "msrpcat: %.*s\n", n, text);
    free(text);
}

/* "312.5 MiB", so that it is never wider than 10. */
static void octets_text(char *dst, size_t size, uint64_t octets)
{
    static const char *const units[] = {"B",   "KiB", "MiB", "GiB",
                                        "TiB", "PiB", "EiB"};
    double shown = (double)octets;
    size_t unit = 0;

    while (shown >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
        shown /= 1024;
        unit++;
    }
    snprintf(dst, size, "%.*f %s", unit ? 1 : 0, shown, units[unit]);
}

static size_t add_share(char *dst, size_t size, uint64_t done, uint64_t total)
{
    double share = total ? (double)done / (double)total : 1;
    int cells = (int)(share * BAR_CELLS);

    return (size_t)snprintf(dst, size, " [%.*s%*s] %3.0f%%", cells,
                            "####################", BAR_CELLS - cells, "",
                            share * 100);
}

void screen_bar_text(char *dst, size_t size, uint64_t done, uint64_t total,
                     uint64_t moved, uint64_t elapsed_ms)
{
    char at[16], speed[16];
    uint64_t rate = moved * 1000 / (elapsed_ms ? elapsed_ms : 1);
    size_t n;

    octets_text(at, sizeof at, done);
    octets_text(speed, sizeof speed, rate);
    n = (size_t)snprintf(dst, size, "%10s  %10s/s", at, speed);
    if (total == MSG_STAR || n >= size)
        return;
    n += add_share(dst + n, size - n, done, total);
    if (n < size && rate > 0 && done < total) {
        uint64_t left_s = (total - done) / rate;

        snprintf(dst + n, size - n, "  %" PRIu64 ":%02u:%02u left",
                 left_s / 3600, (unsigned)(left_s / 60 % 60),
                 (unsigned)(left_s % 60));
    }
}

void screen_progress(struct screen *s, uint64_t done, uint64_t total,
                     uint64_t now_ms)
{
    char text[BAR_TEXT];

    if (!s->bar)
        return;
    if (s->started_ms == 0) {
        s->started_ms = now_ms;
        s->began_at = done;
    }
    if (done != total && now_ms < s->drawn_ms + DRAW_EVERY_MS)
        return;
    s->drawn_ms = now_ms;
    screen_bar_text(text, sizeof text, done, total, done - s->began_at,
                    now_ms - s->started_ms);
    fprintf(s->to, "\r%s\033[K", text);
    fflush(s->to);
    s->shown = true;
}

void screen_progress_end(struct screen *s)
{
    if (s->shown)
        fputc('\n', s->to);
    s->shown = false;
    s->started_ms = 0;
}
