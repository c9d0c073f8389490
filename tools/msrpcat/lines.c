/* SPDX-License-Identifier: BSD-2-Clause */
#include "lines.h"

#include <errno.h>
#include <unistd.h>

void lines_init(struct lines *l)
{
    l->open = true;
    l->from = l->to = 0;
}

void lines_read(struct lines *l, int fd)
{
    ssize_t n;

    memmove(l->text, l->text + l->from, l->to - l->from);
    l->to -= l->from;
    l->from = 0;
    n = read(fd, l->text + l->to, LINES_MAX - l->to);
    if (n > 0)
        l->to += (size_t)n;
    else if (n == 0 || (errno != EINTR && errno != EAGAIN))
        l->open = false;
}

bool lines_next(struct span *line, struct lines *l)
{
    struct span rest = span_of(l->text + l->from, l->to - l->from);
    size_t end = span_find(rest, '\n');
    bool whole = end < rest.n;

    if (rest.n == 0 || (!whole && l->open && rest.n < LINES_MAX))
        return false;
    *line = span_of(rest.p, end);
    l->from += end + whole;
    if (line->n > 0 && line->p[line->n - 1] == '\r')
        line->n--;
    return true;
}
