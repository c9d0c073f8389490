/* SPDX-License-Identifier: BSD-2-Clause */
/* http - the head of an HTTP/1.x request (RFC 9112, sections 2, 3 and 5).
 *
 * Pulled from the caller's input like MSRP's frames: ERR_AGAIN means to keep
 * what is left and to come back when more has been appended. Nothing is copied
 * or allocated. Exact where it matters for who is behind a proxy: lines end
 * with CRLF, no blank before a colon, no folded lines, one Host. What follows
 * the head is the caller's business. */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

enum {
    HTTP_HEAD_MAX = 8192, /* octets up to the end of the empty line, unless
                             the caller says otherwise */
    HTTP_HEADERS_MAX = 64,
};

/* A piece of the head, as offset and length. */
struct http_slice {
    uint32_t at, n;
};

struct http_header {
    struct http_slice name, value; /* without blanks around it */
};

enum http_state {
    HTTP_START, /* before or in the request line */
    HTTP_FIELDS,
    HTTP_DONE, /* the head was given */
    HTTP_DEAD, /* `error` is given for ever */
};

struct http {
    enum http_state state;
    int error;
    const char *base; /* DONE: first octet of the request line */
    uint32_t max;     /* octets in a head */
    uint32_t line_at; /* where the line at hand begins */
    uint32_t seen;    /* no line ends before here but those looked at */
    struct http_slice method, target;
    uint8_t minor; /* of HTTP/1.minor */
    uint8_t n_headers;
    struct http_header headers[HTTP_HEADERS_MAX];
};

void http_init(struct http *h);
/* For heads of up to `max` octets. */
void http_init_max(struct http *h, uint32_t max);

/* The head at the front of *in, cut off there: 0, and h points into it until
 * the input changes, or
 *   ERR_AGAIN        more input is needed;
 *   ERR_SYNTAX       it is no request (400);
 *   ERR_LIMIT        the head is too large (431);
 *   ERR_UNSUPPORTED  another version than HTTP/1.x (505).
 * An error other than ERR_AGAIN stays. Not to be called once it was given. An
 * input of as many octets as a head may have never gets stuck. */
int http_next(struct http *h, struct span *in);

static inline struct span http_text(const struct http *h, struct http_slice s)
{
    return span_of(h->base + s.at, s.n);
}

static inline struct span http_method(const struct http *h)
{
    return http_text(h, h->method);
}

/* The target without a query, and without scheme and authority if it was asked
 * for as a proxy is: "/metrics", or "*". */
struct span http_path(const struct http *h);

/* The value of the first header of this name: *value is written and true is
 * returned if it is there. Names have no case. */
bool http_header(struct span *value, const struct http *h, struct span name);

/* Is `token`, in whatever case, among the comma-separated values of all headers
 * of this name? */
bool http_has_token(const struct http *h, struct span name, struct span token);

#endif
