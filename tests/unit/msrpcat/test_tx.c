/* SPDX-License-Identifier: BSD-2-Clause */
#include "tx.h"

#include "cmocka_all.h"
#include "err.h"
#include "frames.h"

#define TO "msrp://b.example.net:2855/bbb;tcp"
#define FROM "msrp://a.example.net:4001/aaa;tcp"

struct fixture {
    struct rnd rnd;
    struct tx tx;
    struct frames out;
    char tid[TX_TID];
};

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    rnd_init(&f->rnd);
    tx_init(&f->tx, &f->rnd, NULL);
    tx_new_tid(&f->tx, f->tid);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    tx_fini(&f->tx);
    test_free(f);
    return 0;
}

static void open_chunk(struct fixture *f)
{
    struct frame head;

    frame_init(&head);
    frame_request(&head, span_of(f->tid, TX_TID), SPAN("SEND"));
    frame_header(&head, SPAN("To-Path"), SPAN(TO));
    frame_header(&head, SPAN("From-Path"), SPAN(FROM));
    frame_header(&head, SPAN("Message-ID"), SPAN("m123"));
    frame_header(&head, SPAN("Content-Type"), SPAN("text/plain"));
    frame_add(&head, SPAN("\r\n"));
    assert_int_equal(tx_open(&f->tx, &head, f->tid), 0);
}

static size_t put(struct fixture *f, struct span body)
{
    size_t taken = 99;

    assert_int_equal(tx_body(&f->tx, &taken, body), 0);
    return taken;
}

static void put_response(struct fixture *f)
{
    struct frame r;

    frame_init(&r);
    frame_response(&r, SPAN("abcd"), 200, SPAN(""));
    frame_header(&r, SPAN("To-Path"), SPAN(TO));
    frame_header(&r, SPAN("From-Path"), SPAN(FROM));
    frame_end(&r, SPAN("abcd"), '$');
    assert_int_equal(tx_frame(&f->tx, &r), 0);
}

static void a_chunk_is_a_frame(void **state)
{
    struct fixture *f = *state;

    open_chunk(f);
    assert_true(tx_is_open(&f->tx));
    assert_int_equal(put(f, SPAN("hello ")), 6);
    assert_int_equal(put(f, SPAN("world")), 5);
    assert_int_equal(tx_close(&f->tx, '$'), 0);
    assert_false(tx_is_open(&f->tx));
    frames_take(&f->out, &f->tx);
    assert_int_equal(f->out.n, 1);
    assert_span(frames_at(&f->out, 0)->body, "hello world");
    assert_int_equal(frames_at(&f->out, 0)->flag, '$');
    assert_int_equal(f->tx.put, f->tx.sent);
    frames_free(&f->out);
}

static void a_frame_interrupts_an_open_chunk(void **state)
{
    struct fixture *f = *state;

    open_chunk(f);
    put(f, SPAN("hello"));
    put_response(f);
    assert_false(tx_is_open(&f->tx));
    frames_take(&f->out, &f->tx);
    assert_int_equal(f->out.n, 2);
    assert_int_equal(frames_at(&f->out, 0)->flag, '+');
    assert_int_equal(frames_at(&f->out, 1)->head.code, 200);
    frames_free(&f->out);
}

static void make_needle(char needle[TX_NEEDLE], const char tid[TX_TID])
{
    memset(needle, '-', 7);
    memcpy(needle + 7, tid, TX_TID);
}

/* The body holds its own end-line, which lies over a cut at every offset: only
 * its last octet is left out. */
static void the_own_end_line_is_never_completed(void **state)
{
    struct fixture *f = *state;
    char body[10 + TX_NEEDLE + 10];

    memset(body, 'x', sizeof body);
    make_needle(body + 10, f->tid);
    for (size_t cut = 1; cut < sizeof body; cut++) {
        size_t taken;

        open_chunk(f);
        taken = put(f, span_of(body, cut));
        if (cut < 10 + TX_NEEDLE) {
            assert_int_equal(taken, cut);
            taken += put(f, span_of(body + cut, sizeof body - cut));
        }
        assert_int_equal(taken, 10 + TX_NEEDLE - 1);
        assert_int_equal(tx_close(&f->tx, '+'), 0);
        frames_take(&f->out, &f->tx);
        assert_int_equal(f->out.n, 1);
        assert_int_equal(frames_at(&f->out, 0)->body.n, taken);
        frames_free(&f->out);
    }
}

