/* SPDX-License-Identifier: BSD-2-Clause */
#include "sdp.h"

#include "cmocka_all.h"
#include "err.h"

enum { MOST_URIS = 4 };

#define START "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\n"
#define PATH "a=path:msrp://192.0.2.1:7654/abc;tcp\r\n"

/* The one section of ours in `text`. */
static struct sdp_section only(const char *text)
{
    struct sdp sdp;

    assert_int_equal(sdp_parse(&sdp, span_str(text), MOST_URIS), 0);
    assert_int_equal(sdp.n, 1);
    return sdp.sections[0];
}

static size_t count(const char *text)
{
    struct sdp sdp;

    assert_int_equal(sdp_parse(&sdp, span_str(text), MOST_URIS), 0);
    return sdp.n;
}

static void a_section_is_read_whole(void **state)
{
    struct sdp_section s =
        only(START "c=IN IP4 198.51.100.20\r\nt=0 0\r\n"
                   "m=audio 3000 RTP/AVP 0\r\nc=IN IP4 203.0.113.1\r\n"
                   "m=message 7654/1  tcp/msrp *\r\n"
                   "a=setup:ActPass\r\n"
                   "a=path: msrp://192.0.2.1:7654/abc;tcp  "
                   "msrps://a.example:2855/x;tcp \r\na=msrp-cema \r\n");

    (void)state;
    assert_int_equal(s.index, 1);
    assert_int_equal(s.kind, SDP_USABLE);
    assert_int_equal(s.protocol, SDP_TCP);
    assert_int_equal(s.port, 7654);
    assert_int_equal(s.n_uris, 2);
    assert_span(s.path, "msrp://192.0.2.1:7654/abc;tcp  "
                        "msrps://a.example:2855/x;tcp");
    assert_span(sdp_path_next(&s.path), "msrp://192.0.2.1:7654/abc;tcp");
    assert_span(sdp_path_next(&s.path), "msrps://a.example:2855/x;tcp");
    assert_int_equal(sdp_path_next(&s.path).n, 0);
    assert_int_equal(s.setup, SDP_SETUP_ACTPASS);
    assert_true(s.is_cema);
    assert_int_equal(s.connection.family, 4);
    assert_span(s.connection.host, "198.51.100.20");
    assert_false(s.prints.announced);
}

static void sections_of_others_are_not_ours(void **state)
{
    (void)state;
    assert_int_equal(count(START), 0);
    assert_int_equal(count(START "m=audio 3000 TCP/MSRP *\r\n" PATH), 0);
    assert_int_equal(count(START "m=message 7654 RTP/AVP *\r\n" PATH), 0);
    assert_int_equal(count(START "m=message x TCP/MSRP *\r\n" PATH), 0);
    assert_int_equal(count(START "m=message 65536 TCP/MSRP *\r\n" PATH), 0);
    assert_int_equal(count(START "m=message 7654x TCP/MSRP *\r\n" PATH), 0);
    assert_int_equal(count(START "m=message 7654\r\n" PATH), 0);
    assert_int_equal(count(START "m=messages 7654 TCP/MSRP *\r\n" PATH), 0);
    assert_int_equal(count(START "M=message 7654 TCP/MSRP *\r\n" PATH), 0);
}

static void every_protocol_is_known_in_any_case(void **state)
{
    (void)state;
    assert_int_equal(only(START "m=message 1 TCP/MSRP *\n" PATH).protocol,
                     SDP_TCP);
    assert_int_equal(only(START "m=message 1 tcp/TLS/msrp *\n" PATH).protocol,
                     SDP_TLS);
    assert_int_equal(only(START "m=message 1 TCP/WS/MSRP *\n" PATH).protocol,
                     SDP_WS);
    assert_int_equal(only(START "m=message 1 TCP/WSS/MSRP" /* no format */
                                "\n" PATH)
                         .protocol,
                     SDP_WSS);
}

static void a_section_with_port_0_is_a_rejected_one(void **state)
{
    (void)state;
    assert_int_equal(only(START "m=message 0 TCP/MSRP *\r\n" PATH).kind,
                     SDP_REJECTED);
    assert_int_equal(only(START "m=message 00 TCP/MSRP *\r\n").kind,
                     SDP_REJECTED);
}

#define FOUR_URIS                                                              \
    "a=path:msrp://a:1/a;tcp msrp://a:1/a;tcp msrp://a:1/a;tcp "               \
    "msrp://a:1/a;tcp"
