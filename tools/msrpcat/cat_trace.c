/* SPDX-License-Identifier: BSD-2-Clause */
#include "cat_trace.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

/* These carry the digest of a password, or what one is made from. */
static bool is_secret(struct span name)
{
    return span_ieq(name, SPAN("Authorization")) ||
           span_ieq(name, SPAN("Authentication-Info"));
}

static void put_clean(FILE *to, struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c < 0x20 || c >= 0x7f)
            fprintf(to, "\\x%02x", c);
        else
            fputc(c, to);
    }
}

static void put_line(FILE *to, char mark, struct span line)
{
    struct span value = line, name = span_cut(&value, ':');

    fprintf(to, "%c ", mark);
    if (is_secret(name)) {
        put_clean(to, name);
        fputs(": (not shown)\n", to);
        return;
    }
    put_clean(to, line);
    fputc('\n', to);
}

void cat_trace_head(FILE *to, char mark, struct span head)
{
    if (!to)
        return;
    while (head.n > 0) {
        struct span line = span_cut(&head, '\n');

        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        put_line(to, mark, line);
    }
}

void cat_trace_frame(FILE *to, char mark, const struct frame *f)
{
    char *text;
    size_t n = 0;

    if (!to)
        return;
    text = malloc(f->octets);
    if (!text)
        return;
    for (size_t i = 0; i < f->n; i++) {
        memcpy(text + n, f->parts[i].p, f->parts[i].n);
        n += f->parts[i].n;
    }
    cat_trace_head(to, mark, span_of(text, n));
    free(text);
}

void cat_trace_end(FILE *to, char mark, uint64_t body_octets, struct span tid,
                   char flag)
{
    if (!to)
        return;
    if (body_octets > 0)
        fprintf(to, "%c (%" PRIu64 " octets of body)\n", mark, body_octets);
    fprintf(to, "%c -------", mark);
    put_clean(to, tid);
    fprintf(to, "%c\n", flag);
}
