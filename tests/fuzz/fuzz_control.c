/* SPDX-License-Identifier: BSD-2-Clause */
/* A line for the control socket: what is accepted makes sense, lies in the
 * line, and is the same when it is written again. */
#include "control_request.h"

#include "err.h"
#include "fuzz.h"

static void write_again(const struct control_request *q)
{
    const struct control_command *c = &control_commands[q->id];
    char line[CONTROL_REQUEST_MAX], value[2 * CONTROL_VALUE_MAX + 4];
    struct control_request again;
    const char *why;
    int n;

    assert(control_request_quote(value, sizeof value, q->value) == 0);
    n = snprintf(line, sizeof line, "%s %s=%s %.*s", c->name,
                 q->key == CONTROL_USER ? "user" : "session", value,
                 SPAN_ARG(q->word));
    assert(n > 0 && (size_t)n < sizeof line);
    assert(control_request_parse(&again, &why, line, (size_t)n) == 0);
    assert(again.id == q->id && again.key == q->key);
    assert(span_eq(again.word, q->word));
    assert(span_eq(again.value, q->value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span text = fuzz_copy(data, n);
    struct control_request q;
    const char *why = NULL;
    int err = control_request_parse(&q, &why, (char *)(uintptr_t)text.p, n);

    assert(err == 0 || (err == ERR_SYNTAX && why && *why));
    if (!err) {
        assert(fuzz_is_within(q.word, text));
        assert(fuzz_is_within(q.value, text));
        assert(q.value.n <= CONTROL_VALUE_MAX);
        assert(!q.word.n ||
               control_command_takes(&control_commands[q.id], q.word));
        assert(fuzz_is_within(q.user, text));
        assert((control_commands[q.id].keys & q.key) == q.key);
        assert((control_commands[q.id].filters & q.filters) == q.filters);
        if (q.value.n && q.key != CONTROL_CONNECTION)
            write_again(&q);
    }
    fuzz_free(text);
    return 0;
}
