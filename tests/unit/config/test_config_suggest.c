/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmocka_all.h"
#include "config_suggest.h"

static void assert_suggested(const char *key, const char *meant)
{
    char text[CONFIG_SUGGEST_MAX];

    if (!config_suggest(text, key))
        fail_msg("nothing is suggested for %s", key);
    assert_string_equal(text, meant);
}

static void assert_nothing_suggested(const char *key)
{
    char text[CONFIG_SUGGEST_MAX];

    if (config_suggest(text, key))
        fail_msg("%s is suggested for %s", text, key);
}

static void slips_of_the_fingers_are_found(void **state)
{
    (void)state;
    assert_suggested("relay.nmae", "relay.name");
    assert_suggested("relay.nam", "relay.name");
    assert_suggested("tls.privatekey", "tls.private_key");
    assert_suggested("timers.transactions", "timers.transaction");
    assert_suggested("auth.user_file", "auth.users_file");
    assert_suggested("limit", "limits");
    assert_suggested("tsl", "tls");
    assert_suggested("listne", "listen");
}

static void right_name_in_the_wrong_place_is_found(void **state)
{
    (void)state;
    assert_suggested("relay.users_file", "auth.users_file");
    assert_suggested("realm", "relay.realm");
    assert_suggested("tls.max_expires", "auth.max_expires");
}

/* relays.ca_file and tls.ca_file: either may be meant. */
static void name_in_several_groups_is_not_guessed(void **state)
{
    (void)state;
    assert_nothing_suggested("ca_file");
    assert_nothing_suggested("timers.ca_file");
}

static void what_is_far_from_all_is_not_guessed(void **state)
{
    char text[2 * CONFIG_SUGGEST_MAX + 1];

    (void)state;
    assert_nothing_suggested("zebra");
    assert_nothing_suggested("x");
    assert_nothing_suggested("relay.bandwidth");
    assert_nothing_suggested("tls.versions_allowed");
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_nothing_suggested(text);
}

static void members_of_a_listener_are_found(void **state)
{
    const struct setting *listen = settings_find("listen");

    (void)state;
    assert_non_null(listen);
    assert_string_equal(config_suggest_member(listen, "adress")->key,
                        "address");
    assert_string_equal(config_suggest_member(listen, "prot")->key, "port");
    assert_null(config_suggest_member(listen, "backlog"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slips_of_the_fingers_are_found),
        cmocka_unit_test(right_name_in_the_wrong_place_is_found),
        cmocka_unit_test(name_in_several_groups_is_not_guessed),
        cmocka_unit_test(what_is_far_from_all_is_not_guessed),
        cmocka_unit_test(members_of_a_listener_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
