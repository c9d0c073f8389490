/* SPDX-License-Identifier: BSD-2-Clause */
/* config_source - the text of a configuration, with what it includes put in its
 * place, and where each line of it came from.
 *
 * libconfig 1.5 finds included files from the working directory only, or breaks
 * absolute names, and silently wraps integers past 32 bits. So `@include
 * "name"` is resolved here, a relative name from the directory of the file that
 * names it, and large integers are marked as the 64-bit ones that they are.
 *
 * A file that is included between settings is a part of its own, as is what
 * comes before and after it: each part is read by itself, and a later one may
 * repeat groups and keys of those before. One that is included within a group
 * belongs to the part around it. */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "config_report.h"
#include "str.h"

struct config_source_part {
    size_t at, n;           /* its text */
    size_t lines_at, lines; /* its lines, among those of the whole */
};

struct config_source {
    char *text; /* with a NUL */
    size_t n, size;
    struct config_place *lines; /* of each line of the text */
    size_t n_lines, lines_size;
    struct config_source_part *parts;
    size_t n_parts, parts_size;
    char **files; /* the names that places point to */
    size_t n_files, files_size;
    bool is_broken;  /* a fault of the text: nothing in it may count */
    bool lacks_file; /* one that is missing may say or override anything */
};

/* Reads the file at `path`, or takes `text` for its content when that is not
 * NULL, and what it includes. Faults are counted in r. 0 or ERR_NOMEM; free
 * with config_source_fini() in any case. */
int config_source_init(struct config_source *s, const char *path,
                       const struct span *text, struct config_report *r);
void config_source_fini(struct config_source *s);

/* Where line 1, 2, ... of the text came from; a line past the end is the last
 * one, 0 the first of the whole.
 * The name is valid as long as s, or as long as s->files when they are taken.
 */
struct config_place config_source_at(const struct config_source *s,
                                     unsigned line);

/* The same for a line of that part. */
struct config_place config_source_place(const struct config_source *s,
                                        size_t part, unsigned line);

/* The text of that part. */
struct span config_source_text(const struct config_source *s, size_t part);

#endif
