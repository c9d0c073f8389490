/* SPDX-License-Identifier: BSD-2-Clause */
/* Single offers and answers: what comes back, the
 * worked examples, who connects, bounds. */
#include "anchor.h"

#include "anchor_sdp.h"

/* --- the worked examples --- */

static void e1_plain_tcp(void **state)
{
    struct anchor_rig *r = *state;

    anchor_rig_command(r, "ping");
    assert_span(r->result, "pong");
    anchor_rig_offer(
        r, "a84b4c76", "1928",
        "v=0\r\no=- 3000 1 IN IP4 198.51.100.20\r\ns=-\r\n"
        "c=IN IP4 198.51.100.20\r\nt=0 0\r\nm=message 7654 TCP/MSRP *\r\n"
        "a=accept-types:text/plain\r\n"
        "a=path:msrp://198.51.100.20:7654/aLiCe81hfnsQ;tcp\r\n");
    expect_sdp(r, "v=0\r\no=- 3000 1 IN IP4 198.51.100.20\r\ns=-\r\n"
                  "c=IN IP4 198.51.100.20\r\nt=0 0\r\n"
                  "m=message 2856 TCP/MSRP *\r\n" C_US
                  "a=accept-types:text/plain\r\n" P_US "a=setup:actpass\r\n");
    anchor_rig_answer(
        r, "a84b4c76", "1928", "314",
        "v=0\r\no=bob 88 1 IN IP4 198.51.100.77\r\ns=-\r\n"
        "c=IN IP4 198.51.100.77\r\nt=0 0\r\nm=message 12763 TCP/MSRP *\r\n"
        "a=accept-types:*\r\n"
        "a=path:msrp://198.51.100.77:12763/b0bK3di92xzZ;tcp\r\n");
    expect_sdp(r, "v=0\r\no=bob 88 1 IN IP4 198.51.100.77\r\ns=-\r\n"
                  "c=IN IP4 198.51.100.77\r\nt=0 0\r\n"
                  "m=message 2856 TCP/MSRP *\r\n" C_US
                  "a=accept-types:*\r\n" P_US "a=setup:passive\r\n");
    assert_int_equal(anchor_rig_pairs(r), 1);
    anchor_rig_delete(r, "a84b4c76", "1928", "");
    assert_span(r->result, "ok");
    assert_int_equal(r->warning.n, 0);
    assert_int_equal(anchor_rig_tokens(r), 0);
    assert_int_equal(anchor_rig_stats(r).calls_now, 0);
}

static void e2_tls(void **state)
{
    struct anchor_rig *r = *state;

    anchor_rig_offer(r, "c", "a",
                     "v=0\r\nm=message 7394 TCP/TLS/MSRP *\r\n"
                     "c=IN IP4 198.51.100.20\r\na=accept-types:message/cpim\r\n"
                     "a=setup:actpass\r\n"
                     "a=path:msrps://198.51.100.20:7394/2s93i93idj;tcp\r\n"
                     "a=fingerprint:SHA-1 4A:AD\r\n"
                     "a=fingerprint:SHA-256 2B:D8\r\na=msrp-cema\r\n");
    expect_sdp(r, "v=0\r\nm=message 2855 TCP/TLS/MSRP *\r\n" C_US
                  "a=accept-types:message/cpim\r\na=setup:actpass\r\n"
                  "a=path:msrps://relay.example.com:2855/@;tcp\r\n"
                  "a=fingerprint:SHA-256 68:2F\r\n");
    anchor_rig_answer(r, "c", "a", "b",
                      "v=0\r\nm=message 9 TCP/TLS/MSRP *\r\n"
                      "c=IN IP4 198.51.100.77\r\n"
                      "a=accept-types:message/cpim\r\n"
                      "a=path:msrps://198.51.100.77:9/jd8s0sHw;tcp\r\n"
                      "a=setup:active\r\na=fingerprint:SHA-256 81:B6\r\n");
    expect_sdp(r, "v=0\r\nm=message 2855 TCP/TLS/MSRP *\r\n" C_US
                  "a=accept-types:message/cpim\r\n"
                  "a=path:msrps://relay.example.com:2855/@;tcp\r\n"
                  "a=setup:passive\r\na=fingerprint:SHA-256 68:2F\r\n");
}

