/* SPDX-License-Identifier: BSD-2-Clause */
#include "screen.h"

#include <stdlib.h>

#include "cat_trace.h"
#include "cmocka_all.h"
#include "msg.h"

#define MIB (UINT64_C(1024) * 1024)

static void assert_bar(uint64_t done, uint64_t total, uint64_t moved,
                       uint64_t elapsed_ms, const char *want)
{
    char text[160];

    screen_bar_text(text, sizeof text, done, total, moved, elapsed_ms);
    assert_string_equal(text, want);
}

static void the_bar_tells_amount_rate_share_and_time_left(void **state)
{
    (void)state;
    assert_bar(512 * MIB, 2048 * MIB, 512 * MIB, 4000,
               " 512.0 MiB   128.0 MiB/s [#####               ]  25%"
               "  0:00:12 left");
}

static void without_a_total_there_is_no_share(void **state)
{
    (void)state;
    assert_bar(1536, MSG_STAR, 1000, 1000, "   1.5 KiB      1000 B/s");
}

static void at_the_end_no_time_is_left(void **state)
{
    (void)state;
    assert_bar(MIB, MIB, MIB, 1000,
               "   1.0 MiB     1.0 MiB/s [####################] 100%");
    assert_bar(0, 0, 0, 0,
               "       0 B         0 B/s "
               "[####################] 100%");
}

/* The words may be a peer's. */
static void a_note_does_not_steer_the_terminal(void **state)
{
    struct screen s;
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    (void)state;
    assert_non_null(f);
    s = (struct screen){.to = f};
    screen_note(&s, "refused: %s", "\x1b[2J\xc2\x9b\xe2\x80\xae");
    assert_int_equal(fclose(f), 0);
    assert_string_equal(text, "msrpcat: refused: ?[2J??\n");
    free(text);
}

/* --- trace ---------------------------------------------------------------- */

static void assert_traced(const char *head, const char *want)
{
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    assert_non_null(f);
    cat_trace_head(f, '>', span_str(head));
    assert_int_equal(fclose(f), 0);
    assert_string_equal(text, want);
    free(text);
}

static void heads_are_shown_line_by_line(void **state)
{
    (void)state;
    assert_traced("MSRP abcd SEND\r\nTo-Path: x\r\n",
                  "> MSRP abcd SEND\n> To-Path: x\n");
}

static void what_proves_a_password_is_not_shown(void **state)
{
    (void)state;
    assert_traced("authorization: Digest response=\"123\"\r\n"
                  "Authentication-Info: rspauth=\"456\"\r\n",
                  "> authorization: (not shown)\n"
                  "> Authentication-Info: (not shown)\n");
}

static void control_octets_do_not_reach_the_terminal(void **state)
{
    (void)state;
    assert_traced("X: \x1b[2J\xc2\x9b\r\n", "> X: \\x1b[2J\\xc2\\x9b\n");
}

static void a_frame_in_parts_is_shown_whole(void **state)
{
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    struct frame frame;

    (void)state;
    assert_non_null(f);
    frame_init(&frame);
    frame_response(&frame, SPAN("abcd"), 200, SPAN("OK"));
    frame_end(&frame, SPAN("abcd"), '$');
    cat_trace_frame(f, '<', &frame);
    cat_trace_end(f, '<', 7, SPAN("abcd"), '+');
    assert_int_equal(fclose(f), 0);
    assert_string_equal(text, "< MSRP abcd 200 OK\n< -------abcd$\n"
                              "< (7 octets of body)\n< -------abcd+\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bar_tells_amount_rate_share_and_time_left),
        cmocka_unit_test(without_a_total_there_is_no_share),
        cmocka_unit_test(at_the_end_no_time_is_left),
        cmocka_unit_test(a_note_does_not_steer_the_terminal),
        cmocka_unit_test(heads_are_shown_line_by_line),
        cmocka_unit_test(what_proves_a_password_is_not_shown),
        cmocka_unit_test(control_octets_do_not_reach_the_terminal),
        cmocka_unit_test(a_frame_in_parts_is_shown_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