static void octet_by_octet_it_is_found_too(void **state)
{
    struct fixture *f = *state;
    char body[3 + TX_NEEDLE];
    size_t n = 0;

    /* Hyphens before the hyphens do not hide it. */
    memset(body, '-', 3);
    make_needle(body + 3, f->tid);
    open_chunk(f);
    while (n < sizeof body && put(f, span_of(body + n, 1)) == 1)
        n++;
    assert_int_equal(n, sizeof body - 1);
}

static void another_chunks_end_line_is_body(void **state)
{
    struct fixture *f = *state;
    char body[TX_NEEDLE], other[TX_TID];

    tx_new_tid(&f->tx, other);
    make_needle(body, other);
    open_chunk(f);
    assert_int_equal(put(f, span_of(body, sizeof body)), sizeof body);
}

/* What came before in another chunk does not count. */
static void each_chunk_begins_anew(void **state)
{
    struct fixture *f = *state;
    char needle[TX_NEEDLE];

    make_needle(needle, f->tid);
    open_chunk(f);
    put(f, span_of(needle, TX_NEEDLE - 1));
    assert_int_equal(tx_close(&f->tx, '+'), 0);
    open_chunk(f);
    assert_int_equal(put(f, span_of(needle + TX_NEEDLE - 1, 1)), 1);
}

static void a_collision_is_seen_beforehand(void **state)
{
    struct fixture *f = *state;
    char body[5 + TX_NEEDLE];

    memset(body, 'x', 5);
    make_needle(body + 5, f->tid);
    assert_true(tx_collides(span_of(body, sizeof body), f->tid));
    assert_false(tx_collides(span_of(body, sizeof body - 1), f->tid));
    assert_false(tx_collides(SPAN(""), f->tid));
}

static void tids_are_letters_and_digits_and_differ(void **state)
{
    struct fixture *f = *state;
    char other[TX_TID];

    tx_new_tid(&f->tx, other);
    assert_true(msg_is_ident(span_of(other, TX_TID)));
    assert_memory_not_equal(other, f->tid, TX_TID);
}

static void bulk_leaves_room_for_answers(void **state)
{
    struct fixture *f = *state;
    static const char block[16 * 1024];

    open_chunk(f);
    while (tx_room(&f->tx) >= sizeof block)
        put(f, span_of(block, sizeof block));
    put(f, span_of(block, tx_room(&f->tx)));
    assert_int_equal(tx_room(&f->tx), 0);
    put_response(f);
    frames_take(&f->out, &f->tx);
    assert_int_equal(f->out.n, 2);
    frames_free(&f->out);
}

static void answers_have_a_limit(void **state)
{
    struct fixture *f = *state;
    struct frame big;
    char *text = test_malloc(TX_MAX);
    int err;

    memset(text, 'x', TX_MAX);
    frame_init(&big);
    frame_add(&big, span_of(text, TX_MAX));
    assert_int_equal(tx_frame(&f->tx, &big), 0);
    frame_init(&big);
    frame_add(&big, SPAN("x"));
    err = tx_frame(&f->tx, &big);
    assert_int_equal(err, ERR_FULL);
    test_free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_chunk_is_a_frame),
        TEST(a_frame_interrupts_an_open_chunk),
        TEST(the_own_end_line_is_never_completed),
        TEST(octet_by_octet_it_is_found_too),
        TEST(another_chunks_end_line_is_body),
        TEST(each_chunk_begins_anew),
        TEST(a_collision_is_seen_beforehand),
        TEST(tids_are_letters_and_digits_and_differ),
        TEST(bulk_leaves_room_for_answers),
        TEST(answers_have_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