static void e3_audio_and_message(void **state)
{
    struct anchor_rig *r = *state;

    anchor_rig_offer(
        r, "c", "a",
        "v=0\r\no=- 18 18 IN IP4 198.51.100.20\r\ns=Chat\r\nt=0 0\r\n"
        "m=audio 30000 RTP/AVP 0\r\nc=IN IP4 203.0.113.1\r\n"
        "a=rtpmap:0 PCMU/8000\r\na=sendrecv\r\na=rtcp:30001\r\n"
        "m=message 28000 TCP/MSRP *\r\nc=IN IP4 198.51.100.20\r\n"
        "a=setup:active\r\na=path:msrp://198.51.100.20:28000/k;tcp\r\n"
        "a=accept-types:*\r\n");
    expect_sdp(r, "v=0\r\no=- 18 18 IN IP4 198.51.100.20\r\ns=Chat\r\nt=0 0\r\n"
                  "m=audio 30000 RTP/AVP 0\r\nc=IN IP4 203.0.113.1\r\n"
                  "a=rtpmap:0 PCMU/8000\r\na=sendrecv\r\na=rtcp:30001\r\n"
                  "m=message 2856 TCP/MSRP *\r\n" C_US
                  "a=setup:actpass\r\n" P_US "a=accept-types:*\r\n");
}

static void e4_another_transport_and_a_relay_behind(void **state)
{
    struct anchor_rig *r = *state;

    r->ask.transport_protocol = SPAN("TCP/TLS/MSRP");
    anchor_rig_offer(r, "c", "a", OFFER);
    expect_sdp(r, HEAD C_A "m=message 2855 TCP/TLS/MSRP *\r\n" C_US
                           "a=path:msrps://relay.example.com:2855/@;tcp\r\n"
                           "a=setup:actpass\r\n"
                           "a=fingerprint:SHA-256 68:2F\r\n");
    r->ask.transport_protocol = SPAN("TCP/TLS/MSRP");
    anchor_rig_answer(r, "c", "a", "b",
                      "v=0\r\nm=message 2855 TCP/TLS/MSRP *\r\n"
                      "c=IN IP4 203.0.113.9\r\n"
                      "a=path:msrps://r.example.net:2855/Tc9w2q;tcp "
                      "msrps://pc.example.net:9/bob7;tcp\r\n"
                      "a=fingerprint:SHA-256 81:B6\r\n");
    expect_sdp(r, "v=0\r\nm=message 2856 TCP/MSRP *\r\n" C_US P_US
                  "a=setup:passive\r\n");
}

/* --- SDP that is not ours --- */

static void other_calls_go_through_untouched(void **state)
{
    struct anchor_rig *r = *state;

    anchor_rig_offer(r, "c", "a", HEAD C_A AUDIO);
    expect_sdp(r, HEAD C_A AUDIO);
    anchor_rig_answer(r, "c", "a", "b", HEAD C_A AUDIO);
    expect_sdp(r, HEAD C_A AUDIO);
    anchor_rig_answer(r, "x", "a", "b", HEAD M_NONE);
    expect_sdp(r, HEAD M_NONE);
    assert_int_equal(anchor_rig_stats(r).calls_now, 0);
    r->admits = false;
    anchor_rig_offer(r, "c", "a", HEAD C_A AUDIO);
    expect_sdp(r, HEAD C_A AUDIO);
}

