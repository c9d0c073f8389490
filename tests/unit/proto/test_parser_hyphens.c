/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "cmocka_all.h"
#include "feed.h"

#define SEND_BODY                                                              \
    "MSRP abcd SEND\r\nTo-Path: msrp://b:1/b;tcp\r\n"                          \
    "From-Path: msrp://a:1/a;tcp\r\nMessage-ID: 1234\r\n"                      \
    "Content-Type: a/b\r\n\r\n"

/* Seven hyphens or fewer at each place of the blocks that are looked at
 * together, and the end-line at each place behind them. */
static void hyphens_are_found_wherever_they_are(void **state)
{
    char body[200];

    (void)state;
    for (size_t at = 0; at + 8 < sizeof body; at++) {
        for (size_t n = 3; n <= 8; n++) {
            struct span in;
            char text[512];
            struct feed f;

            memset(body, 'x', sizeof body);
            memset(body + at, '-', n);
            (void)snprintf(text, sizeof text, "%s%.*s\r\n-------abcd$\r\n",
                           SEND_BODY, (int)(at + 9), body);
            in = span_str(text);
            feed(&f, NULL, in, in.n, in.n); /* which checks `hyphens`, too */
            assert_int_equal(f.n, 1);
            assert_span_equal(feed_body(f.frames), span_of(body, at + 9));
            feed_free(&f);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hyphens_are_found_wherever_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
