/* SPDX-License-Identifier: BSD-2-Clause */
#include "sdp_rewrite.h"

#include "cmocka_all.h"
#include "oom.h"

#define U "msrp://192.0.2.10:2856/W0Yd5mJk2vTqPz8sLr4NcA;tcp"
#define C "c=IN IP4 192.0.2.10"
#define P "a=path:msrp://198.51.100.20:7654/aLiCe;tcp"

static const struct span print = SPAN("SHA-256 68:2F");

/* To TCP: what examples E1 and E3 have. */
static const struct sdp_edit plain = {
    .port = 2856,
    .protocol = SDP_TCP,
    .family = 4,
    .address = SPAN("192.0.2.10"),
    .uri = SPAN(U),
    .setup = SDP_SETUP_ACTPASS,
};

static struct sdp_edit secure_edit(void)
{
    struct sdp_edit e = plain;

    e.protocol = SDP_TLS;
    e.prints = &print;
    e.n_prints = 1;
    return e;
}

static void check(const char *from, const struct sdp_edit *edits, size_t n,
                  const char *want)
{
    struct text out;

    text_init(&out, 65536);
    sdp_rewrite(&out, span_str(from), edits, n);
    assert_int_equal(out.err, 0);
    assert_span_equal(text_span(&out), span_str(want));
    text_fini(&out);
}

static void check_plain(const char *from, const char *want)
{
    check(from, &plain, 1, want);
}

static void a_section_leads_to_the_relay(void **state)
{
    (void)state;
    check_plain(
        "v=0\r\nc=IN IP4 198.51.100.20\r\nt=0 0\r\n"
        "m=message 7654 TCP/MSRP *\r\na=accept-types:text/plain\r\n" P "\r\n",
        "v=0\r\nc=IN IP4 198.51.100.20\r\nt=0 0\r\n"
        "m=message 2856 TCP/MSRP *\r\n" C
        "\r\na=accept-types:text/plain\r\na=path:" U "\r\na=setup:actpass\r\n");
}

static void lines_are_replaced_where_they_stand(void **state)
{
    (void)state;
    check_plain("v=0\nm=message 28000 TCP/MSRP *\nc=IN IP6 2001:db8::1/127\n"
                "a=setup:active\n" P "\na=accept-types:*\n",
                "v=0\nm=message 2856 TCP/MSRP *\n" C
                "\na=setup:actpass\na=path:" U "\na=accept-types:*\n");
}

static void each_line_keeps_its_own_end(void **state)
{
    (void)state;
    check_plain("v=0\nm=message 1 TCP/MSRP *\r\n" P "\nb=AS:1\r\n\r\n\n",
                "v=0\nm=message 2856 TCP/MSRP *\r\n" C "\r\na=path:" U
                "\na=setup:actpass\r\nb=AS:1\r\n\r\n\n");
    check_plain("v=0\r\nm=message 1 TCP/MSRP *\n" P "\r\n",
                "v=0\r\nm=message 2856 TCP/MSRP *\n" C "\na=path:" U
                "\r\na=setup:actpass\n");
}

static void a_last_line_without_end_stays_one(void **state)
{
    const struct sdp_edit secure = secure_edit();

    (void)state;
    check_plain("v=0\r\nm=message 1 TCP/MSRP *\r\n" P,
                "v=0\r\nm=message 2856 TCP/MSRP *\r\n" C "\r\na=path:" U
                "\r\na=setup:actpass");
    check_plain("v=0\r\nm=message 1 TCP/MSRP *\r\n" P "\r\na=setup:active",
                "v=0\r\nm=message 2856 TCP/MSRP *\r\n" C "\r\na=path:" U
                "\r\na=setup:actpass");
    check_plain("v=0\r\nm=message 1 TCP/MSRP *\r\n" P "\r\na=msrp-cema",
                "v=0\r\nm=message 2856 TCP/MSRP *\r\n" C "\r\na=path:" U
                "\r\na=setup:actpass");
    check("v=0\nm=message 1 TCP/MSRP *\n" P, &secure, 1,
          "v=0\nm=message 2856 TCP/TLS/MSRP *\n" C "\na=path:" U
          "\na=setup:actpass\na=fingerprint:SHA-256 68:2F");
    check("v=0\nm=message 1 TCP/MSRP *\n" P "\na=fingerprint:SHA-1 4A", &secure,
          1,
          "v=0\nm=message 2856 TCP/TLS/MSRP *\n" C "\na=path:" U
          "\na=setup:actpass\na=fingerprint:SHA-256 68:2F");
}