static void a_section_without_path_is_left_and_named(void **state)
{
    struct anchor_rig *r = *state;

    anchor_rig_offer(r, "c", "a", HEAD C_A AUDIO M_TCP "a=x\r\n" M_TCP P_A);
    expect_sdp(r, HEAD C_A AUDIO M_TCP
               "a=x\r\nm=message 2856 TCP/MSRP *\r\n" C_US P_US
               "a=setup:actpass\r\n");
    assert_span(r->warning, "section 2 has no usable path");
    assert_int_equal(anchor_rig_tokens(r), 1);
}

static void what_is_missing_is_named(void **state)
{
    struct anchor_rig *r = *state;
    char name[1026];

    anchor_rig_offer(r, "c", "a", "");
    expect_error(r, "No SDP body in message");
    anchor_rig_offer(r, "", "a", OFFER);
    expect_error(r, "No call-id in message");
    anchor_rig_offer(r, "c", "", OFFER);
    expect_error(r, "No from-tag in message");
    anchor_rig_answer(r, "c", "a", "", OFFER);
    expect_error(r, "No to-tag in message");
    anchor_rig_delete(r, "", "a", "");
    expect_error(r, "No call-id in message");
    anchor_rig_offer(r, "c", "a", "x=0");
    expect_error(r, "Failed to parse SDP");
    anchor_rig_command(r, "start recording");
    expect_error(r, "Unrecognized command");
    memset(name, 'x', sizeof name);
    name[1025] = '\0';
    anchor_rig_offer(r, name, "a", OFFER);
    expect_error(r, "Call-id, tag or branch too long");
    name[1024] = '\0';
    anchor_rig_offer(r, name, "a", OFFER);
    assert_span(r->result, "ok");
    assert_int_equal(anchor_rig_stats(r).errors[ANCHOR_NO_SDP], 1);
}

/* --- who connects: both tables --- */

static void every_role_is_answered_as_the_tables_say(void **state)
{
    struct anchor_rig *r = *state;
    static const struct {
        const char *offered;
        bool prefer, may_dial;
        const char *answered;
    } rows[] = {
        {"", false, true, "passive"},
        {"a=setup:holdconn\r\n", true, true, "passive"},
        {"a=setup:x\r\n", true, true, "passive"},
        {"a=setup:active\r\n", false, true, "passive"},
        {"a=setup:active\r\n", true, true, "passive"},
        {"a=setup:actpass\r\n", false, true, "passive"},
        {"a=setup:actpass\r\n", true, true, "active"},
        {"a=setup:actpass\r\n", true, false, "passive"},
        {"a=setup:passive\r\n", false, false, "active"},
        {"a=setup:passive\r\n", true, true, "active"},
    };
    char offer[512], want[512];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        r->settings.prefer_active = rows[i].prefer;
        r->may_dial = rows[i].may_dial;
        anchor_rig_configure(r);
        snprintf(offer, sizeof offer, "%s%s", OFFER, rows[i].offered);
        anchor_rig_offer(r, "c", "a", offer);
        assert_true(anchor_rig_has(r->sdp, "a=setup:actpass\r\n"));
        anchor_rig_answer(r, "c", "a", "b", ANSWER);
        snprintf(want, sizeof want,
                 HEAD "m=message 2856 TCP/MSRP *\r\n" C_US P_US
                      "a=setup:%s\r\n",
                 rows[i].answered);
        expect_sdp(r, want);
        anchor_rig_delete(r, "c", "", "");
    }
}

static void the_address_of_the_sdp_may_be_trusted(void **state)
{
    struct anchor_rig *r = *state;

    r->settings.prefer_active = true;
    r->settings.trust_sdp = true;
    anchor_rig_configure(r);
    anchor_rig_offer(r, "c", "a", OFFER "a=setup:actpass\r\n");
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    assert_true(anchor_rig_has(r->sdp, "a=setup:active\r\n"));
    anchor_rig_offer(r, "d", "a",
                     HEAD "c=IN IP4 198.51.100.21\r\n" M_TCP P_A
                          "a=setup:actpass\r\n");
    anchor_rig_answer(r, "d", "a", "b", ANSWER);
    assert_true(anchor_rig_has(r->sdp, "a=setup:passive\r\n"));
}

