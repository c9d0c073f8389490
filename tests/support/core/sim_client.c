/* SPDX-License-Identifier: BSD-2-Clause */
/* What a client does by itself: it logs in, sends messages to others, and gets
 * into trouble. */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "digest.h"
#include "sim_world.h"

enum {
    SECOND_MS = 1000,
    AHEAD_MAX = 32768,  /* octets written ahead of the kernel */
    CHUNK_MAX = 12000,  /* octets of body in a chunk */
    LENGTH_MAX = 30000, /* of a message */
};

static void begin_life(struct sim_client *c)
{
    (void)snprintf(c->uri, sizeof c->uri, "msrps://%s.example:9/life%u;tcp",
                   c->name, c->life);
    c->n_use = 0;
    c->n_active = 0;
    c->n_owed = 0;
    c->message = NULL;
    c->stalls = false;
    c->reads_ms = 0;
}

void sim_client_init(struct sim *s, unsigned number)
{
    struct sim_client *c = &s->clients[number];
    unsigned home = number % s->setup.relays;

    *c = (struct sim_client){.sim = s, .number = number};
    (void)snprintf(c->name, sizeof c->name, "client%u", number);
    c->home = &s->relays[home];
    if (s->setup.relays > 1 && sim_hits(s, s->setup.through))
        c->second = &s->relays[(home + 1 + sim_below(s, s->setup.relays - 1)) %
                               s->setup.relays];
}

void sim_client_lost(struct sim_client *c)
{
    struct sim *s = c->sim;

    c->conn = NULL;
    c->login = SIM_OFFLINE;
    c->back_ms = s->now_ms + 200 + sim_below(s, 2000);
    for (size_t i = 0; i < s->n_messages; i++)
        if (s->messages[i]->to == c->number &&
            s->messages[i]->to_life == c->life)
            s->messages[i]->hurt = true;
}

/* --- logging in --- */

static void put(struct sim_client *c, const char *text, size_t n)
{
    sim_pipe_put(&c->conn->pipes[0], span_of(text, n));
}

/* The relay that it logs in to at the moment, and the way there. */
static const struct sim_relay *login_paths(const struct sim_client *c,
                                           char *dst, size_t size)
{
    const struct sim_relay *r = c->n_use ? c->second : c->home;

    (void)snprintf(dst, size, "To-Path: %s%s%s\r\nFrom-Path: %s\r\n",
                   c->n_use ? c->use[0] : "", c->n_use ? " " : "", r->self,
                   c->uri);
    return r;
}

static void ask_for_challenge(struct sim_client *c)
{
    char paths[SIM_PATH_MAX], text[SIM_PATH_MAX + 64];
    int n;

    (void)login_paths(c, paths, sizeof paths);
    n = snprintf(text, sizeof text, "MSRP login AUTH\r\n%s-------login$\r\n",
                 paths);
    put(c, text, (size_t)n);
    c->login = SIM_CHALLENGED;
}

static void log_in(struct sim_client *c, const struct msg *m)
{
    char paths[SIM_PATH_MAX], text[2 * SIM_PATH_MAX];
    const struct sim_relay *r = login_paths(c, paths, sizeof paths);
    struct digest_input in = {.alg = DIGEST_MD5,
                              .nc = SPAN("00000001"),
                              .cnonce = SPAN("c0ffee"),
                              .method = SPAN("AUTH"),
                              .uri = span_str(r->self)};
    struct digest_hex ha1, response;
    struct digest_challenge ch;
    struct span value, name = span_str(c->name);
    int n;

    assert_true(msg_header(&value, m, SPAN("WWW-Authenticate")));
    assert_int_equal(digest_challenge_parse(&ch, value), 0);
    in.nonce = ch.nonce;
    assert_int_equal(digest_ha1(&ha1, DIGEST_MD5, name, ch.realm, name), 0);
    in.ha1 = digest_hex_span(&ha1);
    assert_int_equal(digest_response(&response, &in), 0);
    n = snprintf(text, sizeof text,
                 "MSRP login AUTH\r\n%sAuthorization: Digest username=\"%s\", "
                 "realm=\"%.*s\", nonce=\"%.*s\", uri=\"%s\", "
                 "response=\"%.*s\", cnonce=\"c0ffee\", qop=auth, "
                 "nc=00000001\r\nExpires: 60\r\n-------login$\r\n",
                 paths, c->name, SPAN_ARG(ch.realm), SPAN_ARG(in.nonce),
                 r->self, SPAN_ARG(digest_hex_span(&response)));
    put(c, text, (size_t)n);
    c->login = SIM_LOGGING_IN;
}

