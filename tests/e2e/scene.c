/* SPDX-License-Identifier: BSD-2-Clause */
#include "scene.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>

#include "cmocka_all.h"

enum {
    CLIENTS_MAX = 512,
    OTHERS_MAX = 96, /* relays and parts */
    /* Who writes nothing for so long is blocked. */
    BLOCKED_MS = 300,
};

struct text {
    struct list of_scene;
    char *text;
};

static void text_free(struct text *t)
{
    free(t->text);
    free(t);
}

/* --- life ----------------------------------------------------------------- */

static SSL_CTX *client_tls(struct tls_files *files)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

    assert_non_null(tls);
    assert_int_equal(
        SSL_CTX_load_verify_file(tls, tls_files_path(files, "ca.pem")), 1);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return tls;
}

struct scene *scene_start(void **state, const struct relay_opts *opts)
{
    struct scene *s = calloc(1, sizeof *s);

    assert_non_null(s);
    list_init(&s->clients);
    list_init(&s->parts);
    list_init(&s->texts);
    s->secrets = secrets_new();
    *state = s;
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to sockets that are gone */
    s->relay = relay_start(opts);
    s->tls = client_tls(relay_files(s->relay));
    return s;
}

struct relay *scene_add_relay(struct scene *s, const struct relay_opts *opts)
{
    struct relay_opts with_files = *opts;

    assert_true(s->n_others < SCENE_RELAYS_MAX);
    with_files.files = relay_files(s->relay);
    return s->others[s->n_others++] = relay_start(&with_files);
}

struct kept_files {
    struct scene_part part;
    struct tls_files *files;
};

static void kept_files_free(struct scene_part *p)
{
    struct kept_files *k = CONTAINER(p, struct kept_files, part);

    tls_files_free(k->files);
    free(k);
}

void scene_keep_files(struct scene *s, struct tls_files *files)
{
    struct kept_files *k = calloc(1, sizeof *k);

    assert_non_null(k);
    k->part.fd = -1; /* nothing to wait for */
    k->part.free = kept_files_free;
    k->files = files;
    scene_add_part(s, &k->part);
}

void scene_add_part(struct scene *s, struct scene_part *p)
{
    list_init(&p->of_scene);
    list_append(&s->parts, &p->of_scene);
}

/* Does its log show what it must not? */
static bool has_told_secrets(const struct relay *r, const struct secrets *s)
{
    const char *what;
    struct span line;

    if (!secrets_find(&line, &what, s, span_str(relay_log(r))))
        return false;
    fprintf(stderr, "the log shows %s: %.*s\n", what, SPAN_ARG(line));
    return true;
}

/* Did the relay end as it should? */
static bool end_relay(struct relay *r, bool has_ended,
                      const struct secrets *secrets)
{
    bool good = true;

    if (!r)
        return true;
    if (!has_ended) {
        if (relay_is_running(r))
            relay_signal(r, SIGTERM);
        good = relay_wait(r) == 0;
    }
    good = good && !has_told_secrets(r, secrets);
    if (!good || relay_has_complained(r) || getenv("MSRP_E2E_LOG"))
        relay_show_log(r);
    good = good && !relay_has_complained(r);
    relay_free(r);
    return good;
}

/* The tables of all that was going on belong into the logs that are searched.
 */
static void log_tables(struct scene *s)
{
    if (s->relay && relay_is_running(s->relay))
        relay_signal(s->relay, SIGUSR2);
    for (size_t i = 0; i < s->n_others; i++)
        if (s->others[i] && relay_is_running(s->others[i]))
            relay_signal(s->others[i], SIGUSR2);
}

int scene_end(void **state)
{
    struct scene *s = *state;
    struct list *m;
    bool good = true;

    if (!s)
        return 0;
    *state = NULL;
    log_tables(s);
    while ((m = list_first(&s->clients)))
        client_free(CONTAINER(m, struct client, of_scene));
    while (s->n_others > 0)
        good = end_relay(s->others[--s->n_others], false, s->secrets) && good;
    good = end_relay(s->relay, s->has_ended, s->secrets) && good;
    while ((m = list_take_first(&s->parts))) {
        struct scene_part *p = CONTAINER(m, struct scene_part, of_scene);

        p->free(p);
    }
    while ((m = list_take_first(&s->texts)))
        text_free(CONTAINER(m, struct text, of_scene));
    secrets_free(s->secrets);
    SSL_CTX_free(s->tls);
    free(s);
    return good ? 0 : -1;
}

char *scene_text(struct scene *s, const char *fmt, ...)
{
    struct text *t = malloc(sizeof *t);
    va_list args;
    int n;

    assert_non_null(t);
    va_start(args, fmt);
    n = vasprintf(&t->text, fmt, args);
    va_end(args);
    assert_true(n >= 0);
    list_init(&t->of_scene);
    list_append(&s->texts, &t->of_scene);
    return t->text;
}

