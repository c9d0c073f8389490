/* SPDX-License-Identifier: BSD-2-Clause */
#include "prometheus.h"

#include <math.h>

enum { NUMBER_MAX = 32 };

void prometheus_family(struct text *t, const char *name, const char *type,
                       const char *help)
{
    text_put(t, SPAN("# HELP "));
    text_put(t, span_str(name));
    text_put(t, SPAN(" "));
    text_put(t, span_str(help));
    text_printf(t, "\n# TYPE %s %s\n", name, type);
}

static void prometheus_put_escaped(struct text *t, const char *value)
{
    for (const char *p = value; *p; p++) {
        switch (*p) {
        case '\\':
            text_put(t, SPAN("\\\\"));
            break;
        case '"':
            text_put(t, SPAN("\\\""));
            break;
        case '\n':
            text_put(t, SPAN("\\n"));
            break;
        default:
            text_put(t, span_of(p, 1));
        }
    }
}

/* All of a sample but its value. */
static void put_name(struct text *t, const char *name, const char *suffix,
                     const struct prometheus_label *labels, size_t n)
{
    text_put(t, span_str(name));
    text_put(t, span_str(suffix));
    for (size_t i = 0; i < n; i++) {
        text_put(t, i ? SPAN(",") : SPAN("{"));
        text_put(t, span_str(labels[i].name));
        text_put(t, SPAN("=\""));
        prometheus_put_escaped(t, labels[i].value);
        text_put(t, SPAN("\""));
    }
    text_put(t, n ? SPAN("} ") : SPAN(" "));
}

void prometheus_count(struct text *t, const char *name, const char *suffix,
                      const struct prometheus_label *labels, size_t n,
                      uint64_t value)
{
    put_name(t, name, suffix, labels, n);
    text_put_u64(t, value);
    text_put(t, SPAN("\n"));
}

/* As few digits as tell the value, or "+Inf". */
static const char *prometheus_number(char *dst, double value)
{
    if (isinf(value))
        return "+Inf";
    snprintf(dst, NUMBER_MAX, "%.15g", value);
    return dst;
}

void prometheus_real(struct text *t, const char *name, const char *suffix,
                     const struct prometheus_label *labels, size_t n,
                     double value)
{
    char text[NUMBER_MAX];

    put_name(t, name, suffix, labels, n);
    text_put(t, span_str(prometheus_number(text, value)));
    text_put(t, SPAN("\n"));
}

void prometheus_histogram(struct text *t, const char *name,
                          const double *bounds, const uint64_t *counts,
                          size_t n, double sum)
{
    uint64_t all = 0;

    for (size_t i = 0; i < n; i++) {
        char text[NUMBER_MAX];
        const struct prometheus_label le = {"le",
                                            prometheus_number(text, bounds[i])};

        all += counts[i];
        prometheus_count(t, name, "_bucket", &le, 1, all);
    }
    prometheus_real(t, name, "_sum", NULL, 0, sum);
    prometheus_count(t, name, "_count", NULL, 0, all);
}
