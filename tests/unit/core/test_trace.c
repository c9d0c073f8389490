/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "operator.h"
#include "rig.h"

#define TYPE "Content-Type: text/plain\r\n\r\n"
#define END "\r\n-------tidtid$\r\n"

/* The relay's log is a file, at a level at which it says nothing by itself. */
struct scene {
    struct rig rig;
    char path[32];
    struct log *log;
    FILE *lines;
    char text[32768];
    struct wire *alice, *bob, *carol;
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    int fd;

    assert_non_null(s);
    (void)span_copy(s->path, sizeof s->path, SPAN("/tmp/trace.XXXXXX"));
    fd = mkstemp(s->path);
    assert_true(fd >= 0);
    s->lines = fdopen(fd, "r");
    assert_non_null(s->lines);
    assert_int_equal(log_new(&s->log, LOG_LEVEL_ERROR, s->path), 0);
    rig_init(&s->rig);
    s->rig.log = s->log;
    assert_int_equal(rig_start_plain(&s->rig), 0);
    s->alice = rig_connect(&s->rig, "alice");
    s->bob = rig_connect(&s->rig, "bob");
    s->carol = rig_connect(&s->rig, "carol");
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    rig_stop(&s->rig);
    log_free(s->log);
    (void)fclose(s->lines);
    (void)unlink(s->path);
    free(s);
    return 0;
}

static void login(struct scene *s)
{
    rig_auth(&s->rig, s->alice, "alice");
    rig_auth(&s->rig, s->bob, "bob");
    rig_auth(&s->rig, s->carol, "carol");
}

static void trace_user(struct scene *s, const char *user)
{
    assert_int_equal(
        relay_trace(s->rig.relay, TRACE_USER, span_str(user), true), 0);
}

/* A request from w to the client `to`; `rest` begins behind the paths. */
static void request(struct scene *s, struct wire *w, const struct wire *to,
                    const char *method, const char *rest)
{
    char text[4096];

    (void)snprintf(text, sizeof text,
                   "MSRP tidtid %s\r\nTo-Path: %s %s msrps://%s.example:9/%s;"
                   "tcp\r\nFrom-Path: msrps://%s.example:9/%s;tcp\r\n%s",
                   method, w->uri, to->uri, to->name, to->name, w->name,
                   w->name, rest);
    rig_send(&s->rig, w, text);
}

/* All that was written since the last call. */
static const char *written(struct scene *s)
{
    size_t n = fread(s->text, 1, sizeof s->text - 1, s->lines);

    clearerr(s->lines);
    s->text[n] = '\0';
    return s->text;
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;

    for (; (text = strstr(text, what)); text++)
        n++;
    return n;
}

static void assert_line(struct scene *s, const char *text, const struct wire *w,
                        const struct wire *whose, const char *rest)
{
    char want[256];

    (void)s;
    (void)snprintf(want, sizeof want, "c=%llu s=%.6s trace %s",
                   (unsigned long long)w->fake.link.number,
                   strrchr(whose->uri, '/') + 1, rest);
    if (!strstr(text, want))
        fail_msg("no line \"%s\" in:\n%s", want, text);
}

/* --- what is written --- */

static void nothing_is_written_when_nothing_is_traced(void **state)
{
    struct scene *s = *state;

    login(s);
    request(s, s->alice, s->bob, "SEND", "Message-ID: 12\r\n" TYPE "hi" END);
    assert_string_equal(written(s), "");
}

static void each_head_of_a_traced_user_is_written(void **state)
{
    struct scene *s = *state;
    const char *text;

    login(s);
    trace_user(s, "alice");
    request(s, s->alice, s->bob, "SEND",
            "Message-ID: 12\r\nByte-Range: 1-2/2\r\n" TYPE "hi" END);
    text = written(s);
    assert_line(s, text, s->alice, s->alice,
                "in \"SEND\" tid=\"tidtid\" message-id=\"12\" "
                "range=\"1-2/2\" user=alice\n");
    assert_line(s, text, s->alice, s->alice,
                "in end tid=\"tidtid\" flag=$ user=alice\n");
    assert_line(s, text, s->bob, s->alice, "out \"SEND\" tid=\"");
    assert_line(s, text, s->alice, s->alice,
                "out \"200 OK\" tid=\"tidtid\" flag=$ user=alice\n");
    assert_int_equal(count(text, "\n"), 4);
    assert_int_equal(count(text, "message-id=\"12\" range=\"1-2/2\" flag=$"),
                     1);
}