/* --- clients -------------------------------------------------------------- */

struct client *scene_connect_with(struct scene *s, const char *name,
                                  const struct client_opts *opts)
{
    struct client *c = client_new(opts);

    list_append(&s->clients, &c->of_scene);
    c->scene = s;
    c->relay = opts->relay ? opts->relay : s->relay;
    c->number = ++s->connects;
    c->name = name;
    c->own = scene_text(s, "%s://%s.invalid:9/%s-of-its-own;tcp",
                        opts->tls ? "msrps" : "msrp", name, name);
    if (c->ssl) {
        const char *host = relay_name(c->relay);

        assert_int_equal(SSL_set1_host(c->ssl, host), 1);
        assert_int_equal(SSL_set_tlsext_host_name(c->ssl, host), 1);
    }
    return c;
}

struct client *scene_accepted(struct scene *s, const char *name, int fd,
                              SSL_CTX *tls, const char *own)
{
    struct client *c = client_accepted(fd, tls);

    list_append(&s->clients, &c->of_scene);
    c->scene = s;
    c->relay = s->relay;
    c->name = name;
    c->own = scene_text(s, "%s", own);
    return c;
}

static bool is_open(void *ctx)
{
    const struct client *c = ctx;

    return c->state == CLIENT_OPEN;
}

void scene_wait_open(struct client *c)
{
    scene_until(c->scene, is_open, c, "a TLS handshake");
}

struct client *scene_connect(struct scene *s, enum relay_port port,
                             const char *name)
{
    bool is_tls = port == RELAY_TLS || port == RELAY_WSS;
    struct client_opts opts = {.tls = is_tls ? s->tls : NULL,
                               .port = relay_port(s->relay, port)};
    struct client *c = scene_connect_with(s, name, &opts);

    scene_wait_open(c);
    return c;
}

struct client *scene_connect_to(struct scene *s, struct relay *r,
                                const char *name)
{
    struct client_opts opts = {
        .tls = s->tls, .port = relay_port(r, RELAY_TLS), .relay = r};
    struct client *c = scene_connect_with(s, name, &opts);

    scene_wait_open(c);
    return c;
}

/* --- turns ---------------------------------------------------------------- */

/* Logs and parts: fills in what to poll, and says how many. */
static nfds_t poll_others(struct pollfd *polls, const struct scene *s)
{
    const struct list *m;
    nfds_t n = 0;

    polls[n++] = (struct pollfd){relay_log_fd(s->relay), POLLIN, 0};
    for (size_t i = 0; i < s->n_others; i++)
        polls[n++] = (struct pollfd){relay_log_fd(s->others[i]), POLLIN, 0};
    for (m = s->parts.next; m != &s->parts; m = m->next) {
        const struct scene_part *p =
            CONTAINER((void *)(uintptr_t)m, struct scene_part, of_scene);

        assert_true(n < OTHERS_MAX);
        polls[n++] = (struct pollfd){p->fd, POLLIN, 0};
    }
    return n;
}

/* In the order of poll_others(). */
static void turn_others(struct scene *s, const struct pollfd *polls)
{
    struct list *m, *next;

    if (polls++->revents)
        relay_read(s->relay);
    for (size_t i = 0; i < s->n_others; i++)
        if (polls++->revents)
            relay_read(s->others[i]);
    LIST_EACH(m, next, &s->parts)
    {
        struct scene_part *p = CONTAINER(m, struct scene_part, of_scene);

        if (polls++->revents)
            p->on_ready(p);
    }
}

void scene_turn(struct scene *s, uint64_t deadline_ms)
{
    struct pollfd polls[CLIENTS_MAX + OTHERS_MAX];
    struct client *clients[CLIENTS_MAX];
    uint64_t now = now_ms();
    bool at_once = false;
    struct list *m, *next;
    nfds_t n = 0, n_others;

    LIST_EACH(m, next, &s->clients)
    {
        struct client *c = CONTAINER(m, struct client, of_scene);
        short wants = client_wants(c);

        if (!wants)
            continue;
        assert_true(n < CLIENTS_MAX);
        clients[n] = c;
        at_once = at_once || client_has_input(c);
        polls[n++] = (struct pollfd){c->fd, wants, 0};
    }
    n_others = poll_others(polls + n, s);
    if (poll(polls, n + n_others,
             at_once             ? 0
             : now < deadline_ms ? (int)(deadline_ms - now)
                                 : 0) < 0)
        return;
    for (nfds_t i = 0; i < n; i++)
        if (polls[i].revents || client_has_input(clients[i]))
            client_turn(clients[i], polls[i].revents);
    turn_others(s, polls + n);
}

