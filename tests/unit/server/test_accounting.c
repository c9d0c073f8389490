/* SPDX-License-Identifier: BSD-2-Clause */
#include "accounting.h"

#include <string.h>

#include "cmocka_all.h"
#include "contacts.h"
#include "subject.h"

/* On the record's clock it is 100 s; 1970 was 1795341600.5 s ago. */
enum { NOW_MS = 100000 };
#define UNIX_MS UINT64_C(1795341600500)
#define RELAY SPAN("relay.example.com")

static struct subject *make_subject(const char *peer)
{
    struct subject *s = subject_new(&(struct subject_facts){
        .peer = peer, .transport = "tls", .port = 2855});

    assert_non_null(s);
    s->tls = "TLSv1.3";
    return s;
}

static void add_contact(struct contacts *c, const char *host)
{
    const struct uri uri = {.host = span_str(host),
                            .session_id = SPAN("0123456789abcdef")};

    contacts_add(c, &uri);
}

static void a_session_becomes_one_line_of_json(void **state)
{
    char line[ACCOUNTING_LINE_MAX];
    struct subject *subject = make_subject("192.0.2.7:40312");
    struct contacts contacts;
    const struct session_record r = {
        .short_id = "9f3a2b",
        .subject = subject,
        .contacts = &contacts,
        .user = SPAN("alice"),
        .realm = SPAN("example.com"),
        .connection = 42,
        .began_ms = NOW_MS - 61234,
        .ended_ms = NOW_MS - 1,
        .why = SESSION_KICKED,
        .usage = {.sent = {1234, 3, 1},
                  .received = {UINT64_C(1) << 40, 2, 0},
                  .reports_made = 7},
    };

    (void)state;
    contacts_init(&contacts);
    add_contact(&contacts, "b.example");
    assert_span(
        accounting_line(line, &r, RELAY, NOW_MS, UNIX_MS),
        "{\"event\":\"session\",\"session\":\"9f3a2b\",\"connection\":42,"
        "\"user\":\"alice\",\"realm\":\"example.com\",\"relay\":\"relay."
        "example.com\","
        "\"peer\":{\"address\":\"192.0.2.7\",\"port\":40312},"
        "\"transport\":\"tls\",\"tls\":\"TLSv1.3\","
        "\"began\":\"2026-11-22T09:58:59.266Z\","
        "\"ended\":\"2026-11-22T10:00:00.499Z\",\"seconds\":61.233,"
        "\"reason\":\"kicked\","
        "\"sent\":{\"messages\":3,\"octets\":1234,\"reports\":1},"
        "\"received\":{\"messages\":2,\"octets\":1099511627776,"
        "\"reports\":0},\"reports_made\":7,"
        "\"parties\":[{\"host\":\"b.example\",\"session\":\"012345\"}]}");
    subject_unref(subject);
    contacts_fini(&contacts);
}

static void an_ipv6_address_has_no_brackets(void **state)
{
    char line[ACCOUNTING_LINE_MAX];
    struct subject *subject = make_subject("[2001:db8::7]:40312");
    const struct session_record r = {.short_id = "9f3a2b", .subject = subject};
    struct span text = accounting_line(line, &r, RELAY, NOW_MS, UNIX_MS);
    static const char want[] =
        "\"peer\":{\"address\":\"2001:db8::7\",\"port\":40312}";

    (void)state;
    assert_non_null(memmem(text.p, text.n, want, sizeof want - 1));
    subject_unref(subject);
}

/* So many contacts as are remembered, with the longest hosts. */
static void fill(struct contacts *c)
{
    char host[CONTACT_HOST_MAX + 1];

    contacts_init(c);
    memset(host, 'a', sizeof host);
    host[CONTACT_HOST_MAX] = '\0';
    for (int i = 0; i < CONTACTS_MAX; i++) {
        host[0] = (char)('a' + i);
        add_contact(c, host);
    }
    assert_int_equal(c->n, CONTACTS_MAX);
}

