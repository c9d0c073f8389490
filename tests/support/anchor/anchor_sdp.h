/* SPDX-License-Identifier: BSD-2-Clause */
/* anchor_sdp - pieces of SDP for tests, and what is expected of answers. */
#ifndef ANCHOR_SDP_H
#define ANCHOR_SDP_H

#include "anchor_rig.h"
#include "cmocka_all.h"

#define HEAD "v=0\r\no=- 1 1 IN IP4 198.51.100.20\r\ns=-\r\nt=0 0\r\n"
#define C_A "c=IN IP4 198.51.100.20\r\n"
#define C_US "c=IN IP4 192.0.2.10\r\n"
#define AUDIO "m=audio 30000 RTP/AVP 0\r\n"
#define M_TCP "m=message 7654 TCP/MSRP *\r\n"
#define M_TLS "m=message 7654 TCP/TLS/MSRP *\r\n"
#define M_NONE "m=message 0 TCP/MSRP *\r\n"
#define P_A "a=path:msrp://198.51.100.20:7654/aLiCe;tcp\r\n"
#define P_B "a=path:msrp://198.51.100.77:12763/b0b;tcp\r\n"
#define P_US "a=path:msrp://192.0.2.10:2856/@;tcp\r\n"
#define OFFER HEAD C_A M_TCP P_A
#define ANSWER HEAD M_TCP P_B

static inline void expect_sdp(const struct anchor_rig *r, const char *want)
{
    assert_span(r->result, "ok");
    if (!anchor_rig_is(r->sdp, want)) {
        print_error("%.*s", SPAN_ARG(r->sdp));
        fail();
    }
}

static inline void expect_error(const struct anchor_rig *r, const char *reason)
{
    assert_span(r->result, "error");
    assert_span_equal(r->reason, span_str(reason));
}

/* The first path of the last answer. */
static inline const char *path_of(const struct anchor_rig *r, char *dst)
{
    return anchor_rig_path(r, 0, dst, 128);
}

static inline int anchor_set_up(void **state)
{
    static struct anchor_rig rig;

    anchor_rig_start(&rig);
    *state = &rig;
    return 0;
}

static inline int anchor_take_down(void **state)
{
    anchor_rig_stop(*state);
    return 0;
}

#define WITH_ANCHOR(test)                                                      \
    cmocka_unit_test_setup_teardown(test, anchor_set_up, anchor_take_down)

#endif