void scene_until(struct scene *s, scene_done_fn done, void *ctx,
                 const char *what)
{
    uint64_t deadline_ms = now_ms() + DEADLINE_MS;

    while (!done(ctx)) {
        if (now_ms() >= deadline_ms) {
            for (size_t i = 0; i < s->n_others; i++)
                relay_show_log(s->others[i]);
            relay_show_log(s->relay);
            fail_msg("waited too long for %s", what);
        }
        scene_turn(s, deadline_ms);
    }
}

static bool is_flushed(void *ctx)
{
    const struct client *c = ctx;

    return client_queued(c) == 0 || c->state == CLIENT_ENDED;
}

void scene_flush(struct client *c)
{
    scene_until(c->scene, is_flushed, c, "room to write");
}

static bool has_more(const struct client *c)
{
    return client_queued(c) || c->on_room;
}

void scene_wait_blocked(struct client *c)
{
    uint64_t deadline_ms = now_ms() + DEADLINE_MS, since_ms = now_ms();
    uint64_t written = c->octets_out;

    while (now_ms() - since_ms < BLOCKED_MS) {
        if (now_ms() >= deadline_ms || !has_more(c))
            fail_msg("%s is not held up", c->name);
        scene_turn(c->scene, since_ms + BLOCKED_MS);
        if (c->octets_out != written)
            since_ms = now_ms();
        written = c->octets_out;
    }
}

struct expected {
    const struct client *client;
    uint64_t octets;
};

static bool has_octets(void *ctx)
{
    const struct expected *e = ctx;

    return e->client->octets_in >= e->octets;
}

void scene_wait_octets(struct client *c, uint64_t n)
{
    struct expected e = {c, c->octets_in + n};

    scene_until(c->scene, has_octets, &e, "octets");
}

static bool has_frame(void *ctx)
{
    const struct client *c = ctx;

    return !list_is_empty(&c->got) || c->state == CLIENT_ENDED;
}

struct got *scene_frame(struct client *c)
{
    struct got *g;

    scene_until(c->scene, has_frame, c, "a frame");
    g = client_take(c);
    if (!g)
        fail_msg("%s lost its connection and did not get a frame", c->name);
    return g;
}

static bool has_ended(void *ctx)
{
    const struct client *c = ctx;

    return c->state == CLIENT_ENDED;
}

enum client_end scene_wait_end(struct client *c)
{
    const struct got *g;

    scene_until(c->scene, has_ended, c, "the end of a connection");
    g = client_take(c);
    if (g)
        fail_msg("%s got a frame more than expected: %.*s", c->name,
                 SPAN_ARG(g->text));
    return c->end;
}

struct awaited {
    const struct relay *relay;
    size_t mark; /* looked for behind it */
    const char *text;
};

static bool is_logged(void *ctx)
{
    const struct awaited *a = ctx;

    return strstr(relay_log(a->relay) + a->mark, a->text);
}

void scene_wait_log_since(struct scene *s, size_t mark, const char *text)
{
    struct awaited a = {s->relay, mark, text};

    scene_until(s, is_logged, &a, text);
}

void scene_wait_log_of(struct scene *s, const struct relay *r, const char *text)
{
    struct awaited a = {r, 0, text};

    scene_until(s, is_logged, &a, text);
}

void scene_wait_log(struct scene *s, const char *text)
{
    scene_wait_log_of(s, s->relay, text);
}

struct awaited_line {
    const struct relay *relay;
    const char *one, *other;
};

static bool is_line_logged(void *ctx)
{
    const struct awaited_line *a = ctx;
    struct span log = span_str(relay_log(a->relay));

    while (log.n > 0) {
        struct span line = span_cut(&log, '\n');

        if (memmem(line.p, line.n, a->one, strlen(a->one)) &&
            memmem(line.p, line.n, a->other, strlen(a->other)))
            return true;
    }
    return false;
}

void scene_wait_line(struct scene *s, const char *one, const char *other)
{
    struct awaited_line a = {s->relay, one, other};

    scene_until(s, is_line_logged, &a, scene_text(s, "%s ... %s", one, other));
}

void scene_wait_closed(struct client *c)
{
    scene_wait_log(c->scene, scene_text(c->scene, "c=%u closed", c->number));
}

static bool is_gone(void *ctx)
{
    const struct scene *s = ctx;

    return !relay_is_running(s->relay);
}

int scene_wait_exit(struct scene *s)
{
    scene_until(s, is_gone, s, "the relay's end");
    s->has_ended = true;
    return relay_wait(s->relay);
}
