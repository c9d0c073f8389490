/* SPDX-License-Identifier: BSD-2-Clause */
/* status_page - the status page: one HTML file with its style and script in it,
 * and places that the server fills in. Its sources are in src/status/page.
 *
 * The page asks for nothing from anywhere else, and may not: its content
 * security policy permits the style and the script by their hashes, and
 * requests to where it came from. */
#ifndef STATUS_PAGE_H
#define STATUS_PAGE_H

#include "str.h"
#include "text.h"

/* Writes what stands at {{name}} in the page, as HTML. */
typedef void (*status_page_fill_fn)(void *ctx, struct span name,
                                    struct text *t);

/* The whole page; errors are in t. */
void status_page_write(struct text *t, status_page_fill_fn fill, void *ctx);

/* Lines for the head of its answer, each with its CRLF. */
void status_page_headers(struct text *t);

/* What browsers show in a tab: SVG. */
struct span status_page_icon(void);

#endif
