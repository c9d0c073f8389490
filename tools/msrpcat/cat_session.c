/* SPDX-License-Identifier: BSD-2-Clause */
#include "cat_session.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "cat_auth.h"
#include "cat_trace.h"
#include "err.h"
#include "fname.h"
#include "lines.h"
#include "parser.h"
#include "path.h"

enum {
    CLOSE_MS = 2000,   /* to be polite for */
    LINES_AHEAD = 256, /* lines of a chat that wait to be sent */
    PUSH_ROUNDS = 8,
    POLL_MAX_MS = 60 * 60 * 1000
};

enum fds { FD_WIRE, FD_SIGNAL, FD_INPUT, FDS };

struct cat_session {
    const struct cat_session_setup *setup;
    const struct cat_options *options;
    struct screen *screen;
    struct wire *wire;
    struct tx tx;
    struct parser parser;
    struct cat_auth auth;
    struct inbox inbox;
    struct outbox outbox;
    struct lines lines;
    char *to, *ping; /* paths; heap */
    bool ready;      /* the outbox is there: authenticated, if need be */
    bool identified; /* who is at the other end (R4975-5.4-h) */
    bool interrupted;
    uint64_t now_ms;
    uint64_t give_up_ms;  /* when AUTH has taken too long */
    uint64_t expires_ms;  /* when our URI is no longer valid */
    uint64_t last_put;    /* tx.put when something last went out, */
    uint64_t last_put_ms; /* and when that was */
    uint64_t bar_total;   /* of what the progress bar shows; 0: nothing */

    /* the frame that is coming in */
    bool for_inbox; /* not an answer */
    bool has_body;
    uint64_t body;            /* octets of it so far */
    char in_tid[MSG_TID_MAX]; /* only with --verbose */
    size_t in_tid_n;
};

/* --- beginning ------------------------------------------------------------ */

int cat_session_announce(const struct cat_options *options, const char *path)
{
    bool waits = options->n_items == 0 || options->count > 0;

    if (options->path_file)
        return path_save(options->path_file, path);
    if (waits && !options->quiet)
        fprintf(stderr, "path: %s\n", path);
    return 0;
}

static int add_items(struct cat_session *s)
{
    for (size_t i = 0; i < s->options->n_items; i++) {
        const struct cat_options_item *item = &s->options->items[i];
        char disposition[2 * FNAME_MAX + 64] = "inline";
        bool has_name = item->is_file && strcmp(item->arg, "-") != 0;
        struct source *source = NULL;
        int err = 0;

        if (item->is_file)
            err = source_file(&source, item->arg);
        else if (!(source = source_text(span_str(item->arg))))
            err = ERR_NOMEM;
        if (err) {
            screen_note(s->screen, "%s: %s", item->arg, err_reason(err));
            s->outbox.any_failed = true;
            continue;
        }
        if (has_name)
            fname_to_disposition(disposition, sizeof disposition, item->arg);
        err = outbox_add(&s->outbox, source, item->type,
                         has_name || !item->is_file ? disposition : NULL);
        if (err)
            return err;
    }
    return 0;
}

static int open_outbox(struct cat_session *s)
{
    const struct cat_options *o = s->options;
    struct outbox_rules rules = {
        .to = span_str(s->to),
        .ping = span_str(s->ping),
        .own = span_str(s->setup->own),
        .chunk_size = o->chunk_size,
        .window = (size_t)o->window,
        .timeout_ms = o->timeout_s * 1000,
        .failure_report = o->failure_report,
        .success_report = o->report,
    };
    int err = outbox_init(&s->outbox, &rules, &s->tx, s->setup->rnd, s->screen);

    if (err)
        return err;
    s->ready = true;
    s->last_put_ms = s->now_ms;
    return add_items(s);
}

/* Paths are known: messages can go. Who connects says so at once, with a
 * message or without (R4975-5.4-c): without, when there was SDP, because one
 * who has this end's may let the others wait. */
static int get_ready(struct cat_session *s, struct span use_path)
{
    struct span peer = span_str(s->setup->peer ? s->setup->peer : "");
    int err;

    s->to = path_join(use_path, peer);
    s->ping = path_join(use_path.n ? use_path : peer, SPAN(""));
    if (!s->to || !s->ping)
        return ERR_NOMEM;
    err = open_outbox(s);
    if (err || use_path.n || s->setup->is_passive ||
        (s->options->n_items && !s->options->peer_sdp))
        return err;
    return outbox_ping(&s->outbox);
}

