/* SPDX-License-Identifier: BSD-2-Clause */
#include "ephemeral.h"

#include "cmocka_all.h"

static void assert_password(enum ephemeral_hash hash, const char *want)
{
    char space[EPHEMERAL_PASSWORD_MAX];
    struct span password;

    assert_int_equal(ephemeral_password(&password, space, hash, SPAN("north"),
                                        SPAN("1800000000:alice")),
                     0);
    assert_span_equal(password, span_str(want));
}

/* printf %s 1800000000:alice | openssl dgst -binary -sha1 -hmac north | base64
 */
static void passwords_are_those_of_openssl(void **state)
{
    (void)state;
    assert_password(EPHEMERAL_SHA1, "sIm7pn/teO7y3AyXGeXl/xAQR6Q=");
    assert_password(EPHEMERAL_SHA256,
                    "/r5Q7atDmSNNbxP/hfNXBc4pnphZeap0qTpyCpx+nc4=");
}

static void a_user_is_expiry_and_name(void **state)
{
    struct ephemeral_user u;

    (void)state;
    assert_true(ephemeral_parse(&u, SPAN("1800000000:alice")));
    assert_int_equal(u.expiry_s, 1800000000);
    assert_span(u.name, "alice");
    assert_true(ephemeral_parse(&u, SPAN("0:a:b")));
    assert_int_equal(u.expiry_s, 0);
    assert_span(u.name, "a:b");
}

static void other_names_are_not_of_that_form(void **state)
{
    static const char *const bad[] = {"",
                                      "alice",
                                      "alice:1800000000",
                                      "1800000000",
                                      "1800000000:",
                                      ":alice",
                                      " 1800000000:alice",
                                      "-1:alice",
                                      "+1:alice",
                                      "0x10:alice",
                                      "1.5:alice",
                                      "18446744073709551615:alice",
                                      "99999999999999999999999:alice"};
    struct ephemeral_user u;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(ephemeral_parse(&u, span_str(bad[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_are_those_of_openssl),
        cmocka_unit_test(a_user_is_expiry_and_name),
        cmocka_unit_test(other_names_are_not_of_that_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
