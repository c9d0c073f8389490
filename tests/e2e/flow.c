/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow.h"

#include "cmocka_all.h"

enum { PIECE = 65536, STEP = 8 << 20 };

static const char default_id[] = "flow";

static EVP_MD_CTX *hash_new(void)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();

    assert_non_null(hash);
    assert_int_equal(EVP_DigestInit_ex(hash, EVP_sha256(), NULL), 1);
    return hash;
}

static void hash_end(EVP_MD_CTX *hash, unsigned char out[FLOW_HASH])
{
    assert_int_equal(EVP_DigestFinal_ex(hash, out, NULL), 1);
    EVP_MD_CTX_free(hash);
}

/* --- out ------------------------------------------------------------------ */

/* Octets that do not repeat (xorshift64*), whatever else they are. */
static void make_body(struct flow_out *f, char *dst, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        uint64_t v;

        f->random ^= f->random >> 12;
        f->random ^= f->random << 25;
        f->random ^= f->random >> 27;
        v = f->random * UINT64_C(0x2545f4914f6cdd1d);
        memcpy(dst + i, &v, n - i < 8 ? n - i : 8);
    }
}

static void begin_chunk(struct flow_out *f)
{
    uint64_t left = f->total - f->at;

    f->tid = talk_tid(f->client);
    f->chunk_end = f->at + (left < f->chunk ? left : f->chunk);
    talk_say(f->client,
             "MSRP %s SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: %s\r\n%sByte-Range: %llu-*/%llu\r\n"
             "Content-Type: application/octet-stream\r\n\r\n",
             f->tid, f->to, f->client->own, f->id, f->headers,
             (unsigned long long)f->at + 1, (unsigned long long)f->total);
}

static void end_chunk(struct flow_out *f)
{
    talk_say(f->client, "\r\n-------%s%c\r\n", f->tid,
             f->at == f->total ? '$' : '+');
    f->tid = NULL;
    if (f->at == f->total)
        f->client->on_room = NULL;
}

static void put_more(struct client *c)
{
    struct flow_out *f = c->out_ctx;
    char piece[PIECE];
    uint64_t n, end;

    if (!f->tid)
        begin_chunk(f);
    end = f->gate && f->gate < f->chunk_end ? f->gate : f->chunk_end;
    n = end - f->at < PIECE ? end - f->at : PIECE;
    make_body(f, piece, (size_t)n);
    if (f->at == 0)
        secrets_add_body(c->scene->secrets, span_of(piece, (size_t)n));
    EVP_DigestUpdate(f->hash, piece, (size_t)n);
    client_put(c, span_of(piece, (size_t)n));
    f->at += n;
    if (f->at == f->chunk_end)
        end_chunk(f);
    if (f->at == f->gate)
        c->on_room = NULL;
}

void flow_out_start(struct flow_out *f, struct client *c,
                    const struct client *peer, uint64_t total, uint64_t chunk)
{
    f->client = c;
    if (peer)
        f->to = talk_path(c, peer);
    f->id = f->id ? f->id : default_id;
    f->headers = f->headers ? f->headers : "";
    f->total = total;
    f->chunk = chunk;
    f->at = f->chunk_end = 0;
    f->tid = NULL;
    f->first_tid = c->tids + 1;
    f->random = UINT64_C(0x9e3779b97f4a7c15);
    f->hash = hash_new();
    c->out_ctx = f;
    c->on_room = put_more;
}

void flow_out_allow(struct flow_out *f, uint64_t gate)
{
    f->gate = gate;
    f->client->on_room = f->at < f->total ? put_more : NULL;
}

bool flow_out_is_done(void *flow)
{
    const struct flow_out *f = flow;

    return f->at == f->total && client_queued(f->client) == 0;
}

void flow_out_abort(struct flow_out *f)
{
    if (f->tid)
        talk_say(f->client, "\r\n-------%s#\r\n", f->tid);
    f->tid = NULL;
    f->client->on_room = NULL;
}

void flow_out_end(struct flow_out *f, unsigned char hash[FLOW_HASH])
{
    f->client->on_room = NULL;
    hash_end(f->hash, hash);
}

/* --- in ------------------------------------------------------------------- */