static void port_and_protocol_change_and_nothing_else_of_the_line(void **state)
{
    const struct sdp_edit secure = secure_edit();

    (void)state;
    check_plain("v=0\nm=message  7654/1 \ttcp/msrp   * x \n" C "\na=setup:x\n",
                "v=0\nm=message  2856/1 \ttcp/msrp   * x \n" C
                "\na=setup:actpass\n");
    check("v=0\nm=message 7654/1 TCP/MSRP message/cpim\n" C "\na=setup:x\n",
          &secure, 1,
          "v=0\nm=message 2856/1 TCP/TLS/MSRP message/cpim\n" C
          "\na=setup:actpass\na=fingerprint:SHA-256 68:2F\n");
}

static void the_title_stays_before_the_connection(void **state)
{
    (void)state;
    check_plain("v=0\nm=message 1 TCP/MSRP *\ni=Chat\n" P "\n",
                "v=0\nm=message 2856 TCP/MSRP *\ni=Chat\n" C "\na=path:" U
                "\na=setup:actpass\n");
    check_plain("v=0\nm=message 1 TCP/MSRP *\ni=Chat\nc=IN IP4 x\n" P "\n",
                "v=0\nm=message 2856 TCP/MSRP *\ni=Chat\n" C "\na=path:" U
                "\na=setup:actpass\n");
}

static void the_first_of_several_connections_is_replaced(void **state)
{
    (void)state;
    check_plain("v=0\nm=message 1 TCP/MSRP *\nc=IN IP4 x\nc=IN IP4 y\n" P "\n",
                "v=0\nm=message 2856 TCP/MSRP *\n" C "\nc=IN IP4 y\na=path:" U
                "\na=setup:actpass\n");
}

static void ipv6_stands_without_brackets(void **state)
{
    struct sdp_edit e = plain;

    (void)state;
    e.family = 6;
    e.address = SPAN("2001:db8::10");
    check("v=0\nm=message 1 TCP/MSRP *\n" P "\na=setup:x\n", &e, 1,
          "v=0\nm=message 2856 TCP/MSRP *\nc=IN IP6 2001:db8::10\na=path:" U
          "\na=setup:actpass\n");
}

static void fingerprints_stand_where_the_first_one_stood(void **state)
{
    const struct span two[] = {SPAN("SHA-256 68:2F"), SPAN("SHA-256 01:02")};
    struct sdp_edit e = secure_edit();

    (void)state;
    check("v=0\na=fingerprint:SHA-1 00\nm=message 7394 TCP/TLS/MSRP *\n"
          "c=IN IP4 1\na=setup:active\n" P
          "\na=fingerprint:SHA-1 4A\na=x\na=fingerprint:SHA-256 2B\n"
          "a=msrp-cema\n",
          &e, 1,
          "v=0\na=fingerprint:SHA-1 00\nm=message 2856 TCP/TLS/MSRP *\n" C
          "\na=setup:actpass\na=path:" U
          "\na=fingerprint:SHA-256 68:2F\na=x\n");
    e.prints = two;
    e.n_prints = 2;
    check(
        "v=0\nm=message 7394 TCP/TLS/MSRP *\nc=IN IP4 1\n"
        "a=fingerprint:SHA-1 4A\n" P "\n",
        &e, 1,
        "v=0\nm=message 2856 TCP/TLS/MSRP *\n" C
        "\na=fingerprint:SHA-256 68:2F\na=fingerprint:SHA-256 01:02\na=path:" U
        "\na=setup:actpass\n");
}

static void fingerprints_go_where_tls_does_not(void **state)
{
    (void)state;
    check_plain("v=0\na=fingerprint:SHA-1 00\nm=message 1 TCP/TLS/MSRP *\n" P
                "\na=fingerprint:SHA-1 4A\na=fingerprint:SHA-256 2B\n",
                "v=0\na=fingerprint:SHA-1 00\nm=message 2856 TCP/MSRP *\n" C
                "\na=path:" U "\na=setup:actpass\n");
}

static void a_refused_section_gets_port_0_only(void **state)
{
    struct sdp_edit e = plain;

    (void)state;
    e.reject = true;
    check(
        "v=0\nm=message 7654 TCP/TLS/MSRP *\nc=IN IP4 1\n" P "\na=msrp-cema\n",
        &e, 1, "v=0\nm=message 0 TCP/MSRP *\nc=IN IP4 1\n" P "\na=msrp-cema\n");
}

