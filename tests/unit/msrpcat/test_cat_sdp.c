/* SPDX-License-Identifier: BSD-2-Clause */
#include "cat_sdp.h"

#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"

#define PATH "msrp://192.0.2.1:7654/jshA7weztas;tcp"
#define SECTION "m=message 7654 TCP/MSRP *\r\na=path:" PATH "\r\n"

static struct cat_sdp parsed(const char *text)
{
    struct cat_sdp sdp;

    assert_int_equal(cat_sdp_parse(&sdp, span_str(text)), 0);
    return sdp;
}

static void assert_refused(const char *text, int err)
{
    struct cat_sdp sdp;

    assert_int_equal(cat_sdp_parse(&sdp, span_str(text)), err);
}

/* --- reading -------------------------------------------------------------- */

static void a_section_alone_is_enough(void **state)
{
    struct cat_sdp sdp = parsed(SECTION);

    (void)state;
    assert_false(sdp.secure);
    assert_span(sdp.path, PATH);
    assert_int_equal(sdp.setup, CAT_SETUP_NONE);
    assert_false(sdp.has_fingerprint);
}

static void the_message_section_is_found_among_others(void **state)
{
    struct cat_sdp sdp = parsed("v=0\r\n"
                                "o=- 1 1 IN IP4 192.0.2.1\r\n"
                                "s=-\r\n"
                                "c=IN IP4 192.0.2.1\r\n"
                                "t=0 0\r\n"
                                "a=setup:actpass\r\n"
                                "m=audio 30000 RTP/AVP 0\r\n"
                                "a=setup:passive\r\n"
                                "a=path:msrp://audio.invalid:1/x;tcp\r\n"
                                "m=message 7394 TCP/TLS/MSRP *\r\n"
                                "a=accept-types:*\r\n"
                                "a=path:msrps://192.0.2.1:7394/2s9;tcp\r\n"
                                "m=video 1 RTP/AVP 31\r\n"
                                "a=setup:active\r\n");

    (void)state;
    assert_true(sdp.secure);
    assert_span(sdp.path, "msrps://192.0.2.1:7394/2s9;tcp");
    assert_int_equal(sdp.setup, CAT_SETUP_ACTPASS);
}

static void the_first_section_that_is_not_declined_counts(void **state)
{
    struct cat_sdp sdp = parsed("m=message 0 TCP/MSRP *\n"
                                "a=path:msrp://192.0.2.1:1/no;tcp\n" SECTION
                                "m=message 9 TCP/MSRP *\n"
                                "a=path:msrp://192.0.2.1:9/second;tcp\n");

    (void)state;
    assert_span(sdp.path, PATH);
}

static void lines_end_as_they_like(void **state)
{
    (void)state;
    assert_span(parsed("m=message 1 tcp/msrp *\na=path:" PATH).path, PATH);
    assert_span(parsed("m=message  7654/1   TCP/MSRP *  \r\n"
                       "a=path: " PATH " \r\n\r\n")
                    .path,
                PATH);
}

static void several_uris_are_one_path(void **state)
{
    struct cat_sdp sdp = parsed("m=message 2855 TCP/TLS/MSRP *\r\n"
                                "a=path:msrps://r.example.net:2855/Tc9w2q;tcp "
                                "msrps://pc.example.net:9/bob7;tcp\r\n");

    (void)state;
    assert_span(sdp.path, "msrps://r.example.net:2855/Tc9w2q;tcp "
                          "msrps://pc.example.net:9/bob7;tcp");
}

static void what_is_no_session_is_told_apart(void **state)
{
    (void)state;
    assert_refused("", ERR_NOT_FOUND);
    assert_refused("hello\n", ERR_NOT_FOUND);
    assert_refused("m=audio 1 RTP/AVP 0\r\na=path:" PATH "\r\n", ERR_NOT_FOUND);
    assert_refused("m=message 5060 sip instant message\r\n", ERR_NOT_FOUND);
    assert_refused("m=message 0 TCP/MSRP *\r\na=path:" PATH "\r\n", ERR_DENIED);
    assert_refused("m=message x TCP/MSRP *\r\na=path:" PATH "\r\n", ERR_DENIED);
    assert_refused("m=message 1 TCP/MSRP *\r\n", ERR_SYNTAX);
    assert_refused("m=message 1 TCP/MSRP *\r\na=path:sip:x\r\n", ERR_SYNTAX);
    assert_refused("m=message 1 TCP/MSRP *\r\n"
                   "a=path:msrp://example.org/x;tcp\r\n",
                   ERR_SYNTAX);
    assert_refused("m=message 1 TCP/MSRP *\r\na=pathology:" PATH "\r\n",
                   ERR_SYNTAX);
    assert_refused("a=path:" PATH "\r\nm=message 1 TCP/MSRP *\r\n", ERR_SYNTAX);
}

