/* SPDX-License-Identifier: BSD-2-Clause */
/* Two ends of a connection without a relay between them: what a flow puts into
 * one is parsed and given to the other. Channels are replaced by queues.
 *
 * test-wraps: channel_put channel_poke channel_room
 */
#include "flow.h"

#include <stdlib.h>

#include "buf.h"
#include "cmocka_all.h"
#include "err.h"
#include "pool.h"

#define SENDER "msrp://a.invalid:9/sender;tcp"
#define RELAY "msrp://relay.example.com:2855/token;tcp"
#define RECEIVER "msrp://b.invalid:9/receiver;tcp"

enum { WIRE = 4 * 1024 * 1024, QUEUE_MAX = 256 * 1024 };

struct rig {
    struct load_options options;
    struct traffic traffic;
    struct out_conn sender, receiver;
    struct pool blocks;
    struct buf from_sender, from_receiver;
    struct flow flow;
    char *wire; /* what was taken from a connection last */
    size_t wire_n;
};

/* --- channels that end in a queue --- */

int __wrap_channel_put(struct channel *c, const struct span *parts, size_t n);
void __wrap_channel_poke(struct channel *c);
size_t __wrap_channel_room(const struct channel *c);

static struct rig *current; /* a channel does not know it */

static struct buf *queue_of(const struct channel *c)
{
    return c == &current->sender.channel ? &current->from_sender
                                         : &current->from_receiver;
}

int __wrap_channel_put(struct channel *c, const struct span *parts, size_t n)
{
    return buf_put(queue_of(c), parts, n);
}

void __wrap_channel_poke(struct channel *c)
{
    (void)c;
}

size_t __wrap_channel_room(const struct channel *c)
{
    size_t queued = queue_of(c)->len;

    return queued < QUEUE_MAX ? QUEUE_MAX - queued : 0;
}

/* --- the rig --- */

static int set_up(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    r->wire = malloc(WIRE);
    assert_non_null(r->wire);
    pool_init(&r->blocks, 16 * 1024, 64);
    buf_init(&r->from_sender, &r->blocks, WIRE);
    buf_init(&r->from_receiver, &r->blocks, WIRE);
    pattern_init(&r->traffic.pattern);
    memcpy(r->traffic.run, "run0", LABEL_RUN);
    r->options = (struct load_options){.size = 200,
                                       .chunk = 200,
                                       .window = 4,
                                       .count = 10,
                                       .failure_report = MSG_REPORT_YES};
    out_conn_init(&r->sender);
    out_conn_init(&r->receiver);
    current = r;
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *r = *state;

    flow_fini(&r->flow);
    buf_clear(&r->from_sender);
    buf_clear(&r->from_receiver);
    pool_fini(&r->blocks);
    free(r->wire);
    free(r);
    return 0;
}

/* The options are set: traffic may begin. */
static void begin(struct rig *r)
{
    struct flow_paths paths = {.to = SPAN(RELAY " " RECEIVER),
                               .from = SPAN(SENDER),
                               .receiver = RECEIVER};

    r->traffic.options = &r->options;
    r->traffic.flows = &r->flow;
    r->traffic.n_flows = 1;
    r->traffic.to_ns = UINT64_MAX;
    r->traffic.sending = true;
    assert_int_equal(
        flow_init(&r->flow, &r->traffic, 0, &r->sender, &r->receiver, &paths),
        0);
    flow_poke(&r->flow);
}

/* Takes what the connection has, after what was taken before. */
static void take_more(struct rig *r, struct out_conn *o)
{
    struct buf *out = queue_of(&o->channel);

    while (out->len > 0) {
        struct span run = buf_peek(out);

        assert_true(r->wire_n + run.n <= WIRE);
        memcpy(r->wire + r->wire_n, run.p, run.n);
        r->wire_n += run.n;
        buf_drop(out, run.n);
    }
}

static void take_wire(struct rig *r, struct out_conn *o)
{
    r->wire_n = 0;
    take_more(r, o);
}

/* Lets the sender send, and takes what it sent. */
static void send_all(struct rig *r)
{
    assert_int_equal(out_conn_fill(&r->sender), 0);
    take_wire(r, &r->sender);
}

static void replace(struct rig *r, const char *from, const char *to)
{
    char *at = memmem(r->wire, r->wire_n, from, strlen(from));

    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
}

/* To-Path loses its first URI on the way, From-Path gains it. */
static const char relayed[] = "To-Path: " RELAY " " RECEIVER;

