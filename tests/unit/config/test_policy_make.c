/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_make.h"

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"
#include "parsed.h"

#define GROUPS                                                                 \
    "relay: { name = \"r.example\"; aliases = [ \"a.example\", "               \
    "\"b.example\" ]; realm = \"the realm\"; realms = [ \"two.example\" ]; "   \
    "};\n"                                                                     \
    "auth: { algorithms = [ \"MD5\", \"SHA-256\" ]; };\n"

static void names_and_ports_are_those_of_the_relay(void **state)
{
    static const uint16_t ports[] = {2855, 8443};
    struct config *c = parsed_good(
        GROUPS "listen = ( { transport = \"tcp\"; }, { port = 8443; } );\n");
    struct policy *p;

    (void)state;
    assert_int_equal(policy_make(&p, c, ports, 2), 0);
    assert_span(p->name, "r.example");
    assert_span(p->realm, "the realm");
    assert_int_equal(p->n_aliases, 2);
    assert_span(p->aliases[0], "a.example");
    assert_span(p->aliases[1], "b.example");
    assert_int_equal(p->n_realms, 1);
    assert_span(p->realms[0], "two.example");
    assert_int_equal(p->n_ports, 2);
    assert_int_equal(p->ports[0], 2855);
    assert_int_equal(p->ports[1], 8443);
    assert_int_equal(p->tls_port, 8443);
    assert_span(p->self, "msrps://r.example:2855;tcp");
    policy_free(p);
    config_free(c);
}

/* Both are this relay's: what its URIs say, and where it listens. */
static void what_is_advertised_is_the_relays_too(void **state)
{
    static const uint16_t ports[] = {2855, 2856};
    struct config *c =
        parsed_good(GROUPS "listen = ( { transport = \"tls\"; advertise = 443;"
                           " name = \"edge.example\"; }, { transport = \"tcp\";"
                           " port = 2856; } );\n");
    struct policy *p;

    (void)state;
    assert_int_equal(policy_make(&p, c, ports, 2), 0);
    assert_int_equal(p->n_aliases, 3);
    assert_span(p->aliases[2], "edge.example");
    assert_int_equal(p->n_ports, 3);
    assert_int_equal(p->ports[0], 443);
    assert_int_equal(p->ports[1], 2856);
    assert_int_equal(p->ports[2], 2855);
    assert_int_equal(p->n_port_names, 2);
    assert_span(p->port_names[0], "edge.example");
    assert_span(p->port_names[1], "r.example");
    assert_int_equal(p->tls_port, 443);
    assert_span(p->self, "msrps://r.example:443;tcp");
    policy_free(p);
    config_free(c);
}

/* I-7 */
static void md5_is_offered_last_whatever_the_file_says(void **state)
{
    struct config *c = parsed_good(GROUPS LISTEN);
    struct policy *p;

    (void)state;
    assert_int_equal(policy_make(&p, c, NULL, 0), 0);
    assert_int_equal(p->n_algorithms, 2);
    assert_int_equal(p->algorithms[0], DIGEST_SHA256);
    assert_int_equal(p->algorithms[1], DIGEST_MD5);
    policy_free(p);
    config_free(c);
}

/* Each is one of a kind. */
static void numbers_reach_their_places(void **state)
{
    struct config *c = parsed_good(
        "auth: { min_expires = 11; default_expires = 12; max_expires = 13; "
        "nonce_lifetime = 14; max_failures = 15; };\n"
        "send: { max_chunk_size = 2050; high_water = 5000; low_water = 17; };\n"
        "limits: { sessions_per_connection = 18; "
        "transactions_per_connection = 19; message_size = 20; };\n"
        "timers: { transaction = 21; };\n" LISTEN);
    struct policy *p;

    (void)state;
    assert_int_equal(policy_make(&p, c, NULL, 0), 0);
    assert_int_equal(p->min_expires_s, 11);
    assert_int_equal(p->default_expires_s, 12);
    assert_int_equal(p->max_expires_s, 13);
    assert_int_equal(p->nonce_lifetime_ms, 14000);
    assert_int_equal(p->max_failures, 15);
    assert_int_equal(p->max_chunk_size, 2050);
    assert_int_equal(p->high_water, 5000);
    assert_int_equal(p->low_water, 17);
    assert_int_equal(p->sessions_per_link, 18);
    assert_int_equal(p->transactions_per_link, 19);
    assert_int_equal(p->message_size, 20);
    assert_int_equal(p->transaction_ms, 21000);
    policy_free(p);
    config_free(c);
}

static int attempt(void *ctx)
{
    struct policy *p;
    int err = policy_make(&p, ctx, NULL, 0);

    if (!err)
        policy_free(p);
    return err;
}

static void every_allocation_may_fail(void **state)
{
    struct config *c = parsed_good(GROUPS LISTEN);

    (void)state;
    assert_int_equal(oom_sweep(attempt, c), 3);
    policy_free(NULL);
    config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_ports_are_those_of_the_relay),
        cmocka_unit_test(what_is_advertised_is_the_relays_too),
        cmocka_unit_test(md5_is_offered_last_whatever_the_file_says),
        cmocka_unit_test(numbers_reach_their_places),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
