/* SPDX-License-Identifier: BSD-2-Clause */
/* summary - the result of a run, for people or for programs. */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <stdio.h>

#include "counters.h"
#include "load.h"
#include "load_options.h"

void summary_text(FILE *to, const struct load_options *options,
                  const struct load_result *r, const struct counters *t);

/* One JSON object on one line. */
void summary_json(FILE *to, const struct load_options *options,
                  const struct load_result *r, const struct counters *t);

#endif