static void relay_paths(struct rig *r)
{
    char *at;

    while ((at = memmem(r->wire, r->wire_n, relayed, sizeof relayed - 1))) {
        size_t gone = sizeof RELAY;
        char *from = at + strlen("To-Path: ");

        memmove(from, from + gone, r->wire_n - (size_t)(from + gone - r->wire));
        r->wire_n -= gone;
    }
}

static int on_send(struct rig *r, const struct msg *head, struct flow **f)
{
    struct label id;

    *f = flow_find(&id, &r->traffic, &r->receiver, head);
    if (*f)
        return sink_on_head(*f, &id, head);
    r->traffic.counters.stray++;
    return 0;
}

/* What client_group.c does with what has come. */
static void deliver_span(struct rig *r, struct span in)
{
    struct flow *f = NULL;
    struct parser parser;
    struct parse_event ev;

    parser_init(&parser, 16384, 16);
    while (in.n > 0) {
        assert_int_equal(parser_next(&parser, &in, &ev), 0);
        if (ev.type == PARSE_HEAD) {
            f = NULL;
            if (ev.head->method == MSG_RESPONSE)
                flow_on_response(&r->traffic, &r->sender, ev.head);
            else if (ev.head->method == MSG_REPORT)
                flow_on_report(&r->traffic, &r->sender, ev.head);
            else
                assert_int_equal(on_send(r, ev.head, &f), 0);
        } else if (ev.type == PARSE_BODY && f) {
            sink_on_body(f, ev.body);
        } else if (ev.type == PARSE_END && f) {
            assert_int_equal(sink_on_end(f, ev.flag), 0);
        }
    }
    assert_true(parser_is_idle(&parser));
}

static void deliver(struct rig *r)
{
    relay_paths(r);
    deliver_span(r, span_of(r->wire, r->wire_n));
}

/* What the receiver answered goes to the sender. */
static void answer(struct rig *r)
{
    take_wire(r, &r->receiver);
    deliver_span(r, span_of(r->wire, r->wire_n));
}

static void run_all(struct rig *r)
{
    do {
        send_all(r);
        deliver(r);
        answer(r);
    } while (!list_is_empty(&r->sender.ready));
}

/* --- the tests ------------------------------------------------------------ */

static void what_is_sent_arrives_and_is_answered(void **state)
{
    struct rig *r = *state;
    const struct flow_counters *c = &r->traffic.counters.live;

    begin(r);
    assert_int_equal(r->traffic.unsent, 10);
    run_all(r);
    assert_int_equal(c->messages_sent, 10);
    assert_int_equal(c->messages_received, 10);
    assert_int_equal(c->octets_received, 2000);
    assert_int_equal(c->responses[200], 10);
    assert_int_equal(r->traffic.awaited, 0);
    assert_int_equal(r->traffic.unsent, 0);
    assert_int_equal(r->traffic.counters.latency_ns.count, 10);
    assert_false(counters_has_faults(&r->traffic.counters, false));
}

static void no_more_than_a_window_is_unanswered(void **state)
{
    struct rig *r = *state;
    const struct flow_counters *c = &r->traffic.counters.live;

    begin(r);
    send_all(r);
    assert_int_equal(c->chunks_sent, 4);
    assert_int_equal(r->flow.unanswered, 4);
    deliver(r);
    assert_true(list_is_empty(&r->sender.ready));
    answer(r);
    send_all(r);
    assert_int_equal(c->chunks_sent, 8);
}

static void without_responses_delivery_opens_the_window(void **state)
{
    struct rig *r = *state;
    const struct flow_counters *c = &r->traffic.counters.live;

    r->options.failure_report = MSG_REPORT_NO;
    begin(r);
    send_all(r);
    assert_int_equal(c->messages_sent, 4);
    deliver(r);
    assert_int_equal(r->from_receiver.len, 0);
    assert_int_equal(r->traffic.awaited, 0);
    send_all(r);
    assert_int_equal(c->messages_sent, 8);
}

static void a_flipped_octet_is_corruption(void **state)
{
    struct rig *r = *state;
    const struct flow_counters *c = &r->traffic.counters.live;
    char *body;

    r->options.count = 2;
    begin(r);
    send_all(r);
    body = memmem(r->wire, r->wire_n, "\r\n\r\n", 4);
    assert_non_null(body);
    body[100] = body[100] == 'x' ? 'y' : 'x';
    deliver(r);
    assert_int_equal(c->corrupted, 1);
    assert_int_equal(c->messages_received, 1);
    assert_int_equal(counters_lost(c), 0);
    assert_true(counters_has_faults(&r->traffic.counters, false));
}

/* Where the n-th SEND on the wire begins. */
static char *nth_send(struct rig *r, size_t n)
{
    char *at = r->wire;

    while (n-- > 0) {
        at = memmem(at + 1, r->wire_n - (size_t)(at + 1 - r->wire), "MSRP ", 5);
        assert_non_null(at);
    }
    return at;
}

