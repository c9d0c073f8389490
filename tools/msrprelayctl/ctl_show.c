/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl_show.h"

#include <ctype.h>
#include <stdlib.h>

#include "ctl_human.h"

enum { GAP = 2 }; /* between columns */

/* A double holds 15 digits of a decimal number; those after them would be
 * noise. */
#define JSON_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(15))

/* --- values --- */

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && strcmp(s + n - m, end) == 0;
}

/* A number, by the unit in its key. */
static char *number_text(const char *key, const json_t *value)
{
    double number = json_number_value(value);
    char text[CTL_HUMAN_MAX];

    if (number >= 0 &&
        (ends_with(key, "octets") || ends_with(key, "_octets_per_s")))
        ctl_human_size(text, (uint64_t)number);
    else if (ends_with(key, "_s"))
        ctl_human_span(text, number);
    else if (ends_with(key, "_at"))
        ctl_human_time(text, number);
    else if (json_is_integer(value))
        snprintf(text, sizeof text, "%lld",
                 (long long)json_integer_value(value));
    else
        snprintf(text, sizeof text, "%.12g", number);
    return strdup(text);
}

/* A value for people, to be freed; NULL without memory. */
static char *value_text(const char *key, const json_t *value)
{
    if (json_is_number(value))
        return number_text(key, value);
    if (json_is_boolean(value))
        return strdup(json_is_true(value) ? "yes" : "no");
    if (!json_is_string(value) || json_string_length(value) == 0)
        return strdup("-");
    return ctl_human_text(
        span_of(json_string_value(value), json_string_length(value)));
}

/* The name of a field, with its unit unless the value shows that: "SENT
 * OCTETS", "IN OCTETS/S", but "AGE" of "3m12s". */
static char *title_text(const char *key, bool upper)
{
    char *text = strdup(key), *per = text ? strstr(text, "_per_") : NULL;

    if (per) {
        *per = '/';
        memmove(per + 1, per + 5, strlen(per + 5) + 1);
    } else if (text && ends_with(key, "_s")) {
        text[strlen(key) - 2] = '\0';
    } else if (text && ends_with(key, "_at")) {
        text[strlen(key) - 3] = '\0';
    }
    for (char *c = text; c && *c; c++)
        *c = *c == '_' ? ' ' : (char)(upper ? toupper(*c) : *c);
    return text;
}

/* --- columns --- */

static size_t width_of(const char *text)
{
    return text ? ctl_human_width(text) : 0;
}

/* In so many places, at the right for what are figures. */
static void print_cell(FILE *to, const char *text, size_t places, bool right)
{
    size_t n = width_of(text);
    int padding = n < places ? (int)(places - n) : 0;

    fprintf(to, "%*s%s%*s", right ? padding : 0, "", text ? text : "",
            right ? 0 : padding, "");
}

/* A column is aligned right if its first row has a figure. */
static bool is_figure(const json_t *row, const char *key)
{
    return json_is_number(json_object_get(row, key)) && !ends_with(key, "_at");
}

static void widen(size_t *width, char *text)
{
    size_t n = width_of(text);

    if (n > *width)
        *width = n;
    free(text);
}

/* The columns are the fields of the first row. */
static void measure(struct ctl_show *s, json_t *first)
{
    void *at = json_object_iter(first);

    for (size_t column = 0; at && column < CTL_SHOW_COLUMNS; column++) {
        const char *key = json_object_iter_key(at);

        if (s->n_rows == s->n_waiting)
            widen(&s->widths[column], title_text(key, true));
        for (size_t i = 0; i < s->n_waiting; i++)
            widen(&s->widths[column],
                  value_text(key, json_object_get(s->rows[i], key)));
        at = json_object_iter_next(first, at);
    }
}

