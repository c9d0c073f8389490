/* metrics_table - name, meaning and place of each figure. */
#include "metrics_private.h"

#define AT(field) offsetof(struct metrics, field)
#define SAMPLES(list)                                                          \
    .samples = (list), .n_samples = sizeof(list) / sizeof *(list)

/* --- labels --- */

static const char *transport(size_t i)
{
    return net_transport_text((enum net_transport)i);
}

static const char *state(size_t i)
{
    return conn_state_text((enum conn_state)i);
}

static const char *why(size_t i)
{
    return conn_why_text((enum conn_why)i);
}

static const char *version(size_t i)
{
    return tls_version_text((enum tls_version_known)i);
}

static const char *failure(size_t i)
{
    return tls_failure_text((enum tls_failure)i);
}

static const char *ended(size_t i)
{
    return session_why_name((enum session_why)i);
}

static const char *auth(size_t i)
{
    return relay_auth_name((enum relay_auth)i);
}

#define CODE_AXIS                                                              \
    {                                                                          \
        "code", CODES, code_name                                               \
    }
#define TRANSPORTS                                                             \
    {                                                                          \
        "transport", NET_TRANSPORTS, transport                                 \
    }

static const struct metrics_sample dismissals[] = {
    {"bad_input", AT(hops.bad_input)},
    {"idle", AT(hops.idle)},
    {"made_room", AT(hops.made_room)},
    {"probation", AT(hops.probation)},
};

static const struct metrics_sample refusals[] = {
    {"connections", AT(server.refused_full)},
    {"connections_per_address", AT(server.refused_address)},
    {"memory", AT(server.refused_nomem)},
};

static const struct metrics_sample requests[] = {
    {"auth", AT(relay.auths_forwarded)},
    {"other", AT(relay.others_forwarded)},
    {"report", AT(relay.reports_forwarded)},
};

static const struct metrics_sample limits[] = {
    {"failed_requests", AT(relay.too_many_failures)},
    {"max_failures", AT(relay.too_many_wrong)},
    {"message_size", AT(relay.too_large)},
    {"sessions_per_connection", AT(relay.too_many_sessions)},
    {"transactions_per_connection", AT(relay.too_many_transactions)},
};

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

static const struct metrics_sample timeouts[] = {
    {"connect", AT(dial.timeout)},
    {"handshake", AT(net.closed[CONN_WHY_HANDSHAKE])},
    {"idle", AT(hops.idle)},
    {"probation", AT(hops.probation)},
    {"stall", AT(net.closed[CONN_WHY_STALL])},
    {"transaction", AT(relay.timeouts)},
};

static const struct metrics_sample reloads[] = {
    {"failed", AT(server.reloads_failed)},
    {"ok", AT(server.reloads_ok)},
};

static const struct metrics_sample lost_lines[] = {
    {"accounting", AT(accounting_lost)},
    {"log", AT(log_lost)},
};

/* --- the table --- */

