/* SPDX-License-Identifier: BSD-2-Clause */
/* memcached, Redis and an SMTP server beside the relay: nobody makes it say to
 * them what he likes (S-36, case 3.9). */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "login.h"
#include "program.h"
#include "reach.h"
#include "request.h"

#define MARK "pwned"

/* One of them. */
struct kind {
    const char *argv[12];  /* PORT and AT stand for its own */
    const char *command;   /* what somebody wants it to be told */
    const char *done;      /* ... and how it ends what it answers */
    const char *question;  /* was it? */
    const char *answer;    /* ... and the same */
    const char *confesses; /* what it then says, or has printed */
    bool prints;
};

#define PORT "PORT"
#define AT "127.0.0.1:PORT"

static const struct kind memcached = {
    .argv = {"/usr/bin/memcached", "-u", "nobody", "-l", "127.0.0.1", "-p",
             PORT, "-U", "0"},
    .command = "set " MARK " 0 0 5\r\nhello\r\n",
    .done = "STORED\r\n",
    .question = "get " MARK "\r\n",
    .answer = "END\r\n",
    .confesses = "VALUE"};

static const struct kind redis = {.argv = {"/usr/bin/redis-server", "--bind",
                                           "127.0.0.1", "--port", PORT,
                                           "--save", "", "--appendonly", "no"},
                                  .command = "SET " MARK " hello\r\n",
                                  .done = "+OK\r\n",
                                  .question = "EXISTS " MARK "\r\n",
                                  .answer = "\r\n",
                                  .confesses = ":1"};

/* It prints the mails that it gets. */
static const struct kind smtp = {
    .argv = {"/usr/bin/aiosmtpd", "-n", "-l", AT},
    .command = "HELO x.example\r\nMAIL FROM:<a@x.example>\r\n"
               "RCPT TO:<b@x.example>\r\nDATA\r\n" MARK "\r\n.\r\nQUIT\r\n",
    .done = "\r\n221 ",
    .question = "QUIT\r\n",
    .answer = "\r\n221 ",
    .confesses = "\n" MARK "\n",
    .prints = true};

/* --- the program ---------------------------------------------------------- */

struct neighbour {
    const struct kind *kind;
    struct scene *s;
    struct client *alice;
    struct program *program;
    unsigned port;
    struct host *fronts[16]; /* between the relay and it */
    size_t n;
};

/* For Python, which keeps what is written to a pipe. */
static void write_at_once(void *ctx)
{
    (void)ctx;
    setenv("PYTHONUNBUFFERED", "1", 1);
}

static void start(struct neighbour *b, void **state, const struct kind *kind,
                  const char *dial)
{
    const struct outside_opts opts = {
        .dial = dial, .relay.groups = "timers: { transaction = 1.0; };\n"};
    const char *argv[12] = {NULL};
    const char *port;

    if (!program_is_there(kind->argv[0]))
        skip();
    *b = (struct neighbour){.kind = kind, .s = outside_start(state, &opts)};
    b->port = program_free_port();
    port = scene_text(b->s, "%u", b->port);
    for (size_t i = 0; kind->argv[i]; i++)
        argv[i] = strcmp(kind->argv[i], PORT) == 0 ? port
                  : strcmp(kind->argv[i], AT) == 0
                      ? scene_text(b->s, "127.0.0.1:%u", b->port)
                      : kind->argv[i];
    b->program = program_start(b->s, argv, write_at_once, NULL);
    program_wait_port(b->program, b->port);
    b->alice = login(b->s, "alice");
}

/* Says this to it, as anybody on this host may; what it answers, until that has
 * `end`. */
static const char *ask(const struct neighbour *b, const char *text,
                       const char *end)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)b->port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct pollfd readable = {fd, POLLIN, 0};
    char got[4096] = "";
    size_t n = 0;

    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    while (!strstr(got, end)) {
        ssize_t more;

        assert_int_equal(poll(&readable, 1, DEADLINE_MS), 1);
        more = recv(fd, got + n, sizeof got - 1 - n, 0);
        assert_true(more > 0);
        n += (size_t)more;
    }
    close(fd);
    return scene_text(b->s, "%s", got);
}

