/* SPDX-License-Identifier: BSD-2-Clause */
#include "relay_links.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "fake_link.h"
#include "host_names.h"
#include "identity.h"
#include "texts.h"

struct bench {
    struct policy policy;
    struct relay_links all;
    struct fake_link dialled, came, again, fresh;
    unsigned dials;
    bool refuses;
};

static struct link *dial(void *ctx, const struct uri *uri, uint16_t *code)
{
    struct bench *b = ctx;

    assert_true(uri->host.n > 0);
    b->dials++;
    if (!b->refuses)
        return &b->fresh.link;
    *code = 403;
    return NULL;
}

/* A link that came in with a certificate for that name. */
static void came_as(struct fake_link *f, uint64_t number, const char *name)
{
    fake_link_init(f, number);
    fake_link_certify(f, name);
    f->link.is_relay = true;
}

static int set_up(void **state)
{
    static const uint64_t seed[2] = {1, 2};
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    assert_int_equal(relay_links_init(&b->all, &b->policy, seed), 0);
    b->all.dial = dial;
    b->all.ctx = b;
    b->all.allow_tcp = true;
    came_as(&b->dialled, 1, "far.example");
    came_as(&b->came, 2, "near.example");
    came_as(&b->again, 3, "near.example");
    fake_link_init(&b->fresh, 4);
    b->dialled.link.host = SPAN("far.example");
    b->dialled.link.host_port = 2855;
    b->dialled.link.requested_cert = true;
    b->dialled.link.relay_links.to_relay = true;
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    struct fake_link *all[] = {&b->dialled, &b->came, &b->again, &b->fresh};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        relay_links_link_closed(&b->all, &all[i]->link);
        fake_link_fini(all[i]);
    }
    relay_links_fini(&b->all);
    free(b);
    return 0;
}

static struct link *find(struct bench *b, const char *text)
{
    struct uri u = uri_of(text);

    return relay_links_find(&b->all, &u);
}

static void enter(struct bench *b, struct fake_link *f, const char *text)
{
    struct uri u = uri_of(text);

    relay_links_enter(&b->all, &f->link, &u);
}

static bool claim(struct bench *b, struct fake_link *f, const char *text)
{
    struct uri u = uri_of(text);

    return relay_links_claim(&b->all, &f->link, &u);
}

/* To one that is the last of its path, or with others behind it. */
static struct link *reach(struct bench *b, const char *text, bool is_last,
                          uint16_t *code)
{
    struct uri u = uri_of(text);
    struct link *l = relay_links_reach(&b->all, &u, !is_last, code);

    return l || *code ? l : relay_links_dial(&b->all, &u, !is_last, code);
}

#define FAR "msrps://far.example:2855/x;tcp"
#define NEAR "msrps://near.example:2855/x;tcp"

static void nobody_is_found_who_is_not_there(void **state)
{
    struct bench *b = *state;

    assert_null(find(b, FAR));
    enter(b, &b->dialled, FAR);
    assert_null(find(b, "msrps://other.example:2855/x;tcp"));
    relay_links_link_closed(&b->all, &b->dialled.link);
    assert_null(find(b, FAR));
}

/* B4975-5.4-a: same host, port and scheme. */
static void a_link_is_found_by_host_port_and_scheme(void **state)
{
    struct bench *b = *state;

    enter(b, &b->dialled, FAR);
    assert_ptr_equal(find(b, "msrps://FAR.example:2855/y;tcp"),
                     &b->dialled.link);
    assert_null(find(b, "msrps://far.example:2856/x;tcp"));
    assert_null(find(b, "msrps://far.example;tcp"));
    assert_null(find(b, "msrp://far.example:2855/x;tcp"));
}

/* S-6: the certificate permits, the URI addresses. */
static void a_link_is_entered_as_what_it_calls_itself(void **state)
{
    struct bench *b = *state;

    assert_true(claim(b, &b->came, NEAR));
    assert_ptr_equal(find(b, NEAR), &b->came.link);
    assert_null(find(b, "msrps://near.example:7777/x;tcp"));
    assert_true(claim(b, &b->came, "msrps://near.example:7777/x;tcp"));
    assert_ptr_equal(find(b, "msrps://near.example:7777/x;tcp"), &b->came.link);
    assert_false(claim(b, &b->came, FAR));
    assert_null(find(b, FAR));
}

static void relays_of_one_name_are_told_apart_by_port(void **state)
{
    struct bench *b = *state;

    assert_true(claim(b, &b->came, NEAR));
    assert_true(claim(b, &b->again, "msrps://near.example:2856/x;tcp"));
    assert_ptr_equal(find(b, NEAR), &b->came.link);
    assert_ptr_equal(find(b, "msrps://near.example:2856/x;tcp"),
                     &b->again.link);
}

