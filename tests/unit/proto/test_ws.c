/* SPDX-License-Identifier: BSD-2-Clause */
#include "ws.h"

#include "cmocka_all.h"
#include "err.h"

enum { STORY_MAX = 300000, FRAMES_MAX = 400000 };

/* --- frames to read ------------------------------------------------------- */

struct frames {
    size_t n;
    char octets[FRAMES_MAX];
};

static void add(struct frames *f, struct span s)
{
    assert_true(s.n <= FRAMES_MAX - f->n);
    if (s.n)
        memcpy(f->octets + f->n, s.p, s.n);
    f->n += s.n;
}

static void add_u8(struct frames *f, size_t v)
{
    char c = (char)(v & 0xff);

    add(f, span_of(&c, 1));
}

/* A frame of a client, with its length in `wide` octets besides the usual one.
 */
static void frame_in(struct frames *f, unsigned first, struct span payload,
                     size_t wide)
{
    static const char mask[] = {0x11, (char)0xb2, 0x73, (char)0xf4};

    add_u8(f, first);
    add_u8(f, 0x80 | (wide == 0 ? payload.n : wide == 2 ? 126 : 127));
    for (size_t i = wide; i > 0; i--)
        add_u8(f, i > 8 ? 0 : (uint64_t)payload.n >> 8 * (i - 1));
    add(f, span_of(mask, sizeof mask));
    for (size_t i = 0; i < payload.n; i++)
        add_u8(f, (size_t)(unsigned char)(payload.p[i] ^ mask[i % 4]));
}

static void frame(struct frames *f, unsigned first, struct span payload)
{
    frame_in(f, first, payload,
             payload.n < 126     ? 0
             : payload.n < 65536 ? 2
                                 : 8);
}

static struct frames *frames_new(void)
{
    struct frames *f = malloc(sizeof *f);

    assert_non_null(f);
    f->n = 0;
    return f;
}

/* --- what the reader says of them ----------------------------------------- */

/* All it said, as a text: "1:" and the octets of message 1, "ping(...)",
 * "pong(...)", "close(code)" and "error(code)". */
struct story {
    size_t n;
    uint64_t message;
    bool is_over;
    char text[STORY_MAX];
};

static void tell(struct story *s, const char *what, struct span detail)
{
    int n = snprintf(s->text + s->n, STORY_MAX - s->n, "%s(%.*s)", what,
                     SPAN_ARG(detail));

    assert_in_range(n, 1, STORY_MAX - s->n - 1);
    s->n += (size_t)n;
}

static void tell_code(struct story *s, const char *what, unsigned code)
{
    char text[8];

    tell(s, what, span_of(text, u64_text(text, code)));
}

static void tell_data(struct story *s, uint64_t message, struct span data)
{
    if (message != s->message)
        s->n += (size_t)snprintf(s->text + s->n, STORY_MAX - s->n,
                                 "%u:", (unsigned)message);
    s->message = message;
    assert_true(s->n + data.n < STORY_MAX);
    memcpy(s->text + s->n, data.p, data.n);
    s->n += data.n;
}

static void tell_got(struct story *s, const struct ws *w, enum ws_got got,
                     struct span data)
{
    struct span control = span_of(w->control, w->control_n);

    switch (got) {
    case WS_GOT_NOTHING:
        return;
    case WS_GOT_DATA:
        tell_data(s, w->messages, data);
        return;
    case WS_GOT_PING:
        tell(s, "ping", control);
        return;
    case WS_GOT_PONG:
        tell(s, "pong", control);
        return;
    case WS_GOT_CLOSE:
        tell_code(s, "close", w->code);
        return;
    }
}

/* Takes at most n octets off *in, in memory of exactly their size. */
static void feed_piece(struct story *s, struct ws *w, struct span *in, size_t n)
{
    bool is_data = ws_wants_data(w);
    enum ws_got got = WS_GOT_NOTHING;
    char *piece;
    int err;

    n = n < in->n ? n : in->n;
    n = n < ws_wants(w) ? n : (size_t)ws_wants(w);
    piece = malloc(n);
    assert_non_null(piece);
    memcpy(piece, in->p, n);
    *in = span_from(*in, n);
    err = ws_take(w, piece, n, &got);
    if (err) {
        assert_int_equal(err, ERR_SYNTAX);
        assert_int_equal(ws_take(w, piece, n, &got), ERR_SYNTAX);
        tell_code(s, "error", w->code);
    } else {
        assert_true(got != WS_GOT_DATA || is_data);
        tell_got(s, w, got, span_of(piece, n));
    }
    s->is_over = err || got == WS_GOT_CLOSE;
    free(piece);
}

