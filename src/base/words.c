/* SPDX-License-Identifier: BSD-2-Clause */
#include "words.h"

#include <stdbool.h>
#include <stdlib.h>

#include "err.h"

/* Where the words go: behind the pointers to them, in the same memory. */
struct word_writer {
    struct span rest;
    char *at;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static char take(struct span *rest)
{
    char c = *rest->p;

    *rest = span_from(*rest, 1);
    return c;
}

static int read_single(struct word_writer *w)
{
    while (w->rest.n) {
        char c = take(&w->rest);

        if (c == '\'')
            return 0;
        *w->at++ = c;
    }
    return ERR_SYNTAX;
}

/* A backslash has been taken. A line that it continues leaves nothing. */
static int read_escape(struct word_writer *w, bool in_quotes)
{
    char c;

    if (w->rest.n == 0)
        return ERR_SYNTAX;
    c = take(&w->rest);
    if (c == '\n')
        return 0;
    if (in_quotes && !strchr("\"\\$`", c))
        *w->at++ = '\\';
    *w->at++ = c;
    return 0;
}

static int read_double(struct word_writer *w)
{
    while (w->rest.n) {
        char c = take(&w->rest);
        int err = 0;

        if (c == '"')
            return 0;
        if (c == '\\')
            err = read_escape(w, true);
        else
            *w->at++ = c;
        if (err)
            return err;
    }
    return ERR_SYNTAX;
}

/* The next word, which begins here. */
static int read_word(struct word_writer *w)
{
    int err = 0;

    while (!err && w->rest.n && !is_blank(*w->rest.p)) {
        char c = take(&w->rest);

        if (c == '\'')
            err = read_single(w);
        else if (c == '"')
            err = read_double(w);
        else if (c == '\\')
            err = read_escape(w, false);
        else
            *w->at++ = c;
    }
    *w->at++ = '\0';
    return err;
}

int words_split(struct words *out, struct span text)
{
    /* A word takes an octet and a blank, but for the last one. */
    size_t most = text.n / 2 + 1;
    struct words made = {
        calloc(1, (most + 1) * sizeof *made.items + text.n + most + 1), 0};
    struct word_writer w = {.rest = text};
    int err = 0;

    if (!made.items)
        return ERR_NOMEM;
    w.at = (char *)(made.items + most + 1);
    if (text.n && memchr(text.p, '\0', text.n))
        err = ERR_SYNTAX;
    while (!err && w.rest.n) {
        if (is_blank(*w.rest.p)) {
            w.rest = span_from(w.rest, 1);
            continue;
        }
        made.items[made.n++] = w.at;
        err = read_word(&w);
    }
    if (err) {
        words_fini(&made);
        return err;
    }
    *out = made;
    return 0;
}

void words_fini(struct words *w)
{
    free(w->items);
    *w = (struct words){0};
}
