/* SPDX-License-Identifier: BSD-2-Clause */
#include "uri_port.h"

#include "cmocka_all.h"
#include "parsed.h"

enum { LISTENERS_MAX = 4 };

/* What each listener gives out, with the transports in the order of the file, a
 * plus for TLS in front; they listen at 1, 2, 3, 4. */
static const struct {
    const char *transports[LISTENERS_MAX];
    uint16_t accepted[LISTENERS_MAX];
    uint16_t dialled;
} cases[] = {
    {{"tcp"}, {1}, 1},
    {{"tls"}, {1}, 1},
    {{"tcp", "tls"}, {1, 2}, 2},
    {{"tls", "tls"}, {1, 2}, 1},
    {{"ws", "tcp"}, {2, 2}, 1},
    {{"wss", "tls"}, {2, 2}, 2},
    {{"tls", "wss", "tls", "wss"}, {1, 1, 3, 1}, 1},
    {{"wss", "ws", "tcp", "tls"}, {4, 3, 3, 4}, 4},
    /* One listener's transport is no substitute for the other's. */
    {{"ws", "tls"}, {1, 2}, 2},
    {{"wss", "tcp"}, {1, 2}, 1},
    {{"ws"}, {1}, 1},
    {{"wss"}, {1}, 1},
    /* What has TLS in front is as good as TLS. */
    {{"ws+", "tcp", "tcp+"}, {3, 2, 3}, 3},
    {{"ws", "tcp+", "tcp"}, {3, 2, 3}, 2},
    {{"wss", "tcp+"}, {2, 2}, 2},
    {{"ws+", "tcp"}, {1, 2}, 1},
};

static const uint16_t ports[LISTENERS_MAX] = {1, 2, 3, 4};

static struct config *with_listeners(const char *const *transports, size_t *n)
{
    char text[512];
    int k = snprintf(text, sizeof text, "listen = (");

    for (*n = 0; *n < LISTENERS_MAX && transports[*n]; ++*n) {
        struct span name = span_str(transports[*n]);
        bool in_front = name.p[name.n - 1] == '+';

        name.n -= in_front;
        k += snprintf(text + k, sizeof text - (size_t)k,
                      "%s{ transport = \"%.*s\"; port = 0;"
                      " tls_in_front = %s; }",
                      *n ? ", " : "", SPAN_ARG(name),
                      in_front ? "true" : "false");
    }
    snprintf(text + k, sizeof text - (size_t)k, ");\n");
    return parsed_good(text);
}

static void uris_have_the_port_of_a_listener_that_others_can_dial(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        size_t n;
        struct config *c = with_listeners(cases[k].transports, &n);

        for (size_t i = 0; i < n; i++)
            assert_int_equal(uri_port_accepted(c, ports, n, i),
                             cases[k].accepted[i]);
        assert_int_equal(uri_port_dialled(c, ports, n), cases[k].dialled);
        config_free(c);
    }
}

static void the_first_listener_with_or_without_tls_is_found(void **state)
{
    static const char *const transports[LISTENERS_MAX] = {"tcp", "tls", "tls"};
    size_t n;
    struct config *c = with_listeners(transports, &n);

    (void)state;
    assert_int_equal(uri_port_first(c, ports, n, true), 2);
    assert_int_equal(uri_port_first(c, ports, n, false), 1);
    assert_int_equal(uri_port_first(c, ports, 1, true), 0);
    assert_int_equal(uri_port_first(c, NULL, 0, false), 0);
    config_free(c);
}

/* The header of a proxy tells of TLS, and no listener is said to have it. */
static void behind_a_proxy_with_tls_the_port_is_one_with_tls(void **state)
{
    static const char *const with_tls[] = {"ws", "tcp", "tls", NULL};
    static const char *const without[] = {"ws", "tcp", NULL};
    struct config *c;
    size_t n;

    (void)state;
    c = with_listeners(with_tls, &n);
    assert_int_equal(uri_port_proxied(c, ports, n, 0), 3);
    assert_int_equal(uri_port_proxied(c, ports, n, 1), 2);
    config_free(c);
    c = with_listeners(without, &n);
    assert_int_equal(uri_port_proxied(c, ports, n, 0), 1);
    config_free(c);
}

static void what_is_advertised_goes_first(void **state)
{
    struct config *c =
        parsed_good("listen = ( { transport = \"ws\"; port = 1; },"
                    " { transport = \"ws\"; port = 2; advertise = 80;"
                    " name = \"ws.example\"; },"
                    " { transport = \"tcp\"; port = 3; advertise = 30;"
                    " name = \"tcp.example\"; } );\n");
    uint16_t of[3];

    (void)state;
    for (size_t i = 0; i < 3; i++)
        of[i] = uri_port_of(&c->listen.items[i], ports[i]);
    assert_int_equal(uri_port_accepted(c, of, 3, 0), 30);
    assert_string_equal(uri_port_name(c, 0), "tcp.example");
    assert_int_equal(uri_port_accepted(c, of, 3, 1), 80);
    assert_string_equal(uri_port_name(c, 1), "ws.example");
    assert_int_equal(uri_port_accepted(c, of, 3, 2), 30);
    config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_advertised_goes_first),
        cmocka_unit_test(behind_a_proxy_with_tls_the_port_is_one_with_tls),
        cmocka_unit_test(uris_have_the_port_of_a_listener_that_others_can_dial),
        cmocka_unit_test(the_first_listener_with_or_without_tls_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