static bool has_confessed(void *ctx)
{
    const struct neighbour *b = ctx;
    const struct kind *k = b->kind;
    const char *said = ask(b, k->question, k->answer);

    return strstr(k->prints ? program_said(b->program) : said, k->confesses);
}

/* It was not told the command, which it would have obeyed. */
static void is_unharmed(struct neighbour *b)
{
    assert_false(has_confessed(b));
    assert_null(strstr(program_said(b->program), MARK));
    (void)ask(b, b->kind->command, b->kind->done);
    scene_until(b->s, has_confessed, b, "an obedient server");
}

/* --- what alice tries ----------------------------------------------------- */

/* @TO, @ME and @CMD stand for paths and the command. */
static const char *const attempts[] = {
    "MSRP @TID SEND\r\nTo-Path: @TO\r\nFrom-Path: @ME\r\nMessage-ID: 1\r\n"
    "Byte-Range: 1-*/*\r\nContent-Type: text/plain\r\n\r\n"
    "\r\n@CMD\r\n-------@TID$\r\n",
    "MSRP @TID SEND\r\nTo-Path: @TO\r\nFrom-Path: @ME\r\nMessage-ID: 2\r\n"
    "Failure-Report: partial\r\nByte-Range: 1-*/*\r\nContent-Type: a/b\r\n\r\n"
    "\r\n@CMD\r\n-------@TID+\r\n",
    "MSRP @TID SEND\r\nTo-Path: @TO\r\nFrom-Path: @ME\r\nMessage-ID: 3\r\n"
    "@CMD-------@TID$\r\n",
    "MSRP @TID SEND\r\nTo-Path: @TO\r\nFrom-Path: @ME\r\nMessage-ID: 4\r\n"
    "X: " MARK "\r\n-------@TID$\r\n",
    "MSRP @TID SEND\r\nTo-Path: @TO\r\nFrom-Path: @ME\r\nMessage-ID: " MARK
    "\r\n"
    "Byte-Range: 1-5/5\r\nContent-Type: a/" MARK "\r\n\r\nhello\r\n"
    "-------@TID$\r\n",
    "MSRP @TID " MARK "\r\nTo-Path: @TO\r\nFrom-Path: @ME\r\n-------@TID$\r\n",
    "MSRP @TID AUTH\r\nTo-Path: @TO\r\nFrom-Path: @ME\r\n-------@TID$\r\n",
    /* Whether these are answered is not the matter here. */
    "MSRP @TID FOO\r\nTo-Path: @TO\r\nFrom-Path: @ME\r\n"
    "Content-Type: a/b\r\n\r\n\r\n@CMD\r\n-------@TID$\r\n",
    "MSRP @TID NICKNAME\r\nTo-Path: @TO\r\nFrom-Path: @ME\r\n"
    "Use-Nickname: \"" MARK "\"\r\n-------@TID$\r\n",
    "MSRP @TID SEND\r\nTo-Path: @TO\r\nFrom-Path: @ME\r\nMessage-ID: 5\r\n"
    "Failure-Report: no\r\nByte-Range: 1-*/*\r\nContent-Type: a/b\r\n\r\n"
    "\r\n@CMD\r\n-------@TID$\r\n",
    "MSRP @TID REPORT\r\nTo-Path: @TO\r\nFrom-Path: @ME\r\nMessage-ID: 6\r\n"
    "Byte-Range: 1-5/5\r\nStatus: 000 200 " MARK "\r\n-------@TID$\r\n",
};

enum { ATTEMPTS = sizeof attempts / sizeof *attempts, ANSWERED = 7 };

static const char *put_in(struct scene *s, const char *text, const char *key,
                          const char *value)
{
    const char *at = strstr(text, key);

    return at ? scene_text(s, "%.*s%s%s", (int)(at - text), text, value,
                           put_in(s, at + strlen(key), key, value))
              : text;
}

static void attempt(struct neighbour *b, size_t i, const char *uri)
{
    struct client *alice = b->alice;
    const char *tid = talk_tid(alice), *text = attempts[i];
    const struct got *g;

    text = put_in(b->s, text, "@TID", tid);
    text =
        put_in(b->s, text, "@TO", scene_text(b->s, "%s %s", alice->uri, uri));
    text = put_in(b->s, text, "@ME", alice->own);
    text = put_in(b->s, text, "@CMD", b->kind->command);
    client_put(alice, span_str(text));
    if (i < ANSWERED) {
        do /* an earlier one may be answered late */
            g = scene_frame(alice);
        while (!span_eq(msg_text(&g->head, g->head.tid), span_str(tid)));
        assert_in_range(g->head.code, 400, 599);
    }
    assert_int_equal(request_skip(alice), 0);
}