static void others_are_not_written(void **state)
{
    struct scene *s = *state;

    login(s);
    trace_user(s, "alice");
    request(s, s->bob, s->carol, "SEND", "Message-ID: 12\r\n" TYPE "hi" END);
    assert_string_equal(written(s), "");
    request(s, s->bob, s->alice, "SEND", "Message-ID: 12\r\n" TYPE "hi" END);
    assert_line(s, written(s), s->bob, s->alice, "in \"SEND\"");
}

static void a_session_is_traced_by_its_short_id(void **state)
{
    struct scene *s = *state;

    login(s);
    assert_int_equal(relay_trace(s->rig.relay, TRACE_SESSION,
                                 span_of(strrchr(s->bob->uri, '/') + 1, 6),
                                 true),
                     0);
    request(s, s->alice, s->bob, "NICKNAME", "-------tidtid$\r\n");
    assert_line(s, written(s), s->bob, s->bob, "out \"NICKNAME\"");
    request(s, s->alice, s->carol, "NICKNAME", "-------tidtid$\r\n");
    assert_string_equal(written(s), "");
}

/* One client says what the SDP of a side would. */
static void say(struct scene *s, struct anchored_pair *p,
                enum anchored_side side, const char *path)
{
    struct span uri = span_str(path);
    const struct anchored_said said = {.path = &uri, .n_path = 1};

    assert_int_equal(anchored_say(s->rig.relay, p, side, &said), 0);
}

/* ... and so is a pair, by that of U_A, whichever side speaks. */
static void a_pair_is_traced_by_its_short_id(void **state)
{
    static const char a[] = "msrps://alice.example:9/alice;tcp";
    static const char b[] = "msrps://bob.example:9/bob;tcp";
    const struct anchored_grant grant = {
        .host = SPAN("relay.example.com"), .port = 2855, .secure = true};
    struct anchored_terms terms = {.for_a = grant};
    struct scene *s = *state;
    struct anchored_pair *p;
    const char *text;
    char ask[512];

    assert_int_equal(anchored_token_new(&terms.token, s->rig.relay, &grant), 0);
    assert_int_equal(anchored_pair_new(&p, s->rig.relay, &terms), 0);
    say(s, p, ANCHORED_A, a);
    say(s, p, ANCHORED_B, b);
    (void)span_copy(s->alice->uri, sizeof s->alice->uri,
                    anchored_pair_uri(p, ANCHORED_A));
    assert_int_equal(relay_trace(s->rig.relay, TRACE_SESSION,
                                 span_of(strrchr(s->alice->uri, '/') + 1, 6),
                                 true),
                     0);
    (void)snprintf(ask, sizeof ask,
                   "MSRP tidtid SEND\r\nTo-Path: %.*s\r\nFrom-Path: %s\r\n"
                   "Message-ID: 1\r\n-------tidtid$\r\n",
                   SPAN_ARG(anchored_pair_uri(p, ANCHORED_B)), b);
    rig_send(&s->rig, s->bob, ask);
    text = written(s);
    assert_line(s, text, s->bob, s->alice, "in \"SEND\"");
    assert_line(s, text, s->bob, s->alice, "out \"200 OK\"");
    (void)snprintf(ask, sizeof ask,
                   "MSRP tidtid SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
                   "Message-ID: 1\r\n-------tidtid$\r\n",
                   s->alice->uri, a);
    rig_send(&s->rig, s->alice, ask);
    text = written(s);
    assert_line(s, text, s->alice, s->alice, "in \"SEND\"");
    assert_line(s, text, s->bob, s->alice, "out \"SEND\"");
    anchored_token_end(s->rig.relay, terms.token, ANCHORED_DELETE);
}