static void a_setup_means_something_or_nothing(void **state)
{
    static const struct {
        const char *line;
        enum cat_setup setup;
    } rows[] = {
        {"a=setup:active", CAT_SETUP_ACTIVE},
        {"a=setup:PASSIVE", CAT_SETUP_PASSIVE},
        {"a=setup:actpass ", CAT_SETUP_ACTPASS},
        {"a=setup:holdconn", CAT_SETUP_NONE},
        {"a=setup:", CAT_SETUP_NONE},
        {"a=setup", CAT_SETUP_NONE},
    };
    char text[200];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text, SECTION "%s\r\n", rows[i].line);
        assert_int_equal(parsed(text).setup, rows[i].setup);
    }
}

/* --- fingerprints --------------------------------------------------------- */

#define FIVE(xx) xx ":" xx ":" xx ":" xx ":" xx
#define TEN(xx) FIVE(xx) ":" FIVE(xx)
/* Fingerprints in which each octet is this. */
#define SHA1(xx) "sha-1 " TEN(xx) ":" TEN(xx)
#define SHA256(xx) "SHA-256 " TEN(xx) ":" TEN(xx) ":" TEN(xx) ":" xx ":" xx
#define SHA1_LINE(xx) "a=fingerprint:" SHA1(xx) "\r\n"
#define SHA256_LINE(xx) "a=fingerprint:" SHA256(xx) "\r\n"

static void assert_fingerprint(const struct cat_sdp *sdp, size_t i,
                               enum fingerprint_function function,
                               unsigned octet)
{
    assert_true(i < sdp->n_fingerprints);
    assert_int_equal(sdp->fingerprints[i].function, function);
    assert_int_equal(sdp->fingerprints[i].octets[0], octet);
}

static void only_the_strongest_function_counts(void **state)
{
    struct cat_sdp sdp = parsed(SECTION SHA256_LINE("11") SHA1_LINE(
        "33") SHA256_LINE("55") "a=fingerprint:md5 77:88\r\n");

    (void)state;
    assert_true(sdp.has_fingerprint);
    assert_int_equal(sdp.n_fingerprints, 2);
    assert_fingerprint(&sdp, 0, FINGERPRINT_SHA256, 0x11);
    assert_fingerprint(&sdp, 1, FINGERPRINT_SHA256, 0x55);
    sdp = parsed(SECTION SHA1_LINE("33") SHA256_LINE("11"));
    assert_int_equal(sdp.n_fingerprints, 1);
    assert_fingerprint(&sdp, 0, FINGERPRINT_SHA256, 0x11);
}

static void a_section_goes_before_the_session(void **state)
{
    struct cat_sdp sdp = parsed(SHA256_LINE("11") SECTION SHA1_LINE("33"));

    (void)state;
    assert_fingerprint(&sdp, 0, FINGERPRINT_SHA1, 0x33);
    sdp = parsed(SHA256_LINE("11") SECTION);
    assert_fingerprint(&sdp, 0, FINGERPRINT_SHA256, 0x11);
}

static void what_is_no_use_is_a_fingerprint_that_nobody_has(void **state)
{
    static const char *const useless[] = {SECTION "a=fingerprint:md5 11:22\r\n",
                                          SECTION
                                          "a=fingerprint:SHA-256 11:22\r\n"};

    (void)state;
    for (size_t i = 0; i < sizeof useless / sizeof *useless; i++) {
        struct cat_sdp sdp = parsed(useless[i]);

        assert_true(sdp.has_fingerprint);
        assert_int_equal(sdp.n_fingerprints, 0);
    }
}

static void there_are_at_most_so_many(void **state)
{
    char text[4096] = SECTION;

    (void)state;
    for (size_t i = 0; i < CAT_SDP_FINGERPRINTS + 3; i++) {
        size_t n = strlen(text);

        snprintf(text + n, sizeof text - n, "%s", SHA256_LINE("77"));
    }
    assert_int_equal(parsed(text).n_fingerprints, CAT_SDP_FINGERPRINTS);
}

/* Cut anywhere, it is read or refused; nothing behind it is looked at. */
static void a_cut_text_is_no_trouble(void **state)
{
    static const char whole[] = "v=0\r\na=fingerprint:sha-1 1\r\n" SECTION
                                "a=setup:active\r\na=fingerprint:SHA-256 2";

    (void)state;
    for (size_t n = 0; n < sizeof whole; n++) {
        char *copy = malloc(n + 1);
        struct cat_sdp sdp;

        assert_non_null(copy);
        memcpy(copy, whole, n);
        (void)cat_sdp_parse(&sdp, span_of(copy, n));
        free(copy);
    }
}

/* --- writing -------------------------------------------------------------- */

