/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <unistd.h>

#include "cmocka_all.h"
#include "config_load.h"
#include "config_value.h"
#include "err.h"
#include "faults.h"
#include "oom.h"
#include "parsed.h"
#include "scratch.h"
#include "settings.h"

static void every_key_but_listen_has_a_default(void **state)
{
    struct config *c = parsed_good(LISTEN);

    (void)state;
    for (size_t i = 0; i < settings_n; i++)
        assert_int_equal(config_place(c, settings[i].key).line,
                         strcmp(settings[i].key, "listen") == 0);
    assert_int_equal(c->relay.aliases.n, 0);
    assert_string_equal(c->relay.user, "msrprelay");
    assert_string_equal(c->relay.group, "msrprelay");
    assert_string_equal(c->tls.certificate, "/etc/msrprelayd/relay.pem");
    assert_string_equal(c->tls.private_key, "/etc/msrprelayd/relay.key");
    assert_string_equal(c->tls.ca_file, "");
    assert_int_equal(c->tls.min_version, CONFIG_TLS12);
    assert_string_equal(c->tls.ciphers, "");
    assert_string_equal(c->tls.ciphersuites, "");
    assert_string_equal(c->auth.users_file, "/etc/msrprelayd/users");
    assert_int_equal(c->auth.algorithms.n, 1);
    assert_int_equal(c->auth.algorithms.items[0], DIGEST_MD5);
    assert_false(c->auth.allow_tcp);
    assert_int_equal(c->auth.min_expires_s, 60);
    assert_int_equal(c->auth.default_expires_s, 1800);
    assert_int_equal(c->auth.max_expires_s, 86400);
    assert_int_equal(c->auth.nonce_lifetime_ms, 60000);
    assert_int_equal(c->auth.max_failures, 3);
    assert_int_equal(c->send.max_chunk_size, 65536);
    assert_int_equal(c->send.high_water, 262144);
    assert_int_equal(c->send.low_water, 65536);
    assert_int_equal(c->tcp.receive_buffer, 0);
    assert_int_equal(c->tcp.send_buffer, 0);
    assert_true(c->tcp.nodelay);
    assert_int_equal(c->tcp.keepalive_s, 60);
    assert_int_equal(c->limits.connections, 100000);
    assert_int_equal(c->limits.connections_per_address, 0);
    assert_int_equal(c->limits.sessions_per_connection, 1000);
    assert_int_equal(c->limits.head_size, 16384);
    assert_int_equal(c->limits.path_uris, 16);
    assert_int_equal(c->limits.transactions_per_connection, 10000);
    assert_int_equal(c->limits.rate, 0);
    assert_int_equal(c->limits.message_size, 0);
    assert_int_equal(c->timers.transaction_ms, 30000);
    assert_int_equal(c->timers.probation_ms, 30000);
    assert_int_equal(c->timers.handshake_ms, 10000);
    assert_int_equal(c->timers.connect_ms, 10000);
    assert_int_equal(c->timers.idle_ms, 3600000);
    assert_int_equal(c->timers.hold_ms, 10000);
    assert_int_equal(c->timers.stall_ms, 20000);
    assert_int_equal(c->timers.ping_ms, 30000);
    assert_int_equal(c->timers.drain_ms, 30000);
    assert_true(c->dial.allow_tcp);
    assert_int_equal(c->dial.allow.n, 0);
    assert_int_equal(c->dial.deny.n, 14);
    assert_int_equal(c->dial.source.n, 0);
    assert_int_equal(c->dial.servers.n, 0);
    assert_int_equal(c->tcp.dscp, 0);
    assert_true(c->tls.tickets);
    assert_int_equal(c->tls.certificates.n, 0);
    assert_int_equal(c->relays.max_chunk_size, 0);
    assert_int_equal(c->listen.items[0].proxy.n, 0);
    assert_false(c->listen.items[0].tls_in_front);
    assert_int_equal(c->listen.items[0].advertise, 0);
    assert_string_equal(c->listen.items[0].name, "");
    assert_int_equal(c->listen.items[0].max_chunk_size, 0);
    assert_true(c->dial.verify);
    assert_int_equal(c->log.level, LOG_LEVEL_INFO);
    assert_string_equal(c->log.target, "stderr");
    assert_int_equal(c->log.rate, 1000);
    assert_string_equal(c->log.accounting, "");
    assert_string_equal(c->metrics.address, "");
    assert_int_equal(c->metrics.port, 9285);
    assert_string_equal(c->control.socket, "");
    config_free(c);
}

