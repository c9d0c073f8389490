/* SPDX-License-Identifier: BSD-2-Clause */
/* status_graph - the last 15 minutes as small graphs (SVG) with the figures of
 * now, as `graph` in the page's script draws them again. */
#ifndef STATUS_GRAPH_H
#define STATUS_GRAPH_H

#include "history.h"
#include "text.h"

/* Writes all graphs that the page has as HTML, with the figures of `now` beside
 * them; errors are in t. */
void status_graphs(struct text *t, const struct history *h,
                   const double now[HISTORY_SERIES]);

#endif
