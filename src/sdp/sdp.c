/* SPDX-License-Identifier: BSD-2-Clause */
#include "sdp.h"

#include "err.h"
#include "sdp_line.h"
#include "uri.h"

static const char *const protocol_names[SDP_PROTOCOLS] = {
    [SDP_TCP] = "TCP/MSRP",
    [SDP_TLS] = "TCP/TLS/MSRP",
    [SDP_WS] = "TCP/WS/MSRP",
    [SDP_WSS] = "TCP/WSS/MSRP",
};

static const char *const setup_names[] = {
    [SDP_SETUP_NONE] = "",
    [SDP_SETUP_ACTIVE] = "active",
    [SDP_SETUP_PASSIVE] = "passive",
    [SDP_SETUP_ACTPASS] = "actpass",
};

/* What a level, session or section, says. */
struct level {
    struct sdp_connection connection;
    bool has_connection;
    enum sdp_setup setup;
    bool has_setup;
    struct sdp_prints prints;
};

/* A description while it is read. */
struct reader {
    struct sdp *sdp;
    unsigned max_uris;
    unsigned next_index; /* of the next m= line */
    struct level session, section;
    struct sdp_section *at; /* the section that is read; NULL: not ours */
    unsigned n_paths;       /* a=path lines in it */
};

struct span sdp_protocol_text(enum sdp_protocol protocol)
{
    return span_str(protocol_names[protocol]);
}

int sdp_protocol_find(enum sdp_protocol *out, struct span name)
{
    for (unsigned i = 0; i < SDP_PROTOCOLS; i++) {
        if (span_ieq(name, span_str(protocol_names[i]))) {
            *out = (enum sdp_protocol)i;
            return 0;
        }
    }
    return ERR_NOT_FOUND;
}

struct span sdp_setup_text(enum sdp_setup setup)
{
    return span_str(setup_names[setup]);
}

/* --- single lines --- */

static enum sdp_setup read_setup(struct span value)
{
    value = span_trim(value);
    for (unsigned i = SDP_SETUP_ACTIVE; i <= SDP_SETUP_ACTPASS; i++)
        if (span_ieq(value, span_str(setup_names[i])))
            return (enum sdp_setup)i;
    return SDP_SETUP_NONE;
}

/* IN IP4 192.0.2.1/127 */
static struct sdp_connection read_connection(struct span value)
{
    struct sdp_connection c = {0};
    struct span rest = span_trim(value);
    struct span net = span_cut(&rest, ' '), family;

    rest = span_trim(rest);
    family = span_cut(&rest, ' ');
    rest = span_trim(rest);
    if (!span_ieq(net, SPAN("IN")) || rest.n == 0)
        return c;
    if (span_ieq(family, SPAN("IP4")))
        c.family = 4;
    else if (span_ieq(family, SPAN("IP6")))
        c.family = 6;
    c.host = span_cut(&rest, '/');
    return c;
}

static void read_print(struct sdp_prints *to, struct span value)
{
    value = span_trim(value);
    to->announced = true;
    if (to->n < SDP_PRINTS_MAX && value.n <= SDP_PRINT_MAX)
        to->values[to->n++] = value;
}

struct span sdp_path_next(struct span *rest)
{
    struct span uri;
    size_t n = 0;

    *rest = span_trim(*rest);
    while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
        n++;
    uri = span_of(rest->p, n);
    *rest = span_from(*rest, n);
    return uri;
}

/* Whole URIs, each with a port (S-9), as many as may be. */
static bool read_path(struct sdp_section *s, struct span value,
                      unsigned max_uris)
{
    struct span rest = span_trim(value), text;
    struct uri uri;

    s->path = rest;
    s->n_uris = 0;
    if (rest.n > SDP_PATH_MAX)
        return false;
    while ((text = sdp_path_next(&rest)).n) {
        if (s->n_uris == max_uris || uri_parse(&uri, text) || !uri.port)
            return false;
        s->n_uris++;
    }
    return s->n_uris > 0;
}

/* --- sections --- */

/* What both levels may say. */
static void read_level(struct level *to, const struct sdp_line *line)
{
    if (sdp_line_is(line, SPAN("c="))) {
        if (!to->has_connection)
            to->connection = read_connection(span_from(line->text, 2));
        to->has_connection = true;
    } else if (sdp_line_is(line, SPAN("a=setup:"))) {
        if (!to->has_setup)
            to->setup = read_setup(span_from(line->text, 8));
        to->has_setup = true;
    } else if (sdp_line_is(line, SPAN("a=fingerprint:"))) {
        read_print(&to->prints, span_from(line->text, 14));
    }
}

/* What only a section says. */
static void read_attribute(struct reader *r, const struct sdp_line *line)
{
    struct sdp_section *s = r->at;

    if (sdp_line_is(line, SPAN("a=path:"))) {
        bool usable = read_path(s, span_from(line->text, 7), r->max_uris);

        r->n_paths++;
        if (s->kind != SDP_REJECTED)
            s->kind = usable && r->n_paths == 1 ? SDP_USABLE : SDP_WITHOUT_PATH;
    } else if (sdp_line_is_just(line, SPAN("a=msrp-cema"))) {
        s->is_cema = true;
    }
}

/* The section that was read is whole. */
static void end_section(struct reader *r)
{
    const struct level *s = &r->section, *all = &r->session;

    if (!r->at)
        return;
    r->at->connection = s->has_connection ? s->connection : all->connection;
    r->at->setup = s->has_setup ? s->setup : all->setup;
    r->at->prints = s->prints.announced ? s->prints : all->prints;
    r->at = NULL;
}

/* Is it ours? Then it is read. */
static int begin_section(struct reader *r, const struct sdp_line *line)
{
    struct sdp_section s = {.index = r->next_index++, .kind = SDP_WITHOUT_PATH};
    struct sdp_media m;
    uint64_t port;

    end_section(r);
    if (sdp_media_parse(&m, line->text) || !span_eq(m.media, SPAN("message")) ||
        sdp_protocol_find(&s.protocol, m.protocol) ||
        span_u64(&port, m.port, UINT16_MAX))
        return 0;
    if (r->sdp->n == SDP_SECTIONS_MAX)
        return ERR_LIMIT;
    s.port = (uint16_t)port;
    if (port == 0)
        s.kind = SDP_REJECTED;
    r->at = &r->sdp->sections[r->sdp->n++];
    *r->at = s;
    r->n_paths = 0;
    r->section = (struct level){0};
    return 0;
}

int sdp_parse(struct sdp *out, struct span text, unsigned max_uris)
{
    struct reader r = {.sdp = out, .max_uris = max_uris};
    struct span rest = text;
    struct sdp_line line;
    int err = 0;

    out->text = text;
    out->n = 0;
    if (!span_starts(text, SPAN("v=")))
        return ERR_SYNTAX;
    while (!err && sdp_line_next(&line, &rest)) {
        if (sdp_line_is(&line, SPAN("m="))) {
            err = begin_section(&r, &line);
        } else if (r.next_index == 0) {
            read_level(&r.session, &line);
        } else if (r.at) {
            read_level(&r.section, &line);
            read_attribute(&r, &line);
        }
    }
    end_section(&r);
    return err;
}

const struct sdp_section *sdp_section_at(const struct sdp *sdp, unsigned index)
{
    for (size_t i = 0; i < sdp->n; i++)
        if (sdp->sections[i].index == index)
            return &sdp->sections[i];
    return NULL;
}
