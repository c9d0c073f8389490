/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom is told what, when a SEND fails: each Failure-Report value with each way
 * to fail (rfc4976-relay.md 7 and 13), to the octet, and no more than once. */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "rig.h"
#include "vars.h"

#define NOBODY "msrps://relay.example.com:2855/AAAAAAAAAAAAAAAAAAAAAA;tcp"

enum { FR_YES, FR_ABSENT, FR_PARTIAL, FR_NO, FR_VALUES };

static const char *const fr_lines[FR_VALUES] = {"Failure-Report: yes\r\n", "",
                                                "Failure-Report: partial\r\n",
                                                "Failure-Report: no\r\n"};

struct scene {
    struct rig rig;
    struct wire *alice, *bob;
    int fr;
    bool at_home;  /* Bob has a URI of this relay too */
    char to[256];  /* of Alice's SEND, behind her own URI */
    char own[256]; /* From-Path of a REPORT that the relay makes */
    struct vars vars;
    struct span output; /* what Alice was sent and is not yet told of */
};

/* Alice sends the head of a SEND `tid`, and body octets from..to of 9000; with
 * `flag` the chunk is complete. */
static void send_chunk(struct scene *s, const char *tid, uint64_t from,
                       uint64_t to, char flag)
{
    char text[8192];
    size_t n = (size_t)snprintf(
        text, sizeof text,
        "MSRP %s SEND\r\nTo-Path: %s %s\r\nFrom-Path: "
        "msrps://alice.example:9/alice;tcp\r\nMessage-ID: 1234\r\n%s"
        "Byte-Range: %llu-*/9000\r\nContent-Type: a/b\r\n\r\n",
        tid, s->alice->uri, s->to, fr_lines[s->fr], (unsigned long long)from);

    rig_pattern(text + n, from, to);
    n += to - from + 1;
    if (flag)
        n += (size_t)snprintf(text + n, sizeof text - n, "\r\n-------%s%c\r\n",
                              tid, flag);
    rig_feed(&s->rig, s->alice, span_of(text, n));
}

/* Bob answers the last SEND that he was sent. */
static void answer(struct scene *s, const char *code)
{
    struct span all = span_of(s->bob->fake.out, s->bob->fake.out_n);
    char text[512];
    size_t at = all.n;

    do
        at--;
    while (!span_starts(span_from(all, at), SPAN("MSRP ")));
    (void)snprintf(text, sizeof text,
                   "MSRP %.16s %s\r\nTo-Path: %s\r\nFrom-Path: "
                   "msrps://bob.example:9/bob;tcp\r\n-------%.16s$\r\n",
                   all.p + at + 5, code,
                   s->at_home ? s->bob->uri : s->alice->uri, all.p + at + 5);
    rig_send(&s->rig, s->bob, text);
}

/* --- the ways to fail --- */

static void error_response(struct scene *s)
{
    send_chunk(s, "t1", 1, 3000, '+');
    answer(s, "415 no such thing");
}

static void error_response_that_is_late(struct scene *s)
{
    send_chunk(s, "t1", 1, 3000, '+');
    rig_wait(&s->rig, 30000);
    answer(s, "415 no such thing");
}

static void silence(struct scene *s)
{
    send_chunk(s, "t1", 1, 3000, '+');
    rig_wait(&s->rig, 29900);
    assert_int_equal(s->rig.n_wires, 2);
    rig_wait(&s->rig, 100);
}

static void lost_before(struct scene *s)
{
    rig_close(&s->rig, s->bob, false);
    send_chunk(s, "t1", 1, 3000, '+');
}

static void lost_in_the_middle(struct scene *s)
{
    send_chunk(s, "t1", 1, 3000, 0);
    rig_close(&s->rig, s->bob, false);
    rig_send(&s->rig, s->alice, "xyz\r\n-------t1$\r\n");
}

static void lost_unwritten(struct scene *s)
{
    s->bob->held = true;
    send_chunk(s, "t1", 1, 3000, '+');
    rig_close(&s->rig, s->bob, false);
}

static void lost_unanswered(struct scene *s)
{
    send_chunk(s, "t1", 1, 3000, '+');
    rig_close(&s->rig, s->bob, false);
}

static void stalled(struct scene *s)
{
    s->bob->held = true;
    send_chunk(s, "t1", 1, 3000, '+');
    rig_close(&s->rig, s->bob, true);
}

static void stalled_in_the_middle(struct scene *s)
{
    s->bob->held = true;
    send_chunk(s, "t1", 1, 3000, 0);
    rig_close(&s->rig, s->bob, true);
    rig_send(&s->rig, s->alice, "\r\n-------t1+\r\n");
}

static void output_refused(struct scene *s)
{
    s->bob->fake.refuses = true;
    send_chunk(s, "t1", 1, 3000, '+');
}

