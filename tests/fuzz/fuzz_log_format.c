/* SPDX-License-Identifier: BSD-2-Clause */
/* A line of the log as JSON: it is JSON whatever the text is, and the quoted
 * value of a peer stays one value. */
#include "log_format.h"

#include "fuzz.h"
#include "log.h"

/* Is every string closed, and no control character in the text? */
static void check(struct span s)
{
    bool inside = false;

    assert(s.n > 2 && s.p[0] == '{' && s.p[s.n - 1] == '}');
    for (size_t i = 0; i < s.n; i++) {
        assert((unsigned char)s.p[i] >= ' ');
        if (inside && s.p[i] == '\\')
            i++;
        else if (s.p[i] == '"')
            inside = !inside;
    }
    assert(!inside);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span text =
        fuzz_copy(data, n < LOG_FORMAT_TEXT_MAX ? n : LOG_FORMAT_TEXT_MAX);
    struct log_entry e = {
        .level = LOG_LEVEL_WARN, .fmt = "c=%llu n=%d user=%s", .text = text};
    char object[LOG_FORMAT_JSON_MAX], value[300], line[400];
    struct span got;
    int k;

    check(log_format_json(object, &e));
    k = snprintf(line, sizeof line, "user=%s last=x",
                 log_value(value, sizeof value, text));
    e.text = span_of(line, (size_t)k);
    got = log_format_json(object, &e);
    check(got);
    assert(memmem(got.p, got.n, "\"event\":\"user\",\"user\":\"", 23));
    assert(span_eq(span_from(got, got.n - 12), SPAN(",\"last\":\"x\"}")));
    fuzz_free(text);
    return 0;
}
