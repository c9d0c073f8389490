/* SPDX-License-Identifier: BSD-2-Clause */
/* prom - reads Prometheus' text format as strictly as promtool does, and then
 * some: what passes here, any scraper takes, and nobody complains about names.
 */
#ifndef PROM_H
#define PROM_H

#include <stdbool.h>
#include <stddef.h>

#include "str.h"

struct prom;

enum { PROM_WHY_MAX = 256 };

/* All samples of `text`; NULL with "line N: what is wrong" in `why`
 * (PROM_WHY_MAX). Free with prom_free(). */
struct prom *prom_parse(char *why, struct span text);
void prom_free(struct prom *p);

/* Is there a family of this name, or a sample of a histogram? */
bool prom_has(const struct prom *p, struct span name);

/* The value of the sample, written as in the text: `name{label="value"}`. false
 * if there is none. */
bool prom_value(double *out, const struct prom *p, const char *series);

/* Have both scrapes, the former of which is `a`, the same samples, and did no
 * counter fall? false with what is wrong in `why`. */
bool prom_follows(char *why, const struct prom *a, const struct prom *b);

/* Walks the families, in the order of the text: name and type of the i-th;
 * false at the end. */
bool prom_family(struct span *name, struct span *type, const struct prom *p,
                 size_t i);

#endif