static void reports_and_refusals_are_written(void **state)
{
    struct scene *s = *state;
    const char *text;

    login(s);
    trace_user(s, "alice");
    request(s, s->bob, s->alice, "REPORT",
            "Message-ID: 12\r\nStatus: 000 413 enough\r\n-------tidtid$\r\n");
    text = written(s);
    assert_line(s, text, s->bob, s->alice,
                "in \"REPORT\" tid=\"tidtid\" message-id=\"12\" "
                "status=\"000 413 enough\" flag=$ user=alice\n");
    assert_line(s, text, s->alice, s->alice, "out \"REPORT\"");
    request(s, s->alice, s->bob, "SEND", "Message-ID: 13\r\n" TYPE "hi" END);
    (void)written(s);
    rig_close(&s->rig, s->bob, false);
    assert_line(s, written(s), s->alice, s->alice, "out \"REPORT\"");
    request(s, s->alice, s->bob, "SEND", "Message-ID: 14\r\n" TYPE "hi" END);
    assert_line(s, written(s), s->alice, s->alice, "out \"481 No Such");
}

static void a_malformed_head_tells_what_is_wrong(void **state)
{
    struct scene *s = *state;

    login(s);
    trace_user(s, "alice");
    request(s, s->alice, s->bob, "SEND",
            "Message-ID: 12\r\nByte-Range: x\r\n" TYPE "hi" END);
    assert_line(s, written(s), s->alice, s->alice,
                "in \"SEND\" tid=\"tidtid\" message-id=\"12\" range=\"x\" "
                "fault=");
}

/* Who is traced before he is there: from his credentials on. */
static void a_user_who_comes_later_is_traced(void **state)
{
    struct scene *s = *state;
    const char *text;
    char line[64];

    trace_user(s, "bob");
    login(s);
    text = written(s);
    (void)snprintf(line, sizeof line, "c=%llu trace ",
                   (unsigned long long)s->bob->fake.link.number);
    assert_int_equal(count(text, line), 2);
    assert_int_equal(count(text, "in \"AUTH\" tid=\"auth2\" flag=$ user=bob\n"),
                     1);
    assert_int_equal(
        count(text, "out \"200 OK\" tid=\"auth2\" flag=$ user=bob\n"), 1);
    assert_int_equal(count(text, "\n"), 2);
    request(s, s->alice, s->bob, "SEND", "Message-ID: 12\r\n" TYPE "hi" END);
    assert_line(s, written(s), s->bob, s->bob, "out \"SEND\"");
}

/* No body, no whole token, nothing of the credentials. */
static void secrets_are_never_written(void **state)
{
    struct scene *s = *state;
    const char *text;

    trace_user(s, "alice");
    trace_user(s, "bob");
    login(s);
    request(s, s->alice, s->bob, "SEND",
            "Message-ID: 12\r\n" TYPE "the secret" END);
    request(s, s->alice, s->bob, "NICKNAME", TYPE "the secret" END);
    text = written(s);
    assert_int_equal(count(text, "secret"), 0);
    assert_int_equal(count(text, strrchr(s->alice->uri, '/') + 1), 0);
    assert_int_equal(count(text, "nonce"), 0);
    assert_int_equal(count(text, "response"), 0);
    for (const char *at = text; (at = strstr(at, " s=")); at++)
        assert_int_equal(strcspn(at + 3, " \n"), SESSION_SHORT_ID_LEN);
}

/* What a peer wrote is escaped; the line stays one. */
static void peers_octets_are_escaped(void **state)
{
    struct scene *s = *state;

    login(s);
    trace_user(s, "alice");
    request(s, s->alice, s->bob, "SEND",
            "Message-ID: 12\r\nByte-Range: \"\\ s=\r\n" TYPE "hi" END);
    assert_non_null(strstr(written(s), "range=\"\\x22\\x5c s=\""));
}