#define FIVE_URIS FOUR_URIS " msrp://a:1/a;tcp"

static void a_path_has_to_be_usable(void **state)
{
    static const char *const bad[] = {
        "",
        "a=path:\r\n",
        "a=pathology:msrp://192.0.2.1:7654/abc;tcp\r\n",
        "A=path:msrp://192.0.2.1:7654/abc;tcp\r\n",
        " a=path:msrp://192.0.2.1:7654/abc;tcp\r\n",
        PATH PATH, /* NOLINT(bugprone-suspicious-missing-comma) */
        "a=path:msrp://a.example/abc;tcp\r\n",
        "a=path:msrp://192.0.2.1:7654/abc\r\n",
        "a=path:sip:alice@example.com\r\n",
        FIVE_URIS "\r\n",
    };
    static const char *const good[] = {
        PATH,
        "a=path:MSRP://alice@[2001:db8::1]:9/a;TCP;x=y\r\n",
        "a=path:msrps://browser.invalid:2855/x;ws \t\r\n",
        FOUR_URIS,
    };
    char text[1024];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, "%s%s%s", START,
                 "m=message 7654 TCP/MSRP *\r\n", bad[i]);
        assert_int_equal(only(text).kind, SDP_WITHOUT_PATH);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(text, sizeof text, "%s%s%s", START,
                 "m=message 7654 TCP/MSRP *\r\n", good[i]);
        assert_int_equal(only(text).kind, SDP_USABLE);
    }
}

static void setup_is_the_sections_or_the_sessions(void **state)
{
    static const struct {
        const char *session, *section;
        enum sdp_setup setup;
    } rows[] = {
        {"", "", SDP_SETUP_NONE},
        {"a=setup:active\n", "", SDP_SETUP_ACTIVE},
        {"a=setup:active\n", "a=setup:passive\n", SDP_SETUP_PASSIVE},
        {"a=setup:active\n", "a=setup:holdconn\n", SDP_SETUP_NONE},
        {"", "a=setup: ACTIVE \n", SDP_SETUP_ACTIVE},
        {"", "a=setup:existing\n", SDP_SETUP_NONE},
        {"", "a=setups:active\n", SDP_SETUP_NONE},
    };
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text, "%s%s%s%s", START, rows[i].session,
                 "m=message 7654 TCP/MSRP *\r\n", rows[i].section);
        assert_int_equal(only(text).setup, rows[i].setup);
    }
}

static void connection_is_the_sections_or_the_sessions(void **state)
{
    static const struct {
        const char *session, *section;
        int family;
        const char *host;
    } rows[] = {
        {"", "", 0, ""},
        {"c=IN IP4 192.0.2.1\r\n", "", 4, "192.0.2.1"},
        {"c=IN IP4 192.0.2.1\r\n", "c=IN IP6 2001:db8::1\r\n", 6,
         "2001:db8::1"},
        {"", "c=IN IP4 192.0.2.1/127\r\n", 4, "192.0.2.1"},
        {"", "c=IN IP4 a.example\r\nc=IN IP4 b.example\r\n", 4, "a.example"},
        {"c=IN IP4 0.0.0.0\r\n", "", 4, "0.0.0.0"},
        {"", "c=IN  IP4  192.0.2.1 \r\n", 4, "192.0.2.1"},
        {"", "c=ATM IP4 192.0.2.1\r\n", 0, ""},
        {"", "c=IN IP5 192.0.2.1\r\n", 0, "192.0.2.1"},
        {"", "c=\r\n", 0, ""},
    };
    struct sdp_section s;
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text, "%s%s%s%s", START, rows[i].session,
                 "m=message 7654 TCP/MSRP *\r\n", rows[i].section);
        s = only(text);
        assert_int_equal(s.connection.family, rows[i].family);
        assert_span_equal(s.connection.host, span_str(rows[i].host));
    }
}

static struct sdp_prints prints_of(const char *session, const char *section)
{
    static char text[8192];

    snprintf(text, sizeof text, "%s%s%s%s", START, session,
             "m=message 7654 TCP/TLS/MSRP *\r\n", section);
    return only(text).prints;
}

