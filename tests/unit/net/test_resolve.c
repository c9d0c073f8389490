/* SPDX-License-Identifier: BSD-2-Clause */
/* test-wraps: ares_gethostbyname_file ares_free_hostent */
#include "resolve.h"

#include <ares.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "resolve_rig.h"

/* What the hosts file knows. The linker's --wrap leaves no room for a context.
 */
static const char *hosts_name;

int __wrap_ares_gethostbyname_file(ares_channel channel, const char *name,
                                   int family, struct hostent **host);
void __wrap_ares_free_hostent(struct hostent *host);

int __wrap_ares_gethostbyname_file(ares_channel channel, const char *name,
                                   int family, struct hostent **host)
{
    static char in4[2][4] = {"\300\0\2\4", "\300\0\2\5"};
    static char in6[16] = {[15] = 6};
    static char *list4[] = {in4[0], in4[1], NULL}, *list6[] = {in6, NULL};
    static struct hostent found;

    (void)channel;
    if (!hosts_name || strcmp(name, hosts_name) != 0)
        return ARES_ENOTFOUND;
    found.h_addr_list = family == AF_INET ? list4 : list6;
    *host = &found;
    return ARES_SUCCESS;
}

void __wrap_ares_free_hostent(struct hostent *host)
{
    assert_non_null(host->h_addr_list);
}

/* --- names and addresses --- */

static void a_numeric_host_is_its_own_address(void **state)
{
    struct resolve_rig *r = *state;

    assert_found(r, "192.0.2.1", 2855, "192.0.2.1:2855");
    assert_found(r, "[2001:db8::1]", 1, "[2001:db8::1]:1");
    assert_found(r, "2001:db8::1", 65535, "[2001:db8::1]:65535");
    assert_found(r, "[::ffff:192.0.2.1]", 7, "192.0.2.1:7");
    assert_int_equal(dns_stub_asked(r->stub, "192.0.2.1", DNS_A), 0);
    assert_not_found(r, "[2001:db8::1]", 0, ERR_NOT_FOUND); /* R4976-8-b */
}

/* R4976-8-c */
static void a_name_has_its_addresses_ipv6_and_ipv4_in_turn(void **state)
{
    struct resolve_rig *r = *state;

    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    dns_stub_host(r->stub, "a.example", 60, "192.0.2.2");
    dns_stub_host(r->stub, "a.example", 60, "192.0.2.3");
    dns_stub_host(r->stub, "a.example", 60, "2001:db8::1");
    dns_stub_host(r->stub, "a.example", 60, "2001:db8::2");
    assert_found(r, "a.example", 2855,
                 "[2001:db8::1]:2855 192.0.2.1:2855 [2001:db8::2]:2855 "
                 "192.0.2.2:2855 192.0.2.3:2855");
    assert_int_equal(dns_stub_asked(r->stub, "_msrps._tcp.a.example", DNS_SRV),
                     0);
}

static void one_family_is_enough(void **state)
{
    struct resolve_rig *r = *state;

    dns_stub_host(r->stub, "four.example", 60, "192.0.2.1");
    dns_stub_host(r->stub, "six.example", 60, "2001:db8::1");
    assert_found(r, "four.example", 9, "192.0.2.1:9");
    assert_found(r, "six.example", 9, "[2001:db8::1]:9");
    dns_stub_host(r->stub, "half.example", 60, "192.0.2.1");
    dns_stub_set_mood(r->stub, "half.example", DNS_AAAA, DNS_STUB_FAIL);
    assert_found(r, "half.example", 9, "192.0.2.1:9");
}

static void an_alias_is_followed(void **state)
{
    struct resolve_rig *r = *state;

    dns_stub_alias(r->stub, "a.example", 60, "b.example");
    dns_stub_host(r->stub, "b.example", 60, "192.0.2.1");
    assert_found(r, "a.example", 9, "192.0.2.1:9");
}

static void the_number_of_addresses_is_bounded(void **state)
{
    struct resolve_rig *r = *state;
    struct told t;
    char text[32];

    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof text, "192.0.2.%d", i);
        dns_stub_host(r->stub, "a.example", 60, text);
    }
    t = resolve_rig_look_up(r, "a.example", 9);
    assert_int_equal(t.n, RESOLVE_ADDRS_MAX);
}

static void the_hosts_file_comes_first(void **state)
{
    struct resolve_rig *r = *state;

    hosts_name = "a.example";
    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    assert_found(r, "a.example", 9, "[::6]:9 192.0.2.4:9 192.0.2.5:9");
    assert_int_equal(dns_stub_asked(r->stub, "a.example", DNS_A), 0);
    hosts_name = NULL;
    assert_found(r, "a.example", 9, "192.0.2.1:9");
}

/* --- services (R4976-8-d) --- */