static int on_authenticated(struct cat_session *s)
{
    struct span use_path = span_str(s->auth.use_path);
    char *sdp = path_for_sdp(use_path, span_str(s->setup->own));
    int err;

    if (!sdp)
        return ERR_NOMEM;
    if (s->auth.granted_s)
        s->expires_ms = s->now_ms + s->auth.granted_s * 1000;
    err = get_ready(s, use_path);
    if (!err)
        err = cat_session_announce(s->options, sdp);
    free(sdp);
    if (err != ERR_IO)
        return err;
    screen_note(s->screen, "%s: %s", s->options->path_file, strerror(errno));
    return ERR_DENIED;
}

static int start(struct cat_session *s)
{
    const struct cat_options *o = s->options;
    struct cat_auth_rules rules = {
        .relays = o->relays,
        .n_relays = o->n_relays,
        .user = span_str(o->user ? o->user : ""),
        .password = span_str(o->password ? o->password : ""),
        .own = span_str(s->setup->own),
        .expires_s = o->expires_s,
    };

    if (o->n_relays == 0)
        return get_ready(s, SPAN(""));
    s->give_up_ms = s->now_ms + o->timeout_s * 1000;
    cat_auth_init(&s->auth, &rules, &s->tx, s->setup->rnd);
    return cat_auth_start(&s->auth);
}

/* --- what comes in -------------------------------------------------------- */

static int on_response(struct cat_session *s, const struct msg *head)
{
    int err;

    if (head->fault)
        return 0; /* M-9 */
    if (s->ready)
        return outbox_on_response(&s->outbox, head, s->now_ms);
    err = cat_auth_on_response(&s->auth, head);
    if (err == ERR_DENIED)
        screen_note(s->screen, "%s", s->auth.why);
    return err || !s->auth.done ? err : on_authenticated(s);
}

static int on_head(struct cat_session *s, const struct parse_event *ev)
{
    const struct msg *head = ev->head;
    struct span tid = msg_text(head, head->tid);

    if (s->options->verbose) {
        cat_trace_head(stderr, '<', span_of(head->base, head->len));
        memcpy(s->in_tid, tid.p, tid.n);
        s->in_tid_n = tid.n;
        /* Before what it is answered with. */
        if (!head->has_body)
            cat_trace_end(stderr, '<', 0, tid, ev->flag);
    }
    s->has_body = head->has_body;
    s->body = 0;
    s->for_inbox = false;
    switch (head->method) {
    case MSG_RESPONSE:
        return on_response(s, head);
    case MSG_REPORT:
        if (head->fault || !s->ready)
            return 0; /* M-8 */
        return outbox_on_report(&s->outbox, head, s->now_ms);
    case MSG_SEND:
    case MSG_AUTH:
    case MSG_OTHER:
        s->for_inbox = true;
        return inbox_on_head(&s->inbox, head);
    }
    return 0;
}

static int on_event(struct cat_session *s, const struct parse_event *ev)
{
    switch (ev->type) {
    case PARSE_HEAD:
        return on_head(s, ev);
    case PARSE_BODY:
        s->body += ev->body.n;
        return s->for_inbox ? inbox_on_body(&s->inbox, ev->body) : 0;
    case PARSE_END:
        if (s->options->verbose && s->has_body)
            cat_trace_end(stderr, '<', s->body, span_of(s->in_tid, s->in_tid_n),
                          ev->flag);
        if (!s->for_inbox)
            return 0;
        if (inbox_knows_session(&s->inbox))
            s->identified = true;
        return inbox_on_end(&s->inbox, ev->flag);
    }
    return 0;
}

static bool has_enough(const struct cat_session *s)
{
    return s->options->count > 0 && s->inbox.received >= s->options->count;
}

/* Takes apart what has come, but no message more than was asked for. */
static int parse(struct cat_session *s)
{
    struct span in = wire_input(s->wire);
    struct parse_event ev;
    int err = 0;

    while (!err && !(has_enough(s) && parser_is_idle(&s->parser) &&
                     outbox_is_done(&s->outbox))) {
        err = parser_next(&s->parser, &in, &ev);
        if (err == ERR_SYNTAX || err == ERR_LIMIT)
            screen_note(s->screen, "the other side does not speak MSRP");
        if (!err)
            err = on_event(s, &ev);
    }
    wire_consume(s->wire, in.n);
    return err == ERR_AGAIN ? 0 : err;
}

static bool chat_is_open(const struct cat_session *s)
{
    return s->setup->peer && cat_options_is_chat(s->options) && s->lines.open;
}

