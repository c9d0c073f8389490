/* SPDX-License-Identifier: BSD-2-Clause */
#include "store_url.h"

#include "cmocka_all.h"
#include "err.h"

static void check(const char *url, const struct store_url *want)
{
    struct store_url u;
    char why[CMDLINE_WHY];

    assert_int_equal(store_url_parse(&u, why, span_str(url)), 0);
    assert_string_equal(u.scheme, want->scheme);
    assert_string_equal(u.user, want->user);
    assert_string_equal(u.host, want->host);
    assert_int_equal(u.port, want->port);
    assert_string_equal(u.name, want->name);
}

static void its_parts_are_found(void **state)
{
    (void)state;
    check("redis://h", &(struct store_url){.scheme = "redis", .host = "h"});
    check("redis://h/", &(struct store_url){.scheme = "redis", .host = "h"});
    check("redis://h:7/2",
          &(struct store_url){
              .scheme = "redis", .host = "h", .port = 7, .name = "2"});
    check("mysql://a%40b%3A@db.example.com:65535/si%2fp",
          &(struct store_url){.scheme = "mysql",
                              .user = "a@b:",
                              .host = "db.example.com",
                              .port = 65535,
                              .name = "si/p"});
    check("mysql://a@b@[2001:db8::1]:33/x/y?z",
          &(struct store_url){.scheme = "mysql",
                              .user = "a@b",
                              .host = "2001:db8::1",
                              .port = 33,
                              .name = "x/y?z"});
    check("rediss://[::1]/0",
          &(struct store_url){.scheme = "rediss", .host = "::1", .name = "0"});
}

static void others_are_refused_without_repeating_them(void **state)
{
    static const struct {
        const char *url, *why;
    } rows[] = {
        {"", "not a URL"},
        {"redis", "not a URL"},
        {"redis:/h", "not a URL"},
        {"longer-than-a-scheme-is://h", "not a URL"},
        {"redis://", "invalid host"},
        {"redis://:7", "invalid host"},
        {"redis://[::1", "invalid host"},
        {"redis://[]", "invalid host"},
        {"redis://h:", "invalid port"},
        {"redis://h:0", "invalid port"},
        {"redis://h:65536", "invalid port"},
        {"redis://h:x", "invalid port"},
        {"redis://[::1]7", "invalid port"},
        {"redis://u:secret@h", "--secret-file"},
        {"redis://u:secret:x@h:1/2", "--secret-file"},
        {"redis://secret%4@h", "invalid user"},
        {"redis://secret%zz@h", "invalid user"},
        {"redis://secret%0a@h", "invalid user"},
        {"redis://h/%", "invalid name"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct store_url u;
        char why[CMDLINE_WHY];

        assert_int_equal(store_url_parse(&u, why, span_str(rows[i].url)),
                         ERR_SYNTAX);
        assert_non_null(strstr(why, rows[i].why));
        assert_null(strstr(why, "secret@"));
        assert_null(strstr(why, ":secret"));
    }
}

static void parts_that_are_too_long_are_refused(void **state)
{
    char url[STORE_URL_HOST_MAX + 32];
    char why[CMDLINE_WHY];
    struct store_url u;

    (void)state;
    memset(url, 'x', sizeof url);
    memcpy(url, "redis://", 8);
    assert_int_equal(
        store_url_parse(&u, why, span_of(url, 8 + STORE_URL_HOST_MAX)), 0);
    assert_int_equal(strlen(u.host), STORE_URL_HOST_MAX);
    assert_int_equal(
        store_url_parse(&u, why, span_of(url, 9 + STORE_URL_HOST_MAX)),
        ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_parts_are_found),
        cmocka_unit_test(others_are_refused_without_repeating_them),
        cmocka_unit_test(parts_that_are_too_long_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
