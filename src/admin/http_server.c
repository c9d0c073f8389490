/* SPDX-License-Identifier: BSD-2-Clause */
#include "http_server.h"

#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "conn.h"
#include "err.h"
#include "http.h"
#include "listener.h"
#include "net.h"

enum {
    INPUT_SIZE = 2 * HTTP_HEAD_MAX,
    HEAD_MAX = 512, /* octets in the head of an answer */
};

struct http_server {
    struct loop *loop;
    struct net *net; /* owned */
    struct listener *listener;
    struct timer_fifo *life;
    struct http_server_setup setup;
    struct list visits; /* of struct visit */
    size_t n_visits;
};

/* A connection. */
struct visit {
    struct list of_web;
    struct http_server *server;
    struct conn *conn;
    int fd; /* the connection's */
    struct timer life;
    struct http request;
    bool is_head;  /* no body is wanted */
    bool answered; /* what still comes is thrown away */
    uint64_t answered_ms;
};

/* --- answers --- */

static const char *phrase(unsigned code)
{
    switch (code) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 431:
        return "Request Header Fields Too Large";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Internal Server Error";
    }
}

/* What there is to say. */
struct answer {
    unsigned code;
    const char *type;
    struct span headers; /* beside the usual ones */
    struct span body;
};

/* Everything is said at once; then the connection ends in order. */
static void web_answer(struct visit *v, const struct answer *a)
{
    char text[HEAD_MAX], date[64];
    struct span parts[] = {{0}, a->headers, SPAN("\r\n"), a->body};
    time_t now = time(NULL);
    struct tm tm;
    int n;

    gmtime_r(&now, &tm);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    n = snprintf(text, sizeof text,
                 "HTTP/1.1 %u %s\r\nDate: %s\r\n%sContent-Type: %s\r\n"
                 "Content-Length: %zu\r\nCache-Control: no-store\r\n"
                 "X-Content-Type-Options: nosniff\r\n"
                 "Connection: close\r\n",
                 a->code, phrase(a->code), date,
                 a->code == 405 ? "Allow: GET, HEAD\r\n" : "", a->type,
                 a->body.n);
    parts[0] = span_of(text, (size_t)n);
    v->answered = true;
    v->answered_ms = loop_now_ms(v->server->loop);
    if (conn_write(v->conn, parts, v->is_head ? 3 : 4) == 0)
        conn_finish(v->conn);
    else
        conn_close(v->conn);
}

/* An answer in words. */
static void web_refuse(struct visit *v, unsigned code)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%s\n", phrase(code));

    web_answer(v, &(struct answer){.code = code,
                                   .type = "text/plain",
                                   .body = span_of(text, (size_t)n)});
}

static const struct http_server_page *find_page(const struct http_server *w,
                                                struct span path)
{
    for (size_t i = 0; i < w->setup.n_pages; i++)
        if (span_eq(path, span_str(w->setup.pages[i].path)))
            return &w->setup.pages[i];
    return NULL;
}

static void show(struct visit *v, const struct http_server_page *page)
{
    struct text headers, body;
    unsigned code;

    text_init(&headers, HTTP_SERVER_HEADERS_MAX);
    text_init(&body, HTTP_SERVER_BODY_MAX);
    if (page->headers)
        page->headers(&headers);
    code = page->fill(v->server->setup.ctx, &body);
    if (headers.err || body.err)
        web_refuse(v, 500);
    else
        web_answer(v, &(struct answer){.code = code,
                                       .type = page->type,
                                       .headers = text_span(&headers),
                                       .body = text_span(&body)});
    text_fini(&headers);
    text_fini(&body);
}

static void web_take_request(struct visit *v)
{
    struct span method = http_method(&v->request);
    const struct http_server_page *page =
        find_page(v->server, http_path(&v->request));

    v->is_head = span_eq(method, SPAN("HEAD"));
    if (!page)
        web_refuse(v, 404);
    else if (!v->is_head && !span_eq(method, SPAN("GET")))
        web_refuse(v, 405);
    else
        show(v, page);
}

/* --- a connection's life --- */

static void web_on_open(void *ctx)
{
    (void)ctx;
}

static void web_on_input(void *ctx, struct span *in)
{
    struct visit *v = ctx;

    if (!v->answered) {
        switch (http_next(&v->request, in)) {
        case 0:
            web_take_request(v);
            break;
        case ERR_AGAIN:
            return;
        case ERR_LIMIT:
            web_refuse(v, 431);
            break;
        case ERR_UNSUPPORTED:
            web_refuse(v, 505);
            break;
        default:
            web_refuse(v, 400);
        }
    }
    *in = span_from(*in, in->n);
}