/* A line of the table; `row` NULL: its head. */
static void print_line(struct ctl_show *s, json_t *first, json_t *row)
{
    void *at = json_object_iter(first);

    for (size_t column = 0; at && column < CTL_SHOW_COLUMNS; column++) {
        const char *key = json_object_iter_key(at);
        bool right = is_figure(first, key);
        char *text = row ? value_text(key, json_object_get(row, key))
                         : title_text(key, true);
        bool is_last;

        at = json_object_iter_next(first, at);
        is_last = !at || column + 1 == CTL_SHOW_COLUMNS;
        print_cell(s->out, text, is_last && !right ? 0 : s->widths[column],
                   right);
        fprintf(s->out, "%*s", is_last ? 0 : GAP, "");
        free(text);
    }
    fputc('\n', s->out);
}

static void print_table(struct ctl_show *s)
{
    json_t *first = s->rows[0];

    measure(s, first);
    if (s->n_rows == s->n_waiting)
        print_line(s, first, NULL);
    for (size_t i = 0; i < s->n_waiting; i++)
        print_line(s, first, s->rows[i]);
}

/* --- the other forms --- */

static void print_fields(struct ctl_show *s, json_t *row)
{
    size_t width = 0;
    void *at;

    for (at = json_object_iter(row); at; at = json_object_iter_next(row, at))
        widen(&width, title_text(json_object_iter_key(at), false));
    for (at = json_object_iter(row); at; at = json_object_iter_next(row, at)) {
        const char *key = json_object_iter_key(at);
        char *title = title_text(key, false);
        char *text = value_text(key, json_object_iter_value(at));

        print_cell(s->out, title, width + GAP, false);
        fprintf(s->out, "%s\n", text ? text : "");
        free(title);
        free(text);
    }
}

/* As `msrprelayd -t` writes it. */
static void print_fault(struct ctl_show *s, const json_t *row)
{
    char *file = value_text("file", json_object_get(row, "file"));
    char *what = value_text("what", json_object_get(row, "what"));

    fprintf(s->out, "%s:%lld: %s\n", file ? file : "",
            (long long)json_integer_value(json_object_get(row, "line")),
            what ? what : "");
    free(file);
    free(what);
}

static void print_waiting(struct ctl_show *s)
{
    if (s->n_waiting == 0)
        return;
    if (s->answer == CONTROL_LIST)
        print_table(s);
    for (size_t i = 0; i < s->n_waiting; i++) {
        if (s->answer == CONTROL_ONE)
            print_fields(s, s->rows[i]);
        else if (s->answer == CONTROL_FAULTS)
            print_fault(s, s->rows[i]);
        json_decref(s->rows[i]);
    }
    s->n_waiting = 0;
}

/* --- all of it --- */

void ctl_show_begin(struct ctl_show *s, FILE *out, enum control_answer answer,
                    bool json)
{
    memset(s, 0, sizeof *s);
    s->out = out;
    s->answer = answer;
    s->json = json;
    if (json && answer != CONTROL_ONE)
        fputc('[', out);
}

void ctl_show_row(void *show, json_t *row)
{
    struct ctl_show *s = show;

    if (s->json) {
        if (s->answer != CONTROL_ONE)
            fputs(s->n_rows ? ",\n " : "\n ", s->out);
        else if (s->n_rows)
            return; /* one document */
        s->n_rows++;
        (void)json_dumpf(row, s->out, JSON_FLAGS);
        return;
    }
    s->n_rows++;
    s->rows[s->n_waiting++] = json_incref(row);
    if (s->n_waiting == CTL_SHOW_ROWS)
        print_waiting(s);
}

/* Where there was no row, the end is all there is to say. */
static void show_bare_end(struct ctl_show *s, const struct ctl_end *end)
{
    json_t *row = json_pack("{s:b}", "ok", end->ok);

    if (!end->ok)
        (void)json_object_set_new(row, "error", json_string(end->error));
    if (s->json)
        (void)json_dumpf(row, s->out, JSON_FLAGS);
    else if (end->ok)
        fputs("ok\n", s->out);
    json_decref(row);
}

void ctl_show_end(struct ctl_show *s, const struct ctl_end *end)
{
    print_waiting(s);
    if (s->answer == CONTROL_ONE && s->n_rows == 0 && end)
        show_bare_end(s, end);
    if (!s->json)
        return;
    if (s->answer != CONTROL_ONE)
        fputs(s->n_rows ? "\n]" : "]", s->out);
    fputc('\n', s->out);
}
