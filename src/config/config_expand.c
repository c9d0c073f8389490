/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_expand.h"

#include <stdio.h>
#include <stdlib.h>

#include "err.h"
#include "file.h"

#define FILE_MARK "@file:"

enum { NAME_MAX_OCTETS = 128 };

bool config_expand_is_due(struct span text)
{
    return span_starts(text, SPAN(FILE_MARK)) ||
           (text.n && memmem(text.p, text.n, "${", 2));
}

static int refuse_long(char *why)
{
    (void)snprintf(why, CONFIG_EXPAND_WHY, "the value has more than %d octets",
                   CONFIG_EXPAND_MAX);
    return ERR_CONFIG;
}

/* --- the environment --- */

static int append(char *dst, size_t *n, char *why, struct span s)
{
    if (s.n > CONFIG_EXPAND_MAX - *n)
        return refuse_long(why);
    if (s.n)
        memcpy(dst + *n, s.p, s.n);
    *n += s.n;
    dst[*n] = '\0';
    return 0;
}

static bool is_name(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!char_is_alpha(s.p[i]) && s.p[i] != '_' &&
            (i == 0 || !char_is_digit(s.p[i])))
            return false;
    return s.n > 0 && s.n < NAME_MAX_OCTETS;
}

/* Appends the variable at the front of *text, after `${`, and cuts it off. */
static int append_variable(char *dst, size_t *n, char *why, struct span *text)
{
    size_t end = span_find(*text, '}');
    struct span name = span_of(text->p, end);
    char copy[NAME_MAX_OCTETS];
    const char *value;

    if (end == text->n || !is_name(name)) {
        (void)snprintf(why, CONFIG_EXPAND_WHY,
                       "${ must be followed by the name of an environment "
                       "variable and }; write $${ for ${ itself");
        return ERR_CONFIG;
    }
    (void)span_copy(copy, sizeof copy, name);
    *text = span_from(*text, end + 1);
    value = getenv(copy);
    if (!value) {
        (void)snprintf(why, CONFIG_EXPAND_WHY,
                       "the environment variable %s is not set", copy);
        return ERR_CONFIG;
    }
    return append(dst, n, why, span_str(value));
}

static int expand_variables(char *dst, char *why, struct span text)
{
    size_t n = 0;
    int err = append(dst, &n, why, SPAN(""));

    while (!err && text.n) {
        if (span_starts(text, SPAN("$${"))) {
            err = append(dst, &n, why, SPAN("${"));
            text = span_from(text, 3);
        } else if (span_starts(text, SPAN("${"))) {
            text = span_from(text, 2);
            err = append_variable(dst, &n, why, &text);
        } else {
            err = append(dst, &n, why, span_of(text.p, 1));
            text = span_from(text, 1);
        }
    }
    return err;
}

/* --- files --- */

static int find_file(struct config_expanded *out, char *why, const char *name,
                     const char *from)
{
    const char *slash = strrchr(from, '/');
    int dir_n = *name != '/' && slash ? (int)(slash + 1 - from) : 0;
    int n;

    if (!*name) {
        (void)snprintf(why, CONFIG_EXPAND_WHY,
                       FILE_MARK " must be followed by the name of a file");
        return ERR_CONFIG;
    }
    n = snprintf(out->file, sizeof out->file, "%.*s%s", dir_n, from, name);
    return n > 0 && (size_t)n < sizeof out->file ? 0 : refuse_long(why);
}

static struct span without_line_end(struct span s)
{
    if (s.n && s.p[s.n - 1] == '\n')
        s.n--;
    if (s.n && s.p[s.n - 1] == '\r')
        s.n--;
    return s;
}

static int check_content(char *why, const char *file, struct span text)
{
    const char *what = NULL;

    if (text.n > CONFIG_EXPAND_MAX)
        return refuse_long(why);
    if (text.n == 0)
        what = "is empty";
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
            what = "has more than one line, or a control character";
    if (!what)
        return 0;
    (void)snprintf(why, CONFIG_EXPAND_WHY, "%.300s %s", file, what);
    return ERR_CONFIG;
}

static int expand_file(struct config_expanded *out, char *why)
{
    struct span text;
    char *data;
    size_t n;
    int err = file_read(&data, &n, out->file, CONFIG_EXPAND_MAX + 2);

    if (err == ERR_LIMIT)
        return refuse_long(why);
    if (err) {
        (void)snprintf(why, CONFIG_EXPAND_WHY, "cannot read %.300s: %s",
                       out->file, err_reason(err));
        return ERR_CONFIG;
    }
    text = without_line_end(span_of(data, n));
    err = check_content(why, out->file, text);
    if (!err)
        (void)span_copy(out->text, sizeof out->text, text);
    explicit_bzero(data, n);
    free(data);
    return err;
}

int config_expand(struct config_expanded *out, char why[CONFIG_EXPAND_WHY],
                  struct span text, const char *from)
{
    const size_t mark = sizeof FILE_MARK - 1;
    int err = expand_variables(out->text, why, text);

    /* A variable may have the name of a file, but not turn a value into one. */
    out->is_file = span_starts(text, SPAN(FILE_MARK));
    if (err || !out->is_file)
        return err;
    err = find_file(out, why, out->text + mark, from);
    return err ? err : expand_file(out, why);
}
