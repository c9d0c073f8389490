/* SPDX-License-Identifier: BSD-2-Clause */
#include "metrics.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "prom.h"

/* The text and what it says. */
struct shown {
    struct text text;
    struct prom *prom;
};

static void show(struct shown *s, const struct metrics *m)
{
    char why[PROM_WHY_MAX];

    text_init(&s->text, 1 << 20);
    metrics_write(&s->text, m);
    assert_int_equal(s->text.err, 0);
    s->prom = prom_parse(why, text_span(&s->text));
    if (!s->prom)
        fail_msg("%s", why);
}

static void show_nothing(struct shown *s)
{
    const struct metrics m = {.version = "1.2.3"};

    show(s, &m);
}

static void shown_free(struct shown *s)
{
    prom_free(s->prom);
    text_fini(&s->text);
}

static void assert_sample(const struct shown *s, const char *series,
                          double value)
{
    double got;

    if (!prom_value(&got, s->prom, series))
        fail_msg("there is no %s", series);
    if (got != value)
        fail_msg("%s is %g", series, got);
}

/* --- values --------------------------------------------------------------- */

static void all_labels_are_there_from_the_beginning(void **state)
{
    struct shown s;

    (void)state;
    show_nothing(&s);
    assert_sample(&s, "msrprelayd_build_info{version=\"1.2.3\"}", 1);
    assert_sample(
        &s, "msrprelayd_connections{transport=\"tls\",state=\"open\"}", 0);
    assert_sample(&s, "msrprelayd_auth_total{result=\"draining\"}", 0);
    assert_sample(&s, "msrprelayd_reports_made_total{code=\"other\"}", 0);
    assert_sample(&s, "msrprelayd_loop_turn_seconds_bucket{le=\"+Inf\"}", 0);
    assert_sample(&s, "msrprelayd_lookup_answers_total{result=\"gone\"}", 0);
    assert_sample(&s, "msrprelayd_lookup_seconds_bucket{le=\"+Inf\"}", 0);
    shown_free(&s);
}

static void certificate_that_is_not_there_has_no_end(void **state)
{
    struct metrics m = {.version = ""};
    struct shown s;
    double value;

    (void)state;
    show(&s, &m);
    assert_false(prom_value(&value, s.prom,
                            "msrprelayd_certificate_expiry_timestamp_seconds"));
    shown_free(&s);
    m.certificate_ends_s = 1795323917;
    show(&s, &m);
    assert_sample(&s, "msrprelayd_certificate_expiry_timestamp_seconds",
                  1795323917);
    shown_free(&s);
}

static void figures_stand_under_their_labels(void **state)
{
    struct metrics m = {.version = "", .is_ready = true};
    struct shown s;

    (void)state;
    m.net.now[NET_TLS][CONN_HELLO] = 11;
    m.net.now[NET_TCP][CONN_LINGER] = 12;
    m.net.closed[CONN_WHY_STALL] = 13;
    m.net.tls_up[TLS_1_2] = 14;
    m.net.tls_resumed = 13;
    m.net.tls_failed[TLS_FAILURE_ALERT] = 15;
    m.relay.auths[RELAY_AUTH_STALE] = 16;
    m.relay.responses_made[CODE_AT_481] = 17;
    m.relay.responses_received[CODE_AT_OTHER] = 18;
    m.relay.reports_made_by_code[CODE_AT_408] = 19;
    m.relay.sessions_ended[SESSION_KICKED] = 20;
    m.relay.wait_ms = 2125;
    m.relay.longest_wait_ms = 1250;
    m.relay.relay_links_dialled_now = 25;
    m.server.refused_address = 21;
    m.dial.backoff = 22;
    m.dns.known = 23;
    m.server.last_reload_failed = true;
    m.process.cpu_s = 0.5;
    m.loop.buckets[1] = 24;
    show(&s, &m);
    assert_sample(
        &s, "msrprelayd_connections{transport=\"tls\",state=\"hello\"}", 11);
    assert_sample(
        &s, "msrprelayd_connections{transport=\"tcp\",state=\"linger\"}", 12);
    assert_sample(&s, "msrprelayd_connections_closed_total{reason=\"stall\"}",
                  13);
    assert_sample(&s, "msrprelayd_timeouts_total{timer=\"stall\"}", 13);
    assert_sample(&s, "msrprelayd_tls_resumptions_total", 13);
    assert_sample(&s, "msrprelayd_tls_handshakes_total{version=\"TLSv1.2\"}",
                  14);
    assert_sample(
        &s, "msrprelayd_tls_handshake_failures_total{cause=\"alert\"}", 15);
    assert_sample(&s, "msrprelayd_auth_total{result=\"stale\"}", 16);
    assert_sample(&s, "msrprelayd_responses_made_total{code=\"481\"}", 17);
    assert_sample(&s, "msrprelayd_responses_received_total{code=\"other\"}",
                  18);
    assert_sample(&s, "msrprelayd_reports_made_total{code=\"408\"}", 19);
    assert_sample(&s, "msrprelayd_sessions_ended_total{reason=\"kicked\"}", 20);
    assert_sample(&s, "msrprelayd_backpressure_wait_seconds_total", 2.125);
    assert_sample(&s, "msrprelayd_backpressure_longest_wait_seconds", 1.25);
    assert_sample(&s, "msrprelayd_relay_links{opened=\"dialled\"}", 25);
    assert_sample(&s,
                  "msrprelayd_connections_refused_total{reason=\"connections_"
                  "per_address\"}",
                  21);
    assert_sample(&s, "msrprelayd_dials_total{result=\"backoff\"}", 22);
    assert_sample(&s, "msrprelayd_dns_cache_entries", 23);
    assert_sample(&s, "msrprelayd_last_reload_successful", 0);
    assert_sample(&s, "msrprelayd_ready", 1);
    assert_sample(&s, "msrprelayd_draining", 0);
    assert_sample(&s, "process_cpu_seconds_total", 0.5);
    assert_sample(&s, "msrprelayd_loop_turn_seconds_count", 24);
    shown_free(&s);
}

