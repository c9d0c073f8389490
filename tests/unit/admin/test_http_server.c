/* SPDX-License-Identifier: BSD-2-Clause */
#include "http_server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "listener.h"
#include "oom.h"

enum { PATIENCE_MS = 10000, GOT_MAX = HTTP_SERVER_BODY_MAX + 4096 };

/* --- pages ---------------------------------------------------------------- */

static unsigned fill_small(void *ctx, struct text *body)
{
    int *calls = ctx;

    ++*calls;
    text_put(body, SPAN("small\n"));
    return 200;
}

static unsigned fill_big(void *ctx, struct text *body)
{
    (void)ctx;
    for (int i = 0; i < HTTP_SERVER_BODY_MAX / 16; i++)
        text_put(body, SPAN("0123456789abcde\n"));
    return 200;
}

static unsigned fill_too_big(void *ctx, struct text *body)
{
    fill_big(ctx, body);
    text_put(body, SPAN("x"));
    return 200;
}

static unsigned fill_not_now(void *ctx, struct text *body)
{
    (void)ctx;
    text_put(body, SPAN("later\n"));
    return 503;
}

static void put_headers(struct text *t)
{
    text_put(t, SPAN("X-One: 1\r\nX-Two: 2\r\n"));
}

static void put_too_many_headers(struct text *t)
{
    for (size_t i = 0; i <= HTTP_SERVER_HEADERS_MAX; i++)
        text_put(t, SPAN("x"));
}

static const struct http_server_page pages[] = {
    {"/headers", "text/plain", fill_not_now, put_headers},
    {"/manyheaders", "text/plain", fill_not_now, put_too_many_headers},
    {"/small", "text/plain; version=0", fill_small, NULL},
    {"/big", "text/plain", fill_big, NULL},
    {"/toobig", "text/plain", fill_too_big, NULL},
    {"/notnow", "text/plain", fill_not_now, NULL},
};

/* --- a server and those who ask ------------------------------------------- */

struct world {
    struct loop *loop;
    struct http_server *server;
    struct addr at;
    int calls; /* of fill_small() */
};

struct asker {
    int fd;
    bool ended;
    size_t n;
    char got[GOT_MAX + 1];
};

static int make_web(struct world *w, uint64_t life_ms)
{
    const struct http_server_setup setup = {.pages = pages,
                                            .n_pages =
                                                sizeof pages / sizeof *pages,
                                            .ctx = &w->calls,
                                            .life_ms = life_ms};
    int fd;
    int err = sock_listen(&fd, &w->at, &(struct sock_opts){0});

    return err ? err : http_server_new(&w->server, w->loop, fd, &setup);
}

static void set_up(struct world *w, uint64_t life_ms)
{
    *w = (struct world){0};
    assert_int_equal(loop_new(&w->loop), 0);
    assert_int_equal(addr_parse(&w->at, SPAN("127.0.0.1"), 0), 0);
    assert_int_equal(make_web(w, life_ms), 0);
    w->at = *listener_addr(http_server_listener(w->server));
}

static void tear_down(struct world *w)
{
    http_server_free(w->server);
    loop_free(w->loop);
}

static struct asker *connect_to(const struct world *w)
{
    struct asker *a = calloc(1, sizeof *a);

    assert_non_null(a);
    a->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(a->fd >= 0);
    assert_int_equal(connect(a->fd, &w->at.sa, w->at.len), 0);
    assert_int_equal(fcntl(a->fd, F_SETFL, O_NONBLOCK), 0);
    return a;
}

static void say(struct asker *a, struct span text)
{
    assert_int_equal(send(a->fd, text.p, text.n, MSG_NOSIGNAL), text.n);
}

static void hear(struct asker *a)
{
    ssize_t n = recv(a->fd, a->got + a->n, GOT_MAX - a->n, 0);

    if (n > 0)
        a->n += (size_t)n;
    else if (n == 0 || errno != EAGAIN)
        a->ended = true;
}

static uint64_t clock_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Turns until the server has closed it. */
static void wait_end(struct world *w, struct asker *a)
{
    uint64_t until_ms = clock_ms() + PATIENCE_MS;

    while (!a->ended) {
        assert_true(clock_ms() < until_ms);
        loop_turn(w->loop, false);
        hear(a);
    }
}

static void hang_up(struct asker *a)
{
    close(a->fd);
    free(a);
}

/* What is answered to `request`; to be freed by hang_up(). */
static struct asker *ask(struct world *w, const char *request)
{
    struct asker *a = connect_to(w);

    say(a, span_str(request));
    wait_end(w, a);
    return a;
}