static void who_cannot_be_dialled_by_nature_is_not(void **state)
{
    struct anchor_rig *r = *state;
    static const char *const paths[] = {
        "msrp://198.51.100.20:9/x;tcp",
        "msrp://x.invalid:7654/x;tcp",
        "msrp://198.51.100.20:7654/x;ws",
    };
    const struct anchor_place web = {.address = SPAN("192.0.2.10"),
                                     .family = 4,
                                     .port = 2858,
                                     .transport = ANCHOR_WS};
    struct anchor_place places[2] = {r->settings.places[0], web};
    char offer[512];

    r->settings.places = places;
    r->settings.n_places = 2;
    r->settings.prefer_active = true;
    r->may_dial = true;
    anchor_rig_configure(r);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        snprintf(offer, sizeof offer,
                 HEAD C_A M_TCP "a=path:%s\r\na=setup:actpass\r\n", paths[i]);
        anchor_rig_offer(r, "c", "a", offer);
        anchor_rig_answer(r, "c", "a", "b", ANSWER);
        assert_true(anchor_rig_has(r->sdp, "a=setup:passive\r\n"));
        assert_true(anchor_rig_has(r->sdp, ";ws\r\n") == (i == 2));
        anchor_rig_delete(r, "c", "", "");
    }
}

/* --- interfaces --- */

static void directions_choose_interfaces(void **state)
{
    struct anchor_rig *r = *state;

    r->ask.from_interface = SPAN("default");
    r->ask.to_interface = SPAN("out");
    anchor_rig_offer(r, "c", "a", OFFER);
    expect_sdp(r, HEAD C_A "m=message 2857 TCP/MSRP *\r\n"
                           "c=IN IP6 2001:db8::10\r\n"
                           "a=path:msrp://[2001:db8::10]:2857/@;tcp\r\n"
                           "a=setup:actpass\r\n");
    anchor_rig_answer(r, "c", "a", "b",
                      HEAD "c=IN IP6 2001:db8::77\r\n" M_TCP P_B);
    assert_true(anchor_rig_has(r->sdp, "\r\n" C_US));
    anchor_rig_delete(r, "c", "", "");
    r->ask.from_interface = SPAN("internal");
    anchor_rig_offer(r, "c", "a", OFFER);
    assert_span(r->warning, "section 1: unknown interface, default used");
    anchor_rig_delete(r, "c", "", "");
    r->ask.to_interface = SPAN("out");
    r->ask.transport_protocol = SPAN("TCP/TLS/MSRP");
    anchor_rig_offer(r, "c", "a", OFFER);
    expect_error(r, "No interface for TCP/TLS/MSRP");
    assert_int_equal(anchor_rig_stats(r).calls_now, 0);
    assert_int_equal(anchor_rig_tokens(r), 0);
}

static void the_family_of_the_peer_chooses_too(void **state)
{
    struct anchor_rig *r = *state;

    anchor_rig_offer(r, "c", "a", HEAD "c=IN IP6 2001:db8::1\r\n" M_TCP P_A);
    assert_true(anchor_rig_has(r->sdp, "IP6 2001:db8::10"));
}

/* --- bounds --- */

static void new_calls_are_refused_when_it_is_full(void **state)
{
    struct anchor_rig *r = *state;

    r->settings.max_sessions = 1;
    anchor_rig_configure(r);
    anchor_rig_offer(r, "c", "a", OFFER);
    assert_span(r->result, "ok");
    anchor_rig_offer(r, "d", "a", OFFER);
    expect_error(r, "Parallel session limit reached");
    r->ask.supports_load_limit = true;
    anchor_rig_offer(r, "d", "a", OFFER);
    assert_span(r->result, "load limit");
    assert_span(r->message, "Parallel session limit reached");
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    assert_span(r->result, "ok");
    anchor_rig_delete(r, "c", "", "");
    r->admits = false;
    anchor_rig_offer(r, "c", "a", OFFER);
    expect_error(r, "Parallel session limit reached");
    assert_int_equal(anchor_rig_stats(r).load_limit, 3);
}

