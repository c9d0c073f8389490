/* SPDX-License-Identifier: BSD-2-Clause */
#include "cat_srv.h"

#include <stdio.h>

#include "cmocka_all.h"
#include "err.h"

/* --- an answer ------------------------------------------------------------ */

#define HEAD(n) "\x12\x34\x81\x80\0\1\0" n "\0\0\0\0"
#define NAME "\6_msrps\4_tcp\1r\4test\0"
#define QUESTION NAME "\0\x21\0\1"
/* Of the question's name, for an hour; what follows has this length. */
#define SRV(n) "\xc0\x0c\0\x21\0\1\0\0\x0e\x10\0" n
#define CNAME "\xc0\x0c\0\5\0\1\0\0\x0e\x10\0\2\xc0\x0c"

static int read_answer(struct cat_srv *s, struct span text)
{
    return cat_srv_read(s, (const unsigned char *)text.p, text.n);
}

static void records_are_read_and_others_passed_over(void **state)
{
    static const char answer[] = HEAD("\3") QUESTION CNAME SRV(
        "\x0a") "\0\1\0\2\x0b\x27\1a\xc0\x18" SRV("\7") "\0\3\0\0\0\0\0";
    struct cat_srv s;

    (void)state;
    assert_int_equal(read_answer(&s, span_of(answer, sizeof answer - 1)), 0);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.targets[0].priority, 1);
    assert_int_equal(s.targets[0].weight, 2);
    assert_int_equal(s.targets[0].port, 2855);
    assert_string_equal(s.targets[0].host, "a.r.test");
    assert_string_equal(s.targets[1].host, ".");
}

static void no_record_is_told_apart_from_nonsense(void **state)
{
    static const char none[] = HEAD("\1") QUESTION CNAME;
    static const char cut[] =
        HEAD("\1") QUESTION SRV("\x0a") "\0\1\0\2\x0b\x27\1";
    struct cat_srv s;

    (void)state;
    assert_int_equal(read_answer(&s, span_of(none, sizeof none - 1)),
                     ERR_NOT_FOUND);
    assert_int_equal(read_answer(&s, span_of(cut, sizeof cut - 1)), ERR_SYNTAX);
    assert_int_equal(read_answer(&s, SPAN("")), ERR_SYNTAX);
}

/* --- the order ------------------------------------------------------------ */

static void lower_priorities_come_first_and_weights_draw(void **state)
{
    enum { DRAWS = 4000 };
    unsigned heavy = 0;
    struct rnd rnd;

    (void)state;
    rnd_init(&rnd);
    for (int i = 0; i < DRAWS; i++) {
        struct cat_srv s = {.n = 4,
                            .targets = {{9, 0, 1, "last"},
                                        {1, 10, 2, "light"},
                                        {1, 30, 3, "heavy"},
                                        {5, 0, 4, "middle"}}};

        cat_srv_order(&s, &rnd);
        assert_string_equal(s.targets[2].host, "middle");
        assert_string_equal(s.targets[3].host, "last");
        heavy += s.targets[0].host[0] == 'h';
    }
    assert_in_range(heavy, DRAWS * 65 / 100, DRAWS * 85 / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_read_and_others_passed_over),
        cmocka_unit_test(no_record_is_told_apart_from_nonsense),
        cmocka_unit_test(lower_priorities_come_first_and_weights_draw),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