static void by_default_our_own_hosts_are_not_dialled(void **state)
{
    static const char *const denied[] = {
        "127.0.0.1",         "::1",
        "169.254.169.254",   "fe80::1",
        "224.0.0.1",         "ff02::1",
        "0.0.0.0",           "::",
        "::ffff:127.0.0.1",  "10.1.2.3",
        "172.31.0.1",        "192.168.1.1",
        "100.64.0.1",        "198.19.0.1",
        "fd00::1",           "64:ff9b::10.1.2.3",
        "2002:c0a8:0101::1", "::127.0.0.1",
    };
    struct config *c = parsed_good(LISTEN);

    (void)state;
    for (size_t i = 0; i < sizeof denied / sizeof *denied; i++) {
        struct addr a;

        assert_int_equal(addr_parse(&a, span_str(denied[i]), 0), 0);
        assert_false(cidr_permits(&c->dial.allow, &c->dial.deny, &a));
    }
    config_free(c);
}

static void what_a_listener_says_of_itself_has_bounds(void **state)
{
    (void)state;
    parsed_bad("listen = ( { advertise = 65536; } );\n",
               "test.conf:1: listen.advertise must be from 0 to 65535\n");
    parsed_bad("listen = ( { name = \"192.0.2.1\"; } );\n",
               "test.conf:1: listen.name must be a host name, never a numeric "
               "address, not \"192.0.2.1\"\n");
    parsed_bad("listen = ( { max_chunk_size = 2047; } );\n",
               "test.conf:1: listen.max_chunk_size must be 0 or at least "
               "2048\n");
    parsed_bad("listen = ( { proxy = [ \"10.0.0.1/8\" ]; } );\n",
               "test.conf:1: listen.proxy must be a block with no bits set "
               "after its prefix, not \"10.0.0.1/8\"\n");
}

static void what_goes_to_others_has_bounds(void **state)
{
    (void)state;
    parsed_bad(LISTEN "relays: { max_chunk_size = 1; };\n",
               "test.conf:2: relays.max_chunk_size must be 0 or at least "
               "2048\n");
    parsed_bad(LISTEN "tcp: { dscp = 64; };\n",
               "test.conf:2: tcp.dscp must be from 0 to 63\n");
    parsed_bad(LISTEN "dial: { source = [ \"192.0.2.1\", \"192.0.2.2\" ]; };\n",
               "test.conf:2: dial.source must have at most one address of IPv4 "
               "and one of IPv6\n");
}

static void the_name_is_by_default_the_hosts_own(void **state)
{
    struct config *c = parsed_good(LISTEN);
    char name[256] = "";

    (void)state;
    assert_int_equal(gethostname(name, sizeof name - 1), 0);
    assert_string_equal(c->relay.name, config_value_is_host(span_str(name))
                                           ? name
                                           : "localhost");
    assert_string_equal(c->relay.realm, c->relay.name);
    config_free(c);
}

static void the_realm_is_by_default_the_name(void **state)
{
    struct config *c = parsed_good("relay: { name = \"r.example\"; };" LISTEN);

    (void)state;
    assert_string_equal(c->relay.realm, "r.example");
    config_free(c);
}

static void listen_has_no_default(void **state)
{
    (void)state;
    parsed_bad("", "test.conf:1: listen is required\n");
    parsed_bad("listen = ( );",
               "test.conf:1: listen must have from 1 to 64 items\n");
}

static void defaults_give_way_to_what_is_set_beside_them(void **state)
{
    struct config *c = parsed_good("send: { high_water = 8192; };\n"
                                   "auth: { max_expires = 100; };\n" LISTEN);

    (void)state;
    assert_int_equal(c->send.low_water, 2048);
    assert_int_equal(c->auth.default_expires_s, 100);
    config_free(c);
    c = parsed_good("auth: { min_expires = 3000; };\n" LISTEN);
    assert_int_equal(c->auth.default_expires_s, 3000);
    config_free(c);
}