/* Both sides of the cut, in pieces of at most `piece` octets. */
static void assert_told(struct span in, size_t cut, size_t piece,
                        struct span want)
{
    struct span parts[] = {span_of(in.p, cut), span_from(in, cut)};
    struct story *s = malloc(sizeof *s);
    struct ws w;

    assert_non_null(s);
    s->n = s->message = 0;
    s->is_over = false;
    ws_init(&w);
    for (int i = 0; i < 2; i++)
        while (parts[i].n > 0 && !s->is_over)
            feed_piece(s, &w, &parts[i], piece);
    assert_span_equal(span_of(s->text, s->n), want);
    free(s);
}

/* Whole, octet by octet, and cut at each offset. */
static void assert_story(struct frames *f, struct span want)
{
    struct span in = span_of(f->octets, f->n);

    assert_told(in, 0, in.n, want);
    assert_told(in, 0, 1, want);
    assert_told(in, 0, 7, want);
    for (size_t at = 1; at < in.n && in.n < 2000; at++)
        assert_told(in, at, in.n, want);
    free(f);
}

#define STORY(f, text) assert_story((f), SPAN(text))

/* This one frame, as it is on the wire, is an error. */
static void refused(struct span wire, const char *code)
{
    struct frames *f = frames_new();
    char want[16];

    add(f, wire);
    snprintf(want, sizeof want, "error(%s)", code);
    assert_story(f, span_str(want));
}

/* --- messages --- */

static void a_message_is_unmasked(void **state)
{
    struct frames *f = frames_new();

    (void)state;
    frame(f, 0x82, SPAN("MSRP abcd 200\r\n and more than eight octets"));
    frame(f, 0x82, SPAN("x"));
    STORY(f, "1:MSRP abcd 200\r\n and more than eight octets2:x");
}

static void frames_of_a_message_belong_together(void **state)
{
    struct frames *f = frames_new();

    (void)state;
    frame(f, 0x02, SPAN("MS"));
    frame(f, 0x00, SPAN(""));
    frame(f, 0x00, SPAN("RP "));
    frame(f, 0x80, SPAN("abcd"));
    frame(f, 0x02, SPAN("next"));
    frame(f, 0x80, SPAN(""));
    frame(f, 0x81, SPAN("last"));
    STORY(f, "1:MSRP abcd2:next3:last");
}

static void control_frames_come_in_between(void **state)
{
    struct frames *f = frames_new();

    (void)state;
    frame(f, 0x89, SPAN(""));
    frame(f, 0x02, SPAN("one"));
    frame(f, 0x89, SPAN("there?"));
    frame(f, 0x8a, SPAN("yes"));
    frame(f, 0x80, SPAN("two"));
    frame(f, 0x88, SPAN("\x03\xe8 bye"));
    frame(f, 0x82, SPAN("not heard any more"));
    STORY(f, "ping()1:oneping(there?)pong(yes)twoclose(1000)");
}

static void lengths_of_every_width_are_read(void **state)
{
    static const size_t sizes[] = {125, 126, 127, 65535, 65536, 100000};
    char *octets = malloc(100000);

    (void)state;
    assert_non_null(octets);
    memset(octets, 'o', 100000);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct frames *f = frames_new();
        char *want = malloc(sizes[i] + 2);

        assert_non_null(want);
        memcpy(want, "1:", 2);
        memcpy(want + 2, octets, sizes[i]);
        frame(f, 0x82, span_of(octets, sizes[i]));
        assert_story(f, span_of(want, sizes[i] + 2));
        free(want);
    }
    free(octets);
}

static void the_largest_ping_is_read(void **state)
{
    struct frames *f = frames_new();
    char octets[WS_CONTROL_MAX], want[WS_CONTROL_MAX + 6];

    (void)state;
    memset(octets, 'p', sizeof octets);
    memcpy(want, "ping(", 5);
    memcpy(want + 5, octets, sizeof octets);
    want[sizeof want - 1] = ')';
    frame(f, 0x89, span_of(octets, sizeof octets));
    assert_story(f, span_of(want, sizeof want));
}