static void a_name_without_port_has_its_services_targets(void **state)
{
    static const struct dns_srv list[] = {{20, 0, 2001, "second.example"},
                                          {10, 5, 2000, "first.example"},
                                          {30, 0, 2002, "none.example"}};
    struct resolve_rig *r = *state;

    for (int i = 0; i < 3; i++)
        dns_stub_srv(r->stub, "a.example", 60, &list[i]);
    dns_stub_host(r->stub, "a.example", 60, "192.0.2.9");
    dns_stub_host(r->stub, "first.example", 60, "192.0.2.1");
    dns_stub_host(r->stub, "first.example", 60, "2001:db8::1");
    dns_stub_host(r->stub, "second.example", 60, "192.0.2.2");
    assert_found(r, "a.example", 0,
                 "[2001:db8::1]:2000 192.0.2.1:2000 192.0.2.2:2001");
    assert_int_equal(dns_stub_asked(r->stub, "a.example", DNS_A), 0);
    assert_found(r, "a.example", 5, "192.0.2.9:5");
}

static void targets_of_equal_weight_take_turns(void **state)
{
    static const struct dns_srv list[] = {{10, 1, 1, "x.example"},
                                          {10, 1, 2, "y.example"}};
    struct resolve_rig *r = *state;
    bool x = false, y = false;

    for (int i = 0; i < 2; i++)
        dns_stub_srv(r->stub, "a.example", 60, &list[i]);
    dns_stub_host(r->stub, "x.example", 60, "192.0.2.1");
    dns_stub_host(r->stub, "y.example", 60, "192.0.2.2");
    for (int i = 0; i < 300 && !(x && y); i++) {
        struct told t = resolve_rig_look_up(r, "a.example", 0);

        x = x || strcmp(t.text, "192.0.2.1:1 192.0.2.2:2") == 0;
        y = y || strcmp(t.text, "192.0.2.2:2 192.0.2.1:1") == 0;
    }
    assert_true(x && y);
}

static void without_service_records_it_is_port_2855(void **state)
{
    struct resolve_rig *r = *state;

    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    assert_found(r, "a.example", 0, "192.0.2.1:2855");
    assert_int_equal(dns_stub_asked(r->stub, "_msrps._tcp.a.example", DNS_SRV),
                     1);
}

/* RFC 2782: a target of "." */
static void a_service_that_is_not_offered_has_no_address(void **state)
{
    struct resolve_rig *r = *state;

    dns_stub_srv(r->stub, "a.example", 60, &(struct dns_srv){0, 0, 0, "."});
    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    assert_not_found(r, "a.example", 0, ERR_NOT_FOUND);
    assert_int_equal(dns_stub_asked(r->stub, "a.example", DNS_A), 0);
}

static void whether_there_is_a_service_must_be_known(void **state)
{
    struct resolve_rig *r = *state;

    dns_stub_set_mood(r->stub, "_msrps._tcp.a.example", 0, DNS_STUB_FAIL);
    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    assert_not_found(r, "a.example", 0, ERR_IO);
    assert_int_equal(dns_stub_asked(r->stub, "a.example", DNS_A), 0);
}

static void the_number_of_targets_is_bounded(void **state)
{
    struct resolve_rig *r = *state;
    struct told t;

    for (int i = 0; i < 12; i++) {
        struct dns_srv srv = {.priority = (uint16_t)i, .port = 1};

        snprintf(srv.target, sizeof srv.target, "t%d.example", i);
        dns_stub_srv(r->stub, "a.example", 60, &srv);
        dns_stub_host(r->stub, srv.target, 60, "192.0.2.1");
    }
    t = resolve_rig_look_up(r, "a.example", 0);
    assert_int_equal(t.n, RESOLVE_TARGETS_MAX);
    assert_int_equal(dns_stub_asked(r->stub, "t7.example", DNS_A), 1);
    assert_int_equal(dns_stub_asked(r->stub, "t8.example", DNS_A), 0);
}

/* --- what goes wrong --- */

static void a_name_that_is_not_there_is_not_found(void **state)
{
    struct resolve_rig *r = *state;

    assert_not_found(r, "a.example", 9, ERR_NOT_FOUND);
    assert_not_found(r, "a.example", 0, ERR_NOT_FOUND);
    dns_stub_srv(r->stub, "_x.example", 60, &(struct dns_srv){0, 0, 1, "t"});
    assert_not_found(r, "_msrps._tcp._x.example", 9,
                     ERR_NOT_FOUND); /* no address */
}

