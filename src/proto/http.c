/* SPDX-License-Identifier: BSD-2-Clause */
#include "http.h"

#include <assert.h>

#include "err.h"

void http_init_max(struct http *h, uint32_t max)
{
    memset(h, 0, sizeof *h);
    h->max = max;
}

void http_init(struct http *h)
{
    http_init_max(h, HTTP_HEAD_MAX);
}

static int die(struct http *h, int error)
{
    h->state = HTTP_DEAD;
    h->error = error;
    return error;
}

/* --- octets --- */

/* RFC 9110, 5.6.2 */
static bool is_token_char(char c)
{
    return char_is_alpha(c) || char_is_digit(c) ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_token_char(s.p[i]))
            return false;
    return s.n > 0;
}

static bool is_target(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    return s.n > 0;
}

/* RFC 9110, 5.5: visible octets, those above ASCII, blanks. */
static bool is_value(struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* --- lines --- */

static struct http_slice slice_of(const char *base, struct span part)
{
    return (struct http_slice){(uint32_t)(part.p - base), (uint32_t)part.n};
}

/* "HTTP/1.1" (RFC 9112, 2.3) */
static int take_version(struct http *h, struct span s)
{
    if (s.n != 8 || !span_starts(s, SPAN("HTTP/")) || s.p[6] != '.' ||
        !char_is_digit(s.p[5]) || !char_is_digit(s.p[7]))
        return ERR_SYNTAX;
    if (s.p[5] != '1')
        return ERR_UNSUPPORTED;
    h->minor = (uint8_t)(s.p[7] - '0');
    return 0;
}

static int take_request(struct http *h, const char *base, struct span line)
{
    struct span rest = line, method = span_cut(&rest, ' '),
                target = span_cut(&rest, ' ');

    if (!is_token(method) || !is_target(target))
        return ERR_SYNTAX;
    h->method = slice_of(base, method);
    h->target = slice_of(base, target);
    h->state = HTTP_FIELDS;
    return take_version(h, rest);
}

/* A blank at the front, which would fold the line into the one before, or one
 * before the colon, is in no token (RFC 9112, 5.1, 5.2). */
static int take_field(struct http *h, const char *base, struct span line)
{
    size_t colon = span_find(line, ':');
    struct span name = span_of(line.p, colon), value;

    if (colon == line.n || !is_token(name))
        return ERR_SYNTAX;
    value = span_trim(span_from(line, colon + 1));
    if (!is_value(value))
        return ERR_SYNTAX;
    if (h->n_headers == HTTP_HEADERS_MAX)
        return ERR_LIMIT;
    h->headers[h->n_headers++] = (struct http_header){
        .name = slice_of(base, name), .value = slice_of(base, value)};
    return 0;
}

/* RFC 9112, 3.2 */
static int check_host(const struct http *h)
{
    size_t hosts = 0;

    for (size_t i = 0; i < h->n_headers; i++)
        hosts += span_ieq(http_text(h, h->headers[i].name), SPAN("Host"));
    return hosts == 1 || (hosts == 0 && h->minor == 0) ? 0 : ERR_SYNTAX;
}

/* One complete line, without its CRLF. */
static int take_line(struct http *h, const char *base, struct span line)
{
    if (h->state == HTTP_START)
        return take_request(h, base, line);
    if (line.n > 0)
        return take_field(h, base, line);
    h->base = base;
    h->state = HTTP_DONE;
    return check_host(h);
}

/* Empty lines before a request are somebody's leftovers (RFC 9112, 2.2). */
static void skip_empty_lines(struct http *h, struct span *in)
{
    while (h->state == HTTP_START && span_starts(*in, SPAN("\r\n"))) {
        *in = span_from(*in, 2);
        h->seen = 0;
    }
}

/* The line at hand, without its CRLF: 0 or an error. */
static int next_line(struct http *h, struct span *line, struct span in)
{
    size_t most = in.n < h->max ? in.n : h->max;
    size_t end =
        h->seen + span_find(span_of(in.p + h->seen, most - h->seen), '\n');

    if (end == most) {
        h->seen = (uint32_t)most;
        return most < h->max ? ERR_AGAIN : ERR_LIMIT;
    }
    if (end == h->line_at || in.p[end - 1] != '\r')
        return ERR_SYNTAX;
    *line = span_of(in.p + h->line_at, end - 1 - h->line_at);
    h->line_at = h->seen = (uint32_t)(end + 1);
    return 0;
}

int http_next(struct http *h, struct span *in)
{
    struct span line;
    int err;

    assert(h->state != HTTP_DONE);
    if (h->state == HTTP_DEAD)
        return h->error;
    skip_empty_lines(h, in);
    while (h->state != HTTP_DONE) {
        err = next_line(h, &line, *in);
        if (!err)
            err = take_line(h, in->p, line);
        if (err)
            return err == ERR_AGAIN ? err : die(h, err);
    }
    *in = span_from(*in, h->line_at);
    return 0;
}

/* --- what the head says --- */

struct span http_path(const struct http *h)
{
    struct span target = http_text(h, h->target);
    struct span scheme = SPAN("http://");

    if (target.n >= scheme.n && span_ieq(span_of(target.p, scheme.n), scheme)) {
        target = span_from(target, scheme.n);
        target = span_from(target, span_find(target, '/'));
        if (target.n == 0)
            return SPAN("/");
    }
    return span_cut(&target, '?');
}

bool http_header(struct span *value, const struct http *h, struct span name)
{
    for (size_t i = 0; i < h->n_headers; i++) {
        if (span_ieq(http_text(h, h->headers[i].name), name)) {
            *value = http_text(h, h->headers[i].value);
            return true;
        }
    }
    return false;
}

static bool list_has(struct span list, struct span token)
{
    while (list.n)
        if (span_ieq(span_trim(span_cut(&list, ',')), token))
            return true;
    return false;
}

bool http_has_token(const struct http *h, struct span name, struct span token)
{
    for (size_t i = 0; i < h->n_headers; i++)
        if (span_ieq(http_text(h, h->headers[i].name), name) &&
            list_has(http_text(h, h->headers[i].value), token))
            return true;
    return false;
}