static void values_end_in_their_fields(void **state)
{
    struct config *c = parsed_good(
        "relay: { name = \"r.example\"; aliases = [ \"a.example\", "
        "\"b.example\" ]; realm = \"the realm\"; user = \"\"; "
        "group = \"g\"; };\n"
        "tls: { min_version = \"1.3\"; ciphers = \"c\"; };\n"
        "auth: { algorithms = [ \"MD5\", \"SHA-256\" ]; allow_tcp = true; "
        "nonce_lifetime = \"2m\"; min_expires = \"1h\"; };\n"
        "send: { max_chunk_size = \"2k\"; };\n"
        "limits: { message_size = \"4G\"; };\n"
        "timers: { stall = 0.5; idle = \"250ms\"; };\n"
        "dial: { allow = [ \"127.0.0.0/8\" ]; deny = [ ]; "
        "servers = ( \"::1\", \"127.0.0.1:5353\" ); verify = FALSE; };\n"
        "log: { level = \"debug\"; target = \"/var/log/x\"; "
        "rate = 5; accounting = \"syslog\"; };\n"
        "metrics: { address = \"::1\"; port = 0; };\n" LISTEN);
    char text[ADDR_TEXT_MAX];

    (void)state;
    assert_string_equal(c->relay.name, "r.example");
    assert_int_equal(c->relay.aliases.n, 2);
    assert_string_equal(c->relay.aliases.items[1], "b.example");
    assert_string_equal(c->relay.realm, "the realm");
    assert_string_equal(c->relay.user, "");
    assert_int_equal(c->tls.min_version, CONFIG_TLS13);
    assert_int_equal(c->auth.algorithms.n, 2);
    assert_int_equal(c->auth.algorithms.items[0], DIGEST_MD5);
    assert_int_equal(c->auth.algorithms.items[1], DIGEST_SHA256);
    assert_true(c->auth.allow_tcp);
    assert_int_equal(c->auth.nonce_lifetime_ms, 120000);
    assert_int_equal(c->auth.min_expires_s, 3600);
    assert_int_equal(c->send.max_chunk_size, 2048);
    assert_true(c->limits.message_size == UINT64_C(4294967296));
    assert_int_equal(c->timers.stall_ms, 500);
    assert_int_equal(c->timers.idle_ms, 250);
    assert_int_equal(c->dial.allow.n, 1);
    assert_int_equal(c->dial.deny.n, 0);
    assert_string_equal(addr_text(text, &c->dial.servers.items[0]), "[::1]:53");
    assert_string_equal(addr_text(text, &c->dial.servers.items[1]),
                        "127.0.0.1:5353");
    assert_false(c->dial.verify);
    assert_int_equal(c->log.level, LOG_LEVEL_DEBUG);
    assert_string_equal(c->log.target, "/var/log/x");
    assert_int_equal(c->log.rate, 5);
    assert_string_equal(c->log.accounting, "syslog");
    assert_string_equal(c->metrics.address, "::1");
    assert_int_equal(c->metrics.port, 0);
    config_free(c);
}

static void listeners_are_groups_with_defaults(void **state)
{
    struct config *c = parsed_good(
        "listen = (\n"
        "  { transport = \"wss\"; address = \"127.0.0.1\"; port = 0; },\n"
        "  { },\n"
        "  { transport = \"tcp\"; port = 2856; } );\n");
    char text[ADDR_TEXT_MAX];

    (void)state;
    assert_int_equal(c->listen.n, 3);
    assert_int_equal(c->listen.items[0].transport, NET_WSS);
    assert_string_equal(
        config_value_address_text(text, &c->listen.items[0].address),
        "127.0.0.1");
    assert_int_equal(c->listen.items[0].place.line, 2);
    assert_int_equal(c->listen.items[1].transport, NET_TLS);
    assert_string_equal(
        config_value_address_text(text, &c->listen.items[1].address), "::");
    assert_int_equal(c->listen.items[1].place.line, 3);
    assert_int_equal(c->listen.items[2].transport, NET_TCP);
    assert_int_equal(c->listen.items[2].port, 2856);
    assert_string_equal(
        config_value_address_text(text, &c->listen.items[2].address), "::");
    config_free(c);
}

static void wide_integers_are_not_wrapped(void **state)
{
    struct config *c =
        parsed_good("limits: { message_size = 5000000000; rate = "
                    "5000000000L; };\n" LISTEN);

    (void)state;
    assert_true(c->limits.message_size == UINT64_C(5000000000));
    assert_true(c->limits.rate == UINT64_C(5000000000));
    config_free(c);
    parsed_bad("limits: { connections = 4294967297; };\n" LISTEN,
               "test.conf:1: limits.connections must be from 1 to 10000000\n");
}

static void places_say_where_a_key_was_set(void **state)
{
    struct config *c = parsed_good("relay:\n{\n  user = \"u\";\n};\n" LISTEN);

    (void)state;
    assert_int_equal(config_place(c, "relay.user").line, 3);
    assert_string_equal(config_place(c, "relay.user").file, "test.conf");
    assert_int_equal(config_place(c, "listen").line, 5);
    assert_int_equal(config_place(c, "relay.group").line, 0);
    config_free(c);
}