/* Keeps the URI that was issued last. */
static void keep_use_path(struct sim_client *c, const struct msg *m)
{
    struct span path, uri, last = SPAN("");

    assert_true(msg_header(&path, m, SPAN("Use-Path")));
    while (msg_path_next(&uri, &path))
        last = uri;
    (void)span_copy(c->use[c->n_use++], SIM_URI_MAX, last);
}

void sim_client_on_auth(struct sim_client *c, const struct msg *m)
{
    if (m->code == 401 && c->login == SIM_CHALLENGED) {
        log_in(c, m);
    } else if (m->code == 200 && c->login == SIM_LOGGING_IN) {
        keep_use_path(c, m);
        if (c->second && c->n_use == 1)
            ask_for_challenge(c);
        else
            c->login = SIM_ONLINE;
    } else { /* the second relay is not reached, say */
        sim_break(c->conn);
    }
}

static void come_back(struct sim_client *c)
{
    c->life++;
    begin_life(c);
    c->conn = sim_connect(c);
    ask_for_challenge(c);
}

/* --- sending --- */

static unsigned relays_of(const struct sim_client *c)
{
    return 1u << c->home->number | (c->second ? 1u << c->second->number : 0);
}

static void write_path(struct sim_message *m, const struct sim_client *from,
                       const struct sim_client *to)
{
    char *at = m->to_path, *end = m->to_path + sizeof m->to_path;

    for (unsigned i = 0; i < from->n_use; i++)
        at += snprintf(at, (size_t)(end - at), "%s ", from->use[i]);
    for (unsigned i = to->n_use; i-- > 0;)
        at += snprintf(at, (size_t)(end - at), "%s ", to->use[i]);
    at += snprintf(at, (size_t)(end - at), "%s", to->uri);
    assert_true(at < end);
    m->relays = relays_of(from) | relays_of(to);
}

static struct sim_client *somebody_else(struct sim_client *c)
{
    struct sim *s = c->sim;
    unsigned other =
        (c->number + 1 + sim_below(s, s->setup.clients - 1)) % s->setup.clients;

    return s->clients[other].n_use ? &s->clients[other] : NULL;
}

static uint32_t some_length(struct sim *s)
{
    return 1 + sim_below(s, sim_below(s, 4) ? 300 : LENGTH_MAX);
}

static void begin_message(struct sim_client *c, const struct sim_client *to,
                          uint32_t length, enum msg_report failure_report)
{
    struct sim *s = c->sim;
    const struct sim_trouble *t = &s->setup.trouble;
    struct sim_message *m;

    if (c->n_active == SIM_ACTIVE_MAX)
        return;
    m = sim_message_new(s);
    m->from = c->number;
    m->from_life = c->life;
    m->to = to->number;
    m->to_life = to->life;
    m->length = length;
    m->failure_report = failure_report;
    m->success_report = sim_below(s, 4) == 0;
    m->wants_give_up = sim_hits(s, t->give_up);
    m->wants_rude = sim_hits(s, t->rude);
    write_path(m, c, to);
    c->active[c->n_active++] = m->number;
}

static void begin_some(struct sim_client *c)
{
    static const enum msg_report kinds[] = {MSG_REPORT_YES, MSG_REPORT_YES,
                                            MSG_REPORT_YES, MSG_REPORT_PARTIAL,
                                            MSG_REPORT_NO};
    struct sim *s = c->sim;
    const struct sim_client *to = somebody_else(c);

    if (!to)
        return;
    if (sim_hits(s, s->setup.trouble.burst)) {
        for (unsigned n = s->setup.trouble.burst_size; n > 0; n--)
            begin_message(c, to, 1 + sim_below(s, 10), MSG_REPORT_YES);
        return;
    }
    begin_message(c, to, some_length(s), kinds[sim_below(s, 5)]);
}