static void given_up(struct scene *s)
{
    send_chunk(s, "t1", 1, 3000, '+');
    relay_link_give_up(s->rig.relay, &s->bob->fake.link);
}

static void given_up_in_the_middle(struct scene *s)
{
    send_chunk(s, "t1", 1, 3000, 0);
    relay_link_give_up(s->rig.relay, &s->bob->fake.link);
    rig_send(&s->rig, s->alice, "\r\n-------t1+\r\n");
}

static void unknown_session(struct scene *s)
{
    (void)snprintf(s->to, sizeof s->to, "%s msrps://bob.example:9/bob;tcp",
                   NOBODY);
    send_chunk(s, "t1", 1, 3000, '+');
}

static void expired_session(struct scene *s)
{
    rig_wait(&s->rig, 1800 * 1000);
    send_chunk(s, "t1", 1, 3000, '+');
}

static void refused_in_the_middle(struct scene *s)
{
    send_chunk(s, "t1", 1, 3000, 0);
    answer(s, "413 enough");
    rig_send(&s->rig, s->alice, "xyz\r\n-------t1$\r\n");
}

static void refused_then_lost(struct scene *s)
{
    send_chunk(s, "t1", 1, 3000, '+');
    answer(s, "413 enough");
    send_chunk(s, "t2", 3001, 6000, '+');
    rig_close(&s->rig, s->bob, false);
}

static void sender_lost_in_the_middle(struct scene *s)
{
    send_chunk(s, "t1", 1, 3000, 0);
    (void)fake_link_new_output(&s->bob->fake);
    rig_close(&s->rig, s->alice, false);
    /* M-12: the next hop stays framed. */
    assert_memory_equal(s->bob->fake.out + s->bob->fake.out_n - 3, "#\r\n", 3);
}

static void two_chunks_lost(struct scene *s)
{
    send_chunk(s, "t1", 1, 3000, '+');
    send_chunk(s, "t2", 3001, 6000, '+');
    rig_close(&s->rig, s->bob, false);
}

static void two_chunks_unanswered(struct scene *s)
{
    send_chunk(s, "t1", 1, 3000, '+');
    send_chunk(s, "t2", 3001, 6000, '+');
    rig_wait(&s->rig, 30000);
}

/* What Alice is told: `t1 481` is a response, `408 1-3000` a REPORT; `gone` is
 * 481 for a client of the relay, 408 for others. */
static const struct {
    const char *name;
    void (*go_wrong)(struct scene *s);
    const char *yes, *partial, *no;
} ways[] = {
    {"error response", error_response, "t1 200;415 1-3000", "415 1-3000", ""},
    {"late error response", error_response_that_is_late, "t1 200;408 1-3000",
     "", ""},
    {"silence", silence, "t1 200;408 1-3000", "", ""},
    {"lost before", lost_before, "t1 481", "t1 481", ""},
    {"lost in the middle", lost_in_the_middle, "t1 gone", "t1 gone", ""},
    {"lost unwritten", lost_unwritten, "t1 200;gone 1-3000", "gone 1-3000", ""},
    {"lost unanswered", lost_unanswered, "t1 200;408 1-3000", "", ""},
    {"stalled", stalled, "t1 200;408 1-3000", "408 1-3000", ""},
    {"stalled in the middle", stalled_in_the_middle, "t1 408", "t1 408", ""},
    {"output refused", output_refused, "t1 408", "t1 408", ""},
    {"given up", given_up, "t1 200;408 1-3000", "", ""},
    {"given up in the middle", given_up_in_the_middle, "t1 408", "t1 408", ""},
    {"unknown session", unknown_session, "t1 481", "t1 481", ""},
    {"expired session", expired_session, "t1 481", "t1 481", ""},
    {"refused in the middle", refused_in_the_middle, "t1 413", "t1 413", ""},
    {"refused, then lost", refused_then_lost, "t1 200;413 1-3000;t2 413",
     "413 1-3000;t2 413", ""},
    {"sender lost in the middle", sender_lost_in_the_middle, "", "", ""},
    {"two chunks lost", two_chunks_lost, "t1 200;t2 200;408 1-6000", "", ""},
    {"two chunks unanswered", two_chunks_unanswered, "t1 200;t2 200;408 1-6000",
     "", ""},
};

