/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "terminal.h"

enum {
    UNSENT_MAX = 64 * 1024,        /* octets; with more nothing is read */
    OUTPUT_MAX = 32 * 1024 * 1024, /* all that can be open, answered at once */
    NOTE_MAX = 1000
};

struct helper {
    struct loop *loop;
    struct helper_settings settings;
    const struct store_ops *ops;
    void *store;

    struct loop_io in, out;
    bool in_is_socket, out_is_socket;
    bool skips; /* the rest of a line that was too long */
    bool ended; /* no more input */
    bool failed;
    size_t n_input;
    char *input; /* HELPER_LINE_MAX */

    struct timer_fifo *timeouts; /* of all open questions */
    size_t n_open;
    struct text output;
    size_t sent; /* of output */
    struct loop_defer flush;
};

static void take_lines(struct helper *h);

/* --- notes --- */

const char *helper_one_line(char *dst, size_t size, const char *text)
{
    struct span s = span_str(text);

    while (s.n && (unsigned char)s.p[s.n - 1] <= ' ')
        s.n--;
    while (s.n && (unsigned char)*s.p <= ' ')
        s = span_from(s, 1);
    if (s.n >= size)
        s.n = size - 1;
    dst[terminal_text(dst, s, ' ')] = '\0';
    return dst;
}