static void greatest_figures_fit_into_a_page(void **state)
{
    struct metrics m;
    struct shown s;

    (void)state;
    memset(&m, 0xff, sizeof m);
    m.version = "1.2.3";
    m.is_ready = m.is_draining = m.server.last_reload_failed = true;
    m.server.started_s = m.server.last_reload_ok_s = m.certificate_ends_s =
        m.process.cpu_s = m.loop.work_s = m.lookup.time_s = 123456789012.125;
    memset(m.loop.buckets, 0, sizeof m.loop.buckets);
    memset(m.lookup.buckets, 0, sizeof m.lookup.buckets);
    show(&s, &m);
    assert_sample(&s, "msrprelayd_sessions", 18446744073709551615.0);
    assert_true(s.text.n < 131072);
    shown_free(&s);
}

/* --- what is written about them ------------------------------------------- */

static char *read_file(const char *name)
{
    char path[512];
    struct stat st = {0};
    char *text;
    int fd;

    snprintf(path, sizeof path, SOURCE_DIR "/docs/%s", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        fail_msg("cannot read %s", path);
    text = calloc(1, (size_t)st.st_size + 1);
    assert_non_null(text);
    assert_int_equal(read(fd, text, (size_t)st.st_size), st.st_size);
    close(fd);
    return text;
}

static bool is_name_char(char c)
{
    return char_is_alpha(c) || char_is_digit(c) || c == '_';
}

/* The next name of a figure in the text, which may have the suffix of a
 * histogram: NULL at the end. */
static const char *next_name(const char *text, struct span *name)
{
    for (const char *at = text; (at = strstr(at, "msrprelayd_")); at++) {
        size_t n = 0;

        if (at > text && is_name_char(at[-1]))
            continue;
        while (is_name_char(at[n]))
            n++;
        *name = span_of(at, n);
        return at + n;
    }
    return NULL;
}

/* Is there a sample whose name begins so and that has this label? */
static bool has_label(const struct shown *s, struct span name,
                      struct span label, struct span value)
{
    struct span rest = text_span(&s->text);
    char want[128];

    snprintf(want, sizeof want, "%.*s=\"%.*s\"", SPAN_ARG(label),
             SPAN_ARG(value));
    while (rest.n) {
        struct span line = span_cut(&rest, '\n');
        char copy[256];

        if (!span_starts(line, name))
            continue;
        span_copy(copy, sizeof copy, line);
        if (strstr(copy, want))
            return true;
    }
    return false;
}

/* One of `label=~"a|b"`, whose quotes may be escaped; returns what is behind
 * it.
 */
static const char *check_matcher(const struct shown *s, struct span name,
                                 const char *at)
{
    struct span label = span_of(at, 0), values;

    while (is_name_char(at[label.n]))
        label.n++;
    at += label.n;
    at += strspn(at, "=~!\\\"");
    values = span_of(at, strcspn(at, "\\\""));
    at += values.n;
    at += strspn(at, "\\\"");
    if (span_eq(label, SPAN("instance")) || span_eq(label, SPAN("job")))
        return at;
    while (values.n) {
        struct span value = span_cut(&values, '|');

        if (!has_label(s, name, label, value))
            fail_msg("%.*s has no %.*s=\"%.*s\"", SPAN_ARG(name),
                     SPAN_ARG(label), SPAN_ARG(value));
    }
    return at;
}

/* Each name and each value of a label that is asked for exists. */
static void assert_names_exist(const char *file)
{
    char *text = read_file(file);
    const char *at = text;
    struct span name;
    size_t names = 0;
    struct shown s;

    show_nothing(&s);
    for (; (at = next_name(at, &name)); names++) {
        if (!prom_has(s.prom, name))
            fail_msg("%s: there is no %.*s", file, SPAN_ARG(name));
        if (*at != '{')
            continue;
        do
            at = check_matcher(&s, name, at + 1 + strspn(at + 1, " "));
        while (*at == ',');
        assert_int_equal(*at, '}');
    }
    assert_true(names > 10);
    shown_free(&s);
    free(text);
}

static void alerts_ask_for_what_there_is(void **state)
{
    (void)state;
    assert_names_exist("prometheus/alerts.yml");
}

static void dashboard_asks_for_what_there_is(void **state)
{
    (void)state;
    assert_names_exist("grafana/msrprelayd.json");
}

static void dashboard_shows_every_figure_of_ours(void **state)
{
    char *text = read_file("grafana/msrprelayd.json");
    struct span name, type;
    struct shown s;

    (void)state;
    show_nothing(&s);
    for (size_t i = 0; prom_family(&name, &type, s.prom, i); i++) {
        char copy[128];

        span_copy(copy, sizeof copy, name);
        if (span_starts(name, SPAN("msrprelayd_")) && !strstr(text, copy))
            fail_msg("%s is not shown", copy);
    }
    shown_free(&s);
    free(text);
}

/* "| `name` | type | `label` | meaning |" */
static void assert_has_row(const char *manual, struct span name,
                           struct span type, struct span help)
{
    char row[512], *labels, *at;
    const char *begin;

    snprintf(row, sizeof row, "\n| `%.*s` | %.*s | ", SPAN_ARG(name),
             SPAN_ARG(type));
    begin = strstr(manual, row);
    if (!begin) {
        fail_msg("the manual has no %.*s of that type", SPAN_ARG(name));
        return;
    }
    span_copy(row, sizeof row, span_of(begin + 1, strcspn(begin + 1, "\n")));
    labels = strchr(strchr(row + 2, '|') + 1, '|') + 1;
    at = strchr(labels, '|') + 2;
    if (strlen(at) < 2 || !span_eq(span_of(at, strlen(at) - 2), help))
        fail_msg("the manual says \"%s\" of %.*s", at, SPAN_ARG(name));
}

static struct span help_of(const struct shown *s, struct span name)
{
    struct span rest = text_span(&s->text);
    char head[128];

    snprintf(head, sizeof head, "# HELP %.*s ", SPAN_ARG(name));
    for (;;) {
        struct span line = span_cut(&rest, '\n');

        if (span_starts(line, span_str(head)))
            return span_from(line, strlen(head));
    }
}

static void manual_has_every_figure(void **state)
{
    char *manual = read_file("metrics.md");
    struct span name, type;
    struct shown s;

    (void)state;
    show_nothing(&s);
    for (size_t i = 0; prom_family(&name, &type, s.prom, i); i++)
        assert_has_row(manual, name, type, help_of(&s, name));
    shown_free(&s);
    free(manual);
}

static void manual_has_no_other_figure(void **state)
{
    (void)state;
    assert_names_exist("metrics.md");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_labels_are_there_from_the_beginning),
        cmocka_unit_test(certificate_that_is_not_there_has_no_end),
        cmocka_unit_test(figures_stand_under_their_labels),
        cmocka_unit_test(greatest_figures_fit_into_a_page),
        cmocka_unit_test(alerts_ask_for_what_there_is),
        cmocka_unit_test(dashboard_asks_for_what_there_is),
        cmocka_unit_test(dashboard_shows_every_figure_of_ours),
        cmocka_unit_test(manual_has_every_figure),
        cmocka_unit_test(manual_has_no_other_figure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