static void take_head(struct flow_in *f, const struct msg *m)
{
    assert_true(m->has_body);
    if (m->range_start != f->at + 1 ||
        (f->chunks++ > 0 && m->range_total != f->total))
        fail_msg("%s expected octet %llu, got: %.*s", f->client->name,
                 (unsigned long long)f->at + 1, (int)m->len, m->base);
    f->is_at_hand = true;
    f->total = m->range_total;
    f->chunk_at = f->at;
    free(f->tid);
    free(f->answer_to);
    f->tid = strndup(msg_text(m, m->tid).p, m->tid.n);
    f->answer_to = strndup(msg_text(m, m->from_first).p, m->from_first.n);
    assert_true(f->tid && f->answer_to);
}

/* What the client itself is sending has to make room for an answer. */
static void interrupt_own(struct client *c)
{
    struct flow_out *own = c->out_ctx;

    if (c->on_room && own->tid)
        end_chunk(own);
}

static void take_end(struct flow_in *f, char flag)
{
    f->is_at_hand = false;
    f->flag = flag;
    if (f->at - f->chunk_at > f->largest)
        f->largest = f->at - f->chunk_at;
    if (f->is_mute)
        return;
    interrupt_own(f->client);
    talk_say(f->client,
             "MSRP %s 200 OK\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "-------%s$\r\n",
             f->tid, f->answer_to, f->client->own, f->tid);
}

/* The flow to which the event belongs, or NULL. */
static struct flow_in *flow_of(struct flow_in *first,
                               const struct parse_event *ev)
{
    struct flow_in *f;

    for (f = first; f; f = f->next) {
        if (f->is_at_hand)
            return f;
        if (ev->type == PARSE_HEAD && ev->head->method == MSG_SEND &&
            span_eq(msg_text(ev->head, ev->head->message_id), span_str(f->id)))
            return f;
    }
    return NULL;
}

static bool take(struct client *c, const struct parse_event *ev)
{
    struct flow_in *f = flow_of(c->in_ctx, ev);

    if (!f)
        return false;
    switch (ev->type) {
    case PARSE_HEAD:
        take_head(f, ev->head);
        break;
    case PARSE_BODY:
        f->at += ev->body.n;
        EVP_DigestUpdate(f->hash, ev->body.p, ev->body.n);
        break;
    case PARSE_END:
        take_end(f, ev->flag);
        break;
    }
    return true;
}

void flow_in_start(struct flow_in *f, struct client *c)
{
    f->client = c;
    f->id = f->id ? f->id : default_id;
    f->next = c->on_event ? c->in_ctx : NULL;
    f->hash = hash_new();
    c->in_ctx = f;
    c->on_event = take;
}

bool flow_in_is_done(void *flow)
{
    const struct flow_in *f = flow;

    return f->flag == '$' || f->flag == '#';
}

void flow_in_end(struct flow_in *f, unsigned char hash[FLOW_HASH])
{
    f->client->on_event = NULL;
    free(f->tid);
    free(f->answer_to);
    hash_end(f->hash, hash);
}

struct target {
    const struct flow_in *flow;
    uint64_t at;
};

static bool has_come(void *ctx)
{
    const struct target *t = ctx;

    return t->flow->at >= t->at;
}

void flow_in_wait(struct flow_in *f, uint64_t octets)
{
    while (f->at < octets) {
        struct target t = {f, octets - f->at > STEP ? f->at + STEP : octets};

        scene_until(f->client->scene, has_come, &t, "more of the message");
    }
}

void flow_pass(struct client *from, struct client *to, uint64_t total,
               uint64_t chunk, uint64_t most)
{
    unsigned char sent[FLOW_HASH], received[FLOW_HASH];
    struct flow_out out = {0};
    struct flow_in in = {0};

    flow_in_start(&in, to);
    flow_out_start(&out, from, to, total, chunk);
    flow_in_wait(&in, total);
    scene_until(from->scene, flow_in_is_done, &in, "the last end-line");
    assert_int_equal(in.flag, '$');
    assert_int_equal(in.at, total);
    assert_in_range(in.largest, 1, most);
    flow_out_end(&out, sent);
    flow_in_end(&in, received);
    assert_memory_equal(sent, received, FLOW_HASH);
    for (uint64_t at = 0; at < total; at += chunk)
        assert_int_equal(scene_frame(from)->head.code, 200);
    talk_expect_nothing(from);
    talk_expect_nothing(to);
}