static void fingerprints_are_given_as_they_came(void **state)
{
    struct sdp_prints p = prints_of("", "a=fingerprint:SHA-1 4A:AD \r\n"
                                        "a=fingerprint: x\r\n");

    (void)state;
    assert_true(p.announced);
    assert_int_equal(p.n, 2);
    assert_span(p.values[0], "SHA-1 4A:AD");
    assert_span(p.values[1], "x");
    assert_false(prints_of("", "a=fingerprints:x\r\n").announced);
}

static void a_sections_fingerprints_override_the_sessions(void **state)
{
    struct sdp_prints p = prints_of("a=fingerprint:1\r\n", "");

    (void)state;
    assert_int_equal(p.n, 1);
    assert_span(p.values[0], "1");
    p = prints_of("a=fingerprint:1\r\n", "a=fingerprint:2\r\n");
    assert_int_equal(p.n, 1);
    assert_span(p.values[0], "2");
}

static void
fingerprints_that_do_not_fit_are_announced_and_not_kept(void **state)
{
    char section[2048] = "";
    struct sdp_prints p;

    (void)state;
    for (unsigned i = 0; i < SDP_PRINTS_MAX + 2; i++)
        snprintf(section + strlen(section), sizeof section - strlen(section),
                 "a=fingerprint:%u\r\n", i);
    p = prints_of("", section);
    assert_int_equal(p.n, SDP_PRINTS_MAX);
    assert_span(p.values[15], "15");
    snprintf(section, sizeof section, "a=fingerprint:%0*d\r\n",
             SDP_PRINT_MAX + 1, 0);
    p = prints_of("a=fingerprint:1\r\n", section);
    assert_true(p.announced);
    assert_int_equal(p.n, 0);
}

static void what_is_no_sdp_is_refused(void **state)
{
    struct sdp sdp;

    (void)state;
    assert_int_equal(sdp_parse(&sdp, SPAN(""), MOST_URIS), ERR_SYNTAX);
    assert_int_equal(sdp_parse(&sdp, SPAN("o=x\r\nv=0\r\n"), MOST_URIS),
                     ERR_SYNTAX);
    assert_int_equal(sdp_parse(&sdp, SPAN("{\"v\":0}"), MOST_URIS), ERR_SYNTAX);
}

static void sections_are_found_by_their_place(void **state)
{
    struct sdp sdp;

    (void)state;
    assert_int_equal(
        sdp_parse(&sdp,
                  SPAN("v=0\nm=audio 1 RTP/AVP 0\nm=message 0 TCP/MSRP *\n"
                       "m=video 2 RTP/AVP 9\nm=message 5 TCP/MSRP *\n"),
                  MOST_URIS),
        0);
    assert_int_equal(sdp.n, 2);
    assert_null(sdp_section_at(&sdp, 0));
    assert_ptr_equal(sdp_section_at(&sdp, 1), &sdp.sections[0]);
    assert_null(sdp_section_at(&sdp, 2));
    assert_ptr_equal(sdp_section_at(&sdp, 3), &sdp.sections[1]);
    assert_null(sdp_section_at(&sdp, 4));
}

static void more_sections_than_fit_are_a_limit(void **state)
{
    char text[2048] = "v=0\n";
    struct sdp sdp;

    (void)state;
    for (unsigned i = 0; i < SDP_SECTIONS_MAX; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text),
                 "m=message 5 TCP/MSRP *\n");
    assert_int_equal(sdp_parse(&sdp, span_str(text), MOST_URIS), 0);
    snprintf(text + strlen(text), sizeof text - strlen(text),
             "m=message 5 TCP/MSRP *\n");
    assert_int_equal(sdp_parse(&sdp, span_str(text), MOST_URIS), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_section_is_read_whole),
        cmocka_unit_test(sections_of_others_are_not_ours),
        cmocka_unit_test(every_protocol_is_known_in_any_case),
        cmocka_unit_test(a_section_with_port_0_is_a_rejected_one),
        cmocka_unit_test(a_path_has_to_be_usable),
        cmocka_unit_test(setup_is_the_sections_or_the_sessions),
        cmocka_unit_test(connection_is_the_sections_or_the_sessions),
        cmocka_unit_test(fingerprints_are_given_as_they_came),
        cmocka_unit_test(a_sections_fingerprints_override_the_sessions),
        cmocka_unit_test(
            fingerprints_that_do_not_fit_are_announced_and_not_kept),
        cmocka_unit_test(what_is_no_sdp_is_refused),
        cmocka_unit_test(sections_are_found_by_their_place),
        cmocka_unit_test(more_sections_than_fit_are_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
