/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_warnings.h"

#include "str.h"

void config_warnings_add(struct config_warnings *w, struct config_place at,
                         const char *what)
{
    struct config_warning *item;

    if (w->n == CONFIG_WARNINGS_MAX)
        return;
    item = &w->items[w->n++];
    item->line = at.line;
    (void)span_copy(item->file, sizeof item->file, span_str(at.file));
    (void)span_copy(item->what, sizeof item->what, span_str(what));
}