#define LOOKALIKES                                                             \
    "a=pathology:x\na=setups:y\na=fingerprinting:z\na=msrp-cema2\n"            \
    "a=msrp-cema:1\n A=path\na=accept-types:*\na=connection:new\na=mid:1\n"    \
    "a=file-selector:name:\"My  picture.jpg\" type:image/jpeg \n"              \
    "\xff\xfe\r\n\n  \na=candidate:1 1 TCP 1 192.0.2.1 9\n"

static void all_else_stays_octet_for_octet(void **state)
{
    (void)state;
    check_plain("v=0\n" LOOKALIKES "m=message 1 TCP/MSRP *\n" LOOKALIKES C
                "\n" P "\na=setup:x\n" LOOKALIKES "m=audio 5 X\n" P
                "\nc=IN IP4 1\na=setup:active\na=msrp-cema\n" LOOKALIKES,
                "v=0\n" LOOKALIKES "m=message 2856 TCP/MSRP *\n" LOOKALIKES C
                "\na=path:" U "\na=setup:actpass\n" LOOKALIKES "m=audio 5 X\n" P
                "\nc=IN IP4 1\na=setup:active\na=msrp-cema\n" LOOKALIKES);
}

static void several_sections_have_their_own_edits(void **state)
{
    struct sdp_edit e[2] = {plain, plain};

    (void)state;
    e[0].index = 1;
    e[1].index = 3;
    e[1].port = 2857;
    check("v=0\nm=audio 1 X\nm=message 1 TCP/MSRP *\n" P "\nm=message 2 "
          "TCP/MSRP *\n" P "\nm=message 3 TCP/MSRP *\n" P "\n",
          e, 2,
          "v=0\nm=audio 1 X\nm=message 2856 TCP/MSRP *\n" C "\na=path:" U
          "\na=setup:actpass\nm=message 2 TCP/MSRP *\n" P
          "\nm=message 2857 TCP/MSRP *\n" C "\na=path:" U
          "\na=setup:actpass\n");
}

static void without_edits_nothing_changes(void **state)
{
    (void)state;
    check("v=0\r\nm=message 1 TCP/MSRP *\n" LOOKALIKES P, NULL, 0,
          "v=0\r\nm=message 1 TCP/MSRP *\n" LOOKALIKES P);
}

/* Cut anywhere, what is before the section's last line is as it was. */
static void a_text_cut_anywhere_is_rewritten(void **state)
{
    const struct span all = SPAN("v=0\r\ns=-\r\nm=message 1 TCP/MSRP *\r\n" P
                                 "\r\na=fingerprint:SHA-1 4A\r\n");
    const struct sdp_edit secure = secure_edit();
    struct text out;

    (void)state;
    for (size_t n = 0; n <= all.n; n++) {
        char *copy = malloc(n + 1);

        memcpy(copy, all.p, n);
        text_init(&out, 65536);
        sdp_rewrite(&out, span_of(copy, n), &secure, 1);
        assert_int_equal(out.err, 0);
        text_fini(&out);
        free(copy);
    }
}

static void without_memory_the_text_says_so(void **state)
{
    struct text out;

    (void)state;
    text_init(&out, 65536);
    oom_arm(1);
    sdp_rewrite(&out, SPAN("v=0\nm=message 1 TCP/MSRP *\n" P "\n"), &plain, 1);
    assert_true(oom_disarm());
    assert_true(out.err != 0);
    text_fini(&out);
    text_init(&out, 20);
    sdp_rewrite(&out, SPAN("v=0\nm=message 1 TCP/MSRP *\na=msrp-cema"), &plain,
                1);
    assert_true(out.err != 0);
    text_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_section_leads_to_the_relay),
        cmocka_unit_test(lines_are_replaced_where_they_stand),
        cmocka_unit_test(each_line_keeps_its_own_end),
        cmocka_unit_test(a_last_line_without_end_stays_one),
        cmocka_unit_test(port_and_protocol_change_and_nothing_else_of_the_line),
        cmocka_unit_test(the_title_stays_before_the_connection),
        cmocka_unit_test(the_first_of_several_connections_is_replaced),
        cmocka_unit_test(ipv6_stands_without_brackets),
        cmocka_unit_test(fingerprints_stand_where_the_first_one_stood),
        cmocka_unit_test(fingerprints_go_where_tls_does_not),
        cmocka_unit_test(a_refused_section_gets_port_0_only),
        cmocka_unit_test(all_else_stays_octet_for_octet),
        cmocka_unit_test(several_sections_have_their_own_edits),
        cmocka_unit_test(without_edits_nothing_changes),
        cmocka_unit_test(a_text_cut_anywhere_is_rewritten),
        cmocka_unit_test(without_memory_the_text_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