static void what_is_no_name_is_not_found_without_asking(void **state)
{
    static const char *const cases[] = {
        "",
        ".",
        "a b.example",
        "a%41.example",
        "a\n.example",
        "a\\.example",
        "[a.example]",
        "a..example",
    };
    struct resolve_rig *r = *state;
    char longest[256];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (uint16_t port = 0; port < 2; port++)
            assert_not_found(r, cases[i], port, ERR_NOT_FOUND);
    memset(longest, 'a', sizeof longest);
    for (size_t i = 63; i < sizeof longest; i += 64)
        longest[i] = '.';
    longest[254] = '\0';
    assert_not_found(r, longest, 9, ERR_NOT_FOUND); /* too long */
    longest[253] = '\0';
    assert_not_found(r, longest, 9, ERR_NOT_FOUND); /* just not */
    assert_int_equal(dns_stub_asked(r->stub, longest, DNS_A), 1);
    assert_not_found(r, longest, 0, ERR_NOT_FOUND);
    longest[63] = 'a';
    assert_not_found(r, longest, 9, ERR_NOT_FOUND); /* a label too long */
    assert_int_equal(dns_stub_asked(r->stub, longest, DNS_A), 0);
}

static void servers_that_fail_are_an_error(void **state)
{
    struct resolve_rig *r = *state;

    dns_stub_set_mood(r->stub, "a.example", 0, DNS_STUB_FAIL);
    assert_not_found(r, "a.example", 9, ERR_IO);
    dns_stub_set_mood(r->stub, "b.example", 0, DNS_STUB_REFUSE);
    assert_not_found(r, "b.example", 9, ERR_IO);
    dns_stub_set_mood(r->stub, "c.example", 0, DNS_STUB_GARBAGE);
    assert_not_found(r, "c.example", 9, ERR_IO);
}

static void a_server_that_is_not_there_is_an_error(void **state)
{
    struct resolve_rig *r = *state;
    struct resolve_settings s;
    struct addr at;

    close(resolve_rig_mute_server(&at));
    s = resolve_rig_settings(&at, 1);
    resolve_rig_use(r, &s);
    assert_not_found(r, "a.example", 9, ERR_IO);
}

static void impatient(struct resolve_rig *r, const struct addr *servers,
                      size_t n)
{
    struct resolve_settings s = resolve_rig_settings(servers, n);

    s.dns.try_ms = 20;
    resolve_rig_use(r, &s);
}

static void a_silent_server_is_asked_so_often_and_no_more(void **state)
{
    struct resolve_rig *r = *state;

    impatient(r, dns_stub_addr(r->stub), 1);
    dns_stub_set_mood(r->stub, "a.example", 0, DNS_STUB_SILENT);
    assert_not_found(r, "a.example", 9, ERR_TIMEOUT);
    assert_int_equal(dns_stub_asked(r->stub, "a.example", DNS_A), 2);
    dns_stub_set_mood(r->stub, "b.example", 0, DNS_STUB_FOREIGN_ID);
    assert_not_found(r, "b.example", 9, ERR_TIMEOUT);
}

static void the_next_server_is_asked_when_one_is_silent_or_gone(void **state)
{
    struct resolve_rig *r = *state;
    struct addr servers[3];
    int fd = resolve_rig_mute_server(&servers[0]);

    close(resolve_rig_mute_server(&servers[1]));
    servers[2] = *dns_stub_addr(r->stub);
    impatient(r, servers, 3);
    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    assert_found(r, "a.example", 9, "192.0.2.1:9");
    close(fd);
}

static void an_answer_that_was_cut_is_fetched_over_tcp(void **state)
{
    struct resolve_rig *r = *state;
    struct told t;
    char text[32];

    dns_stub_set_mood(r->stub, "a.example", 0, DNS_STUB_TRUNCATE);
    for (int i = 0; i < 50; i++) { /* more than 512 octets */
        snprintf(text, sizeof text, "192.0.2.%d", i);
        dns_stub_host(r->stub, "a.example", 60, text);
    }
    t = resolve_rig_look_up(r, "a.example", 9);
    assert_int_equal(t.n, RESOLVE_ADDRS_MAX);
    assert_int_equal(dns_stub_asked_over_tcp(r->stub), 2);
}

static void with_deadline(struct resolve_rig *r, uint64_t deadline_ms)
{
    struct resolve_settings s = resolve_rig_settings(dns_stub_addr(r->stub), 1);

    s.deadline_ms = deadline_ms;
    resolve_rig_use(r, &s);
}

static void at_the_deadline_what_is_there_counts(void **state)
{
    struct resolve_rig *r = *state;

    with_deadline(r, 50);
    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    dns_stub_set_mood(r->stub, "a.example", DNS_AAAA, DNS_STUB_SILENT);
    assert_found(r, "a.example", 9, "192.0.2.1:9");
    dns_stub_set_mood(r->stub, "b.example", 0, DNS_STUB_SILENT);
    assert_not_found(r, "b.example", 9, ERR_TIMEOUT);
    dns_stub_set_mood(r->stub, "c.example", DNS_AAAA, DNS_STUB_SILENT);
    assert_not_found(r, "c.example", 9, ERR_TIMEOUT); /* no A, but who knows */
    dns_stub_set_mood(r->stub, "_msrps._tcp.d.example", 0, DNS_STUB_SILENT);
    assert_not_found(r, "d.example", 0, ERR_TIMEOUT);
}