/* S-2: who lives keeps his place, and is asked once whether he does. */
static void who_is_there_stays_while_he_lives(void **state)
{
    struct bench *b = *state;

    assert_true(claim(b, &b->came, NEAR));
    assert_true(claim(b, &b->again, NEAR));
    assert_true(claim(b, &b->again, NEAR));
    assert_ptr_equal(find(b, NEAR), &b->came.link);
    assert_int_equal(b->came.probes, 1);
    assert_true(claim(b, &b->came, NEAR));
    assert_int_equal(b->again.probes, 0);
    b->came.link.closing = true;
    assert_true(claim(b, &b->again, NEAR));
    assert_ptr_equal(find(b, NEAR), &b->again.link);
}

static void one_that_was_dialled_stays_before_one_that_claims(void **state)
{
    struct bench *b = *state;
    struct fake_link rival;

    came_as(&rival, 9, "far.example");
    enter(b, &b->dialled, FAR);
    assert_true(claim(b, &rival, FAR));
    assert_ptr_equal(find(b, FAR), &b->dialled.link);
    relay_links_link_closed(&b->all, &rival.link);
    fake_link_fini(&rival);
}

/* S-19: the new dial needs the place of one that may be dead. */
static void a_new_dial_probes_who_has_the_place(void **state)
{
    struct bench *b = *state;

    enter(b, &b->dialled, FAR);
    b->fresh.link.host = b->dialled.link.host;
    enter(b, &b->fresh, FAR);
    assert_ptr_equal(find(b, FAR), &b->dialled.link);
    assert_int_equal(b->dialled.probes, 1);
    assert_int_equal(b->fresh.probes, 0);
    relay_links_link_closed(&b->all, &b->dialled.link);
    enter(b, &b->fresh, FAR);
    assert_ptr_equal(find(b, FAR), &b->fresh.link);
}

static void the_entries_of_a_link_are_bounded(void **state)
{
    struct bench *b = *state;
    char text[64];

    for (int i = 1; i <= RELAY_LINKS_AUTHORITIES_MAX + 1; i++) {
        (void)snprintf(text, sizeof text, "msrps://near.example:%d/x;tcp", i);
        assert_true(claim(b, &b->came, text));
        assert_int_equal(find(b, text) != NULL,
                         i <= RELAY_LINKS_AUTHORITIES_MAX);
    }
}

/* S-4: only who is admitted, and a certificate of somebody else is none. */
static void names_that_are_not_admitted_are_none(void **state)
{
    struct bench *b = *state;
    struct host_names *names = host_names_new();

    assert_non_null(names);
    assert_int_equal(host_names_add(names, SPAN("*.far.example")), 0);
    b->policy.relay_names = names;
    assert_false(claim(b, &b->came, NEAR));
    assert_false(identity_is_relay(&b->came.link, &b->policy));
    assert_int_equal(host_names_add(names, SPAN("near.example")), 0);
    assert_true(claim(b, &b->came, NEAR));
    assert_true(identity_is_relay(&b->came.link, &b->policy));
    host_names_free(names);
}

/* A link that counts as a relay's by its address. */
static void came_from_the_lab(struct fake_link *f)
{
    fake_link_init(f, 9);
    f->link.by_address = f->link.is_relay = true;
}

#define LAB "msrps://lab.example:1/x;tcp"

static void an_address_may_claim_what_no_certificate_has(void **state)
{
    struct bench *b = *state;
    struct fake_link lab;

    came_from_the_lab(&lab);
    assert_int_equal(relay_links_known(&b->all, &b->came.link), 0);
    assert_false(claim(b, &lab, "msrps://near.example:1/x;tcp"));
    assert_true(claim(b, &lab, LAB));
    assert_ptr_equal(find(b, LAB), &lab.link);
    assert_int_equal(relay_links_known(&b->all, &lab.link), 0);
    relay_links_link_closed(&b->all, &lab.link);
}

static void what_an_address_claimed_goes_to_the_certified(void **state)
{
    struct bench *b = *state;
    struct fake_link lab, late;

    came_from_the_lab(&lab);
    came_as(&late, 10, "*.lab.example");
    assert_true(claim(b, &lab, "msrps://a.lab.example:1/x;tcp"));
    assert_int_equal(relay_links_known(&b->all, &late.link), 0);
    assert_null(find(b, "msrps://a.lab.example:1/x;tcp"));
    assert_false(claim(b, &lab, "msrps://a.lab.example:1/x;tcp"));
    assert_true(claim(b, &late, "msrps://a.lab.example:1/x;tcp"));
    assert_ptr_equal(find(b, "msrps://a.lab.example:1/x;tcp"), &late.link);
    relay_links_link_closed(&b->all, &lab.link);
    relay_links_link_closed(&b->all, &late.link);
    fake_link_fini(&late);
}