static void a_chunk_that_is_open_has_no_flag_yet(void **state)
{
    struct scene *s = *state;
    char rest[3200];
    const char *text;

    login(s);
    trace_user(s, "alice");
    (void)snprintf(rest, sizeof rest, "Message-ID: 12\r\n" TYPE "%03000d", 1);
    request(s, s->alice, s->bob, "SEND", rest);
    text = written(s);
    assert_line(s, text, s->bob, s->alice, "out \"SEND\"");
    assert_int_equal(count(text, "flag="), 0);
    rig_send(&s->rig, s->alice, "\r\n-------tidtid+\r\n");
    assert_line(s, written(s), s->alice, s->alice,
                "in end tid=\"tidtid\" flag=+ user=alice\n");
}

/* --- the targets --- */

static void targets_are_listed_until_they_are_taken_off(void **state)
{
    struct scene *s = *state;
    struct relay *r = s->rig.relay;

    assert_null(relay_traced(r, 0));
    trace_user(s, "alice");
    trace_user(s, "bob");
    assert_int_equal(relay_trace(r, TRACE_USER, SPAN("bob"), true), ERR_EXISTS);
    assert_int_equal(relay_trace(r, TRACE_USER, SPAN("alice"), false), 0);
    assert_int_equal(relay_trace(r, TRACE_USER, SPAN("alice"), false),
                     ERR_NOT_FOUND);
    assert_int_equal(relay_traced(r, 0)->kind, TRACE_USER);
    assert_span_equal(span_of(relay_traced(r, 0)->text, relay_traced(r, 0)->n),
                      SPAN("bob"));
    assert_null(relay_traced(r, 1));
    login(s);
    (void)written(s);
    assert_int_equal(relay_trace(r, TRACE_USER, SPAN("bob"), false), 0);
    request(s, s->bob, s->carol, "SEND", "Message-ID: 12\r\n" TYPE "hi" END);
    assert_string_equal(written(s), "");
}

static void there_are_so_many_targets_and_no_more(void **state)
{
    struct scene *s = *state;
    char name[USERS_NAME_MAX + 1];

    for (unsigned i = 0; i < TRACES_MAX; i++) {
        (void)snprintf(name, sizeof name, "user%u", i);
        trace_user(s, name);
    }
    assert_int_equal(relay_trace(s->rig.relay, TRACE_USER, SPAN("more"), true),
                     ERR_FULL);
}

static void what_can_be_no_target_is_refused(void **state)
{
    struct scene *s = *state;
    char name[USERS_NAME_MAX + 1];

    memset(name, 'x', sizeof name);
    assert_int_equal(relay_trace(s->rig.relay, TRACE_USER, SPAN(""), true),
                     ERR_SYNTAX);
    assert_int_equal(
        relay_trace(s->rig.relay, TRACE_USER, span_of(name, sizeof name), true),
        ERR_SYNTAX);
    assert_int_equal(
        relay_trace(s->rig.relay, TRACE_SESSION, SPAN("12345"), true),
        ERR_SYNTAX);
    assert_int_equal(
        relay_trace(s->rig.relay, TRACE_SESSION, SPAN("1234567"), true),
        ERR_SYNTAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_written_when_nothing_is_traced),
        TEST(each_head_of_a_traced_user_is_written),
        TEST(others_are_not_written),
        TEST(a_session_is_traced_by_its_short_id),
        TEST(a_pair_is_traced_by_its_short_id),
        TEST(reports_and_refusals_are_written),
        TEST(a_malformed_head_tells_what_is_wrong),
        TEST(a_user_who_comes_later_is_traced),
        TEST(secrets_are_never_written),
        TEST(peers_octets_are_escaped),
        TEST(a_chunk_that_is_open_has_no_flag_yet),
        TEST(targets_are_listed_until_they_are_taken_off),
        TEST(there_are_so_many_targets_and_no_more),
        TEST(what_can_be_no_target_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