/* The longest name there is, each octet of which has to be escaped. */
static void the_longest_texts_fit(void **state)
{
    struct contacts contacts;
    char line[ACCOUNTING_LINE_MAX], name[255] = {0}, relay[255];
    const struct session_record r = {.short_id = "aaaaaa",
                                     .contacts = &contacts,
                                     .user = span_of(name, sizeof name),
                                     .realm = span_of(name, sizeof name)};
    struct span text;

    (void)state;
    memset(name, '\x01', sizeof name);
    fill(&contacts);
    memset(relay, 'a', sizeof relay);
    text = accounting_line(line, &r, span_of(relay, sizeof relay), NOW_MS,
                           UNIX_MS);
    assert_true(text.n > 2 * 6 * sizeof name);
    assert_int_equal(text.p[text.n - 1], '}');
    contacts_fini(&contacts);
}

/* */
static void a_pair_tells_of_its_call_and_of_both_sides(void **state)
{
    char line[ACCOUNTING_PAIR_MAX];
    struct subject *a = make_subject("192.0.2.7:40312");
    struct subject *b = make_subject("[2001:db8::1]:9");
    const struct anchored_record r = {
        .short_id = "9f3a2b",
        .call_id = SPAN("a84b4c76@a"),
        .from_tag = SPAN("1928"),
        .to_tag = SPAN("314\"\n"),
        .subject = {a, b},
        .connection = {42, 43},
        .began_ms = NOW_MS - 61234,
        .ended_ms = NOW_MS - 1,
        .why = ANCHORED_DELETE,
        .usage = {.sent = {1234, 3, 1}, .received = {99, 2, 0}},
    };

    (void)state;
    assert_span(
        accounting_pair_line(line, &r, RELAY, NOW_MS, UNIX_MS),
        "{\"event\":\"session\",\"session\":\"9f3a2b\",\"connection\":42,"
        "\"user\":\"\",\"realm\":\"\",\"relay\":\"relay.example.com\","
        "\"peer\":{\"address\":\"192.0.2.7\",\"port\":40312},"
        "\"transport\":\"tls\",\"tls\":\"TLSv1.3\","
        "\"began\":\"2026-11-22T09:58:59.266Z\","
        "\"ended\":\"2026-11-22T10:00:00.499Z\",\"seconds\":61.233,"
        "\"reason\":\"delete\","
        "\"sent\":{\"messages\":3,\"octets\":1234,\"reports\":1},"
        "\"received\":{\"messages\":2,\"octets\":99,\"reports\":0},"
        "\"reports_made\":0,\"parties\":[],"
        "\"call_id\":\"a84b4c76@a\",\"from_tag\":\"1928\","
        "\"to_tag\":\"314\\\"\\u000a\",\"end\":\"delete\","
        "\"answerer\":{\"connection\":43,"
        "\"peer\":{\"address\":\"2001:db8::1\",\"port\":9},"
        "\"transport\":\"tls\",\"tls\":\"TLSv1.3\"}}");
    subject_unref(a);
    subject_unref(b);
}

/* Labels of 1024 octets, all of them controls. */
static void the_longest_labels_fit(void **state)
{
    char line[ACCOUNTING_PAIR_MAX], label[1024] = {0};
    const struct anchored_record r = {
        .short_id = "9f3a2b",
        .call_id = span_of(label, sizeof label),
        .from_tag = span_of(label, sizeof label),
        .to_tag = span_of(label, sizeof label),
    };
    struct span text;

    (void)state;
    memset(label, 1, sizeof label);
    text = accounting_pair_line(line, &r, RELAY, NOW_MS, UNIX_MS);
    assert_true(text.n > 3 * 6 * sizeof label);
    assert_int_equal(text.p[text.n - 1], '}');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_becomes_one_line_of_json),
        cmocka_unit_test(an_ipv6_address_has_no_brackets),
        cmocka_unit_test(the_longest_texts_fit),
        cmocka_unit_test(a_pair_tells_of_its_call_and_of_both_sides),
        cmocka_unit_test(the_longest_labels_fit),
    };

    return cmocka_run_group_tests_name("app.accounting", tests, NULL, NULL);
}
