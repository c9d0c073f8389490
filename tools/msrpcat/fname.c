/* SPDX-License-Identifier: BSD-2-Clause */
#include "fname.h"

#include <stdio.h>
#include <string.h>

#include "terminal.h"

static struct span last_part(struct span path)
{
    for (size_t i = path.n; i > 0; i--)
        if (path.p[i - 1] == '/' || path.p[i - 1] == '\\')
            return span_from(path, i);
    return path;
}

/* Shortens to FNAME_MAX, not inside a UTF-8 sequence. */
static struct span cut(struct span name)
{
    if (name.n <= FNAME_MAX)
        return name;
    name.n = FNAME_MAX;
    while (name.n > 0 && ((unsigned char)name.p[name.n] & 0xc0) == 0x80)
        name.n--;
    return name;
}

bool fname_clean(char dst[FNAME_MAX + 1], struct span raw)
{
    size_t n = terminal_text(dst, cut(last_part(raw)), '_');

    if (n > 0 && (dst[0] == '.' || dst[0] == '-'))
        dst[0] = '_';
    dst[n] = '\0';
    return n > 0;
}

/* Undoes a quoted-string whose opening quote is cut off, up to the closing one;
 * *rest is what follows. */
static struct span unquote(char *dst, size_t size, struct span *rest)
{
    size_t i = 0, n = 0;

    while (i < rest->n && rest->p[i] != '"') {
        if (rest->p[i] == '\\' && i + 1 < rest->n)
            i++;
        if (n < size)
            dst[n++] = rest->p[i];
        i++;
    }
    *rest = span_from(*rest, i < rest->n ? i + 1 : i);
    return span_of(dst, n);
}

/* The value that `*rest` begins with, quotes undone in `space`, up to and with
 * the next semicolon. */
static struct span take_value(char *space, size_t size, struct span *rest)
{
    struct span value;

    *rest = span_trim(*rest);
    if (!span_starts(*rest, SPAN("\"")))
        return span_trim(span_cut(rest, ';'));
    *rest = span_from(*rest, 1);
    value = unquote(space, size, rest);
    (void)span_cut(rest, ';');
    return value;
}

bool fname_from_disposition(char dst[FNAME_MAX + 1], struct span value)
{
    char space[1024];

    (void)span_cut(&value, ';');
    while (value.n > 0) {
        size_t equals = span_find(value, '=');
        size_t semicolon = span_find(value, ';');
        struct span name, text;

        if (semicolon < equals) {
            value = span_from(value, semicolon + 1);
            continue;
        }
        if (equals == value.n)
            return false;
        name = span_trim(span_of(value.p, equals));
        value = span_from(value, equals + 1);
        text = take_value(space, sizeof space, &value);
        if (span_ieq(name, SPAN("filename")))
            return fname_clean(dst, text);
    }
    return false;
}

void fname_to_disposition(char *dst, size_t size, const char *path)
{
    char name[FNAME_MAX + 1], quoted[2 * FNAME_MAX + 1];
    size_t n = 0;

    if (!fname_clean(name, span_str(path))) {
        snprintf(dst, size, "attachment");
        return;
    }
    for (const char *p = name; *p; p++) {
        if (*p == '"' || *p == '\\')
            quoted[n++] = '\\';
        quoted[n++] = *p;
    }
    quoted[n] = '\0';
    snprintf(dst, size, "attachment; filename=\"%s\"", quoted);
}
