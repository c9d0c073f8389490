/* SPDX-License-Identifier: BSD-2-Clause */
#include "metrics.h"

#include "prometheus.h"
#include "metrics_private.h"

/* Where samples go. */
struct sink {
    struct text *text;
    const struct metrics *metrics;
    const struct metrics_family *family;
};

static void put_real(const struct sink *s,
                     const struct prometheus_label *labels, size_t n,
                     double value)
{
    prometheus_real(s->text, s->family->name, "", labels, n, value);
}

static void put_count(const struct sink *s,
                      const struct prometheus_label *labels, size_t n,
                      uint64_t value)
{
    prometheus_count(s->text, s->family->name, "", labels, n, value);
}

static void metrics_put_sample(const struct sink *s,
                               const struct prometheus_label *labels, size_t n,
                               size_t at)
{
    const void *place = (const char *)s->metrics + at;

    switch (s->family->kind) {
    case METRICS_COUNT:
        put_count(s, labels, n, *(const uint64_t *)place);
        break;
    case METRICS_SIZE:
        put_count(s, labels, n, *(const size_t *)place);
        break;
    case METRICS_FLAG:
        put_count(s, labels, n, *(const bool *)place);
        break;
    case METRICS_UNSET:
        put_count(s, labels, n, !*(const bool *)place);
        break;
    case METRICS_MILLI:
        put_real(s, labels, n, (double)*(const uint64_t *)place / 1000);
        break;
    case METRICS_REAL:
        put_real(s, labels, n, *(const double *)place);
        break;
    case METRICS_SINCE:
        if (*(const double *)place > 0)
            put_real(s, labels, n, *(const double *)place);
        break;
    }
}

/* An array of uint64_t with one dimension or two. */
static void put_array(const struct sink *s)
{
    const struct metrics_family *f = s->family;
    const struct metrics_axis *a = &f->axes[0], *b = &f->axes[1];
    size_t columns = b->n ? b->n : 1;

    for (size_t i = 0; i < a->n * columns; i++) {
        struct prometheus_label labels[2] = {{a->label, a->value(i / columns)}};

        if (b->n)
            labels[1] =
                (struct prometheus_label){b->label, b->value(i % columns)};
        metrics_put_sample(s, labels, b->n ? 2 : 1,
                           f->at + i * sizeof(uint64_t));
    }
}

static void put_family(struct text *t, const struct metrics *m,
                       const struct metrics_family *f)
{
    const struct sink s = {t, m, f};

    prometheus_family(t, f->name, f->type, f->help);
    if (f->n_samples == 0 && f->axes[0].n == 0)
        metrics_put_sample(&s, NULL, 0, f->at);
    if (f->axes[0].n)
        put_array(&s);
    for (size_t i = 0; i < f->n_samples; i++) {
        const struct prometheus_label label = {f->label, f->samples[i].value};

        metrics_put_sample(&s, &label, 1, f->samples[i].at);
    }
}

static const struct metrics_group *const groups[] = {
    &metrics_connections,
    &metrics_sessions,
    &metrics_messages,
    &metrics_process,
};

static void put_group(struct text *t, const struct metrics *m,
                      const struct metrics_group *g)
{
    for (size_t i = 0; i < g->n; i++)
        put_family(t, m, &g->families[i]);
}

static void put_build(struct text *t, const struct metrics *m)
{
    static const char name[] = "msrprelayd_build_info";
    const struct prometheus_label label = {"version", m->version};

    prometheus_family(t, name, "gauge",
                      "Always 1; the version is in the label.");
    prometheus_count(t, name, "", &label, 1, 1);
}

static void put_turns(struct text *t, const struct loop_stats *loop)
{
    static const char name[] = "msrprelayd_loop_turn_seconds";
    double bounds[LOOP_BUCKETS];

    for (size_t i = 0; i < LOOP_BUCKETS; i++)
        bounds[i] = loop_bucket_s(i);
    prometheus_family(
        t, name, "histogram",
        "CPU time of one event loop iteration, during which all other "
        "connections wait.");
    prometheus_histogram(t, name, bounds, loop->buckets, LOOP_BUCKETS,
                         loop->work_s);
}

static void put_lookups(struct text *t, const struct lookup_stats *lookup)
{
    static const char name[] = "msrprelayd_lookup_seconds";
    double bounds[LOOKUP_BUCKETS];

    for (size_t i = 0; i < LOOKUP_BUCKETS; i++)
        bounds[i] = lookup_bucket_s(i);
    prometheus_family(t, name, "histogram",
                      "Time that helpers took for an answer.");
    prometheus_histogram(t, name, bounds, lookup->buckets, LOOKUP_BUCKETS,
                         lookup->time_s);
}

void metrics_write(struct text *t, const struct metrics *m)
{
    put_build(t, m);
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        put_group(t, m, groups[i]);
    put_turns(t, &m->loop);
    put_lookups(t, &m->lookup);
}
