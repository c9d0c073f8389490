/* SPDX-License-Identifier: BSD-2-Clause */
#include "shown_tls.h"

#include "cmocka_all.h"
#include "tls.h"

enum { CONTEXTS = SHOWN_TLS_FORMER + 3 };

/* One without a certificate: they differ by where they are. */
static struct tls_ctx *context(void)
{
    const struct tls_settings settings = {.certificate = "",
                                          .private_key = "",
                                          .ca_file = "",
                                          .ciphers = "",
                                          .ciphersuites = "",
                                          .insecure = true};
    char why[TLS_WHY_MAX];
    enum tls_fault fault;
    struct tls_ctx *tls;

    assert_int_equal(tls_client_new(&tls, &settings, &fault, why), 0);
    return tls;
}

static void former_ones_are_found_for_a_while(void **state)
{
    struct tls_ctx *all[CONTEXTS];
    struct shown_tls s = {.id = 0};

    (void)state;
    for (size_t i = 0; i < CONTEXTS; i++)
        all[i] = context();
    shown_tls_use(&s, 100, NULL);
    assert_ptr_equal(shown_tls_find(&s, 100, all[0]), all[0]);
    shown_tls_use(&s, 100, all[1]); /* no other certificate */
    for (size_t i = 1; i < CONTEXTS; i++)
        shown_tls_use(&s, 100 + i, all[i - 1]);
    for (size_t i = 0; i < CONTEXTS; i++)
        tls_ctx_unref(all[i]);
    for (size_t i = 0; i < CONTEXTS; i++) {
        bool is_kept = i + 1 + SHOWN_TLS_FORMER >= CONTEXTS;

        assert_ptr_equal(shown_tls_find(&s, 100 + i, NULL),
                         is_kept && i < CONTEXTS - 1 ? all[i] : NULL);
    }
    assert_null(shown_tls_find(&s, 7, NULL));
    shown_tls_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(former_ones_are_found_for_a_while),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
