/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_value.h"

#include <math.h>

#include "cmocka_all.h"
#include "err.h"

static void durations_are_seconds_or_have_a_unit(void **state)
{
    static const struct {
        const char *text;
        uint64_t ms;
    } rows[] = {
        {"0", 0},
        {"30", 30000},
        {"30s", 30000},
        {"250ms", 250},
        {"0.25", 250},
        {"1.5s", 1500},
        {"5m", 300000},
        {"1h", 3600000},
        {"1d", 86400000},
        {"0.5h", 1800000},
        {"0.0004", 0},
        {"0.0006", 1},
        {"1000000000000s", UINT64_C(1000000000000000)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t ms = 1;

        assert_int_equal(config_value_time(&ms, span_str(rows[i].text)), 0);
        assert_int_equal(ms, rows[i].ms);
    }
}

static void what_is_no_duration_is_refused(void **state)
{
    static const char *const texts[] = {"",   "s",   ".5",    "-1",  "+1",
                                        "1x", "1 s", "1S",    "5M",  "1e3",
                                        " 1", "1 ",  "1.2.3", "0x10"};
    uint64_t ms = 7;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(config_value_time(&ms, span_str(texts[i])),
                         ERR_SYNTAX);
    assert_int_equal(ms, 7);
}

static void durations_past_all_reason_are_refused(void **state)
{
    uint64_t ms = 7;

    (void)state;
    assert_int_equal(config_value_time(&ms, SPAN("1000000000001")), ERR_LIMIT);
    assert_int_equal(
        config_value_time(&ms, SPAN("999999999999999999999999999999h")),
        ERR_LIMIT);
    assert_int_equal(config_value_seconds(&ms, -0.001), ERR_LIMIT);
    assert_int_equal(config_value_seconds(&ms, (double)INFINITY), ERR_LIMIT);
    assert_int_equal(config_value_seconds(&ms, (double)NAN), ERR_LIMIT);
    assert_int_equal(ms, 7);
}

static void durations_read_back_what_was_written(void **state)
{
    static const uint64_t values[] = {0,    1,    10,    999,
                                      1000, 1001, 59999, 86400000};
    char text[CONFIG_VALUE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        uint64_t ms;

        config_value_time_text(text, values[i]);
        assert_int_equal(config_value_time(&ms, span_str(text)), 0);
        assert_int_equal(ms, values[i]);
    }
    assert_string_equal(config_value_time_text(text, 250), "0.250");
    assert_string_equal(config_value_time_text(text, 30000), "30");
}

static void sizes_are_octets_or_powers_of_1024(void **state)
{
    static const struct {
        const char *text;
        uint64_t octets;
    } rows[] = {
        {"0", 0},
        {"65536", 65536},
        {"64k", 65536},
        {"64K", 65536},
        {"10M", 10485760},
        {"10m", 10485760},
        {"4G", UINT64_C(4294967296)},
        {"4g", UINT64_C(4294967296)},
        {"2T", UINT64_C(2199023255552)},
        {"18446744073709551615", UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t octets = 1;

        assert_int_equal(config_value_size(&octets, span_str(rows[i].text)), 0);
        assert_true(octets == rows[i].octets);
    }
}

static void what_is_no_size_is_refused(void **state)
{
    static const char *const texts[] = {"",   "k",    "64kb",  "64 k",
                                        "-1", "1.5k", "64+",   "0x10",
                                        " 1", "1 ",   "64\x0b"};
    uint64_t octets = 7;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(config_value_size(&octets, span_str(texts[i])),
                         ERR_SYNTAX);
    assert_int_equal(octets, 7);
}

static void sizes_past_64_bits_are_refused(void **state)
{
    uint64_t octets = 7;

    (void)state;
    assert_int_equal(config_value_size(&octets, SPAN("18446744073709551616")),
                     ERR_LIMIT);
    assert_int_equal(config_value_size(&octets, SPAN("16777216T")), ERR_LIMIT);
    assert_int_equal(config_value_size(&octets, SPAN("18014398509481984k")),
                     ERR_LIMIT);
    assert_int_equal(octets, 7);
}

static void sizes_read_back_what_was_written(void **state)
{
    static const uint64_t values[] = {
        0,
        1,
        1024,
        65536,
        (1 << 20) - 1,
        1 << 20,
        3 << 20,
        (1 << 20) + 1,
        1 << 30,
        UINT64_C(5) << 30,
        INT32_MAX,
        UINT64_C(1) << 50,
        UINT64_MAX,
    };
    char text[CONFIG_VALUE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        uint64_t octets;

        config_value_size_text(text, values[i]);
        assert_int_equal(config_value_size(&octets, span_str(text)), 0);
        assert_true(octets == values[i]);
    }
    assert_string_equal(config_value_size_text(text, 65536), "65536");
    assert_string_equal(config_value_size_text(text, 3 << 20), "3M");
    assert_string_equal(config_value_size_text(text, UINT64_C(1) << 50),
                        "1024T");
}

static void host_names_are_told_from_addresses(void **state)
{
    static const char *const good[] = {
        "relay.example.com",
        "localhost",
        "a",
        "relay-1.x",
        "1.example",
        "10.0.0.example",
        "xn--bcher-kva.example",
        "a_b.example",
        "0x7f",
    };
    static const char *const bad[] = {
        "",           "192.0.2.1",   "127.1",    "2130706433", "::1",
        "[::1]",      ".example",    "example.", "a..b",       "-a.example",
        "a-.example", "a b",         "a:2855",   "a/b",        "\xc3\xbc.de",
        "a@b",        "a.example.1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(config_value_is_host(span_str(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(config_value_is_host(span_str(bad[i])));
}

static void host_names_have_the_lengths_of_dns(void **state)
{
    char name[255];

    (void)state;
    memset(name, 'a', sizeof name);
    assert_true(config_value_is_host(span_of(name, 63)));
    assert_false(config_value_is_host(span_of(name, 64)));
    for (size_t i = 63; i < sizeof name; i += 64)
        name[i] = '.';
    assert_true(config_value_is_host(span_of(name, 253)));
    assert_false(config_value_is_host(span_of(name, 254)));
}

/* Is the numeric address `host` in the block? */
static bool has(const char *block, const char *host)
{
    struct cidr c;
    struct addr a;

    assert_int_equal(cidr_parse(&c, span_str(block)), 0);
    assert_int_equal(addr_parse(&a, span_str(host), 0), 0);
    return cidr_has(&c, &a);
}

static void a_block_has_the_addresses_under_its_prefix(void **state)
{
    (void)state;
    assert_true(has("10.0.0.0/8", "10.255.255.255"));
    assert_false(has("10.0.0.0/8", "11.0.0.0"));
    assert_true(has("192.0.2.128/25", "192.0.2.200"));
    assert_false(has("192.0.2.128/25", "192.0.2.127"));
    assert_true(has("192.0.2.1", "192.0.2.1"));
    assert_false(has("192.0.2.1/32", "192.0.2.2"));
    assert_true(has("0.0.0.0/0", "203.0.113.9"));
    assert_true(has("fe80::/10", "febf::1"));
    assert_false(has("fe80::/10", "fec0::1"));
    assert_true(has("::/0", "2001:db8::1"));
    assert_true(has("::1/128", "::1"));
    assert_false(has("::1/128", "::2"));
}

static void a_block_of_one_family_has_none_of_the_other(void **state)
{
    (void)state;
    assert_false(has("::/0", "10.0.0.1"));
    assert_false(has("0.0.0.0/0", "::1"));
}

static void mapped_addresses_are_ipv4_in_blocks_too(void **state)
{
    (void)state;
    assert_true(has("127.0.0.0/8", "::ffff:127.0.0.1"));
    assert_true(has("::ffff:127.0.0.0/104", "127.0.0.1"));
    assert_true(has("::ffff:0.0.0.0/96", "203.0.113.9"));
}

static void what_is_no_block_is_refused(void **state)
{
    static const char *const syntax[] = {
        "",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "::/129",
        "10.0.0/8",
        "10.0.0.0/-1",
        "10.0.0.0/8/8",
        "a.example/8",
        "10.0.0.0 /8",
        "[::1]/128",
    };
    static const char *const beyond[] = {
        "10.0.0.1/8", "fe80::1/10", "::ffff:10.0.0.0/95", "192.0.2.129/25"};
    struct cidr c = {.n = 7};

    (void)state;
    for (size_t i = 0; i < sizeof syntax / sizeof *syntax; i++)
        assert_int_equal(cidr_parse(&c, span_str(syntax[i])), ERR_SYNTAX);
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++)
        assert_int_equal(cidr_parse(&c, span_str(beyond[i])), ERR_LIMIT);
    assert_int_equal(c.n, 7);
}

static void blocks_are_written_with_their_prefix(void **state)
{
    static const char *const rows[][2] = {
        {"10.0.0.0/8", "10.0.0.0/8"},          {"192.0.2.1", "192.0.2.1/32"},
        {"FE80:0::/10", "fe80::/10"},          {"::1", "::1/128"},
        {"::ffff:10.0.0.0/104", "10.0.0.0/8"},
    };
    char text[CONFIG_VALUE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cidr c;

        assert_int_equal(cidr_parse(&c, span_str(rows[i][0])), 0);
        assert_string_equal(config_value_cidr_text(text, &c), rows[i][1]);
    }
}

static void servers_have_port_53_or_their_own(void **state)
{
    static const char *const rows[][2] = {
        {"192.0.2.1", "192.0.2.1:53"},
        {"192.0.2.1:5353", "192.0.2.1:5353"},
        {"2001:db8::1", "[2001:db8::1]:53"},
        {"[2001:db8::1]", "[2001:db8::1]:53"},
        {"[2001:db8::1]:5353", "[2001:db8::1]:5353"},
    };
    char text[ADDR_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct addr a;

        assert_int_equal(config_value_server(&a, span_str(rows[i][0])), 0);
        assert_string_equal(addr_text(text, &a), rows[i][1]);
    }
}

static void what_is_no_server_is_refused(void **state)
{
    static const char *const texts[] = {
        "",        "dns.example", "192.0.2.1:",  "192.0.2.1:0",
        ":53",     "[::1",        "192.0.2.1:x", "192.0.2.1:65536",
        "[::1]:",  "[::1]53",     "[::1]x:53",   "[192.0.2.1]:53",
        "::1]:53", "[]:53",       "[::1]:53:53",
    };
    struct addr a;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(config_value_server(&a, span_str(texts[i])),
                         ERR_SYNTAX);
}

static void ng_places_are_udp_or_tcp(void **state)
{
    static const char *const bad[] = {
        "",
        "udp:",
        "udp:127.0.0.1",
        "udp:2223",
        "127.0.0.1:2223",
        "sctp:127.0.0.1:2223",
        "UDP:127.0.0.1:2223",
        "udp:localhost:2223",
        "udp:::1:2223",
        "udp:[::1]",
        "udp:127.0.0.1:65536",
        "udp:127.0.0.1:x",
        "udp:[::1:2223",
        "udp: 127.0.0.1:2223",
    };
    char text[ADDR_TEXT_MAX];
    struct addr a;
    bool is_tcp;

    (void)state;
    assert_int_equal(
        config_value_ng_place(&is_tcp, &a, SPAN("udp:127.0.0.1:2223")), 0);
    assert_false(is_tcp);
    assert_string_equal(addr_text(text, &a), "127.0.0.1:2223");
    assert_int_equal(config_value_ng_place(&is_tcp, &a, SPAN("tcp:[::1]:0")),
                     0);
    assert_true(is_tcp);
    assert_string_equal(addr_text(text, &a), "[::1]:0");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(config_value_ng_place(&is_tcp, &a, span_str(bad[i])),
                         ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_seconds_or_have_a_unit),
        cmocka_unit_test(what_is_no_duration_is_refused),
        cmocka_unit_test(durations_past_all_reason_are_refused),
        cmocka_unit_test(durations_read_back_what_was_written),
        cmocka_unit_test(sizes_are_octets_or_powers_of_1024),
        cmocka_unit_test(what_is_no_size_is_refused),
        cmocka_unit_test(sizes_past_64_bits_are_refused),
        cmocka_unit_test(sizes_read_back_what_was_written),
        cmocka_unit_test(host_names_are_told_from_addresses),
        cmocka_unit_test(host_names_have_the_lengths_of_dns),
        cmocka_unit_test(a_block_has_the_addresses_under_its_prefix),
        cmocka_unit_test(a_block_of_one_family_has_none_of_the_other),
        cmocka_unit_test(mapped_addresses_are_ipv4_in_blocks_too),
        cmocka_unit_test(what_is_no_block_is_refused),
        cmocka_unit_test(blocks_are_written_with_their_prefix),
        cmocka_unit_test(servers_have_port_53_or_their_own),
        cmocka_unit_test(what_is_no_server_is_refused),
        cmocka_unit_test(ng_places_are_udp_or_tcp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
