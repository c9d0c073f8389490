/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng_reply.h"

#include "bencode.h"
#include "cmocka_all.h"
#include "err.h"

static char memory[512];

/* One of everything. */
static void write_all(struct ng_reply *r, bool is_json)
{
    ng_reply_begin(r, SPAN("0_1_2"), is_json);
    ng_reply_list_begin(r, "calls");
    ng_reply_text(r, NULL, SPAN("a\r\n\xff"));
    ng_reply_number(r, NULL, -5);
    ng_reply_list_end(r);
    ng_reply_number(r, "created", 17);
    ng_reply_dict_begin(r, "tags");
    ng_reply_dict_begin_span(r, SPAN("t\"1"));
    ng_reply_text(r, "tag", SPAN(""));
    ng_reply_dict_end(r);
    ng_reply_dict_end(r);
}

static void bencode_is_written(void **state)
{
    struct ng_reply r;

    (void)state;
    ng_reply_init(&r, memory, sizeof memory);
    write_all(&r, false);
    assert_int_equal(ng_reply_end(&r), 0);
    assert_span(ng_reply_span(&r),
                "0_1_2 d5:callsl4:a\r\n\xffi-5ee7:createdi17e"
                "4:tagsd3:t\"1d3:tag0:eee");
    assert_int_equal(bencode_check(span_from(ng_reply_span(&r), 6)), 0);
}

static void json_is_written(void **state)
{
    struct ng_reply r;

    (void)state;
    ng_reply_init(&r, memory, sizeof memory);
    write_all(&r, true);
    assert_int_equal(ng_reply_end(&r), 0);
    assert_span(ng_reply_span(&r),
                "0_1_2 {\"calls\":[\"a\\u000d\\u000a\\u00ff\",-5],"
                "\"created\":17,\"tags\":{\"t\\\"1\":{\"tag\":\"\"}}}");
}

/* Tags that differ behind a NUL are two. */
static void a_name_may_have_any_octets(void **state)
{
    struct ng_reply r;

    (void)state;
    ng_reply_init(&r, memory, sizeof memory);
    ng_reply_begin(&r, SPAN("1"), true);
    ng_reply_dict_begin_span(&r, SPAN("a\0b"));
    ng_reply_dict_end(&r);
    assert_int_equal(ng_reply_end(&r), 0);
    assert_span(ng_reply_span(&r), "1 {\"a\\u0000b\":{}}");
}

static void an_error_replaces_what_was_written(void **state)
{
    struct ng_reply r;

    (void)state;
    for (int is_json = 0; is_json < 2; is_json++) {
        ng_reply_init(&r, memory, sizeof memory);
        write_all(&r, is_json);
        ng_reply_error(&r, "Unknown call-id");
        assert_true(r.is_error);
        assert_int_equal(ng_reply_end(&r), 0);
        if (is_json)
            assert_span(ng_reply_span(&r),
                        "0_1_2 {\"error-reason\":\"Unknown call-id\","
                        "\"result\":\"error\"}");
        else
            assert_span(ng_reply_span(&r), "0_1_2 d12:error-reason15:Unknown "
                                           "call-id6:result5:errore");
    }
}

static void what_does_not_fit_is_full_until_it_begins_again(void **state)
{
    struct ng_reply r;

    (void)state;
    for (int is_json = 0; is_json < 2; is_json++) {
        for (size_t size = 0; size < 60; size++) {
            ng_reply_init(&r, memory, size);
            write_all(&r, is_json);
            assert_int_equal(ng_reply_end(&r), ERR_FULL);
        }
        ng_reply_begin(&r, SPAN("c"), is_json);
        assert_int_equal(ng_reply_end(&r), 0);
    }
}

static void what_fits_is_known_before_its_end(void **state)
{
    struct ng_reply r;
    bool fits;

    (void)state;
    for (int is_json = 0; is_json < 2; is_json++) {
        for (size_t size = 0; size < 160; size++) {
            ng_reply_init(&r, memory, size);
            write_all(&r, is_json);
            fits = ng_reply_fits(&r);
            assert_true(fits == (ng_reply_end(&r) == 0));
        }
        assert_true(fits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bencode_is_written),
        cmocka_unit_test(json_is_written),
        cmocka_unit_test(a_name_may_have_any_octets),
        cmocka_unit_test(an_error_replaces_what_was_written),
        cmocka_unit_test(what_does_not_fit_is_full_until_it_begins_again),
        cmocka_unit_test(what_fits_is_known_before_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