static uint32_t chunk_length(struct sim *s, const struct sim_message *m)
{
    uint32_t left = m->length - m->sent;
    uint32_t n = 1 + sim_below(s, CHUNK_MAX);

    if (m->chunks + 1 == SIM_CHUNKS_MAX || sim_below(s, 2))
        return left;
    return n < left ? n : left;
}

static size_t write_head(char *dst, size_t size, const struct sim_client *c,
                         const struct sim_message *m)
{
    static const char *const reports[] = {
        [MSG_REPORT_NO] = "Failure-Report: no\r\n",
        [MSG_REPORT_YES] = "",
        [MSG_REPORT_PARTIAL] = "Failure-Report: partial\r\n"};
    unsigned number = m->number;

    return (size_t)snprintf(
        dst, size,
        "MSRP s%u.%u SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
        "Message-ID: m%u\r\n%s%sByte-Range: %u-*/%u\r\n"
        "Content-Type: a/b\r\n\r\n",
        number, m->chunks, m->to_path, c->uri, number,
        reports[m->failure_report],
        m->success_report ? "Success-Report: yes\r\n" : "", m->sent + 1,
        m->length);
}

static void send_chunk(struct sim_client *c, struct sim_message *m)
{
    struct sim *s = c->sim;
    unsigned number = m->number;
    uint32_t n = chunk_length(s, m);
    char *text = malloc(n + 2 * SIM_PATH_MAX);
    size_t at;
    char flag = '$';

    assert_non_null(text);
    at = write_head(text, 2 * SIM_PATH_MAX, c, m);
    for (uint32_t i = 1; i <= n; i++)
        text[at++] = sim_message_octet(number, m->sent + i);
    m->sent += n;
    if (m->sent < m->length)
        flag = '+';
    if (m->wants_give_up) {
        flag = '#';
        m->gave_up = true;
    }
    at += (size_t)snprintf(text + at, SIM_PATH_MAX, "\r\n-------s%u.%u%c\r\n",
                           number, m->chunks++, flag);
    m->all_sent = flag != '+';
    put(c, text, at);
    free(text);
}

/* The next chunk of one of its messages. */
static void send_some(struct sim_client *c)
{
    while (c->n_active > 0 && sim_pipe_queued(&c->conn->pipes[0]) < AHEAD_MAX) {
        unsigned i = sim_below(c->sim, c->n_active);
        struct sim_message *m = c->sim->messages[c->active[i]];

        if (!m->stopped)
            send_chunk(c, m);
        if (m->stopped || m->all_sent)
            c->active[i] = c->active[--c->n_active];
        if (sim_below(c->sim, 2))
            return;
    }
}

/* --- trouble --- */

static void read_slowly(struct sim_client *c, size_t rate, uint64_t ms)
{
    c->read_rate = rate;
    c->reads_ms = c->sim->now_ms + ms;
}

/* Once a second. */
static void get_into_trouble(struct sim_client *c)
{
    struct sim *s = c->sim;
    const struct sim_trouble *t = &s->setup.trouble;

    if (c->reads_ms && s->now_ms < c->reads_ms + SIM_STALL_MS)
        return; /* it has enough */
    if (sim_hits(s, t->slow_read))
        read_slowly(c, 2 * SIM_TICK_MS, 1000 + sim_below(s, 5000));
    else if (sim_hits(s, t->pause))
        read_slowly(c, 0, 100 + sim_below(s, SIM_STALL_MS / 2));
    if (sim_hits(s, t->stall)) {
        c->stalls = true;
        s->result->stalls++;
    }
    if (sim_hits(s, t->die)) {
        s->result->deaths++;
        sim_break(c->conn);
    }
}

void sim_client_step(struct sim_client *c)
{
    struct sim *s = c->sim;

    if (c->login == SIM_OFFLINE && c->back_ms <= s->now_ms)
        come_back(c);
    if (c->login != SIM_ONLINE || c->stalls)
        return;
    sim_inbox_answer(c);
    send_some(c);
    if (s->calm)
        return;
    if (sim_hits(s, s->setup.rate * SIM_TICK_MS))
        begin_some(c);
    if ((s->now_ms + c->number * SIM_TICK_MS) % SECOND_MS == 0)
        get_into_trouble(c);
}
