/* SPDX-License-Identifier: BSD-2-Clause */
#include "status_graph.h"

#include <math.h>
#include <string.h>

#include "status_value.h"

enum {
    LINES_MAX = 2,
    HEIGHT = 60,
    ROOM = 3, /* above a peak and, in part, below zero, for the line's width */
};

struct line {
    enum history_series series;
    const char *label;
    const char *at; /* where the figure of now is in the JSON */
};

struct graph {
    const char *title;
    enum status_as as;
    double top; /* where the scale ends, unless a peak is higher */
    size_t n;
    struct line lines[LINES_MAX];
};

static const struct graph graphs[] = {
    {"Messages",
     AS_RATE,
     1,
     1,
     {{HISTORY_MESSAGES, "forwarded a second", "rates.messages"}}},
    {"Traffic",
     AS_OCTET_RATE,
     1000,
     2,
     {{HISTORY_OCTETS_IN, "received", "rates.octets_in"},
      {HISTORY_OCTETS_OUT, "sent", "rates.octets_out"}}},
    {"Failures",
     AS_RATE,
     1,
     2,
     {{HISTORY_REPORTS, "REPORTs a second", "rates.reports"},
      {HISTORY_LOSSES, "losses a second", "rates.losses"}}},
    {"Connections",
     AS_COUNT,
     1,
     1,
     {{HISTORY_CONNECTIONS, "open or opening", "connections.now"}}},
    {"Sessions",
     AS_COUNT,
     1,
     1,
     {{HISTORY_SESSIONS, "granted and not over", "sessions.now"}}},
    {"Processor",
     AS_PERCENT,
     100,
     1,
     {{HISTORY_CPU, "of one core", "rates.cpu"}}},
};

static double peak_of(const struct graph *g, const struct history *h)
{
    double peak = 0;

    for (size_t i = 0; i < g->n; i++)
        peak = fmax(peak, history_peak(h, g->lines[i].series));
    return peak;
}

static void put_number(struct text *t, enum status_as as, double v)
{
    char value[STATUS_VALUE_MAX];

    text_put(t, status_value(value, as, v));
}

static void put_numbers(struct text *t, const struct graph *g,
                        const double now[HISTORY_SERIES])
{
    text_put(t, SPAN("<div class=\"numbers\">"));
    for (size_t i = 0; i < g->n; i++) {
        double v = now[g->lines[i].series];
        const char *level = status_level(g->as, v);

        text_printf(t, "<p><span data-at=\"%s\" data-as=\"%s\"%s%s%s>",
                    g->lines[i].at, status_as_name(g->as),
                    *level ? " class=\"" : "", level, *level ? "\"" : "");
        put_number(t, g->as, v);
        text_printf(t, "</span><small>%s</small></p>", g->lines[i].label);
    }
    text_put(t, SPAN("</div>\n"));
}

/* The newest point is at the right edge. */
static void put_points(struct text *t, const struct history *h,
                       enum history_series series, double top)
{
    for (size_t i = 0; i < h->n; i++)
        text_printf(t, "%c%zu %.1f", i ? 'L' : 'M', HISTORY_POINTS - h->n + i,
                    HEIGHT - 1 -
                        (HEIGHT - ROOM) * history_at(h, series, i) / top);
}

static void put_paths(struct text *t, const struct graph *g,
                      const struct history *h)
{
    double top = fmax(peak_of(g, h), g->top);

    for (size_t i = 0; i < g->n; i++) {
        text_put(t, SPAN("<path d=\""));
        put_points(t, h, g->lines[i].series, top);
        text_put(t, SPAN("\"/>"));
    }
    text_put(t, SPAN("<path class=\"area\" d=\""));
    put_points(t, h, g->lines[0].series, top);
    if (h->n)
        text_printf(t, "V%dH%zuZ", HEIGHT, HISTORY_POINTS - h->n);
    text_put(t, SPAN("\"/>"));
}

static void put_graph(struct text *t, const struct graph *g,
                      const struct history *h, const double now[HISTORY_SERIES])
{
    text_printf(t,
                "<figure data-as=\"%s\" data-points=\"%d\" data-top=\"%.0f\" "
                "data-series=\"%s%s%s\">\n",
                status_as_name(g->as), HISTORY_POINTS, g->top,
                history_name(g->lines[0].series), g->n > 1 ? " " : "",
                g->n > 1 ? history_name(g->lines[1].series) : "");
    text_printf(t, "<figcaption><b>%s</b><span>peak <span data-peak>",
                g->title);
    put_number(t, g->as, peak_of(g, h));
    text_put(t, SPAN("</span></span></figcaption>\n"));
    put_numbers(t, g, now);
    text_printf(t,
                "<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" "
                "role=\"img\" aria-label=\"%s in the last 15 minutes\">",
                HISTORY_POINTS - 1, HEIGHT, g->title);
    put_paths(t, g, h);
    text_put(t, SPAN("</svg>\n</figure>\n"));
}

void status_graphs(struct text *t, const struct history *h,
                   const double now[HISTORY_SERIES])
{
    for (size_t i = 0; i < sizeof graphs / sizeof *graphs; i++)
        put_graph(t, &graphs[i], h, now);
}
