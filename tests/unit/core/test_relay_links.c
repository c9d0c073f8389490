#include "relay_links.h"

#include <stdlib.h>

#include "cmocka_all.h"
#include "fake_link.h"
#include "texts.h"

struct bench {
    struct relay_links all;
    struct fake_link dialled, came, fresh;
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

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    relay_links_init(&b->all);
    b->all.dial = dial;
    b->all.ctx = b;
    b->all.allow_tcp = true;
    fake_link_init(&b->dialled, 1);
    fake_link_init(&b->came, 2);
    fake_link_init(&b->fresh, 3);
    b->dialled.link.host = SPAN("far.example");
    b->dialled.link.host_port = 2855;
    b->dialled.link.requested_cert = true;
    b->came.link.is_relay = true;
    b->came.name = "near.example";
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static struct link *find(struct bench *b, const char *text)
{
    struct uri u = uri_of(text);

    return relay_links_find(&b->all, &u);
}

/* To one that is the last of its path, or with others behind it. */
static struct link *reach(struct bench *b, const char *text, bool is_last,
                          uint16_t *code)
{
    struct uri u = uri_of(text);

    *code = 0;
    return relay_links_reach(&b->all, &u, is_last, false, code);
}

static void nobody_is_found_who_is_not_there(void **state)
{
    struct bench *b = *state;

    assert_null(find(b, "msrps://far.example:2855/x;tcp"));
    relay_links_add(&b->all, &b->dialled.link);
    assert_null(find(b, "msrps://other.example:2855/x;tcp"));
    relay_links_remove(&b->dialled.link);
    assert_null(find(b, "msrps://far.example:2855/x;tcp"));
    relay_links_remove(&b->dialled.link);
}

/* B4975-5.4-a: same host, port and scheme. */
static void who_was_dialled_is_found_by_host_and_port(void **state)
{
    struct bench *b = *state;
    struct link *l = &b->dialled.link;

    relay_links_add(&b->all, l);
    assert_ptr_equal(find(b, "msrps://FAR.example:2855/x;tcp"), l);
    assert_ptr_equal(find(b, "msrps://far.example;tcp"), l);
    assert_null(find(b, "msrps://far.example:2856/x;tcp"));
    assert_null(find(b, "msrp://far.example:2855/x;tcp"));
    l->host_port = 0; /* by SRV */
    assert_ptr_equal(find(b, "msrps://far.example:2856/x;tcp"), l);
}

/* RFC 4976, trap 10: from whatever port it came. */
static void who_showed_a_certificate_is_found_by_its_name(void **state)
{
    struct bench *b = *state;
    struct link *l = &b->came.link;

    relay_links_add(&b->all, l);
    assert_ptr_equal(find(b, "msrps://near.example:2855/x;tcp"), l);
    assert_ptr_equal(find(b, "msrps://near.example:7777/x;tcp"), l);
    assert_null(find(b, "msrp://near.example:2855/x;tcp"));
    assert_null(find(b, "msrps://far.example:2855/x;tcp"));
}

static void who_is_closing_is_not_found(void **state)
{
    struct bench *b = *state;

    relay_links_add(&b->all, &b->dialled.link);
    b->dialled.link.closing = true;
    assert_null(find(b, "msrps://far.example:2855/x;tcp"));
}

static void one_that_is_added_twice_is_there_once(void **state)
{
    struct bench *b = *state;

    relay_links_add(&b->all, &b->dialled.link);
    relay_links_add(&b->all, &b->dialled.link);
    relay_links_remove(&b->dialled.link);
    assert_true(list_is_empty(&b->all.hosts));
}

/* R4976-9.2-e: as the last hop it may be a peer, who needs no certificate. */
static void who_asked_for_no_certificate_is_no_relay(void **state)
{
    static const char uri[] = "msrps://far.example:2855/x;tcp";
    struct bench *b = *state;
    struct link *l = &b->dialled.link;
    struct uri u = uri_of(uri);
    uint16_t code;

    l->requested_cert = false;
    relay_links_add(&b->all, l);
    assert_ptr_equal(reach(b, uri, true, &code), l);
    assert_null(reach(b, uri, false, &code));
    assert_int_equal(code, 403);
    code = 0;
    assert_null(relay_links_reach(&b->all, &u, true, true, &code));
    assert_int_equal(code, 403);
    assert_int_equal(b->dials, 0);
}

static void who_is_being_dialled_is_marked_as_a_relay(void **state)
{
    static const char uri[] = "msrps://far.example:2855/x;tcp";
    struct bench *b = *state;
    struct link *l = &b->dialled.link;
    uint16_t code;

    l->requested_cert = false;
    l->connecting = true;
    relay_links_add(&b->all, l);
    assert_ptr_equal(reach(b, uri, true, &code), l);
    assert_false(l->relay_links.to_relay);
    assert_ptr_equal(reach(b, uri, false, &code), l);
    assert_true(l->relay_links.to_relay);
    assert_ptr_equal(reach(b, uri, true, &code), l);
    assert_true(l->relay_links.to_relay);
}

static void who_is_there_is_not_dialled(void **state)
{
    struct bench *b = *state;
    uint16_t code;

    relay_links_add(&b->all, &b->dialled.link);
    assert_ptr_equal(reach(b, "msrps://far.example:2855/x;tcp", false, &code),
                     &b->dialled.link);
    assert_int_equal(b->dials, 0);
    assert_ptr_equal(reach(b, "msrps://other.example:2855/x;tcp", false, &code),
                     &b->fresh.link);
    assert_int_equal(b->dials, 1);
}

/* I-15, RFC 6135: they come to us, or nobody does. */
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
        assert_int_equal(code, 408);
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
    assert_null(relay_links_reach(&b->all, &u, true, true, &code));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_is_found_who_is_not_there),
        TEST(who_was_dialled_is_found_by_host_and_port),
        TEST(who_showed_a_certificate_is_found_by_its_name),
        TEST(who_is_closing_is_not_found),
        TEST(one_that_is_added_twice_is_there_once),
        TEST(who_asked_for_no_certificate_is_no_relay),
        TEST(who_is_being_dialled_is_marked_as_a_relay),
        TEST(who_is_there_is_not_dialled),
        TEST(who_can_only_come_to_us_is_not_dialled),
        TEST(plain_tcp_leads_to_a_lone_peer_alone),
        TEST(who_may_not_be_dialled_has_the_dialers_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