static void no_more_is_wanted_than_belongs_to_a_frame(void **state)
{
    enum ws_got got;
    struct ws w;

    (void)state;
    ws_init(&w);
    assert_int_equal(ws_wants(&w), 2);
    assert_false(ws_wants_data(&w));
    assert_int_equal(ws_take(&w, (char[]){(char)0x82, (char)0xfe}, 2, &got), 0);
    assert_int_equal(ws_wants(&w), 6);
    assert_int_equal(ws_take(&w, (char[]){1, 0, 0, 0, 0, 0}, 6, &got), 0);
    assert_int_equal(ws_wants(&w), 256);
    assert_true(ws_wants_data(&w));
    assert_int_equal(ws_take(&w, (char[]){'x'}, 1, &got), 0);
    assert_int_equal(got, WS_GOT_DATA);
    assert_int_equal(ws_wants(&w), 255);
}

/* --- text --- */

static void characters_may_be_cut_by_frames(void **state)
{
    struct frames *f = frames_new();

    (void)state;
    frame(f, 0x01, SPAN("\xe2"));
    frame(f, 0x89, SPAN("\xff"));
    frame(f, 0x80, SPAN("\x82\xac"));
    STORY(f, "1:\xe2ping(\xff)\x82\xac");
}

static void text_that_is_none_is_refused(void **state)
{
    struct frames *f = frames_new();

    (void)state;
    frame(f, 0x01, SPAN(""));
    frame(f, 0x80, SPAN("\xff"));
    STORY(f, "error(1007)");
    f = frames_new();
    frame(f, 0x01, SPAN(""));
    frame(f, 0x80, SPAN("\xc0"));
    STORY(f, "error(1007)");
}

/* Binary ones may. */
static void text_that_ends_inside_a_character_is_refused(void **state)
{
    struct frames *f = frames_new();

    (void)state;
    frame(f, 0x81, SPAN("\xe2"));
    STORY(f, "error(1007)");
    f = frames_new();
    frame(f, 0x01, SPAN("\xe2"));
    frame(f, 0x80, SPAN(""));
    STORY(f, "1:\xe2"
             "error(1007)");
    f = frames_new();
    frame(f, 0x82, SPAN("\xe2\x82"));
    STORY(f, "1:\xe2\x82");
}

/* --- what is refused --- */

static void frames_without_a_mask_are_refused(void **state)
{
    (void)state;
    refused(SPAN("\x82\x04MSRP"), "1002");
    refused(SPAN("\x89\x00"), "1002");
}

static void reserved_bits_and_opcodes_are_refused(void **state)
{
    (void)state;
    refused(SPAN("\xc2\x80mask"), "1002");
    refused(SPAN("\xa2\x80mask"), "1002");
    refused(SPAN("\x92\x80mask"), "1002");
    for (char c = 3; c <= 7; c++)
        refused(span_of((char[]){(char)(c | (char)0x80), (char)0x80}, 2),
                "1002");
    for (char c = 11; c <= 15; c++)
        refused(span_of((char[]){(char)(c | (char)0x80), (char)0x80}, 2),
                "1002");
}

static void control_frames_out_of_bounds_are_refused(void **state)
{
    (void)state;
    refused(SPAN("\x89\xfe\x00\x7emask"), "1002");
    refused(SPAN("\x8a\xff\x00\x00\x00\x00\x00\x01\x00\x00mask"), "1002");
    refused(SPAN("\x09\x80mask"), "1002"); /* in parts */
    refused(SPAN("\x08\x80mask"), "1002");
}

static void frames_out_of_order_are_refused(void **state)
{
    struct frames *f = frames_new();

    (void)state;
    refused(SPAN("\x80\x80mask"), "1002");
    refused(SPAN("\x00\x80mask"), "1002");
    frame(f, 0x02, SPAN("one"));
    frame(f, 0x82, SPAN("two"));
    STORY(f, "1:oneerror(1002)");
    f = frames_new();
    frame(f, 0x02, SPAN("one"));
    frame(f, 0x80, SPAN("two"));
    frame(f, 0x80, SPAN("three"));
    STORY(f, "1:onetwoerror(1002)");
}

static void lengths_wider_than_needed_are_refused(void **state)
{
    struct frames *f = frames_new();
    char octets[200] = {0};

    (void)state;
    frame_in(f, 0x82, span_of(octets, 125), 2);
    STORY(f, "error(1002)");
    f = frames_new();
    frame_in(f, 0x82, span_of(octets, 200), 8);
    STORY(f, "error(1002)");
    refused(SPAN("\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00mask"), "1002");
}