void helper_note(const struct helper *h, const char *fmt, ...)
{
    char text[NOTE_MAX], line[NOTE_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    fprintf(stderr, "%s: %s\n", h->settings.name,
            helper_one_line(line, sizeof line, text));
}

/* --- what goes on --- */

static bool may_read(const struct helper *h)
{
    return !h->ended && !h->failed && h->n_open < HELPER_OPEN_MAX &&
           h->output.n - h->sent < UNSENT_MAX;
}

static void update(struct helper *h)
{
    bool unsent = h->sent < h->output.n;

    loop_io_want(&h->in, may_read(h) ? LOOP_READ : 0);
    loop_io_want(&h->out, unsent && !h->failed ? LOOP_WRITE : 0);
    if (h->failed || (h->ended && h->n_open == 0 && !unsent))
        loop_stop(h->loop);
}

/* --- answers --- */

static void write_output(struct helper *h)
{
    size_t n = h->output.n - h->sent;
    ssize_t got;

    do
        got = h->out_is_socket ? send(h->out.fd, h->output.p + h->sent, n,
                                      MSG_DONTWAIT | MSG_NOSIGNAL)
                               : write(h->out.fd, h->output.p + h->sent, n);
    while (got < 0 && errno == EINTR);
    if (got > 0)
        h->sent += (size_t)got;
    else if (errno != EAGAIN)
        h->failed = true;
    if (h->sent == h->output.n) {
        explicit_bzero(h->output.p, h->output.n);
        h->output.n = h->sent = 0;
    }
}

static void on_flush(void *ctx)
{
    struct helper *h = ctx;

    if (h->output.err)
        h->failed = true;
    if (!h->failed && h->sent < h->output.n)
        write_output(h);
    /* There may be room again for lines that have been read already. */
    if (may_read(h) && h->n_input)
        take_lines(h);
    update(h);
}

static void on_writable(void *ctx, int events)
{
    (void)events;
    on_flush(ctx);
}

static void put_answer(struct helper *h, struct span id, struct span kind,
                       struct span value)
{
    question_put_answer(&h->output, id, kind, value);
    loop_defer(h->loop, &h->flush);
}

static void answer(struct question *q, struct span kind, struct span value)
{
    struct helper *h = q->helper;

    timer_stop(&q->timer);
    h->n_open--;
    put_answer(h, span_str(q->id), kind, value);
    question_free(q);
}

void helper_answer_none(struct question *q)
{
    if (q)
        answer(q, SPAN("none"), SPAN(""));
}

void helper_answer_error(struct question *q, const char *why)
{
    char text[HELPER_WHY_MAX];

    if (q)
        answer(q, SPAN("error"),
               span_str(helper_one_line(text, sizeof text, why)));
}

void helper_answer_ha1(struct question *q, struct span hex)
{
    if (!q)
        return;
    hex = span_trim(hex);
    if (hex.n == 0) {
        helper_answer_none(q);
    } else if (hex.n == digest_hex_len(q->alg) && span_is_hex(hex)) {
        answer(q, SPAN("ha1"), hex);
    } else {
        char why[HELPER_WHY_MAX];
        struct span name = digest_alg_name(q->alg);

        snprintf(why, sizeof why,
                 "the store's hash is not the %zu hex digits of %.*s",
                 digest_hex_len(q->alg), SPAN_ARG(name));
        helper_answer_error(q, why);
    }
}

void helper_answer_password(struct question *q, struct span password)
{
    if (!q)
        return;
    if (password.n == 0)
        helper_answer_none(q);
    else if (password.n > HELPER_VALUE_MAX)
        helper_answer_error(q, "the store's password is too long");
    else
        answer(q, SPAN("password"), password);
}

/* --- questions --- */

static void on_timeout(struct timer *t)
{
    struct question *q = CONTAINER(t, struct question, timer);
    struct helper *h = q->helper;
    char why[HELPER_WHY_MAX];

    h->ops->forget(h->store, q);
    snprintf(why, sizeof why, "no answer from the store within %" PRIu64 " ms",
             h->settings.timeout_ms);
    helper_answer_error(q, why);
}

static void ask(struct helper *h, struct question *q)
{
    q->helper = h;
    h->n_open++;
    timer_start(h->timeouts, &q->timer);
    if (q->user.n == 0 || !question_is_text(q))
        helper_answer_none(q);
    else
        h->ops->ask(h->store, q);
}

/* A line that is no question is answered if it has an ID, and noted if not. */
static void refuse(struct helper *h, struct span line, const char *why)
{
    struct span id = question_id(line);

    if (id.n)
        put_answer(h, id, SPAN("error"), span_str(why));
    else
        helper_note(h, "a line that is no question was ignored");
}

static void take_line(struct helper *h, struct span line)
{
    struct question *q;
    int err = question_parse(&q, line);

    if (!err)
        ask(h, q);
    else if (err == ERR_UNSUPPORTED)
        refuse(h, line, "unknown algorithm");
    else if (err == ERR_NOMEM)
        refuse(h, line, err_text(err));
    else
        refuse(h, line, "malformed question");
}

/* The whole lines of the input, as long as more may be open. */
static void take_lines(struct helper *h)
{
    struct span rest = span_of(h->input, h->n_input);
    size_t at;

    while (may_read(h) && (at = span_find(rest, '\n')) < rest.n) {
        if (!h->skips)
            take_line(h, span_of(rest.p, at));
        h->skips = false;
        rest = span_from(rest, at + 1);
    }
    if (rest.n == HELPER_LINE_MAX && span_find(rest, '\n') == rest.n) {
        if (!h->skips)
            refuse(h, rest, "the question is too long");
        h->skips = true;
        rest.n = 0;
    }
    memmove(h->input, rest.p, rest.n);
    h->n_input = rest.n;
}

static void on_readable(void *ctx, int events)
{
    struct helper *h = ctx;
    size_t room = HELPER_LINE_MAX - h->n_input;
    ssize_t got;

    (void)events;
    assert(room > 0); /* else this would look like the end */
    do
        got = h->in_is_socket
                  ? recv(h->in.fd, h->input + h->n_input, room, MSG_DONTWAIT)
                  : read(h->in.fd, h->input + h->n_input, room);
    while (got < 0 && errno == EINTR);
    if (got > 0) {
        h->n_input += (size_t)got;
        take_lines(h);
    } else if (got == 0 || errno != EAGAIN) {
        h->ended = true;
    }
    update(h);
}

/* --- life --- */

static bool is_socket(int fd)
{
    struct stat s;

    return fstat(fd, &s) == 0 && S_ISSOCK(s.st_mode);
}

int helper_new(struct helper **out, struct loop *loop,
               const struct helper_settings *s)
{
    struct helper *h = calloc(1, sizeof *h);

    if (!h)
        return ERR_NOMEM;
    h->loop = loop;
    h->settings = *s;
    h->in_is_socket = is_socket(s->in);
    h->out_is_socket = is_socket(s->out);
    loop_io_init(&h->in, loop, s->in, on_readable, h);
    loop_io_init(&h->out, loop, s->out, on_writable, h);
    loop_defer_init(&h->flush, on_flush, h);
    text_init(&h->output, OUTPUT_MAX);
    h->input = malloc(HELPER_LINE_MAX);
    if (!h->input ||
        timer_fifo_new(&h->timeouts, loop, s->timeout_ms, on_timeout)) {
        helper_free(h);
        return ERR_NOMEM;
    }
    *out = h;
    return 0;
}

void helper_start(struct helper *h, const struct store_ops *ops, void *store)
{
    h->ops = ops;
    h->store = store;
    update(h);
}

void helper_free(struct helper *h)
{
    if (!h)
        return;
    loop_io_want(&h->in, 0);
    loop_io_want(&h->out, 0);
    loop_defer_cancel(&h->flush);
    timer_fifo_free(h->timeouts);
    text_fini(&h->output);
    free(h->input);
    free(h);
}

struct loop *helper_loop(const struct helper *h)
{
    return h->loop;
}

uint64_t helper_timeout_ms(const struct helper *h)
{
    return h->settings.timeout_ms;
}

bool helper_failed(const struct helper *h)
{
    return h->failed;
}
