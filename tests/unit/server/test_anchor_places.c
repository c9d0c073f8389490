/* SPDX-License-Identifier: BSD-2-Clause */
/* What SDPs show of this relay. */
#include "anchor_places.h"

#include "cmocka_all.h"

enum { LISTENERS = 4 };

static const uint16_t ports[LISTENERS] = {443, 2856, 8080, 2857};

static struct addr address_of(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(&a, span_str(text), 0), 0);
    return a;
}

static struct config_listen listener(enum net_transport transport,
                                     const char *address)
{
    return (struct config_listen){.transport = transport,
                                  .address = address_of(address),
                                  .name = (char *)(uintptr_t) ""};
}

static void assert_place(const struct anchor_place *p,
                         enum anchor_transport transport, const char *address,
                         const char *host, uint16_t port)
{
    assert_int_equal(p->transport, transport);
    assert_span_equal(p->address, span_str(address));
    assert_int_equal(p->family, strchr(address, ':') ? 6 : 4);
    assert_span_equal(p->host, span_str(host));
    assert_int_equal(p->port, port);
}

/* The first of each transport that others can reach, as they reach it. */
static void listeners_are_shown_as_they_are_reached(void **state)
{
    static struct anchor_places p;
    struct addr mine[] = {address_of("127.0.0.1"), address_of("fe80::1"),
                          address_of("192.0.2.10"), address_of("192.0.2.11"),
                          address_of("2001:db8::10")};
    struct own_addresses own = {.items = mine, .n = 5};
    struct config_listen items[LISTENERS] = {
        listener(NET_TLS, "10.0.0.5"), listener(NET_TCP, "::"),
        listener(NET_WS, "127.0.0.1"), listener(NET_TCP, "10.0.0.5")};
    struct config c = {.listen = {.items = items, .n = LISTENERS}};

    (void)state;
    c.relay.name = (char *)(uintptr_t) "relay.example.com";
    anchor_places_find(&p, &c, ports, &own);
    assert_int_equal(p.n, 3);
    assert_place(&p.items[0], ANCHOR_TLS, "10.0.0.5", "relay.example.com", 443);
    assert_place(&p.items[1], ANCHOR_TCP, "192.0.2.10", "", 2856);
    assert_place(&p.items[2], ANCHOR_TCP, "2001:db8::10", "", 2856);
    /* Behind a balancer that has another name, and ends TLS. */
    c.listen.items[0].name = (char *)(uintptr_t) "edge.example.com";
    c.listen.items[1].tls_in_front = true;
    c.listen.items[2].address = address_of("10.0.0.5");
    c.listen.items[2].tls_in_front = true;
    anchor_places_find(&p, &c, ports, &own);
    assert_int_equal(p.n, 3);
    assert_place(&p.items[0], ANCHOR_TLS, "10.0.0.5", "edge.example.com", 443);
    assert_place(&p.items[1], ANCHOR_WSS, "10.0.0.5", "relay.example.com",
                 8080);
    assert_place(&p.items[2], ANCHOR_TCP, "10.0.0.5", "", 2857);
}

/* ... and nothing else, if there are any. */
static void interfaces_are_shown_as_they_are_configured(void **state)
{
    static struct anchor_places p;
    struct own_addresses own = {.items = NULL};
    struct config_listen items[1] = {listener(NET_TLS, "10.0.0.5")};
    struct config_interface interfaces[] = {
        {.name = (char *)(uintptr_t) "in",
         .address = (char *)(uintptr_t) "192.0.2.10",
         .host = (char *)(uintptr_t) "",
         .transport = NET_TLS},
        {.name = (char *)(uintptr_t) "",
         .address = (char *)(uintptr_t) "2001:db8::10",
         .host = (char *)(uintptr_t) "out.example.com",
         .transport = NET_TLS,
         .port = 2855},
    };
    struct config c = {.listen = {.items = items, .n = 1},
                       .anchor.interfaces = {.items = interfaces, .n = 2}};

    (void)state;
    anchor_places_find(&p, &c, ports, &own);
    assert_int_equal(p.n, 2);
    assert_place(&p.items[0], ANCHOR_TLS, "192.0.2.10", "", 443);
    assert_span(p.items[0].name, "in");
    assert_place(&p.items[1], ANCHOR_TLS, "2001:db8::10", "out.example.com",
                 2855);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listeners_are_shown_as_they_are_reached),
        cmocka_unit_test(interfaces_are_shown_as_they_are_configured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
