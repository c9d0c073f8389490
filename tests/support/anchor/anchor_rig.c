/* SPDX-License-Identifier: BSD-2-Clause */
#include "anchor_rig.h"

#include "bencode.h"
#include "cmocka_all.h"

enum { TOKEN_LEN = 22 };

static const struct anchor_place places[] = {
    {.name = {"default", 7},
     .address = {"192.0.2.10", 10},
     .family = 4,
     .port = 2856,
     .transport = ANCHOR_TCP},
    {.name = {"default", 7},
     .address = {"192.0.2.10", 10},
     .family = 4,
     .host = {"relay.example.com", 17},
     .port = 2855,
     .transport = ANCHOR_TLS},
    {.name = {"out", 3},
     .address = {"2001:db8::10", 12},
     .family = 6,
     .port = 2857,
     .transport = ANCHOR_TCP},
};

static const struct span print = {"SHA-256 68:2F", 13};

static bool rig_admits(void *ctx)
{
    return ((struct anchor_rig *)ctx)->admits;
}

static bool rig_may_dial(void *ctx, struct span host, bool secure)
{
    (void)host;
    (void)secure;
    return ((struct anchor_rig *)ctx)->may_dial;
}

static const struct anchor_ops ops = {
    .admits = rig_admits,
    .may_dial = rig_may_dial,
};

static const struct policy plain_policy = {
    .name = {"relay.example.com", 17},
    .realm = {"example.com", 11},
    .self = {"msrps://relay.example.com:2855;tcp", 34},
    .ports = {2855, 2856},
    .n_ports = 2,
    .tls_port = 2855,
    .max_chunk_size = 65536,
    .high_water = 262144,
    .low_water = 65536,
    .transaction_ms = 30000,
    .probation_ms = 30000,
    .anchored_idle_ms = 3600000,
};

void anchor_rig_start(struct anchor_rig *r)
{
    memset(r, 0, sizeof *r);
    r->policy = plain_policy;
    r->admits = true;
    assert_int_equal(loop_new(&r->loop), 0);
    assert_int_equal(users_parse(&r->users, SPAN(""), NULL, NULL), 0);
    assert_int_equal(
        relay_new(&r->relay, &r->policy, r->users, NULL, loop_now_ms(r->loop)),
        0);
    assert_int_equal(anchor_new(&r->anchor, r->loop, r->relay, &ops, r), 0);
    r->settings = (struct anchor_settings){
        .places = places,
        .n_places = sizeof places / sizeof *places,
        .prints = &print,
        .n_prints = 1,
        .offer_timeout_ms = 180000,
        .max_sessions = 100,
        .path_uris = 16,
    };
    anchor_rig_configure(r);
    ng_reply_init(&r->reply, r->memory, sizeof r->memory);
}

void anchor_rig_configure(struct anchor_rig *r)
{
    struct anchor_setup *setup;

    assert_int_equal(anchor_prepare(&setup, &r->settings), 0);
    anchor_commit(r->anchor, setup);
}

void anchor_rig_stop(struct anchor_rig *r)
{
    anchor_free(r->anchor);
    assert_int_equal(anchor_rig_pairs(r), 0);
    assert_int_equal(anchor_rig_tokens(r), 0);
    relay_free(r->relay);
    users_free(r->users);
    loop_free(r->loop);
}

/* Takes the answer apart. */
static void read_reply(struct anchor_rig *r)
{
    struct span document = span_from(ng_reply_span(&r->reply), 2), rest;
    struct bencode key, value;

    assert_int_equal(bencode_check(document), 0);
    r->result = r->reason = r->warning = r->sdp = r->message = SPAN("");
    rest = span_of(document.p + 1, document.n - 2);
    while (bencode_next(&key, &rest) && bencode_next(&value, &rest)) {
        if (span_eq(key.text, SPAN("result")))
            r->result = value.text;
        else if (span_eq(key.text, SPAN("error-reason")))
            r->reason = value.text;
        else if (span_eq(key.text, SPAN("warning")))
            r->warning = value.text;
        else if (span_eq(key.text, SPAN("sdp")))
            r->sdp = value.text;
        else if (span_eq(key.text, SPAN("message")))
            r->message = value.text;
    }
}

void anchor_rig_command(struct anchor_rig *r, const char *command)
{
    r->ask.command = span_str(command);
    ng_reply_begin(&r->reply, SPAN("1"), false);
    anchor_request(r->anchor, &r->ask, &r->reply);
    r->ask = (struct ng_request){.limit = 0};
    r->is_full = ng_reply_end(&r->reply) != 0;
    if (r->is_full) /* as the server does */
        ng_reply_error(&r->reply, "Reply too large");
    if (r->is_full)
        assert_int_equal(ng_reply_end(&r->reply), 0);
    read_reply(r);
}

void anchor_rig_offer(struct anchor_rig *r, const char *call, const char *from,
                      const char *sdp)
{
    r->ask.call_id = span_str(call);
    r->ask.from_tag = span_str(from);
    r->ask.sdp = span_str(sdp);
    anchor_rig_command(r, "offer");
}

void anchor_rig_answer(struct anchor_rig *r, const char *call, const char *from,
                       const char *to, const char *sdp)
{
    r->ask.call_id = span_str(call);
    r->ask.from_tag = span_str(from);
    r->ask.to_tag = span_str(to);
    r->ask.sdp = span_str(sdp);
    anchor_rig_command(r, "answer");
}

void anchor_rig_delete(struct anchor_rig *r, const char *call, const char *from,
                       const char *to)
{
    r->ask.call_id = span_str(call);
    r->ask.from_tag = span_str(from);
    r->ask.to_tag = span_str(to);
    anchor_rig_command(r, "delete");
}

static bool is_token_char(char c)
{
    return char_is_digit(c) || char_is_alpha(c) || c == '-' || c == '_';
}

bool anchor_rig_is(struct span got, const char *want)
{
    for (; *want; want++) {
        size_t n = *want == '@' ? TOKEN_LEN : 1;

        if (got.n < n)
            return false;
        for (size_t i = 0; i < n; i++)
            if (*want == '@' ? !is_token_char(got.p[i]) : got.p[i] != *want)
                return false;
        got = span_from(got, n);
    }
    return got.n == 0;
}

bool anchor_rig_has(struct span got, const char *part)
{
    return memmem(got.p, got.n, part, strlen(part)) != NULL;
}

const char *anchor_rig_path(const struct anchor_rig *r, size_t n, char *dst,
                            size_t size)
{
    struct span rest = r->sdp;

    while (rest.n) {
        struct span line = span_cut(&rest, '\n');

        if (!span_starts(line, SPAN("a=path:")) || n--)
            continue;
        line = span_from(line, 7);
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        span_copy(dst, size, line);
        return dst;
    }
    fail();
    return NULL;
}

struct anchor_stats anchor_rig_stats(const struct anchor_rig *r)
{
    struct anchor_stats s;

    anchor_stats(r->anchor, &s);
    return s;
}

uint64_t anchor_rig_pairs(const struct anchor_rig *r)
{
    struct anchored_stats s;

    anchored_stats(r->relay, &s);
    return s.pairs_now;
}

uint64_t anchor_rig_tokens(const struct anchor_rig *r)
{
    struct anchored_stats s;

    anchored_stats(r->relay, &s);
    return s.tokens_now;
}
