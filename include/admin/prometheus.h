/* SPDX-License-Identifier: BSD-2-Clause */
/* prometheus - Prometheus' text format, version 0.0.4.
 *
 *     # HELP msrprelayd_dials_total Calls by how they ended.
 *     # TYPE msrprelayd_dials_total counter
 *     msrprelayd_dials_total{result="ok"} 12
 */
#ifndef PROMETHEUS_H
#define PROMETHEUS_H

#include <stddef.h>
#include <stdint.h>

#include "text.h"

#define PROMETHEUS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct prometheus_label {
    const char *name;
    const char *value; /* escaped on its way */
};

/* The two lines before the samples of a family. `help` is one line without a
 * backslash. */
void prometheus_family(struct text *t, const char *name, const char *type,
                       const char *help);

/* A sample; `suffix`, such as "_sum", is "" except for histograms. */
void prometheus_count(struct text *t, const char *name, const char *suffix,
                      const struct prometheus_label *labels, size_t n,
                      uint64_t value);
void prometheus_real(struct text *t, const char *name, const char *suffix,
                     const struct prometheus_label *labels, size_t n,
                     double value);

/* A histogram's samples: counts[i] of n are those at most bounds[i] but over
 * the bound before; the last bound is INFINITY. */
void prometheus_histogram(struct text *t, const char *name,
                          const double *bounds, const uint64_t *counts,
                          size_t n, double sum);

#endif
