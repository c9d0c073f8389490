/* SPDX-License-Identifier: BSD-2-Clause */
#include "prometheus.h"

#include <math.h>

#include "cmocka_all.h"
#include "prom.h"

static void family_has_its_samples_behind_it(void **state)
{
    const struct prometheus_label labels[] = {{"a", "x"}, {"b", "y"}};
    struct text t;

    (void)state;
    text_init(&t, 1000);
    prometheus_family(&t, "m_total", "counter", "What it is.");
    prometheus_count(&t, "m_total", "", NULL, 0, 18446744073709551615U);
    prometheus_count(&t, "m_total", "", labels, 1, 0);
    prometheus_real(&t, "m_total", "", labels, 2, 1795323917.125);
    assert_span(text_span(&t), "# HELP m_total What it is.\n"
                               "# TYPE m_total counter\n"
                               "m_total 18446744073709551615\n"
                               "m_total{a=\"x\"} 0\n"
                               "m_total{a=\"x\",b=\"y\"} 1795323917.125\n");
    text_fini(&t);
}

static void values_of_labels_are_escaped(void **state)
{
    const struct prometheus_label label = {"a",
                                           "back\\slash \"quote\" line\nfeed"};
    struct text t;

    (void)state;
    text_init(&t, 1000);
    prometheus_count(&t, "m", "", &label, 1, 1);
    assert_span(text_span(&t), "m{a=\"back\\\\slash \\\"quote\\\" "
                               "line\\nfeed\"} 1\n");
    text_fini(&t);
}

static void histogram_adds_up(void **state)
{
    const double bounds[] = {0.00025, 1, INFINITY};
    const uint64_t counts[] = {3, 0, 2};
    struct text t;

    (void)state;
    text_init(&t, 1000);
    prometheus_histogram(&t, "h", bounds, counts, 3, 0.5);
    assert_span(text_span(&t), "h_bucket{le=\"0.00025\"} 3\n"
                               "h_bucket{le=\"1\"} 3\n"
                               "h_bucket{le=\"+Inf\"} 5\n"
                               "h_sum 0.5\nh_count 5\n");
    text_fini(&t);
}

/* --- the checker that judges the whole -------------------------------------
 */

#define HEAD "# HELP m What it is.\n# TYPE m gauge\n"
#define COUNTER "# HELP m_total What it is.\n# TYPE m_total counter\n"
#define HISTOGRAM "# HELP h What it is.\n# TYPE h histogram\n"

static void sound_texts_pass(void **state)
{
    static const char *const texts[] = {
        HEAD,
        HEAD "m 1\n",
        HEAD "m -1.5e-3\n",
        HEAD "m{a=\"\"} 1\nm{a=\"\\\\\\\"\\n\",b=\"2\"} 1\n" COUNTER
             "m_total 7\n",
        HISTOGRAM "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\n"
                  "h_sum 0.5\nh_count 1\n",
    };
    char why[PROM_WHY_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct prom *p = prom_parse(why, span_str(texts[i]));

        if (!p)
            fail_msg("%s: %s", texts[i], why);
        prom_free(p);
    }
}

static void faulty_texts_are_found_out(void **state)
{
    static const char *const texts[] = {
        "",
        "m 1\n",
        HEAD "m 1",
        HEAD "m 1\r\n",
        HEAD "\n",
        HEAD "m  1\n",
        HEAD "m 1 \n",
        HEAD "m x\n",
        HEAD "m\n",
        HEAD "n 1\n",
        HEAD "m 1\nm 2\n",
        HEAD "m{} 1\n",
        HEAD "m{a=b} 1\n",
        HEAD "m{a=\"b} 1\n",
        HEAD "m{a=\"\\x\"} 1\n",
        HEAD "m{a=\"b\",} 1\n",
        HEAD "m{a=\"b\"}1\n",
        HEAD "m{__a=\"b\"} 1\n",
        HEAD "m{le=\"1\"} 1\n",
        HEAD HEAD,
        HEAD COUNTER "m 1\n",
        COUNTER "m_total -1\n",
        "# TYPE m gauge\nm 1\n",
        "# HELP m What it is.\nm 1\n",
        "# HELP m What it is.\n",
        "# HELP m\n# TYPE m gauge\n",
        "# HELP m What it is.\n# TYPE n gauge\n",
        "# HELP m What it is.\n# TYPE m thing\n",
        "# HELP m What it is.\n# TYPE m counter\n",
        "# HELP m_total What it is.\n# TYPE m_total gauge\n",
        "# HELP m_ms What it is.\n# TYPE m_ms gauge\n",
        "# HELP M What it is.\n# TYPE M gauge\n",
        HISTOGRAM "h 1\n",
        HISTOGRAM "h_bucket{le=\"1\"} 1\nh_sum 0.5\nh_count 1\n",
        HISTOGRAM "h_bucket{le=\"+Inf\"} 1\nh_count 1\n",
        HISTOGRAM "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n",
        HISTOGRAM "h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\n"
                  "h_sum 1\nh_count 1\n",
        HISTOGRAM "h_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 1\n"
                  "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
    };
    char why[PROM_WHY_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (prom_parse(why, span_str(texts[i])))
            fail_msg("passed: %s", texts[i]);
}

static bool follows(const char *a, const char *b)
{
    char why[PROM_WHY_MAX];
    struct prom *x = prom_parse(why, span_str(a));
    struct prom *y = prom_parse(why, span_str(b));
    bool yes;

    assert_non_null(x);
    assert_non_null(y);
    yes = prom_follows(why, x, y);
    prom_free(x);
    prom_free(y);
    return yes;
}

static void counters_must_not_fall_nor_vanish(void **state)
{
    (void)state;
    assert_true(follows(COUNTER "m_total 7\n", COUNTER "m_total 7\n"));
    assert_true(follows(HEAD "m 7\n", HEAD "m 6\n"));
    assert_false(follows(COUNTER "m_total 7\n", COUNTER "m_total 6\n"));
    assert_false(follows(HEAD "m 7\n", HEAD));
    assert_false(follows(HEAD "m{a=\"b\"} 7\n", HEAD "m{a=\"c\"} 7\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(family_has_its_samples_behind_it),
        cmocka_unit_test(values_of_labels_are_escaped),
        cmocka_unit_test(histogram_adds_up),
        cmocka_unit_test(sound_texts_pass),
        cmocka_unit_test(faulty_texts_are_found_out),
        cmocka_unit_test(counters_must_not_fall_nor_vanish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