static void a_missing_message_is_lost(void **state)
{
    struct rig *r = *state;
    const struct flow_counters *c = &r->traffic.counters.live;
    char *one, *two;

    r->options.count = 3;
    begin(r);
    send_all(r);
    one = nth_send(r, 1);
    two = nth_send(r, 2);
    memmove(one, two, r->wire_n - (size_t)(two - r->wire));
    r->wire_n -= (size_t)(two - one);
    deliver(r);
    assert_int_equal(c->messages_received, 2);
    assert_int_equal(counters_lost(c), 1);
    assert_int_equal(c->misordered, 0);
    answer(r);
    assert_int_equal(r->flow.unanswered, 1);
}

static void a_message_that_comes_twice_is_out_of_order(void **state)
{
    struct rig *r = *state;
    const struct flow_counters *c = &r->traffic.counters.live;
    size_t n;

    r->options.count = 1;
    begin(r);
    send_all(r);
    n = r->wire_n;
    memcpy(r->wire + n, r->wire, n);
    r->wire_n = 2 * n;
    deliver(r);
    assert_int_equal(c->messages_received, 1);
    assert_int_equal(c->misordered, 1);
}

static void a_message_to_somebody_else_is_a_stray(void **state)
{
    struct rig *r = *state;

    r->options.count = 1;
    begin(r);
    send_all(r);
    replace(r, "/receiver;", "/received;");
    deliver_span(r, span_of(r->wire, r->wire_n));
    assert_int_equal(r->traffic.counters.stray, 1);
    assert_int_equal(r->traffic.counters.live.messages_received, 0);
}

static void a_refusal_is_counted_by_its_code(void **state)
{
    struct rig *r = *state;
    const struct flow_counters *c = &r->traffic.counters.live;

    r->options.count = 1;
    begin(r);
    send_all(r);
    deliver(r);
    take_wire(r, &r->receiver);
    replace(r, "200 OK", "403 No");
    deliver_span(r, span_of(r->wire, r->wire_n));
    assert_int_equal(c->responses[403], 1);
    assert_int_equal(counters_refusals(c->responses), 1);
    assert_int_equal(r->flow.unanswered, 0);
    assert_true(counters_has_faults(&r->traffic.counters, false));
}

static void a_response_to_nothing_is_a_stray(void **state)
{
    struct rig *r = *state;

    r->options.count = 1;
    begin(r);
    send_all(r);
    deliver_span(r, SPAN("MSRP 0000000000000001 200 OK\r\nTo-Path: " SENDER
                         "\r\nFrom-Path: " RELAY
                         "\r\n-------0000000000000001$\r\n"));
    assert_int_equal(r->traffic.counters.stray, 1);
    assert_int_equal(r->flow.unanswered, 1);
}

static void a_long_message_goes_in_chunks_that_fit(void **state)
{
    struct rig *r = *state;
    const struct flow_counters *c = &r->traffic.counters.live;

    r->options = (struct load_options){.size = 300001,
                                       .chunk = 70000,
                                       .window = 3,
                                       .count = 2,
                                       .failure_report = MSG_REPORT_YES};
    begin(r);
    run_all(r);
    assert_int_equal(c->chunks_sent, 10);
    assert_int_equal(c->chunks_received, 10);
    assert_int_equal(c->messages_received, 2);
    assert_false(counters_has_faults(&r->traffic.counters, false));
}

static void a_long_chunk_can_be_interrupted(void **state)
{
    struct rig *r = *state;
    const struct flow_counters *c = &r->traffic.counters.live;
    struct span none = SPAN("");

    r->options = (struct load_options){.size = 3000000,
                                       .chunk = 3000000,
                                       .window = 8,
                                       .count = 1,
                                       .failure_report = MSG_REPORT_YES};
    begin(r);
    send_all(r);
    assert_ptr_equal(r->sender.open, &r->flow);
    assert_int_equal(out_conn_put(&r->sender, &none, 1), 0);
    assert_null(r->sender.open);
    take_more(r, &r->sender);
    deliver(r);
    answer(r);
    assert_int_equal(c->chunks_received, 1);
    assert_int_equal(c->messages_received, 0);
    assert_int_equal(c->responses[200], 1);
}

static void a_message_that_is_given_up_is_counted(void **state)
{
    struct rig *r = *state;
    const struct flow_counters *c = &r->traffic.counters.live;

    r->options.count = 2;
    begin(r);
    send_all(r);
    replace(r, "$\r\n", "#\r\n");
    deliver(r);
    assert_int_equal(c->aborted, 1);
    assert_int_equal(c->messages_received, 1);
    assert_int_equal(counters_lost(c), 0);
}

