/* SPDX-License-Identifier: BSD-2-Clause */
#include "subject.h"

#include <stdio.h>

#include "cmocka_all.h"
#include "oom.h"

static const struct subject_facts accepted = {
    .peer = "192.0.2.7:40312", .transport = "tls", .port = 2855};
static const struct subject_facts v6 = {
    .peer = "[2001:db8::7]:40312", .transport = "wss", .port = 443};

static void assert_written(struct subject_facts facts, const char *want)
{
    char text[SUBJECT_TEXT_MAX];

    assert_string_equal(subject_write(text, &facts), want);
}

static void both_ends_of_a_connection_are_written(void **state)
{
    (void)state;
    assert_written(accepted, " peer=192.0.2.7:40312 listener=tls:2855");
    assert_written(v6, " peer=[2001:db8::7]:40312 listener=wss:443");
    assert_written((struct subject_facts){"", "tls", 2855, SPAN("b.example")},
                   " dialled=b.example:2855");
    assert_written((struct subject_facts){"", "tls", 0, SPAN("b.example")},
                   " dialled=b.example");
    assert_written(
        (struct subject_facts){"192.0.2.9:1", "tcp", 1, SPAN("[::1]")},
        " peer=192.0.2.9:1 dialled=[::1]:1");
    assert_written((struct subject_facts){"192.0.2.9:1", "tcp", 1, SPAN("a b")},
                   " peer=192.0.2.9:1 dialled=\"a b:1\"");
}

/* Whatever a URI calls its host, the text keeps within its room. */
static void a_host_of_any_length_fits(void **state)
{
    char host[1000], text[SUBJECT_TEXT_MAX];
    struct subject_facts facts = {v6.peer, "tls", 65535, SPAN("")};

    (void)state;
    memset(host, '\x01', sizeof host);
    for (size_t n = 1; n <= sizeof host; n++) {
        facts.dialled = span_of(host, n);
        assert_true(strlen(subject_write(text, &facts)) < sizeof text - 1);
        assert_non_null(strstr(text, v6.peer));
    }
}

static void assert_user(struct subject *s, struct span user, const char *want)
{
    char line[SUBJECT_LINE_MAX], expected[SUBJECT_LINE_MAX];

    (void)snprintf(expected, sizeof expected, "%s%s", s ? s->text : "", want);
    assert_string_equal(subject_line(line, s, user), expected);
}

static void a_line_names_its_user_or_the_connections(void **state)
{
    struct subject *s = subject_new(&accepted);

    (void)state;
    assert_user(s, SPAN(""), "");
    assert_user(s, SPAN("bob"), " user=bob");
    subject_set_user(s, SPAN("alice"));
    assert_user(s, SPAN(""), " user=alice");
    assert_user(s, SPAN("bob"), " user=bob");
    subject_set_user(s, SPAN("carol"));
    assert_user(s, SPAN(""), " user=carol");
    subject_unref(s);
}

/* A name is a peer's text: it can neither look like another key nor end the
 * line. */
static void a_name_cannot_forge_a_key(void **state)
{
    char name[300];

    (void)state;
    assert_user(NULL, SPAN("a peer=192.0.2.1:1"),
                " user=\"a peer=192.0.2.1:1\"");
    assert_user(NULL, SPAN("a\" b\n\x01"), " user=\"a\\x22 b\\x0a\\x01\"");
    memset(name, '"', sizeof name);
    for (size_t n = 1; n <= sizeof name; n++) {
        char line[SUBJECT_LINE_MAX];

        assert_true(strlen(subject_line(line, NULL, span_of(name, n))) <
                    SUBJECT_USER_MAX + 8);
    }
    memset(name, 'a', sizeof name);
    assert_non_null(strstr(subject_line(name, NULL, span_of(name, sizeof name)),
                           "aa\"..."));
}

static void assert_peer(const struct subject_facts *facts, struct span address,
                        uint16_t port)
{
    struct subject *s = subject_new(facts);
    uint16_t got;
    struct span text = subject_peer(s, &got);

    assert_true(span_eq(text, address));
    assert_int_equal(got, port);
    subject_unref(s);
}

static void the_peer_can_be_told_by_itself(void **state)
{
    static const struct subject_facts none = {"", "tls", 1, SPAN("b.example")};
    static const struct subject_facts local = {"unix", "tcp", 1, SPAN("")};
    uint16_t port;

    (void)state;
    assert_peer(&accepted, SPAN("192.0.2.7"), 40312);
    assert_peer(&v6, SPAN("2001:db8::7"), 40312);
    assert_peer(&none, SPAN(""), 0);
    assert_peer(&local, SPAN("unix"), 0);
    assert_int_equal(subject_peer(NULL, &port).n, 0);
}

static void it_lives_as_long_as_anybody_needs_it(void **state)
{
    struct subject *s = subject_new(&accepted), *other = subject_ref(s);

    (void)state;
    subject_set_user(s, SPAN("alice"));
    subject_unref(s);
    assert_user(other, SPAN(""), " user=alice");
    subject_unref(other);
    assert_null(subject_ref(NULL));
    subject_unref(NULL);
    subject_set_user(NULL, SPAN("alice"));
}

static void without_memory_there_is_none_or_no_user(void **state)
{
    struct subject *s;

    (void)state;
    oom_arm(1);
    s = subject_new(&accepted);
    assert_true(oom_disarm());
    assert_null(s);
    s = subject_new(&accepted);
    oom_arm(1);
    subject_set_user(s, SPAN("alice"));
    assert_true(oom_disarm());
    assert_user(s, SPAN(""), "");
    subject_unref(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_of_a_connection_are_written),
        cmocka_unit_test(a_host_of_any_length_fits),
        cmocka_unit_test(a_line_names_its_user_or_the_connections),
        cmocka_unit_test(a_name_cannot_forge_a_key),
        cmocka_unit_test(the_peer_can_be_told_by_itself),
        cmocka_unit_test(it_lives_as_long_as_anybody_needs_it),
        cmocka_unit_test(without_memory_there_is_none_or_no_user),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