/* --- the end --- */

static void a_close_may_have_no_code(void **state)
{
    struct frames *f = frames_new();

    (void)state;
    frame(f, 0x88, SPAN(""));
    STORY(f, "close(1005)");
}

static void codes_that_may_be_sent_are_read(void **state)
{
    static const unsigned codes[] = {1000, 1001, 1002, 1003, 1007,
                                     1011, 1014, 3000, 4999};

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct frames *f = frames_new();
        char code[2] = {(char)(codes[i] >> 8), (char)(codes[i] & 0xff)};
        char want[16];

        frame(f, 0x88, span_of(code, 2));
        snprintf(want, sizeof want, "close(%u)", codes[i]);
        assert_story(f, span_str(want));
    }
}

static void codes_that_may_not_be_sent_are_refused(void **state)
{
    static const unsigned codes[] = {0,    999,  1004, 1005, 1006,
                                     1015, 2999, 5000, 65535};

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct frames *f = frames_new();
        char code[2] = {(char)(codes[i] >> 8), (char)(codes[i] & 0xff)};

        frame(f, 0x88, span_of(code, 2));
        STORY(f, "error(1002)");
    }
}

static void a_close_that_is_malformed_is_refused(void **state)
{
    struct frames *f = frames_new();

    (void)state;
    frame(f, 0x88, SPAN("\x03"));
    STORY(f, "error(1002)");
    f = frames_new();
    frame(f, 0x88, SPAN("\x03\xe8\xff"));
    STORY(f, "error(1007)");
    f = frames_new();
    frame(f, 0x88, SPAN("\x03\xe8\xe2\x82"));
    STORY(f, "error(1007)");
}

/* --- what a server sends --- */

static void assert_head(enum ws_opcode opcode, bool final, uint64_t n,
                        struct span want)
{
    char head[WS_HEAD_MAX];
    size_t k = ws_head(head, opcode, final, n);

    assert_span_equal(span_of(head, k), want);
}

static void heads_are_as_short_as_can_be(void **state)
{
    (void)state;
    assert_head(WS_BINARY, true, 0, SPAN("\x82\x00"));
    assert_head(WS_BINARY, true, 125, SPAN("\x82\x7d"));
    assert_head(WS_BINARY, false, 126, SPAN("\x02\x7e\x00\x7e"));
    assert_head(WS_CONTINUATION, false, 65535, SPAN("\x00\x7e\xff\xff"));
    assert_head(WS_CONTINUATION, true, 65536,
                SPAN("\x80\x7f\x00\x00\x00\x00\x00\x01\x00\x00"));
    assert_head(WS_PONG, true, 3, SPAN("\x8a\x03"));
}

static void a_close_has_its_code(void **state)
{
    char close[4];

    (void)state;
    assert_span_equal(span_of(close, ws_close(close, WS_CODE_PROTOCOL)),
                      SPAN("\x88\x02\x03\xea"));
    assert_span_equal(span_of(close, ws_close(close, WS_CODE_NONE)),
                      SPAN("\x88\x00"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_unmasked),
        cmocka_unit_test(frames_of_a_message_belong_together),
        cmocka_unit_test(control_frames_come_in_between),
        cmocka_unit_test(lengths_of_every_width_are_read),
        cmocka_unit_test(the_largest_ping_is_read),
        cmocka_unit_test(no_more_is_wanted_than_belongs_to_a_frame),
        cmocka_unit_test(characters_may_be_cut_by_frames),
        cmocka_unit_test(text_that_is_none_is_refused),
        cmocka_unit_test(text_that_ends_inside_a_character_is_refused),
        cmocka_unit_test(frames_without_a_mask_are_refused),
        cmocka_unit_test(reserved_bits_and_opcodes_are_refused),
        cmocka_unit_test(control_frames_out_of_bounds_are_refused),
        cmocka_unit_test(frames_out_of_order_are_refused),
        cmocka_unit_test(lengths_wider_than_needed_are_refused),
        cmocka_unit_test(a_close_may_have_no_code),
        cmocka_unit_test(codes_that_may_be_sent_are_read),
        cmocka_unit_test(codes_that_may_not_be_sent_are_refused),
        cmocka_unit_test(a_close_that_is_malformed_is_refused),
        cmocka_unit_test(heads_are_as_short_as_can_be),
        cmocka_unit_test(a_close_has_its_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
