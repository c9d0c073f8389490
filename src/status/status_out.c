/* SPDX-License-Identifier: BSD-2-Clause */
#include "status_out.h"

#include <assert.h>
#include <math.h>

#include "status_value.h"

void status_out_json(struct status_out *o, struct json *json)
{
    *o = (struct status_out){.json = json};
}

void status_out_html(struct status_out *o, struct text *html)
{
    *o = (struct status_out){.html = html};
}

/* --- HTML --- */

void status_escape(struct text *t, struct span s)
{
    while (s.n) {
        size_t n = 0;

        while (n < s.n && (unsigned char)s.p[n] >= ' ' && s.p[n] != 0x7f &&
               !strchr("<>&\"'", s.p[n]))
            n++;
        text_put(t, span_of(s.p, n));
        s = span_from(s, n);
        if (s.n) {
            text_printf(t, "&#%u;",
                        (unsigned char)*s.p < ' ' || *s.p == 0x7f
                            ? 0xfffd
                            : (unsigned)(unsigned char)*s.p);
            s = span_from(s, 1);
        }
    }
}

static void close_list(struct status_out *o)
{
    if (o->has_list)
        text_put(o->html, SPAN("</dl>\n"));
    o->has_list = false;
}

static void open_list(struct status_out *o)
{
    if (!o->has_list)
        text_put(o->html, SPAN("<dl>\n"));
    o->has_list = true;
}

static void html_section(struct status_out *o, const char *name,
                         const char *title)
{
    text_printf(o->html,
                "<section class=\"card %s\" aria-labelledby=\"t-%s\">\n"
                "<h2 id=\"t-%s\">%s</h2>\n",
                name, name, name, title);
}

/* The bar beside a share. */
static void put_bar(struct text *t, double share)
{
    text_printf(t,
                "<svg class=\"bar\" aria-hidden=\"true\"><rect "
                "width=\"%.0f%%\" height=\"100%%\"/></svg>",
                fmin(fmax(share, 0), 100));
}

/* The value of a figure or cell: a number, or a text. */
struct shown {
    enum { SHOWN_U64, SHOWN_REAL, SHOWN_TEXT, SHOWN_NONE } kind;
    uint64_t u64;
    double real;
    struct span text;
};

static double number_of(const struct shown *v)
{
    return v->kind == SHOWN_U64 ? (double)v->u64 : v->real;
}

static void put_class(struct text *t, enum status_as as, const struct shown *v)
{
    const char *level = v->kind == SHOWN_U64 || v->kind == SHOWN_REAL
                            ? status_level(as, number_of(v))
                            : "";

    if (*level)
        text_printf(t, " class=\"%s\"", level);
}

static void put_value(struct text *t, enum status_as as, const struct shown *v)
{
    char value[STATUS_VALUE_MAX];

    switch (v->kind) {
    case SHOWN_TEXT:
        status_escape(t, v->text);
        return;
    case SHOWN_NONE:
        text_put(t, SPAN("&ndash;"));
        return;
    case SHOWN_U64:
    case SHOWN_REAL:
        if (as == AS_SHARE)
            put_bar(t, number_of(v));
        text_put(t, status_value(value, as, number_of(v)));
    }
}

/* Where it is in the JSON, and how the script shows it. */
static void put_place(struct status_out *o, const struct status_field *f)
{
    text_printf(o->html, " data-at=\"%s%s%s%s%s\" data-as=\"%s\"",
                o->section ? o->section : "", o->section ? "." : "",
                o->group ? o->group : "", o->group ? "." : "", f->name,
                status_as_name(f->as));
}

static void html_figure(struct status_out *o, const struct status_field *f,
                        const struct shown *v)
{
    const char *tag = o->section ? "dd" : "span";

    if (o->section) {
        open_list(o);
        text_printf(o->html, "<div><dt>%s</dt>", f->label);
    }
    text_printf(o->html, "<%s", tag);
    put_place(o, f);
    put_class(o->html, f->as, v);
    text_put(o->html, SPAN(">"));
    put_value(o->html, f->as, v);
    text_printf(o->html, "</%s>%s", tag, o->section ? "</div>\n" : "");
}