static bool wants_lines(const struct cat_session *s)
{
    return s->ready && chat_is_open(s) && s->outbox.unfinished < LINES_AHEAD;
}

static int send_lines(struct cat_session *s)
{
    struct span line;

    lines_read(&s->lines, STDIN_FILENO);
    while (lines_next(&line, &s->lines)) {
        struct source *source;
        int err;

        if (line.n == 0)
            continue;
        source = source_text(line);
        if (!source)
            return ERR_NOMEM;
        err = outbox_add(&s->outbox, source, "text/plain", "inline");
        if (err)
            return err;
    }
    return 0;
}

/* --- waiting -------------------------------------------------------------- */

static uint64_t keepalive_at(const struct cat_session *s)
{
    if (!s->identified || !s->ready || s->options->keepalive_s == 0 ||
        s->ping[0] == '\0')
        return UINT64_MAX;
    return s->last_put_ms + s->options->keepalive_s * 1000;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static int wait_ms(const struct cat_session *s)
{
    uint64_t at = earlier(s->expires_ms, keepalive_at(s));

    if (s->wire->more)
        return 0;
    at = earlier(at, s->ready ? outbox_deadline(&s->outbox) : s->give_up_ms);
    if (at <= s->now_ms)
        return 0;
    return (int)earlier(at - s->now_ms, POLL_MAX_MS);
}

/* Waits for whatever comes first. */
static int wait_for_news(struct cat_session *s, struct pollfd fds[FDS])
{
    int input = -1;

    if (s->ready && s->outbox.wait_fd >= 0)
        input = s->outbox.wait_fd;
    else if (wants_lines(s))
        input = STDIN_FILENO;
    fds[FD_WIRE] =
        (struct pollfd){s->wire->fd, wire_events(s->wire, &s->tx), 0};
    fds[FD_SIGNAL] = (struct pollfd){s->setup->signal_fd, POLLIN, 0};
    fds[FD_INPUT] = (struct pollfd){input, POLLIN, 0};
    if (poll(fds, FDS, wait_ms(s)) < 0 && errno != EINTR)
        return ERR_IO;
    s->now_ms = wire_now_ms();
    return 0;
}

/* What the clock brings about. */
static int on_time(struct cat_session *s)
{
    if (!s->ready) {
        if (s->now_ms < s->give_up_ms)
            return 0;
        screen_note(s->screen, "the relay does not answer");
        return ERR_TIMEOUT;
    }
    if (s->now_ms >= s->expires_ms) {
        screen_note(s->screen, "the URI from the relay has expired");
        return ERR_TIMEOUT;
    }
    if (s->tx.put != s->last_put) {
        s->last_put = s->tx.put;
        s->last_put_ms = s->now_ms;
    }
    if (s->now_ms >= keepalive_at(s)) {
        int err = outbox_ping(&s->outbox);

        if (err)
            return err;
    }
    return outbox_tick(&s->outbox, s->now_ms);
}

static void show_progress(struct cat_session *s)
{
    uint64_t done, total;

    if (s->options->verbose || !s->ready)
        return;
    if (outbox_progress(&s->outbox, &done, &total) ||
        inbox_progress(&s->inbox, &done, &total)) {
        screen_progress(s->screen, done, total, s->now_ms);
        s->bar_total = total;
        return;
    }
    if (s->bar_total && s->screen->shown)
        screen_progress(s->screen, s->bar_total, s->bar_total, s->now_ms);
    screen_progress_end(s->screen);
    s->bar_total = 0;
}

/* --- the loop ------------------------------------------------------------- */

/* Has all been sent, answered and received that was asked for? */
static bool is_finished(const struct cat_session *s)
{
    if (!s->ready || !s->identified || !outbox_is_done(&s->outbox) ||
        s->tx.out.len > 0)
        return false;
    if (s->outbox.session_dead)
        return true;
    if (s->options->count > 0)
        return has_enough(s);
    return s->setup->peer && !chat_is_open(s);
}

static int read_wire(struct cat_session *s)
{
    int err = wire_read(s->wire), parsed;

    if (err && err != ERR_AGAIN && err != ERR_EOF)
        return err;
    parsed = parse(s);
    if (parsed)
        return parsed;
    return err == ERR_EOF && !is_finished(s) ? ERR_EOF : 0;
}

static int pump(struct cat_session *s)
{
    return s->ready && s->identified ? outbox_pump(&s->outbox, s->now_ms) : 0;
}

/* Writes what there is and puts in more, a few times: then it is the other
 * direction's turn. */
static int push(struct cat_session *s)
{
    int err = pump(s);

    for (int round = 0; !err && s->tx.out.len > 0 && round < PUSH_ROUNDS;
         round++) {
        err = wire_write(s->wire, &s->tx);
        if (err == ERR_AGAIN)
            return 0;
        if (!err)
            err = pump(s);
    }
    return err;
}

static int turn(struct cat_session *s)
{
    struct pollfd fds[FDS];
    int err = push(s);

    if (!err)
        err = on_time(s);
    if (err || is_finished(s))
        return err;
    show_progress(s);
    err = wait_for_news(s, fds);
    if (err)
        return err;
    if (fds[FD_SIGNAL].revents) {
        s->interrupted = true;
        return 0;
    }
    if (fds[FD_WIRE].revents || s->wire->more) {
        err = read_wire(s);
        if (err)
            return err;
    }
    return fds[FD_INPUT].revents && fds[FD_INPUT].fd == STDIN_FILENO &&
                   wants_lines(s)
               ? send_lines(s)
               : 0;
}

/* --- the end -------------------------------------------------------------- */

/* The user has had enough: what was begun is given up so that it shows. */
static bool leave_in_order(struct cat_session *s)
{
    bool unfinished = !s->ready || !outbox_is_done(&s->outbox) ||
                      (s->options->count > 0 && !has_enough(s)) ||
                      inbox_is_amid(&s->inbox);

    if (s->ready && outbox_abort(&s->outbox) == 0)
        (void)wire_write(s->wire, &s->tx);
    return !unfinished;
}

/* A peer may hang up when all that was begun is over; a relay may not. */
static bool may_end_so(const struct cat_session *s, int err)
{
    return err == ERR_EOF && s->options->n_relays == 0 && s->ready &&
           s->options->count == 0 && s->outbox.unfinished == 0 &&
           !inbox_is_amid(&s->inbox);
}

static enum exit_code explain(struct cat_session *s, int err)
{
    switch (err) {
    case ERR_SYNTAX:
    case ERR_LIMIT:
    case ERR_DENIED:
    case ERR_TIMEOUT:
        break; /* said already */
    case ERR_EOF:
        screen_note(s->screen, "the peer closed the connection");
        break;
    case ERR_IO:
        screen_note(s->screen, "the connection was lost: %s",
                    errno ? strerror(errno) : "no reason given");
        break;
    case ERR_TLS:
        screen_note(s->screen, "TLS failed: %s",
                    s->wire->tls_why ? s->wire->tls_why : "no reason given");
        break;
    default:
        screen_note(s->screen, "%s", err_text(err));
        break;
    }
    return EXIT_CONNECTION;
}

static enum exit_code finish(struct cat_session *s, int err)
{
    bool failed = s->inbox.any_failed || (s->ready && s->outbox.any_failed);
    bool in_order = true;

    screen_progress_end(s->screen);
    if (err && !may_end_so(s, err))
        return explain(s, err);
    if (s->interrupted)
        in_order = leave_in_order(s);
    if (!err)
        wire_close(s->wire, CLOSE_MS);
    return failed || !in_order ? EXIT_MESSAGE : EXIT_FINE;
}

static void cat_session_fini(struct cat_session *s)
{
    if (s->ready)
        outbox_fini(&s->outbox);
    if (s->options->n_relays > 0)
        cat_auth_fini(&s->auth);
    inbox_fini(&s->inbox);
    tx_fini(&s->tx);
    free(s->to);
    free(s->ping);
}

enum exit_code cat_session_run(const struct cat_session_setup *setup)
{
    struct cat_session s = {
        .setup = setup,
        .options = setup->options,
        .screen = setup->screen,
        .wire = setup->wire,
        .now_ms = wire_now_ms(),
        .expires_ms = UINT64_MAX,
        .identified = !setup->is_passive,
    };
    enum exit_code code;
    int err;

    parser_init(&s.parser, INBOX_HEAD_MAX, INBOX_PATH_URIS);
    lines_init(&s.lines);
    tx_init(&s.tx, setup->rnd, s.options->verbose ? stderr : NULL);
    err = inbox_init(&s.inbox, span_str(setup->own), setup->store, &s.tx,
                     setup->rnd, setup->screen);
    if (err) {
        tx_fini(&s.tx);
        screen_note(s.screen, "%s", err_text(err));
        return EXIT_CONNECTION;
    }
    s.inbox.quiet = s.options->quiet;
    err = start(&s);
    while (!err && !s.interrupted && !is_finished(&s))
        err = turn(&s);
    code = finish(&s, err);
    cat_session_fini(&s);
    return code;
}
