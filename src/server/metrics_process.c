/* SPDX-License-Identifier: BSD-2-Clause */
/* metrics_process - dials, DNS, TLS, reloads, and the process itself. */
#include "metrics_private.h"

NAMES(version, tls_version_text, tls_version_known)
NAMES(failure, tls_failure_text, tls_failure)

static const struct metrics_sample dial_results[] = {
    {"backoff", AT(dial.backoff)}, {"cancelled", AT(dial.cancelled)},
    {"denied", AT(dial.denied)},   {"io", AT(dial.io)},
    {"limit", AT(dial.limit)},     {"not_found", AT(dial.not_found)},
    {"ok", AT(dial.ok)},           {"timeout", AT(dial.timeout)},
};

static const struct metrics_sample dns_results[] = {
    {"failed", AT(dns.failed)},
    {"not_found", AT(dns.not_found)},
    {"ok", AT(dns.ok)},
    {"timeout", AT(dns.timeout)},
};

static const struct metrics_sample dns_reuses[] = {
    {"cached", AT(dns.hits)},
    {"joined", AT(dns.joined)},
};

static const struct metrics_sample reloads[] = {
    {"failed", AT(server.reloads_failed)},
    {"ok", AT(server.reloads_ok)},
};

static const struct metrics_sample lost_lines[] = {
    {"accounting", AT(accounting_lost)},
    {"log", AT(log_lost)},
};

static const struct metrics_family families[] = {
    {.name = "msrprelayd_dials",
     .type = "gauge",
     .help = "Dials in progress.",
     .kind = METRICS_SIZE,
     .at = AT(dial.now)},
    {.name = "msrprelayd_dials_total",
     .type = "counter",
     .help = "Dials finished, by result.",
     .label = "result",
     SAMPLES(dial_results)},
    {.name = "msrprelayd_dns_queries",
     .type = "gauge",
     .help = "DNS queries in progress.",
     .kind = METRICS_SIZE,
     .at = AT(dns.asking)},
    {.name = "msrprelayd_dns_queries_total",
     .type = "counter",
     .help = "DNS queries finished, by result.",
     .label = "result",
     SAMPLES(dns_results)},
    {.name = "msrprelayd_dns_reused_total",
     .type = "counter",
     .help = "DNS lookups answered without a query of their own, by source.",
     .label = "source",
     SAMPLES(dns_reuses)},
    {.name = "msrprelayd_dns_cache_entries",
     .type = "gauge",
     .help = "Answers in the DNS cache.",
     .kind = METRICS_SIZE,
     .at = AT(dns.known)},
    {.name = "msrprelayd_tls_handshakes_total",
     .type = "counter",
     .help = "TLS handshakes completed.",
     .at = AT(net.tls_up),
     .axes = {{"version", TLS_VERSIONS, version}}},
    {.name = "msrprelayd_tls_resumptions_total",
     .type = "counter",
     .help = "TLS handshakes completed by a session ticket.",
     .at = AT(net.tls_resumed)},
    {.name = "msrprelayd_tls_handshake_failures_total",
     .type = "counter",
     .help = "TLS handshakes failed, by cause.",
     .at = AT(net.tls_failed),
     .axes = {{"cause", TLS_FAILURES, failure}}},
    {.name = "msrprelayd_certificate_expiry_timestamp_seconds",
     .type = "gauge",
     .help =
         "When the first of the relay's certificates expires, as Unix time.",
     .kind = METRICS_SINCE,
     .at = AT(certificate_ends_s)},

    {.name = "msrprelayd_reloads_total",
     .type = "counter",
     .help = "Configuration reloads, by result.",
     .label = "result",
     SAMPLES(reloads)},
    {.name = "msrprelayd_log_lines_lost_total",
     .type = "counter",
     .help = "Log lines suppressed by the rate limit or lost on a write error.",
     .label = "log",
     SAMPLES(lost_lines)},
    {.name = "msrprelayd_last_reload_successful",
     .type = "gauge",
     .help = "1 if the last reload succeeded, 0 if it failed.",
     .kind = METRICS_UNSET,
     .at = AT(server.last_reload_failed)},
    {.name = "msrprelayd_last_reload_success_timestamp_seconds",
     .type = "gauge",
     .help = "When the active configuration was loaded, as Unix time.",
     .kind = METRICS_REAL,
     .at = AT(server.last_reload_ok_s)},

    /* Under the names that every program uses. */
    {.name = "process_cpu_seconds_total",
     .type = "counter",
     .help = "User and system CPU time.",
     .kind = METRICS_REAL,
     .at = AT(process.cpu_s)},
    {.name = "process_resident_memory_bytes",
     .type = "gauge",
     .help = "Resident memory.",
     .at = AT(process.resident_octets)},
    {.name = "process_virtual_memory_bytes",
     .type = "gauge",
     .help = "Virtual memory.",
     .at = AT(process.virtual_octets)},
    {.name = "process_open_fds",
     .type = "gauge",
     .help = "Open file descriptors.",
     .at = AT(process.open_fds)},
    {.name = "process_max_fds",
     .type = "gauge",
     .help = "Maximum number of open file descriptors.",
     .at = AT(process.max_fds)},
    {.name = "process_start_time_seconds",
     .type = "gauge",
     .help = "When the process started, as Unix time.",
     .kind = METRICS_REAL,
     .at = AT(server.started_s)},
};

const struct metrics_group metrics_process = METRICS_GROUP(families);