static void html_cell(struct status_out *o, const struct status_field *f,
                      const struct shown *v)
{
    text_printf(o->html, "<td data-as=\"%s\"", status_as_name(f->as));
    put_class(o->html, f->as, v);
    text_put(o->html, SPAN(">"));
    put_value(o->html, f->as, v);
    text_put(o->html, SPAN("</td>"));
}

/* --- JSON --- */

static void json_value(struct json *j, const char *name, const struct shown *v)
{
    switch (v->kind) {
    case SHOWN_U64:
        json_u64(j, name, v->u64);
        return;
    case SHOWN_REAL:
        json_double(j, name, v->real);
        return;
    case SHOWN_TEXT:
        json_str(j, name, v->text);
        return;
    case SHOWN_NONE:
        json_none(j, name);
    }
}

/* --- both --- */

static void put(struct status_out *o, const struct status_field *field,
                struct shown v)
{
    const struct status_field *f = field;

    if (!f) {
        assert(o->column < o->n_columns);
        f = &o->columns[o->column++];
    }
    v.real = status_rounded(v.real);
    if (o->json)
        json_value(o->json, f->name, &v);
    else if (field)
        html_figure(o, f, &v);
    else
        html_cell(o, f, &v);
}

void status_u64(struct status_out *o, const struct status_field *field,
                uint64_t v)
{
    put(o, field, (struct shown){.kind = SHOWN_U64, .u64 = v});
}

void status_real(struct status_out *o, const struct status_field *field,
                 double v)
{
    put(o, field, (struct shown){.kind = SHOWN_REAL, .real = v});
}

void status_text(struct status_out *o, const struct status_field *field,
                 struct span s)
{
    put(o, field, (struct shown){.kind = SHOWN_TEXT, .text = s});
}

void status_none(struct status_out *o)
{
    put(o, NULL, (struct shown){.kind = SHOWN_NONE});
}

void status_section_begin(struct status_out *o, const char *name,
                          const char *title)
{
    assert(!o->section);
    if (o->json)
        json_object_begin(o->json, name);
    else
        html_section(o, name, title);
    o->section = name;
}

void status_section_end(struct status_out *o)
{
    o->section = NULL;
    if (o->json) {
        json_object_end(o->json);
        return;
    }
    close_list(o);
    text_put(o->html, SPAN("</section>\n"));
}

void status_group_begin(struct status_out *o, const char *name,
                        const char *title)
{
    assert(o->section && !o->group);
    if (o->json) {
        json_object_begin(o->json, name);
    } else {
        close_list(o);
        text_printf(o->html, "<h3>%s</h3>\n", title);
    }
    o->group = name;
}

void status_group_end(struct status_out *o)
{
    o->group = NULL;
    if (o->json)
        json_object_end(o->json);
    else
        close_list(o);
}

void status_table_begin(struct status_out *o, const char *name,
                        const char *title, const struct status_field *columns,
                        size_t n)
{
    o->columns = columns;
    o->n_columns = n;
    if (o->json) {
        json_array_begin(o->json, name);
        return;
    }
    html_section(o, name, title);
    text_printf(o->html,
                "<div class=\"wide\"><table data-rows=\"%s\" "
                "aria-labelledby=\"t-%s\">\n<thead><tr>",
                name, name);
    for (size_t i = 0; i < n; i++)
        text_printf(o->html,
                    "<th scope=\"col\" data-name=\"%s\" data-as=\"%s\">%s</th>",
                    columns[i].name, status_as_name(columns[i].as),
                    columns[i].label);
    text_put(o->html, SPAN("</tr></thead>\n<tbody>"));
}

void status_table_end(struct status_out *o)
{
    if (o->json)
        json_array_end(o->json);
    else
        text_put(o->html, SPAN("</tbody>\n</table></div></section>\n"));
}

void status_row_begin(struct status_out *o)
{
    o->column = 0;
    if (o->json)
        json_object_begin(o->json, NULL);
    else
        text_put(o->html, SPAN("<tr>"));
}

void status_row_end(struct status_out *o)
{
    assert(o->column == o->n_columns);
    if (o->json)
        json_object_end(o->json);
    else
        text_put(o->html, SPAN("</tr>"));
}