static void an_address_claims_no_pattern(void **state)
{
    struct bench *b = *state;
    struct fake_link lab;

    came_from_the_lab(&lab);
    assert_false(claim(b, &lab, "msrps://*.wild.example:1/x;tcp"));
    assert_true(claim(b, &lab, LAB));
    assert_false(
        identity_has_name(&lab.link, &b->policy, SPAN("a.wild.example")));
    relay_links_link_closed(&b->all, &lab.link);
}

/* As a relay's link it takes what went to a lone peer before. */
static void a_name_that_is_claimed_counts_as_a_change(void **state)
{
    struct uri u = uri_of(LAB);
    struct bench *b = *state;
    struct fake_link lab;
    uint64_t before;

    came_from_the_lab(&lab);
    lab.link.host = u.host;
    lab.link.relay_links.to_relay = true;
    enter(b, &lab, LAB);
    assert_false(relay_links_is_relay(&b->all, &u));
    before = b->all.changes;
    assert_true(claim(b, &lab, LAB));
    assert_true(relay_links_is_relay(&b->all, &u));
    assert_true(b->all.changes > before);
    before = b->all.changes;
    assert_true(claim(b, &lab, LAB));
    assert_int_equal(b->all.changes, before);
    relay_links_link_closed(&b->all, &lab.link);
}

static void who_is_closing_is_not_found(void **state)
{
    struct bench *b = *state;

    enter(b, &b->dialled, FAR);
    b->dialled.link.closing = true;
    assert_null(find(b, FAR));
}

/* R4976-9.2-e. */
static void who_asked_for_no_certificate_is_no_relay(void **state)
{
    struct bench *b = *state;
    uint16_t code;

    b->dialled.link.requested_cert = false;
    enter(b, &b->dialled, FAR);
    assert_null(reach(b, FAR, false, &code));
    assert_int_equal(code, 403);
    assert_int_equal(b->dials, 0);
}

static void who_is_being_dialled_is_marked_as_a_relay(void **state)
{
    struct bench *b = *state;
    struct link *l = &b->dialled.link;
    uint16_t code;

    l->requested_cert = l->relay_links.to_relay = false;
    l->connecting = true;
    enter(b, &b->dialled, FAR);
    assert_ptr_equal(reach(b, FAR, false, &code), l);
    assert_true(l->relay_links.to_relay);
}

/* It came up when its name was not admitted, say. */
static void who_is_no_relay_makes_room_for_one(void **state)
{
    struct bench *b = *state;
    struct link *fresh = &b->fresh.link;
    uint16_t code;

    enter(b, &b->dialled, FAR);
    b->dialled.link.is_relay = false;
    fresh->host = b->dialled.link.host;
    fresh->host_port = b->dialled.link.host_port;
    fresh->connecting = true;
    assert_ptr_equal(reach(b, FAR, false, &code), fresh);
    assert_ptr_equal(reach(b, FAR, false, &code), fresh);
    assert_int_equal(b->dials, 1);
}

/* R4975-5.4: a lone peer's connection is one session's. */
static void a_lone_peer_is_dialled_for_each_session(void **state)
{
    struct bench *b = *state;
    uint16_t code;

    enter(b, &b->dialled, FAR);
    assert_ptr_equal(reach(b, FAR, true, &code), &b->fresh.link);
    assert_int_equal(b->dials, 1);
    b->policy.share_peers = true;
    assert_ptr_equal(reach(b, FAR, true, &code), &b->dialled.link);
    assert_int_equal(b->dials, 1);
}

static void who_is_there_is_not_dialled(void **state)
{
    struct bench *b = *state;
    uint16_t code;

    enter(b, &b->dialled, FAR);
    assert_ptr_equal(reach(b, FAR, false, &code), &b->dialled.link);
    assert_int_equal(b->dials, 0);
    assert_ptr_equal(reach(b, "msrps://other.example:2855/x;tcp", false, &code),
                     &b->fresh.link);
    assert_int_equal(b->dials, 1);
}