const struct metrics_family metrics_families[] = {
    {.name = "msrprelayd_start_time_seconds",
     .type = "gauge",
     .help = "When the relay started, as Unix time.",
     .kind = METRICS_REAL,
     .at = AT(server.started_s)},
    {.name = "msrprelayd_ready",
     .type = "gauge",
     .help = "1 while new clients may be sent here, as /readyz says.",
     .kind = METRICS_FLAG,
     .at = AT(is_ready)},
    {.name = "msrprelayd_draining",
     .type = "gauge",
     .help = "1 while the relay is drained or ends.",
     .kind = METRICS_FLAG,
     .at = AT(is_draining)},

    {.name = "msrprelayd_connections",
     .type = "gauge",
     .help = "Connections there are, by what they are at.",
     .at = AT(net.now),
     .axes = {TRANSPORTS, {"state", CONN_STATES, state}}},
    {.name = "msrprelayd_connections_limit",
     .type = "gauge",
     .help = "limits.connections.",
     .at = AT(connections_max)},
    {.name = "msrprelayd_connections_accepted_total",
     .type = "counter",
     .help = "Connections that were accepted.",
     .at = AT(net.accepted),
     .axes = {TRANSPORTS}},
    {.name = "msrprelayd_connections_dialled_total",
     .type = "counter",
     .help = "Connections that the relay opened.",
     .at = AT(net.dialled),
     .axes = {TRANSPORTS}},
    {.name = "msrprelayd_connections_closed_total",
     .type = "counter",
     .help = "Connections that ended, by what ended them; local: the relay.",
     .at = AT(net.closed),
     .axes = {{"reason", CONN_WHYS, why}}},
    {.name = "msrprelayd_connections_closed_by_relay_total",
     .type = "counter",
     .help = "Connections that the relay ended, by what was wrong with them.",
     .label = "reason",
     SAMPLES(dismissals)},
    {.name = "msrprelayd_connections_refused_total",
     .type = "counter",
     .help = "Connections that were closed at once, by the limit they met.",
     .label = "reason",
     SAMPLES(refusals)},
    {.name = "msrprelayd_accept_pauses_total",
     .type = "counter",
     .help = "How often accepting paused for want of descriptors or memory.",
     .at = AT(server.accept_pauses)},

    {.name = "msrprelayd_sessions",
     .type = "gauge",
     .help = "Sessions: URIs that were granted and are still good.",
     .at = AT(relay.sessions_now)},
    {.name = "msrprelayd_sessions_granted_total",
     .type = "counter",
     .help = "Sessions that were granted.",
     .at = AT(relay.sessions_ever)},
    {.name = "msrprelayd_sessions_ended_total",
     .type = "counter",
     .help = "Sessions that ended, by what ended them.",
     .at = AT(relay.sessions_ended),
     .axes = {{"reason", SESSION_WHYS, ended}}},
    {.name = "msrprelayd_users",
     .type = "gauge",
     .help = "Lines of the users file that is in use.",
     .at = AT(users)},
    {.name = "msrprelayd_auth_total",
     .type = "counter",
     .help = "AUTH requests to this relay, by what became of them.",
     .at = AT(relay.auths),
     .axes = {{"result", RELAY_AUTHS, auth}}},

    {.name = "msrprelayd_messages_received_total",
     .type = "counter",
     .help = "Messages that began to come in.",
     .at = AT(relay.messages_in)},
    {.name = "msrprelayd_messages_forwarded_total",
     .type = "counter",
     .help = "Messages that were passed on to their end.",
     .at = AT(relay.messages_forwarded)},
    {.name = "msrprelayd_messages_given_up_total",
     .type = "counter",
     .help = "Messages that their senders gave up.",
     .at = AT(relay.messages_given_up)},
    {.name = "msrprelayd_chunks_received_total",
     .type = "counter",
     .help = "SENDs that came in.",
     .at = AT(relay.chunks_in)},
    {.name = "msrprelayd_chunks_forwarded_total",
     .type = "counter",
     .help = "SENDs that came in and were passed on to their end.",
     .at = AT(relay.chunks_forwarded)},
    {.name = "msrprelayd_chunks_sent_total",
     .type = "counter",
     .help = "SENDs that went out: one that came in may become several.",
     .at = AT(relay.chunks_out)},
    {.name = "msrprelayd_body_received_bytes_total",
     .type = "counter",
     .help = "Octets of bodies that came in to be passed on.",
     .at = AT(relay.octets_in)},
    {.name = "msrprelayd_body_sent_bytes_total",
     .type = "counter",
     .help = "Octets of bodies that went out.",
     .at = AT(relay.octets_out)},
    {.name = "msrprelayd_requests_forwarded_total",
     .type = "counter",
     .help = "Requests other than SEND that were passed on.",
     .label = "method",
     SAMPLES(requests)},
    {.name = "msrprelayd_responses_made_total",
     .type = "counter",
     .help = "Responses of this relay itself.",
     .at = AT(relay.responses_made),
     .axes = {CODE_AXIS}},
    {.name = "msrprelayd_responses_received_total",
     .type = "counter",
     .help = "Responses to what this relay had sent.",
     .at = AT(relay.responses_received),
     .axes = {CODE_AXIS}},
    {.name = "msrprelayd_responses_forwarded_total",
     .type = "counter",
     .help = "Responses that were passed on, to requests other than SEND.",
     .at = AT(relay.responses_forwarded)},
    {.name = "msrprelayd_reports_made_total",
     .type = "counter",
     .help = "REPORTs of this relay itself: what it took over and could not "
             "deliver.",
     .at = AT(relay.reports_made_by_code),
     .axes = {CODE_AXIS}},
    {.name = "msrprelayd_frames_dropped_total",
     .type = "counter",
     .help = "Frames that were thrown away without an answer.",
     .at = AT(relay.dropped)},

    {.name = "msrprelayd_received_bytes_total",
     .type = "counter",
     .help = "Octets read from connections, without what TLS adds.",
     .at = AT(net.octets_in)},
    {.name = "msrprelayd_sent_bytes_total",
     .type = "counter",
     .help = "Octets written to connections, without what TLS adds.",
     .at = AT(net.octets_out)},
    {.name = "msrprelayd_queued_bytes",
     .type = "gauge",
     .help = "Octets that wait in outputs.",
     .at = AT(net.octets_queued)},
    {.name = "msrprelayd_waiting_connections",
     .type = "gauge",
     .help =
         "Connections whose reading waits for room in the output of another.",
     .at = AT(relay.links_waiting_now)},
    {.name = "msrprelayd_waits_total",
     .type = "counter",
     .help = "How often reading was made to wait for such room.",
     .at = AT(relay.waits)},
    {.name = "msrprelayd_wait_seconds_total",
     .type = "counter",
     .help = "How long it waited, all connections together.",
     .kind = METRICS_MILLI,
     .at = AT(relay.wait_ms)},
    {.name = "msrprelayd_rate_pauses_total",
     .type = "counter",
     .help = "How often reading stopped for the sake of limits.rate.",
     .at = AT(net.rate_pauses)},

    {.name = "msrprelayd_transactions",
     .type = "gauge",
     .help = "Requests whose answer is awaited.",
     .at = AT(relay.transactions_now)},
    {.name = "msrprelayd_transactions_total",
     .type = "counter",
     .help = "Requests whose answer was awaited.",
     .at = AT(relay.transactions_ever)},
    {.name = "msrprelayd_timeouts_total",
     .type = "counter",
     .help = "What took longer than the timer of this name allows.",
     .label = "timer",
     SAMPLES(timeouts)},
    {.name = "msrprelayd_limits_met_total",
     .type = "counter",
     .help = "How often a limit was met that refuses a request or closes its "
             "connection.",
     .label = "limit",
     SAMPLES(limits)},

    {.name = "msrprelayd_dials",
     .type = "gauge",
     .help = "Hosts that are being dialled.",
     .kind = METRICS_SIZE,
     .at = AT(dial.now)},
    {.name = "msrprelayd_dials_total",
     .type = "counter",
     .help = "Hosts that were dialled, by result.",
     .label = "result",
     SAMPLES(dial_results)},
    {.name = "msrprelayd_dns_queries",
     .type = "gauge",
     .help = "Questions to name servers that are under way.",
     .kind = METRICS_SIZE,
     .at = AT(dns.asking)},
    {.name = "msrprelayd_dns_queries_total",
     .type = "counter",
     .help = "Questions to name servers, by result.",
     .label = "result",
     SAMPLES(dns_results)},
    {.name = "msrprelayd_dns_reused_total",
     .type = "counter",
     .help = "Questions that needed none, by where the answer came from.",
     .label = "source",
     SAMPLES(dns_reuses)},
    {.name = "msrprelayd_dns_cache_entries",
     .type = "gauge",
     .help = "Answers of name servers that are remembered.",
     .kind = METRICS_SIZE,
     .at = AT(dns.known)},
    {.name = "msrprelayd_tls_handshakes_total",
     .type = "counter",
     .help = "TLS handshakes that were finished.",
     .at = AT(net.tls_up),
     .axes = {{"version", TLS_VERSIONS, version}}},
    {.name = "msrprelayd_tls_handshake_failures_total",
     .type = "counter",
     .help = "TLS handshakes that failed, by cause.",
     .at = AT(net.tls_failed),
     .axes = {{"cause", TLS_FAILURES, failure}}},
    {.name = "msrprelayd_certificate_expiry_timestamp_seconds",
     .type = "gauge",
     .help = "When the relay's certificate ends, as Unix time.",
     .kind = METRICS_SINCE,
     .at = AT(certificate_ends_s)},

    {.name = "msrprelayd_reloads_total",
     .type = "counter",
     .help = "Reloads of the configuration, by result.",
     .label = "result",
     SAMPLES(reloads)},
    {.name = "msrprelayd_log_lines_lost_total",
     .type = "counter",
     .help = "Lines that were held back or could not be written.",
     .label = "log",
     SAMPLES(lost_lines)},
    {.name = "msrprelayd_last_reload_successful",
     .type = "gauge",
     .help = "0 when the last reload failed.",
     .kind = METRICS_UNSET,
     .at = AT(server.last_reload_failed)},
    {.name = "msrprelayd_last_reload_success_timestamp_seconds",
     .type = "gauge",
     .help = "When the configuration that is in use was loaded, as Unix time.",
     .kind = METRICS_REAL,
     .at = AT(server.last_reload_ok_s)},

    /* Under the names that every program uses. */
    {.name = "process_cpu_seconds_total",
     .type = "counter",
     .help = "Time on the processor, user and system.",
     .kind = METRICS_REAL,
     .at = AT(process.cpu_s)},
    {.name = "process_resident_memory_bytes",
     .type = "gauge",
     .help = "Memory that is resident.",
     .at = AT(process.resident_octets)},
    {.name = "process_virtual_memory_bytes",
     .type = "gauge",
     .help = "Memory that is mapped.",
     .at = AT(process.virtual_octets)},
    {.name = "process_open_fds",
     .type = "gauge",
     .help = "Descriptors that are open.",
     .at = AT(process.open_fds)},
    {.name = "process_max_fds",
     .type = "gauge",
     .help = "Descriptors that may be open.",
     .at = AT(process.max_fds)},
    {.name = "process_start_time_seconds",
     .type = "gauge",
     .help = "When the process started, as Unix time.",
     .kind = METRICS_REAL,
     .at = AT(server.started_s)},
};

const size_t metrics_families_n =
    sizeof metrics_families / sizeof *metrics_families;