static void a_call_has_a_bounded_number_of_offers(void **state)
{
    struct anchor_rig *r = *state;
    char tag[16];

    r->settings.max_sessions = 1000;
    anchor_rig_configure(r);
    for (unsigned i = 0; i < 64; i++) {
        snprintf(tag, sizeof tag, "%u", i);
        anchor_rig_offer(r, "c", tag, OFFER);
        assert_span(r->result, "ok");
    }
    anchor_rig_offer(r, "c", "more", OFFER);
    expect_error(r, "Too many offers in this call");
    for (unsigned i = 0; i < 64; i++) {
        snprintf(tag, sizeof tag, "to%u", i);
        anchor_rig_answer(r, "c", "1", tag, ANSWER);
        assert_span(r->result, "ok");
    }
    anchor_rig_answer(r, "c", "1", "more", ANSWER);
    expect_error(r, "Too many offers in this call");
    assert_int_equal(anchor_rig_pairs(r), 64);
}

/* Each length of the answer: what fits is kept, what does not fit is not. */
static void an_answer_that_does_not_fit_keeps_nothing(void **state)
{
    struct anchor_rig *r = *state;
    bool fits[2] = {false, false};

    for (size_t size = 64; size < 512; size++) {
        ng_reply_init(&r->reply, r->memory, size);
        anchor_rig_offer(r, "c", "a", OFFER);
        assert_int_equal(anchor_rig_tokens(r), r->is_full ? 0 : 1);
        assert_int_equal(anchor_rig_stats(r).calls_now, r->is_full ? 0 : 1);
        fits[!r->is_full] = true;
        anchor_rig_delete(r, "c", "", "");
    }
    assert_true(fits[0] && fits[1]);
    ng_reply_init(&r->reply, r->memory, sizeof r->memory);
    anchor_rig_offer(r, "c", "a", OFFER);
    ng_reply_init(&r->reply, r->memory, 128);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    expect_error(r, "Reply too large");
    assert_int_equal(anchor_rig_pairs(r), 0);
    ng_reply_init(&r->reply, r->memory, sizeof r->memory);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    assert_span(r->result, "ok");
    ng_reply_init(&r->reply, r->memory, 128);
    r->ask.to_tag = SPAN("b");
    anchor_rig_offer(r, "c", "a", OFFER M_TCP P_A);
    expect_error(r, "Reply too large");
    assert_int_equal(anchor_rig_tokens(r), 1);
    assert_int_equal(anchor_rig_pairs(r), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ANCHOR(e1_plain_tcp),
        WITH_ANCHOR(e2_tls),
        WITH_ANCHOR(e3_audio_and_message),
        WITH_ANCHOR(e4_another_transport_and_a_relay_behind),
        WITH_ANCHOR(other_calls_go_through_untouched),
        WITH_ANCHOR(a_section_without_path_is_left_and_named),
        WITH_ANCHOR(what_is_missing_is_named),
        WITH_ANCHOR(every_role_is_answered_as_the_tables_say),
        WITH_ANCHOR(the_address_of_the_sdp_may_be_trusted),
        WITH_ANCHOR(who_cannot_be_dialled_by_nature_is_not),
        WITH_ANCHOR(directions_choose_interfaces),
        WITH_ANCHOR(the_family_of_the_peer_chooses_too),
        WITH_ANCHOR(new_calls_are_refused_when_it_is_full),
        WITH_ANCHOR(a_call_has_a_bounded_number_of_offers),
        WITH_ANCHOR(an_answer_that_does_not_fit_keeps_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