static void web_on_sent(void *ctx, uint64_t position)
{
    (void)ctx;
    (void)position;
}

static void visit_free(struct visit *v)
{
    timer_stop(&v->life);
    list_remove(&v->of_web);
    v->server->n_visits--;
    free(v);
}

static void web_on_closed(void *ctx, enum conn_why why)
{
    struct visit *v = ctx;
    struct http_server *w = v->server;

    (void)why;
    visit_free(v);
    if (w->listener)
        listener_reserve(w->listener);
}

static const struct conn_ops conn_ops = {
    .open = web_on_open,
    .input = web_on_input,
    .sent = web_on_sent,
    .closed = web_on_closed,
};

static void on_life_over(struct timer *t)
{
    conn_close(CONTAINER(t, struct visit, life)->conn);
}

/* Has it asked for nothing that is still to be answered? What it sent may not
 * have been read yet, and an answer leaves at the end of the turn. */
static bool visit_is_idle(const struct visit *v)
{
    int unread = 0;

    if (v->answered)
        return v->answered_ms != loop_now_ms(v->server->loop);
    return ioctl(v->fd, FIONREAD, &unread) != 0 || unread == 0;
}

/* Makes room for one more: the oldest idle one goes (S-24). */
static bool web_make_room(struct http_server *w)
{
    struct list *m, *next;

    if (w->n_visits < HTTP_SERVER_CONNS_MAX)
        return true;
    LIST_EACH(m, next, &w->visits)
    {
        struct visit *v = CONTAINER(m, struct visit, of_web);

        if (visit_is_idle(v)) {
            conn_close(v->conn);
            return true;
        }
    }
    return false;
}

static void web_on_accept(void *ctx, struct listener *l, int fd,
                          const struct addr *peer)
{
    struct http_server *w = ctx;
    struct visit *v = web_make_room(w) ? calloc(1, sizeof *v) : NULL;
    const struct conn_from from = {.fd = fd, .peer = peer};

    (void)l;
    if (!v) {
        (void)close(fd);
        return;
    }
    v->server = w;
    v->fd = fd;
    http_init(&v->request);
    timer_init(&v->life);
    list_init(&v->of_web);
    w->n_visits++;
    if (conn_accept(&v->conn, w->net, &from, &conn_ops, v) != 0) {
        visit_free(v);
        return;
    }
    list_append(&w->visits, &v->of_web);
    timer_start(w->life, &v->life);
}

/* --- the server --- */

static int http_server_open(struct http_server *w, int fd)
{
    const struct http_server_setup *setup = &w->setup;
    const struct net_settings settings = {
        .input_size = INPUT_SIZE,
        .read_per_turn = INPUT_SIZE,
        .output_max = HEAD_MAX + HTTP_SERVER_HEADERS_MAX + HTTP_SERVER_BODY_MAX,
        .handshake_ms = setup->life_ms,
        .stall_ms = setup->life_ms,
    };
    int err = net_new(&w->net, w->loop, &settings);

    if (!err)
        err = timer_fifo_new(&w->life, w->loop, setup->life_ms, on_life_over);
    if (!err)
        return listener_adopt(&w->listener, w->loop, fd, web_on_accept, NULL,
                              w);
    (void)close(fd);
    return err;
}

int http_server_new(struct http_server **out, struct loop *loop, int fd,
                    const struct http_server_setup *setup)
{
    struct http_server *w = calloc(1, sizeof *w);
    int err;

    if (!w) {
        (void)close(fd);
        return ERR_NOMEM;
    }
    w->loop = loop;
    w->setup = *setup;
    list_init(&w->visits);
    err = http_server_open(w, fd);
    if (err) {
        http_server_free(w);
        return err;
    }
    *out = w;
    return 0;
}

void http_server_free(struct http_server *w)
{
    struct list *m;

    if (!w)
        return;
    listener_free(w->listener);
    w->listener = NULL;
    while ((m = list_first(&w->visits)))
        conn_close(CONTAINER(m, struct visit, of_web)->conn);
    net_free(w->net);
    timer_fifo_free(w->life);
    free(w);
}

struct listener *http_server_listener(const struct http_server *w)
{
    return w->listener;
}