static void reports_come_back_to_the_sender(void **state)
{
    struct rig *r = *state;
    const struct flow_counters *c = &r->traffic.counters.live;

    r->options.success_report = true;
    begin(r);
    run_all(r);
    assert_int_equal(c->reports[200], 10);
    assert_int_equal(r->flow.unreported, 0);
    assert_int_equal(r->traffic.awaited, 0);
    assert_false(counters_has_faults(&r->traffic.counters, true));
}

static void a_failure_report_is_a_fault(void **state)
{
    struct rig *r = *state;
    const struct flow_counters *c = &r->traffic.counters.live;

    r->options.success_report = true;
    r->options.count = 1;
    begin(r);
    send_all(r);
    deliver(r);
    take_wire(r, &r->receiver);
    replace(r, "Status: 000 200 OK", "Status: 000 408 No");
    deliver_span(r, span_of(r->wire, r->wire_n));
    assert_int_equal(c->reports[408], 1);
    assert_int_equal(counters_refusals(c->reports), 1);
}

static void a_dead_flow_is_not_waited_for(void **state)
{
    struct rig *r = *state;

    begin(r);
    send_all(r);
    assert_int_equal(r->traffic.awaited, 8); /* messages and responses */
    flow_die(&r->flow);
    assert_int_equal(r->traffic.awaited, 0);
    assert_int_equal(r->traffic.unsent, 0);
    deliver(r);
    assert_int_equal(r->traffic.awaited, 0);
    send_all(r);
    assert_int_equal(r->traffic.counters.live.messages_sent, 4);
}

static void a_stalled_flow_is_not_waited_for(void **state)
{
    struct rig *r = *state;

    begin(r);
    flow_will_stall(&r->flow);
    send_all(r);
    assert_int_equal(r->traffic.awaited, 0);
    assert_int_equal(r->traffic.unsent, 0);
    assert_int_equal(r->traffic.counters.live.messages_sent, 0);
    assert_int_equal(r->traffic.counters.stalled.messages_sent, 4);
}

static void with_a_rate_only_what_is_due_is_sent(void **state)
{
    struct rig *r = *state;
    const struct flow_counters *c = &r->traffic.counters.live;

    r->options.rate = 1000 * 1000; /* one each millisecond */
    begin(r);
    send_all(r);
    assert_int_equal(c->messages_sent, 0);
    r->flow.due = 2;
    flow_poke(&r->flow);
    send_all(r);
    assert_int_equal(c->messages_sent, 2);
    assert_int_equal(traffic_due_ns(&r->traffic, 0, 5), 5000000);
}

static void flows_on_one_connection_take_turns(void **state)
{
    struct rig *r = *state;
    struct flow flows[2];
    struct flow_paths paths = {.to = SPAN(RELAY " " RECEIVER),
                               .from = SPAN(SENDER),
                               .receiver = RECEIVER};

    r->options.count = 0;
    r->options.window = 3;
    begin(r);
    r->traffic.flows = flows;
    r->traffic.n_flows = 2;
    list_remove(&r->flow.ready);
    for (uint64_t i = 0; i < 2; i++) {
        assert_int_equal(flow_init(&flows[i], &r->traffic, i, &r->sender,
                                   &r->receiver, &paths),
                         0);
        flow_poke(&flows[i]);
    }
    send_all(r);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(nth_send(r, i)[9], '0' + (char)(i % 2));
    deliver(r);
    assert_int_equal(r->traffic.counters.live.messages_received, 6);
    for (size_t i = 0; i < 2; i++)
        flow_fini(&flows[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_sent_arrives_and_is_answered),
        TEST(no_more_than_a_window_is_unanswered),
        TEST(without_responses_delivery_opens_the_window),
        TEST(a_flipped_octet_is_corruption),
        TEST(a_missing_message_is_lost),
        TEST(a_message_that_comes_twice_is_out_of_order),
        TEST(a_message_to_somebody_else_is_a_stray),
        TEST(a_refusal_is_counted_by_its_code),
        TEST(a_response_to_nothing_is_a_stray),
        TEST(a_long_message_goes_in_chunks_that_fit),
        TEST(a_long_chunk_can_be_interrupted),
        TEST(a_message_that_is_given_up_is_counted),
        TEST(reports_come_back_to_the_sender),
        TEST(a_failure_report_is_a_fault),
        TEST(a_dead_flow_is_not_waited_for),
        TEST(a_stalled_flow_is_not_waited_for),
        TEST(with_a_rate_only_what_is_due_is_sent),
        TEST(flows_on_one_connection_take_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
