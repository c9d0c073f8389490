/* SPDX-License-Identifier: BSD-2-Clause */
/* http_server - a small HTTP server on the loop, for pages that programs ask
 * for.
 *
 * Answers GET and HEAD of the paths in a table, one request a connection. All
 * is bounded: HTTP_SERVER_CONNS_MAX connections, each with life_ms from accept
 * to end; at that limit the oldest idle one is closed for a new one. It has a
 * net of its own, so that its connections neither count nor wait among the
 * relay's. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "sock.h"
#include "text.h"

struct http_server;

enum {
    /* No fewer than a listener accepts in a turn: each connection then has a
     * turn in which its request can be read. */
    HTTP_SERVER_CONNS_MAX = 64,
    HTTP_SERVER_BODY_MAX = 262144, /* octets in a page */
    HTTP_SERVER_HEADERS_MAX = 1024,
};

/* Writes a page when it is asked for, and returns its status code: 200 or 503.
 * When `body` takes no more, 500 is answered instead. */
typedef unsigned (*http_server_fill_fn)(void *ctx, struct text *body);

/* Writes more lines for the head of an answer, each with its CRLF, and at most
 * HTTP_SERVER_HEADERS_MAX octets in all. */
typedef void (*http_server_headers_fn)(struct text *t);

struct http_server_page {
    const char *path;
    const char *type; /* its Content-Type */
    http_server_fill_fn fill;
    http_server_headers_fn headers; /* NULL: none */
};

struct http_server_setup {
    const struct http_server_page *pages;
    size_t n_pages;
    void *ctx; /* for the pages' functions */
    uint64_t life_ms;
};

/* Takes over the listening socket `fd` and begins to answer; the socket is
 * closed on failure too. The pages outlive it. 0, or an error as of
 * listener_adopt(). */
int http_server_new(struct http_server **out, struct loop *loop, int fd,
                    const struct http_server_setup *setup);
/* Closes all. Not from within a page. NULL is harmless. */
void http_server_free(struct http_server *w);

/* Its listener: to make way for another one, or to know its port. */
struct listener *http_server_listener(const struct http_server *w);

#endif