static void what_is_written_is_what_is_meant(void **state)
{
    struct cat_sdp_own own = {.address = "192.0.2.1",
                              .path = PATH,
                              .accept_types = "*",
                              .setup = CAT_SETUP_ACTPASS};
    char *text = cat_sdp_text(&own);

    (void)state;
    assert_string_equal(text, "m=message 7654 TCP/MSRP *\r\n"
                              "c=IN IP4 192.0.2.1\r\n"
                              "a=accept-types:*\r\n"
                              "a=path:" PATH "\r\n"
                              "a=setup:actpass\r\n");
    free(text);
    own = (struct cat_sdp_own){.secure = true,
                               .address = "2001:db8::1",
                               .path = "msrps://[2001:db8::1]:9/x;tcp",
                               .accept_types = "text/plain",
                               .setup = CAT_SETUP_NONE,
                               .fingerprint = "SHA-256 AB:CD"};
    text = cat_sdp_text(&own);
    assert_string_equal(text, "m=message 9 TCP/TLS/MSRP *\r\n"
                              "c=IN IP6 2001:db8::1\r\n"
                              "a=accept-types:text/plain\r\n"
                              "a=path:msrps://[2001:db8::1]:9/x;tcp\r\n"
                              "a=fingerprint:SHA-256 AB:CD\r\n");
    free(text);
}

static void what_is_written_can_be_read(void **state)
{
    const struct cat_sdp_own own = {.secure = true,
                                    .address = "192.0.2.1",
                                    .path = "msrps://192.0.2.1:1/x;tcp",
                                    .accept_types = "*",
                                    .setup = CAT_SETUP_ACTIVE,
                                    .fingerprint = SHA1("AB")};
    char *text = cat_sdp_text(&own);
    struct cat_sdp sdp = parsed(text);

    (void)state;
    assert_true(sdp.secure);
    assert_span_equal(sdp.path, span_str(own.path));
    assert_int_equal(sdp.setup, CAT_SETUP_ACTIVE);
    assert_fingerprint(&sdp, 0, FINGERPRINT_SHA1, 0xab);
    free(text);
}

/* --- who connects --------------------------------------------------------- */

#define NO CAT_SETUP_NONE
#define ACT CAT_SETUP_ACTIVE
#define PAS CAT_SETUP_PASSIVE
#define BOTH CAT_SETUP_ACTPASS

static void one_side_connects(void **state)
{
    static const struct {
        enum cat_setup offer, answer;
        const char *who;
    } rows[] = {
        {NO, NO, "offerer"},    {NO, ACT, "answerer"},
        {NO, PAS, "offerer"},   {NO, BOTH, "offerer"},
        {ACT, NO, "offerer"},   {ACT, ACT, NULL},
        {ACT, PAS, "offerer"},  {ACT, BOTH, "offerer"},
        {PAS, NO, "answerer"},  {PAS, PAS, NULL},
        {PAS, ACT, "answerer"}, {PAS, BOTH, "answerer"},
        {BOTH, NO, "offerer"},  {BOTH, ACT, "answerer"},
        {BOTH, PAS, "offerer"}, {BOTH, BOTH, "offerer"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool offerer;
        int err =
            cat_sdp_offerer_connects(&offerer, rows[i].offer, rows[i].answer);

        assert_int_equal(err, rows[i].who ? 0 : ERR_DENIED);
        if (!err)
            assert_string_equal(offerer ? "offerer" : "answerer", rows[i].who);
    }
}

static void without_a_wish_the_usual_is_said(void **state)
{
    (void)state;
    assert_int_equal(cat_sdp_offer_setup(CAT_SETUP_AUTO, true), BOTH);
    assert_int_equal(cat_sdp_offer_setup(CAT_SETUP_AUTO, false), ACT);
    assert_int_equal(cat_sdp_offer_setup(PAS, true), PAS);
    assert_int_equal(cat_sdp_answer_setup(CAT_SETUP_AUTO, NO, true), PAS);
    assert_int_equal(cat_sdp_answer_setup(CAT_SETUP_AUTO, ACT, true), PAS);
    assert_int_equal(cat_sdp_answer_setup(CAT_SETUP_AUTO, PAS, true), ACT);
    assert_int_equal(cat_sdp_answer_setup(CAT_SETUP_AUTO, BOTH, true), PAS);
    assert_int_equal(cat_sdp_answer_setup(CAT_SETUP_AUTO, BOTH, false), ACT);
    assert_int_equal(cat_sdp_answer_setup(NO, BOTH, true), NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_section_alone_is_enough),
        cmocka_unit_test(the_message_section_is_found_among_others),
        cmocka_unit_test(the_first_section_that_is_not_declined_counts),
        cmocka_unit_test(lines_end_as_they_like),
        cmocka_unit_test(several_uris_are_one_path),
        cmocka_unit_test(what_is_no_session_is_told_apart),
        cmocka_unit_test(a_setup_means_something_or_nothing),
        cmocka_unit_test(only_the_strongest_function_counts),
        cmocka_unit_test(a_section_goes_before_the_session),
        cmocka_unit_test(what_is_no_use_is_a_fingerprint_that_nobody_has),
        cmocka_unit_test(there_are_at_most_so_many),
        cmocka_unit_test(a_cut_text_is_no_trouble),
        cmocka_unit_test(what_is_written_is_what_is_meant),
        cmocka_unit_test(what_is_written_can_be_read),
        cmocka_unit_test(one_side_connects),
        cmocka_unit_test(without_a_wish_the_usual_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