/* S-21 */
static void a_lost_answer_of_one_family_costs_little(void **state)
{
    static const int lost[] = {DNS_AAAA, DNS_A};
    struct resolve_rig *r = *state;

    dns_stub_host(r->stub, "half.test", 60, "192.0.2.1");
    dns_stub_host(r->stub, "half.test", 60, "2001:db8::1");
    for (int i = 0; i < 2; i++) {
        uint64_t began_ms = loop_now_ms(r->loop);
        struct resolve_settings s =
            resolve_rig_settings(dns_stub_addr(r->stub), 1);

        resolve_rig_use(r, &s); /* which remembers nothing */
        dns_stub_set_mood(r->stub, "half.test", 0, DNS_STUB_ANSWER);
        dns_stub_set_mood(r->stub, "half.test", lost[i], DNS_STUB_SILENT);
        assert_found(r, "half.test", 2855,
                     i ? "[2001:db8::1]:2855" : "192.0.2.1:2855");
        assert_in_range(loop_now_ms(r->loop) - began_ms, 45, 1000);
    }
}

/* --- ports --- */

static void ask_names(struct resolve_rig *r, unsigned round, unsigned n)
{
    char name[64];

    for (unsigned i = 0; i < n; i++) {
        snprintf(name, sizeof name, "x%u-%u.example", round, i);
        assert_not_found(r, name, 9, ERR_NOT_FOUND);
    }
}

/* RFC 5452, 9.2: also while a question is open all the time. */
static void the_port_changes_regularly(void **state)
{
    struct resolve_rig *r = *state;
    struct told t = {.calls = 0};

    dns_stub_set_mood(r->stub, "mute.example", 0, DNS_STUB_SILENT);
    resolve_rig_start(r, &t, "mute.example", 9);
    ask_names(r, 0, 40); /* of two questions each */
    assert_int_equal(dns_stub_asked_from_one_port(r->stub), 16);
    assert_int_equal(t.calls, 0);
    resolve_cancel(t.lookup);
}

static int lowest_free_descriptor(void)
{
    int fd = dup(STDERR_FILENO);

    assert_true(fd >= 0);
    close(fd);
    return fd;
}

/* Each silent name holds one; when there are too many the last is kept. */
static void the_number_of_ports_is_bounded(void **state)
{
    enum { MUTE = 24 };
    struct resolve_rig *r = *state;
    struct told t[MUTE] = {{.calls = 0}};
    int before = lowest_free_descriptor();
    char name[64];

    for (unsigned i = 0; i < MUTE; i++) {
        snprintf(name, sizeof name, "mute%u.example", i);
        dns_stub_set_mood(r->stub, name, 0, DNS_STUB_SILENT);
        resolve_rig_start(r, &t[i], name, 9);
        ask_names(r, i, 8);
    }
    assert_true(lowest_free_descriptor() - before < MUTE);
    for (unsigned i = 0; i < MUTE; i++)
        resolve_cancel(t[i].lookup);
}

int main(void)
{
#define T(test)                                                                \
    cmocka_unit_test_setup_teardown(test, resolve_rig_set_up,                  \
                                    resolve_rig_tear_down)
    const struct CMUnitTest tests[] = {
        T(a_numeric_host_is_its_own_address),
        T(a_name_has_its_addresses_ipv6_and_ipv4_in_turn),
        T(one_family_is_enough),
        T(an_alias_is_followed),
        T(the_number_of_addresses_is_bounded),
        T(the_hosts_file_comes_first),
        T(a_name_without_port_has_its_services_targets),
        T(targets_of_equal_weight_take_turns),
        T(without_service_records_it_is_port_2855),
        T(a_service_that_is_not_offered_has_no_address),
        T(whether_there_is_a_service_must_be_known),
        T(the_number_of_targets_is_bounded),
        T(a_name_that_is_not_there_is_not_found),
        T(what_is_no_name_is_not_found_without_asking),
        T(servers_that_fail_are_an_error),
        T(a_server_that_is_not_there_is_an_error),
        T(a_silent_server_is_asked_so_often_and_no_more),
        T(the_next_server_is_asked_when_one_is_silent_or_gone),
        T(an_answer_that_was_cut_is_fetched_over_tcp),
        T(at_the_deadline_what_is_there_counts),
        T(a_lost_answer_of_one_family_costs_little),
        T(the_port_changes_regularly),
        T(the_number_of_ports_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