/* Something of its own between the relay and the program, which keeps what
 * passes; one that has failed is not dialled again for a while. */
static struct host *front(struct neighbour *b)
{
    const struct host_opts opts = {
        .name = scene_text(b->s, "inside%zu.example.org", b->n),
        .behind = b->port,
        .keeps = true};
    struct host *h = host_new(b->s, &opts);

    assert_true(b->n < sizeof b->fronts / sizeof *b->fronts);
    return b->fronts[b->n++] = h;
}

/* Of a bodiless SEND there are these lines, and no others. */
static bool is_of_a_probe(struct span line)
{
    static const char *const starts[] = {"MSRP ",        "To-Path: msrp",
                                         "From-Path: ",  "Message-ID: ",
                                         "Byte-Range: ", "-------"};

    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (span_starts(line, span_str(starts[i])))
            return true;
    return line.n == 0;
}

static void expect_probes_alone(const struct neighbour *b)
{
    for (size_t i = 0; i < b->n; i++) {
        struct span passed = host_passed(b->fronts[i]);

        if (passed.n)
            assert_null(memmem(passed.p, passed.n, MARK, strlen(MARK)));
        while (passed.n) {
            struct span line = span_cut(&passed, '\n');

            if (!is_of_a_probe(line))
                fail_msg("\"%.*s\" has come through", SPAN_ARG(line));
        }
    }
}

/* --- tests ---------------------------------------------------------------- */

/* Nobody is even dialled. */
static void by_default(void **state, const struct kind *kind)
{
    struct neighbour b;
    struct host *h;

    start(&b, state, kind, "");
    h = front(&b);
    for (size_t i = 0; i < ATTEMPTS; i++) {
        attempt(&b, i, host_uri(h));
        attempt(&b, i, host_uri_as(h, "127.0.0.1"));
        attempt(&b, i, host_uri_as(h, "[::ffff:127.0.0.1]"));
        attempt(&b, i, scene_text(b.s, "msrp://127.0.0.1:%u/x;tcp", b.port));
    }
    attempt(&b, 0, scene_text(b.s, "msrps://127.0.0.1:%u/x;tcp", b.port));
    assert_int_equal(host_connections(h), 0);
    is_unharmed(&b);
}

/* It is dialled, and asked whether it speaks MSRP. */
static void with_the_address_allowed(void **state, const struct kind *kind)
{
    struct neighbour b;
    unsigned dialled = 0;

    start(&b, state, kind, OUTSIDE_OPEN);
    for (size_t i = 0; i < ATTEMPTS; i++)
        attempt(&b, i, host_uri(front(&b)));
    for (size_t i = 0; i < ATTEMPTS; i++)
        dialled += host_connections(b.fronts[i]);
    assert_true(dialled > 0);
    for (size_t i = 0; i < ATTEMPTS; i++)
        attempt(&b, i, scene_text(b.s, "msrp://127.0.0.1:%u/x;tcp", b.port));
    attempt(&b, 0, scene_text(b.s, "msrps://127.0.0.1:%u/x;tcp", b.port));
    expect_probes_alone(&b);
    is_unharmed(&b);
}

#define TESTS_OF(kind)                                                         \
    static void kind##_is_not_dialled(void **state)                            \
    {                                                                          \
        by_default(state, &(kind));                                            \
    }                                                                          \
    static void kind##_gets_a_probe_alone(void **state)                        \
    {                                                                          \
        with_the_address_allowed(state, &(kind));                              \
    }

TESTS_OF(memcached)
TESTS_OF(redis)
TESTS_OF(smtp)

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(memcached_is_not_dialled),
        E2E_TEST(memcached_gets_a_probe_alone),
        E2E_TEST(redis_is_not_dialled),
        E2E_TEST(redis_gets_a_probe_alone),
        E2E_TEST(smtp_is_not_dialled),
        E2E_TEST(smtp_gets_a_probe_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
