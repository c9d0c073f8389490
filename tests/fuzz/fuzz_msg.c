/* SPDX-License-Identifier: BSD-2-Clause */
/* One head: every piece lies inside it, paths have as many URIs as they say,
 * and the same octets elsewhere give the same head. */
#include "msg.h"

#include "fuzz.h"

enum { PATH_URIS = 4 };

static void check_slice(const struct msg *m, struct slice s)
{
    assert(s.n == 0 || (s.at <= m->len && s.n <= m->len - s.at));
}

static void check_slices(const struct msg *m)
{
    const struct slice all[] = {m->tid,   m->method_name, m->to,
                                m->from,  m->to_first,    m->from_first,
                                m->rest,  m->range_line,  m->message_id,
                                m->status};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        check_slice(m, all[i]);
    assert(msg_is_ident(msg_text(m, m->tid)));
    assert(fuzz_is_within(msg_text(m, m->to_first), msg_text(m, m->to)));
    assert(fuzz_is_within(msg_text(m, m->from_first), msg_text(m, m->from)));
    assert(m->fault != MSG_FAULT_NONE ||
           fuzz_is_within(msg_text(m, m->range_line), msg_text(m, m->rest)));
}

static void check_path(const struct msg *m, struct slice path, unsigned n_uris)
{
    struct span rest = msg_text(m, path), uri;
    unsigned n = 0;

    while (msg_path_next(&uri, &rest)) {
        assert(uri.n && fuzz_is_within(uri, msg_text(m, path)));
        n++;
    }
    if (m->fault == MSG_FAULT_NONE)
        assert(n == n_uris && n >= 1 && n <= PATH_URIS);
}

static void check_range(const struct msg *m)
{
    if (m->fault != MSG_FAULT_NONE)
        return;
    assert(m->range_start <= MSG_RANGE_MAX);
    assert(m->range_end <= MSG_RANGE_MAX || m->range_end == MSG_STAR);
    assert(m->range_total <= MSG_RANGE_MAX || m->range_total == MSG_STAR);
    assert(m->has_range || m->range_start == 1);
}

static bool same_slice(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || a.at == b.at);
}

static void check_same(const struct msg *a, const struct msg *b)
{
    assert(a->len == b->len && a->method == b->method);
    assert(a->fault == b->fault && a->code == b->code);
    assert(a->n_to == b->n_to && a->n_from == b->n_from);
    assert(same_slice(a->tid, b->tid) && same_slice(a->to, b->to));
    assert(same_slice(a->from, b->from) && same_slice(a->rest, b->rest));
    assert(a->range_start == b->range_start && a->range_end == b->range_end);
    assert(a->range_total == b->range_total && a->has_range == b->has_range);
    assert(a->failure_report == b->failure_report);
    assert(a->success_report == b->success_report);
}

/* A head with a body ends with an empty line. */
static bool ends_empty(struct span head)
{
    return head.n >= 4 &&
           span_eq(span_from(head, head.n - 4), SPAN("\r\n\r\n"));
}

/* The first octet says whether there is a body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span head = fuzz_copy(n ? data + 1 : data, n ? n - 1 : 0);
    struct span again = fuzz_copy(head.p, head.n), value;
    bool has_body = n && (data[0] & 1) && ends_empty(head);
    struct msg m, copy;

    if (msg_parse(&m, head, has_body, PATH_URIS) == 0) {
        assert(m.base == head.p && m.len == head.n);
        assert(msg_fault_text(m.fault));
        check_slices(&m);
        check_path(&m, m.to, m.n_to);
        check_path(&m, m.from, m.n_from);
        check_range(&m);
        if (msg_header(&value, &m, SPAN("Content-Type")))
            assert(fuzz_is_within(value, msg_text(&m, m.rest)));
        assert(msg_parse(&copy, again, has_body, PATH_URIS) == 0);
        check_same(&m, &copy);
    }
    fuzz_free(head);
    fuzz_free(again);
    return 0;
}