static void set_scene(struct scene *s, int fr, bool at_home)
{
    memset(s, 0, sizeof *s);
    rig_init(&s->rig);
    assert_int_equal(rig_start_plain(&s->rig), 0);
    s->fr = fr;
    s->at_home = at_home;
    s->alice = rig_connect(&s->rig, "alice");
    s->bob = rig_connect(&s->rig, "bob");
    rig_auth(&s->rig, s->alice, "alice");
    if (at_home) {
        rig_auth(&s->rig, s->bob, "bob");
        (void)snprintf(s->to, sizeof s->to, "%s msrps://bob.example:9/bob;tcp",
                       s->bob->uri);
        (void)snprintf(s->own, sizeof s->own, "%s %s", s->alice->uri,
                       s->bob->uri);
        return;
    }
    rig_speak(&s->rig, s->bob, s->alice->uri);
    (void)fake_link_new_output(&s->alice->fake);
    (void)snprintf(s->to, sizeof s->to, "msrps://bob.example:9/bob;tcp");
    (void)snprintf(s->own, sizeof s->own, "%s", s->alice->uri);
}

static void expect(struct scene *s, const char *line)
{
    if (!vars_match(&s->vars, &s->output, span_str(line)))
        fail_msg("\"%s\" expected, \"%.*s\" found", line, SPAN_ARG(s->output));
}

static const char *comment(struct span code)
{
    static const char *const comments[] = {
        "200 OK", "408 Timeout", "413 Stop Sending",
        "415 Media Type Not Understood", "481 No Such Session"};

    for (size_t i = 0; i < sizeof comments / sizeof *comments; i++)
        if (span_starts(span_str(comments[i]), code))
            return comments[i];
    fail();
    return "";
}

static void expect_response(struct scene *s, struct span tid, struct span code)
{
    char line[512];

    (void)snprintf(line, sizeof line, "MSRP %.*s %s", SPAN_ARG(tid),
                   comment(code));
    expect(s, line);
    expect(s, "To-Path: msrps://alice.example:9/alice;tcp");
    (void)snprintf(line, sizeof line, "From-Path: %s", s->alice->uri);
    expect(s, line);
    (void)snprintf(line, sizeof line, "-------%.*s$", SPAN_ARG(tid));
    expect(s, line);
}

static void expect_report(struct scene *s, struct span code, struct span range)
{
    char line[512];

    expect(s, "MSRP $tid REPORT");
    expect(s, "To-Path: msrps://alice.example:9/alice;tcp");
    (void)snprintf(line, sizeof line, "From-Path: %s", s->own);
    expect(s, line);
    expect(s, "Message-ID: 1234");
    (void)snprintf(line, sizeof line, "Byte-Range: %.*s/9000", SPAN_ARG(range));
    expect(s, line);
    (void)snprintf(line, sizeof line, "Status: 000 %s", comment(code));
    expect(s, line);
    expect(s, "-------$tid$");
    s->vars.n = 0;
}

/* Alice was told just that, and is told nothing more. */
static void assert_told(struct scene *s, const char *told)
{
    struct span rest = span_str(told);

    s->output = fake_link_new_output(&s->alice->fake);
    while (rest.n) {
        struct span second = span_cut(&rest, ';');
        struct span first = span_cut(&second, ' ');

        if (span_eq(first, SPAN("gone")))
            first = s->at_home ? SPAN("481") : SPAN("408");
        if (span_eq(second, SPAN("gone")))
            second = s->at_home ? SPAN("481") : SPAN("408");
        if (first.p[0] == 't')
            expect_response(s, first, second);
        else
            expect_report(s, first, second);
    }
    if (s->output.n)
        fail_msg("nothing more expected, \"%.*s\" found", SPAN_ARG(s->output));
    rig_wait(&s->rig, 90000);
    assert_int_equal(fake_link_new_output(&s->alice->fake).n, 0);
}

static void a_failure_is_told_once_to_whom_wants_to_know(void **state)
{
    size_t i = *(size_t *)*state / FR_VALUES / 2;
    int fr = (int)(*(size_t *)*state / 2 % FR_VALUES);
    bool at_home = *(size_t *)*state % 2;
    struct scene *s = malloc(sizeof *s);

    assert_non_null(s);
    set_scene(s, fr, at_home);
    ways[i].go_wrong(s);
    assert_told(s, fr == FR_NO        ? ways[i].no
                   : fr == FR_PARTIAL ? ways[i].partial
                                      : ways[i].yes);
    rig_stop(&s->rig);
    free(s);
}

int main(void)
{
    enum { N = sizeof ways / sizeof *ways * FR_VALUES * 2 };
    static size_t number[N];
    static char name[N][64];
    static struct CMUnitTest tests[N];

    for (size_t i = 0; i < N; i++) {
        number[i] = i;
        (void)snprintf(name[i], sizeof name[i], "%s, FR %.7s, %s",
                       ways[i / FR_VALUES / 2].name,
                       (const char *[]){"yes", "absent", "partial",
                                        "no"}[i / 2 % FR_VALUES],
                       i % 2 ? "at home" : "dialled in");
        tests[i] = (struct CMUnitTest){
            .name = name[i],
            .test_func = a_failure_is_told_once_to_whom_wants_to_know,
            .initial_state = &number[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
