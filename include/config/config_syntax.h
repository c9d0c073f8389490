/* SPDX-License-Identifier: BSD-2-Clause */
/* config_syntax - what is wrong with a text that libconfig could not read. It
 * tells the line and hardly more. */
#ifndef CONFIG_SYNTAX_H
#define CONFIG_SYNTAX_H

#include <stdbool.h>

#include "config_report.h"
#include "config_source.h"

/* Reports what was seen and what was expected in `line` of that part of the
 * text, at which libconfig gave up, or which key is there a second time. False,
 * without a report, when all looks well up to there. */
bool config_syntax_explain(struct config_report *r,
                           const struct config_source *s, size_t part,
                           unsigned line);

#endif
