/* SPDX-License-Identifier: BSD-2-Clause */
/* status_out - writes the relay's figures as JSON, or as pieces of HTML.
 *
 * A section writes its figures once, without knowing which of the two it is, so
 * that /status.json and the page show the same:
 *
 *     static const struct status_field asked = {"asked", "Asked", AS_COUNT};
 *
 *     status_section_begin(o, "lookups", "Look-ups");
 *     status_u64(o, &asked, stats->asked);
 *     status_section_end(o);
 *
 * is "lookups":{"asked":7} in JSON. In HTML it is a section with a list of
 * labels and values, whose elements carry the place in the JSON, so that the
 * page's script refreshes it like all others. */
#ifndef STATUS_OUT_H
#define STATUS_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"
#include "status_value.h"
#include "str.h"
#include "text.h"

/* A figure, or a column of a table. */
struct status_field {
    const char *name;  /* of the member in JSON */
    const char *label; /* in HTML */
    enum status_as as;
};

struct status_out {
    struct json *json; /* NULL: HTML */
    struct text *html;
    const char *section, *group; /* where we are; or NULL */
    bool has_list;               /* HTML: a list of figures is open */
    const struct status_field *columns;
    size_t n_columns, column;
};

/* One of both; the memory is the caller's, and so are errors: json->full,
 * html->err. */
void status_out_json(struct status_out *o, struct json *json);
void status_out_html(struct status_out *o, struct text *html);

/* A section of figures; `group`s within it are objects of their own. Names and
 * titles live as long as o. */
void status_section_begin(struct status_out *o, const char *name,
                          const char *title);
void status_section_end(struct status_out *o);
void status_group_begin(struct status_out *o, const char *name,
                        const char *title);
void status_group_end(struct status_out *o);

/* A section that is a table: each row has a value for each column, in their
 * order. */
void status_table_begin(struct status_out *o, const char *name,
                        const char *title, const struct status_field *columns,
                        size_t n);
void status_table_end(struct status_out *o);
void status_row_begin(struct status_out *o);
void status_row_end(struct status_out *o);

/* A figure of a section, or outside of any one of the whole; in a table `field`
 * is NULL, as the column says it. `s` may be any octets. A real number is
 * rounded (status_rounded). */
void status_u64(struct status_out *o, const struct status_field *field,
                uint64_t v);
void status_real(struct status_out *o, const struct status_field *field,
                 double v);
void status_text(struct status_out *o, const struct status_field *field,
                 struct span s);

/* In a table: there is no such value. */
void status_none(struct status_out *o);

/* --- in HTML alone --- */

/* The octets as text in HTML: no markup, no controls. (What is no UTF-8 a
 * browser shows as U+FFFD.) */
void status_escape(struct text *t, struct span s);

#endif
