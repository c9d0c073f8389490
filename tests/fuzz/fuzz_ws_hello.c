/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests to open a WebSocket: whatever is asked, the answer is one, and
 * nothing of the request can break out of its line. */
#include "ws_hello.h"

#include "err.h"
#include "fuzz.h"

static size_t lines(struct span s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '\n';
    return n;
}

static void check_answer(const struct http *h, unsigned status)
{
    char text[WS_ANSWER_MAX];
    struct span answer;
    size_t n;

    assert(ws_hello_answer(text, &n, h, status) == 0);
    assert(n < sizeof text);
    answer = span_of(text, n);
    assert(span_starts(answer, SPAN("HTTP/1.1 ")));
    assert(span_eq(span_from(answer, n - 4), SPAN("\r\n\r\n")));
    assert(lines(answer) <= 7);
    assert(!memmem(text, n - 4, "\r\n\r\n", 4));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span copy = fuzz_copy(data, n), in = copy, key;
    struct http h;
    int err;

    http_init(&h);
    err = http_next(&h, &in);
    if (err == 0) {
        unsigned status = ws_hello_status(&h);

        assert(status == 101 || status == 400 || status == 405 ||
               status == 426);
        assert(
            status != 101 ||
            (http_header(&key, &h, SPAN("Sec-WebSocket-Key")) && key.n == 24));
        check_answer(&h, status);
    } else if (err != ERR_AGAIN) {
        check_answer(&h, ws_hello_status_of(err));
    }
    fuzz_free(copy);
    return 0;
}