/* S-34, I-15, RFC 6135: they come to us, or nobody does. */
static void who_can_only_come_to_us_is_not_dialled(void **state)
{
    static const char *const uris[] = {
        "msrps://a.invalid:2855/x;tcp", "msrps://A.INVALID:2855/x;tcp",
        "msrps://a.example:9/x;tcp", "msrps://a.example:2855/x;ws",
        "msrps://a.example:2855/x;dc"};
    struct bench *b = *state;
    uint16_t code;

    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
        assert_null(reach(b, uris[i], true, &code));
        assert_int_equal(code, 481);
    }
    assert_int_equal(b->dials, 0);
    assert_non_null(reach(b, "msrps://ainvalid:2855/x;TCP", true, &code));
}

/* R4976-9.2-e, -f, -i, P-11. */
static void plain_tcp_leads_to_a_lone_peer_alone(void **state)
{
    struct bench *b = *state;
    struct uri u = uri_of("msrp://a.example:2855/x;tcp");
    uint16_t code;

    assert_non_null(reach(b, "msrp://a.example:2855/x;tcp", true, &code));
    assert_null(reach(b, "msrp://a.example:2855/x;tcp", false, &code));
    assert_int_equal(code, 403);
    code = 0;
    assert_null(relay_links_reach(&b->all, &u, true, &code));
    assert_int_equal(code, 403);
    b->all.allow_tcp = false;
    assert_null(reach(b, "msrp://a.example:2855/x;tcp", true, &code));
    assert_int_equal(code, 403);
    assert_non_null(reach(b, "msrps://a.example:2855/x;tcp", true, &code));
}

static void who_may_not_be_dialled_has_the_dialers_code(void **state)
{
    struct bench *b = *state;
    uint16_t code;

    b->refuses = true;
    assert_null(reach(b, "msrps://a.example:2855/x;tcp", true, &code));
    assert_int_equal(code, 403);
    b->all.dial = NULL;
    assert_null(reach(b, "msrps://a.example:2855/x;tcp", true, &code));
    assert_int_equal(code, 408);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* --- for operators --- */

static void each_entry_is_listed_with_what_it_is(void **state)
{
    struct bench *b = *state;
    const struct table_node *at = NULL;
    struct relay_links_view v;
    unsigned seen = 0;

    assert_false(relay_links_next(&b->all, &at, &v));
    enter(b, &b->dialled, "msrps://Far.Example:2855/x;tcp");
    enter(b, &b->came, NEAR);
    b->again.link.by_address = true;
    enter(b, &b->again, "msrp://192.0.2.7:700/x;tcp");
    while (relay_links_next(&b->all, &at, &v)) {
        if (v.link == &b->dialled.link) {
            assert_span_equal(v.host, SPAN("far.example"));
            assert_int_equal(v.port, 2855);
            assert_true(v.secure && v.is_dialled);
            seen |= 1;
        } else if (v.link == &b->came.link) {
            assert_span_equal(v.host, SPAN("near.example"));
            assert_true(v.secure && !v.is_dialled);
            seen |= 2;
        } else {
            assert_ptr_equal(v.link, &b->again.link);
            assert_int_equal(v.host.n, 0); /* an address is not told */
            assert_int_equal(v.port, 700);
            assert_false(v.secure);
            seen |= 4;
        }
    }
    assert_int_equal(seen, 7);
    assert_null(at);
    assert_int_equal(b->all.dialled, 1);
    relay_links_link_closed(&b->all, &b->dialled.link);
    assert_int_equal(b->all.dialled, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_is_found_who_is_not_there),
        TEST(a_link_is_found_by_host_port_and_scheme),
        TEST(a_link_is_entered_as_what_it_calls_itself),
        TEST(relays_of_one_name_are_told_apart_by_port),
        TEST(who_is_there_stays_while_he_lives),
        TEST(one_that_was_dialled_stays_before_one_that_claims),
        TEST(a_new_dial_probes_who_has_the_place),
        TEST(the_entries_of_a_link_are_bounded),
        TEST(names_that_are_not_admitted_are_none),
        TEST(an_address_may_claim_what_no_certificate_has),
        TEST(what_an_address_claimed_goes_to_the_certified),
        TEST(an_address_claims_no_pattern),
        TEST(a_name_that_is_claimed_counts_as_a_change),
        TEST(who_is_closing_is_not_found),
        TEST(who_asked_for_no_certificate_is_no_relay),
        TEST(who_is_being_dialled_is_marked_as_a_relay),
        TEST(who_is_no_relay_makes_room_for_one),
        TEST(a_lone_peer_is_dialled_for_each_session),
        TEST(who_is_there_is_not_dialled),
        TEST(who_can_only_come_to_us_is_not_dialled),
        TEST(plain_tcp_leads_to_a_lone_peer_alone),
        TEST(who_may_not_be_dialled_has_the_dialers_code),
        TEST(each_entry_is_listed_with_what_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
