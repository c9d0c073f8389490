/* SPDX-License-Identifier: BSD-2-Clause */
#include "sdp_rewrite.h"

#include "sdp_line.h"

/* What a section has, so that it is known where something has to be inserted.
 */
struct shape {
    bool connection, setup, print;
};

/* A description while it is written. */
struct writer {
    struct text *out;
    struct span end; /* of the section's m= line: that of what is inserted */
    bool is_unended; /* the last line written has no end */
    bool cut;        /* the last line, which had no end, was left out */
    const struct sdp_edit *edit; /* of the section; NULL: it stays */
    struct shape shape;
    bool connection_done, print_done;
};

static void put_line(struct writer *w, struct span text, struct span end)
{
    text_put(w->out, text);
    text_put(w->out, end);
    w->is_unended = end.n == 0;
}

/* Begins a line that was not there before. After a last line without an end,
 * that end comes now, and the new last line has none. */
static void insert_begin(struct writer *w)
{
    if (w->is_unended)
        text_put(w->out, w->end);
}

static void insert_end(struct writer *w)
{
    if (!w->is_unended)
        text_put(w->out, w->end);
}

static struct shape shape_of(struct span rest)
{
    struct shape s = {0};
    struct sdp_line line;

    while (sdp_line_next(&line, &rest) && !sdp_line_is(&line, SPAN("m="))) {
        s.connection |= sdp_line_is(&line, SPAN("c="));
        s.setup |= sdp_line_is(&line, SPAN("a=setup:"));
        s.print |= sdp_line_is(&line, SPAN("a=fingerprint:"));
    }
    return s;
}

/* --- single lines; without their ends --- */

/* Port and protocol are replaced; number of ports, blanks and formats stay. A
 * protocol that stays the same is not written in another case. */
static void put_media(struct writer *w, struct span line)
{
    struct span protocol = sdp_protocol_text(w->edit->protocol);
    struct sdp_media m;
    const char *after_port;

    if (sdp_media_parse(&m, line)) {
        text_put(w->out, line);
        return;
    }
    after_port = m.port.p + m.port.n;
    text_put(w->out, span_of(line.p, (size_t)(m.port.p - line.p)));
    text_put_u64(w->out, w->edit->reject ? 0 : w->edit->port);
    text_put(w->out, span_of(after_port, (size_t)(m.protocol.p - after_port)));
    text_put(w->out, span_ieq(protocol, m.protocol) ? m.protocol : protocol);
    text_put(w->out,
             span_from(line, (size_t)(m.protocol.p + m.protocol.n - line.p)));
}

static void put_connection(struct writer *w)
{
    text_put(w->out,
             w->edit->family == 6 ? SPAN("c=IN IP6 ") : SPAN("c=IN IP4 "));
    text_put(w->out, w->edit->address);
}

static void put_setup(struct writer *w)
{
    text_put(w->out, SPAN("a=setup:"));
    text_put(w->out, sdp_setup_text(w->edit->setup));
}

static void put_print(struct writer *w, size_t i)
{
    text_put(w->out, SPAN("a=fingerprint:"));
    text_put(w->out, w->edit->prints[i]);
}

/* --- what is inserted --- */

static void insert_connection(struct writer *w)
{
    if (w->connection_done)
        return;
    insert_begin(w);
    put_connection(w);
    insert_end(w);
    w->connection_done = true;
}

static void insert_prints(struct writer *w, size_t from)
{
    for (size_t i = from; i < w->edit->n_prints; i++) {
        insert_begin(w);
        put_print(w, i);
        insert_end(w);
    }
    w->print_done = true;
}

static void insert_setup(struct writer *w)
{
    insert_begin(w);
    put_setup(w);
    insert_end(w);
    if (!w->shape.print && !w->print_done)
        insert_prints(w, 0);
}

/* --- lines of a section that is edited --- */

static void leave_out(struct writer *w, const struct sdp_line *line)
{
    w->cut |= line->end.n == 0;
}

static void edit_path(struct writer *w, const struct sdp_line *line)
{
    text_put(w->out, SPAN("a=path:"));
    put_line(w, w->edit->uri, line->end);
    if (!w->shape.setup)
        insert_setup(w);
}

static void edit_setup(struct writer *w, const struct sdp_line *line)
{
    put_setup(w);
    put_line(w, SPAN(""), line->end);
    if (!w->shape.print && !w->print_done)
        insert_prints(w, 0);
}

/* All stand where the first one stood. */
static void edit_print(struct writer *w, const struct sdp_line *line)
{
    if (w->print_done || w->edit->n_prints == 0) {
        leave_out(w, line);
        return;
    }
    put_print(w, 0);
    put_line(w, SPAN(""), line->end);
    insert_prints(w, 1);
}

static void edit_connection(struct writer *w, const struct sdp_line *line)
{
    if (w->connection_done) {
        put_line(w, line->text, line->end);
        return;
    }
    put_connection(w);
    put_line(w, SPAN(""), line->end);
    w->connection_done = true;
}

static void edit_line(struct writer *w, const struct sdp_line *line)
{
    if (sdp_line_is(line, SPAN("c=")))
        edit_connection(w, line);
    else if (sdp_line_is(line, SPAN("a=path:")))
        edit_path(w, line);
    else if (sdp_line_is(line, SPAN("a=setup:")))
        edit_setup(w, line);
    else if (sdp_line_is(line, SPAN("a=fingerprint:")))
        edit_print(w, line);
    else if (sdp_line_is_just(line, SPAN("a=msrp-cema")))
        leave_out(w, line);
    else
        put_line(w, line->text, line->end);
}

/* --- sections --- */

/* m=, i=, c= is their order (RFC 8866, 9). */
static void begin_section(struct writer *w, const struct sdp_line *line,
                          struct span *rest)
{
    struct span after = *rest;
    struct sdp_line title;

    w->shape = shape_of(*rest);
    w->end = line->end;
    w->connection_done = w->print_done = false;
    put_media(w, line->text);
    put_line(w, SPAN(""), line->end);
    if (w->edit->reject) {
        w->edit = NULL;
        return;
    }
    if (w->shape.connection)
        return;
    if (sdp_line_next(&title, &after) && sdp_line_is(&title, SPAN("i="))) {
        put_line(w, title.text, title.end);
        *rest = after;
    }
    insert_connection(w);
}

/* Without the end of its last line. */
static void cut_end(struct text *out)
{
    if (out->err || out->n == 0 || out->p[out->n - 1] != '\n')
        return;
    out->n--;
    if (out->n > 0 && out->p[out->n - 1] == '\r')
        out->n--;
}

void sdp_rewrite(struct text *out, struct span text,
                 const struct sdp_edit *edits, size_t n)
{
    struct writer w = {.out = out};
    struct span rest = text;
    struct sdp_line line;
    unsigned index = 0;

    while (sdp_line_next(&line, &rest)) {
        if (sdp_line_is(&line, SPAN("m="))) {
            w.edit = n && edits->index == index ? edits : NULL;
            index++;
            if (w.edit) {
                edits++;
                n--;
                begin_section(&w, &line, &rest);
                continue;
            }
        }
        if (w.edit)
            edit_line(&w, &line);
        else
            put_line(&w, line.text, line.end);
    }
    if (w.cut)
        cut_end(out);
}