static void assert_answer(struct world *w, const char *request,
                          const char *status, const char *holds)
{
    struct asker *a = ask(w, request);

    if (strncmp(a->got, status, strlen(status)) != 0)
        fail_msg("\"%s\" gave \"%s\"", request, a->got);
    if (!strstr(a->got, holds))
        fail_msg("\"%s\" gave \"%s\" without \"%s\"", request, a->got, holds);
    hang_up(a);
}

/* --- answers -------------------------------------------------------------- */

static void page_comes_whole_with_its_length_and_type(void **state)
{
    struct world w;
    struct asker *a;

    (void)state;
    set_up(&w, PATIENCE_MS);
    a = ask(&w, "GET /small HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(strncmp(a->got, "HTTP/1.1 200 OK\r\nDate: ", 23), 0);
    assert_non_null(strstr(a->got, " GMT\r\n"));
    assert_non_null(strstr(a->got,
                           "\r\nContent-Type: text/plain; version=0\r\n"
                           "Content-Length: 6\r\nCache-Control: no-store\r\n"
                           "X-Content-Type-Options: nosniff\r\n"
                           "Connection: close\r\n\r\nsmall\n"));
    assert_string_equal(a->got + a->n - 6, "small\n");
    assert_int_equal(w.calls, 1);
    hang_up(a);
    tear_down(&w);
}

static void page_may_have_headers_of_its_own(void **state)
{
    struct world w;
    struct asker *a;

    (void)state;
    set_up(&w, PATIENCE_MS);
    a = ask(&w, "GET /headers HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_non_null(strstr(a->got, "Connection: close\r\nX-One: 1\r\n"
                                   "X-Two: 2\r\n\r\nlater\n"));
    hang_up(a);
    a = ask(&w, "HEAD /headers HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_string_equal(a->got + a->n - 12, "X-Two: 2\r\n\r\n");
    hang_up(a);
    a = ask(&w, "GET /manyheaders HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(strncmp(a->got, "HTTP/1.1 500 ", 13), 0);
    hang_up(a);
    tear_down(&w);
}

static void greatest_page_comes_whole(void **state)
{
    struct world w;
    struct asker *a;

    (void)state;
    set_up(&w, PATIENCE_MS);
    a = ask(&w, "GET /big HTTP/1.0\r\n\r\n");
    assert_non_null(strstr(a->got, "\r\nContent-Length: 262144\r\n"));
    assert_int_equal(a->n, strstr(a->got, "\r\n\r\n") + 4 - a->got +
                               HTTP_SERVER_BODY_MAX);
    hang_up(a);
    tear_down(&w);
}

static void head_has_the_length_and_no_body(void **state)
{
    struct world w;
    struct asker *a;

    (void)state;
    set_up(&w, PATIENCE_MS);
    a = ask(&w, "HEAD /small HTTP/1.0\r\n\r\n");
    assert_non_null(strstr(a->got, "\r\nContent-Length: 6\r\n"));
    assert_string_equal(a->got + a->n - 4, "\r\n\r\n");
    hang_up(a);
    a = ask(&w, "HEAD /nothing HTTP/1.0\r\n\r\n");
    assert_int_equal(strncmp(a->got, "HTTP/1.1 404 ", 13), 0);
    assert_string_equal(a->got + a->n - 4, "\r\n\r\n");
    hang_up(a);
    tear_down(&w);
}

static void pages_choose_their_code(void **state)
{
    struct world w;

    (void)state;
    set_up(&w, PATIENCE_MS);
    assert_answer(&w, "GET /notnow HTTP/1.0\r\n\r\n",
                  "HTTP/1.1 503 Service Unavailable\r\n", "\r\n\r\nlater\n");
    assert_answer(&w, "GET /toobig HTTP/1.0\r\n\r\n",
                  "HTTP/1.1 500 Internal Server Error\r\n", "");
    tear_down(&w);
}

static void what_is_wrong_is_refused_in_its_way(void **state)
{
    struct world w;
    char large[9000] = "GET / HTTP/1.0\r\nA: ";

    (void)state;
    memset(large + strlen(large), 'x', sizeof large - strlen(large) - 1);
    set_up(&w, PATIENCE_MS);
    assert_answer(&w, "GET /other HTTP/1.0\r\n\r\n", "HTTP/1.1 404 ",
                  "\r\n\r\nNot Found\n");
    assert_answer(&w, "GET /smallest HTTP/1.0\r\n\r\n", "HTTP/1.1 404 ", "");
    assert_answer(&w, "POST /small HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
                  "HTTP/1.1 405 ", "\r\nAllow: GET, HEAD\r\n");
    assert_answer(&w, "get /small HTTP/1.0\r\n\r\n", "HTTP/1.1 405 ", "");
    assert_answer(&w, "GET /small\r\n\r\n", "HTTP/1.1 400 ", "Bad Request\n");
    assert_answer(&w, "GET /small HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", "");
    assert_answer(&w, "PRI * HTTP/2.0\r\n\r\n", "HTTP/1.1 505 ", "");
    assert_answer(&w, large, "HTTP/1.1 431 ", "");
    assert_int_equal(w.calls, 0);
    tear_down(&w);
}

static void request_may_come_in_pieces(void **state)
{
    const char *request = "\r\nGET /small HTTP/1.1\r\nHost: x\r\n\r\n";
    struct world w;
    struct asker *a;

    (void)state;
    set_up(&w, PATIENCE_MS);
    a = connect_to(&w);
    for (const char *p = request; *p; p++) {
        assert_int_equal(w.calls, 0);
        say(a, span_of(p, 1));
        while (loop_turn(w.loop, false), p[1] == '\0' && !w.calls)
            continue;
    }
    wait_end(&w, a);
    assert_int_equal(w.calls, 1);
    hang_up(a);
    tear_down(&w);
}

static void second_request_is_not_heard(void **state)
{
    struct world w;
    struct asker *a;

    (void)state;
    set_up(&w, PATIENCE_MS);
    a = ask(&w, "GET /small HTTP/1.0\r\n\r\nGET /small HTTP/1.0\r\n\r\n");
    assert_int_equal(w.calls, 1);
    hang_up(a);
    tear_down(&w);
}

/* --- bounds --------------------------------------------------------------- */

/* S-24 */
static void oldest_idle_connection_makes_room(void **state)
{
    struct asker *all[HTTP_SERVER_CONNS_MAX];
    struct world w;

    (void)state;
    set_up(&w, PATIENCE_MS);
    for (int i = 0; i < HTTP_SERVER_CONNS_MAX; i++)
        all[i] = connect_to(&w);
    assert_answer(&w, "GET /small HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ", "");
    wait_end(&w, all[0]);
    assert_int_equal(all[0]->n, 0);
    hang_up(all[0]);
    for (int i = 1; i < HTTP_SERVER_CONNS_MAX; i++) {
        assert_false(all[i]->ended);
        say(all[i], SPAN("GET /small HTTP/1.0\r\n\r\n"));
        wait_end(&w, all[i]);
        assert_int_equal(strncmp(all[i]->got, "HTTP/1.1 200 ", 13), 0);
        hang_up(all[i]);
    }
    tear_down(&w);
}

/* Silent ones, ones that stop in the middle, and ones that do not read.
 * Nobody's time ends while the test lasts: only room that is made lets the
 * scrape in. */
static void a_scrape_among_600_broken_ones_is_answered(void **state)
{
    static const char *const says[] = {"", "GET /sm",
                                       "GET /big HTTP/1.0\r\n\r\n", "\r\n\r\n"};
    enum { MANY = 600 };
    struct asker *all[MANY];
    struct world w;

    (void)state;
    set_up(&w, 100 * PATIENCE_MS);
    for (int i = 0; i < MANY; i++) {
        all[i] = connect_to(&w);
        (void)send(all[i]->fd, says[i % 4], strlen(says[i % 4]), MSG_NOSIGNAL);
        if (i % 50 == 49)
            loop_turn(w.loop, false);
    }
    assert_answer(&w, "GET /small HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ", "");
    for (int i = 0; i < MANY; i++)
        hang_up(all[i]);
    tear_down(&w);
}

/* The request is there, though it was not read yet. */
static void a_request_among_newer_connections_is_answered(void **state)
{
    struct asker *asking, *all[HTTP_SERVER_CONNS_MAX];
    struct world w;

    (void)state;
    set_up(&w, PATIENCE_MS);
    asking = connect_to(&w);
    say(asking, SPAN("GET /small HTTP/1.0\r\n\r\n"));
    for (int i = 0; i < HTTP_SERVER_CONNS_MAX; i++)
        all[i] = connect_to(&w);
    wait_end(&w, asking);
    assert_int_equal(strncmp(asking->got, "HTTP/1.1 200 ", 13), 0);
    hang_up(asking);
    for (int i = 0; i < HTTP_SERVER_CONNS_MAX; i++)
        hang_up(all[i]);
    tear_down(&w);
}

static void who_says_nothing_is_closed_in_time(void **state)
{
    struct world w;
    struct asker *a;

    (void)state;
    set_up(&w, 50);
    a = connect_to(&w);
    wait_end(&w, a);
    assert_int_equal(a->n, 0);
    hang_up(a);
    tear_down(&w);
}

static void who_drips_gains_no_time(void **state)
{
    uint64_t began_ms = clock_ms();
    struct world w;
    struct asker *a;

    (void)state;
    set_up(&w, 50);
    a = connect_to(&w);
    while (!a->ended) {
        assert_true(clock_ms() < began_ms + PATIENCE_MS);
        (void)send(a->fd, "G", 1, MSG_NOSIGNAL);
        loop_turn(w.loop, true);
        hear(a);
    }
    assert_int_equal(w.calls, 0);
    hang_up(a);
    tear_down(&w);
}

static void who_does_not_read_is_closed_in_time(void **state)
{
    struct asker *all[HTTP_SERVER_CONNS_MAX];
    struct world w;

    (void)state;
    set_up(&w, 50);
    for (int i = 0; i < HTTP_SERVER_CONNS_MAX; i++) {
        all[i] = connect_to(&w);
        say(all[i], SPAN("GET /big HTTP/1.0\r\n\r\n"));
    }
    for (int i = 0; i < HTTP_SERVER_CONNS_MAX; i++)
        wait_end(&w, all[i]);
    for (int i = 0; i < HTTP_SERVER_CONNS_MAX; i++)
        hang_up(all[i]);
    tear_down(&w);
}

static void end_closes_those_who_ask(void **state)
{
    struct world w;
    struct asker *a, *b;

    (void)state;
    set_up(&w, PATIENCE_MS);
    a = connect_to(&w);
    b = connect_to(&w);
    say(b, SPAN("GET /small HTTP/1.0\r\n\r\n"));
    while (!w.calls)
        loop_turn(w.loop, false);
    http_server_free(w.server);
    w.server = NULL;
    wait_end(&w, a);
    wait_end(&w, b);
    hang_up(a);
    hang_up(b);
    tear_down(&w);
}

static void address_in_use_is_told(void **state)
{
    struct world w, other;

    (void)state;
    set_up(&w, PATIENCE_MS);
    other = w;
    assert_int_equal(make_web(&other, 1000), ERR_IO);
    assert_int_equal(errno, EADDRINUSE);
    tear_down(&w);
}

/* --- without memory ------------------------------------------------------- */

static int make_and_free(void *ctx)
{
    struct world *w = ctx;
    int err = make_web(w, 1000);

    if (!err)
        http_server_free(w->server);
    return err;
}

static void making_it_survives_want_of_memory(void **state)
{
    struct world w;

    (void)state;
    set_up(&w, 1000);
    http_server_free(w.server);
    assert_true(oom_sweep(make_and_free, &w) > 3);
    loop_free(w.loop);
}

static void answering_survives_want_of_memory(void **state)
{
    struct world w;
    bool failed = true;

    (void)state;
    set_up(&w, PATIENCE_MS);
    for (unsigned n = 1; failed; n++) {
        struct asker *a = connect_to(&w);

        say(a, SPAN("GET /small HTTP/1.0\r\n\r\n"));
        oom_arm(n);
        wait_end(&w, a);
        failed = oom_disarm();
        if (!failed)
            assert_int_equal(strncmp(a->got, "HTTP/1.1 200 ", 13), 0);
        hang_up(a);
    }
    tear_down(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_comes_whole_with_its_length_and_type),
        cmocka_unit_test(page_may_have_headers_of_its_own),
        cmocka_unit_test(greatest_page_comes_whole),
        cmocka_unit_test(head_has_the_length_and_no_body),
        cmocka_unit_test(pages_choose_their_code),
        cmocka_unit_test(what_is_wrong_is_refused_in_its_way),
        cmocka_unit_test(request_may_come_in_pieces),
        cmocka_unit_test(second_request_is_not_heard),
        cmocka_unit_test(oldest_idle_connection_makes_room),
        cmocka_unit_test(a_scrape_among_600_broken_ones_is_answered),
        cmocka_unit_test(a_request_among_newer_connections_is_answered),
        cmocka_unit_test(who_says_nothing_is_closed_in_time),
        cmocka_unit_test(who_drips_gains_no_time),
        cmocka_unit_test(who_does_not_read_is_closed_in_time),
        cmocka_unit_test(end_closes_those_who_ask),
        cmocka_unit_test(address_in_use_is_told),
        cmocka_unit_test(making_it_survives_want_of_memory),
        cmocka_unit_test(answering_survives_want_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