static void faults_in_included_files_have_their_places(void **state)
{
    struct faults f = {0};
    struct config *c = NULL;
    struct scratch s;

    (void)state;
    scratch_init(&s);
    scratch_write(&s, "inc.conf", SPAN("\n user = 1;\n group = \"g\";\n"));
    scratch_write(&s, "top.conf",
                  SPAN("relay: {\n@include \"inc.conf\"\n};\nbad = 1;\n"));
    assert_int_equal(
        config_load(&c, scratch_path(&s, "top.conf"), faults_add, &f),
        ERR_CONFIG);
    assert_string_equal(f.text,
                        "inc.conf:2: relay.user must be a string, not a "
                        "whole number\n"
                        "top.conf:4: unknown key bad\n"
                        "top.conf:1: listen is required\n");
    scratch_fini(&s);
}

/* What does not fit together may do so with the file that is missing. */
static void a_missing_file_hides_no_other_fault(void **state)
{
    struct faults f = {0};
    struct config *c = NULL;
    struct scratch s;

    (void)state;
    scratch_init(&s);
    scratch_write(&s, "inc.conf", SPAN("relay: {\nrealms = 7; };\n"));
    scratch_write(&s, "top.conf",
                  SPAN("@include \"gone.conf\"\n@include \"inc.conf\"\n"
                       "timers: { idle = -1;\n\nstall = \"x\"; };\n"));
    assert_int_equal(
        config_load(&c, scratch_path(&s, "top.conf"), faults_add, &f),
        ERR_CONFIG);
    assert_int_equal(f.count, 4);
    assert_non_null(strstr(f.text, "top.conf:1: cannot read "));
    assert_non_null(strstr(f.text, "\ninc.conf:2: relay.realms must be "));
    assert_non_null(strstr(f.text, "\ntop.conf:3: timers.idle must be "));
    assert_non_null(strstr(f.text, "\ntop.conf:5: timers.stall must be "));
    scratch_fini(&s);
}

static void places_in_included_files_outlive_the_reading(void **state)
{
    struct faults f = {0};
    struct config *c = NULL;
    struct scratch s;

    (void)state;
    scratch_init(&s);
    scratch_write(&s, "inc.conf", SPAN("\nlisten = (\n{ } );\n"));
    scratch_write(&s, "top.conf", SPAN("@include \"inc.conf\"\n"));
    assert_int_equal(
        config_load(&c, scratch_path(&s, "top.conf"), faults_add, &f), 0);
    assert_string_equal(c->path, scratch_path(&s, "top.conf"));
    assert_string_equal(config_place(c, "listen").file,
                        scratch_path(&s, "inc.conf"));
    assert_int_equal(config_place(c, "listen").line, 2);
    assert_string_equal(c->listen.items[0].place.file,
                        scratch_path(&s, "inc.conf"));
    assert_int_equal(c->listen.items[0].place.line, 3);
    config_free(c);
    scratch_fini(&s);
}

static void a_missing_file_is_a_fault(void **state)
{
    struct faults f = {0};
    struct config *c = NULL;

    (void)state;
    assert_int_equal(config_load(&c, "/nowhere/at.conf", faults_add, &f),
                     ERR_CONFIG);
    assert_string_equal(f.text, "at.conf:1: cannot read /nowhere/at.conf: No "
                                "such file or directory\n");
}

static int attempt(void *ctx)
{
    static const char text[] = "relay: { aliases = [ \"a\", \"b\" ]; };\n"
                               "dial: { allow = [ \"10.0.0.0/8\" ]; servers = "
                               "[ \"::1\" ]; };\n" LISTEN;
    struct config *c;
    int err = config_parse(&c, "test.conf", SPAN(text), faults_add, ctx);

    if (!err)
        config_free(c);
    return err;
}

static void every_allocation_may_fail(void **state)
{
    struct faults f = {0};

    (void)state;
    assert_true(oom_sweep(attempt, &f) > 20);
    assert_int_equal(f.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_listener_says_of_itself_has_bounds),
        cmocka_unit_test(what_goes_to_others_has_bounds),
        cmocka_unit_test(every_key_but_listen_has_a_default),
        cmocka_unit_test(by_default_our_own_hosts_are_not_dialled),
        cmocka_unit_test(the_name_is_by_default_the_hosts_own),
        cmocka_unit_test(the_realm_is_by_default_the_name),
        cmocka_unit_test(listen_has_no_default),
        cmocka_unit_test(defaults_give_way_to_what_is_set_beside_them),
        cmocka_unit_test(values_end_in_their_fields),
        cmocka_unit_test(listeners_are_groups_with_defaults),
        cmocka_unit_test(wide_integers_are_not_wrapped),
        cmocka_unit_test(places_say_where_a_key_was_set),
        cmocka_unit_test(faults_in_included_files_have_their_places),
        cmocka_unit_test(a_missing_file_hides_no_other_fault),
        cmocka_unit_test(places_in_included_files_outlive_the_reading),
        cmocka_unit_test(a_missing_file_is_a_fault),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
