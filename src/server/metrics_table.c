/* SPDX-License-Identifier: BSD-2-Clause */
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

static const char *pair_ended(size_t i)
{
    return anchored_why_name((enum anchored_why)i);
}

static const char *ng_error(size_t i)
{
    return anchor_error_name((enum anchor_error)i);
}

static const char *auth(size_t i)
{
    return relay_auth_name((enum relay_auth)i);
}

static const char *lookup_result(size_t i)
{
    return lookup_result_name((enum lookup_result)i);
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

static const char *evicted(size_t i)
{
    return place_class_text((enum place_class)(i + PLACE_UNPROVEN));
}

static const struct metrics_sample refusals[] = {
    {"connections", AT(server.refused_full)},
    {"memory_limit", AT(server.refused_memory)},
    {"connections_per_address", AT(server.refused_address)},
    {"memory", AT(server.refused_nomem)},
};

static const struct metrics_sample identity[] = {
    {"claimed_peer", AT(relay.peers_claimed)},
    {"unproven_sender", AT(relay.senders_unproven)},
};

static const struct metrics_sample requests[] = {
    {"auth", AT(relay.auths_forwarded)},
    {"other", AT(relay.others_forwarded)},
    {"report", AT(relay.reports_forwarded)},
};

static const struct metrics_sample limits[] = {
    {"challenges", AT(relay.too_many_challenges)},
    {"dials_per_connection", AT(relay.too_many_dials)},
    {"failed_requests", AT(relay.too_many_failures)},
    {"hold", AT(relay.held_too_long)},
    {"lookups", AT(relay.too_many_lookups)},
    {"max_failures", AT(relay.too_many_wrong)},
    {"max_failures_over_relays", AT(relay.too_many_of_user_wrong)},
    {"message_size", AT(relay.too_large)},
    {"rate_per_user", AT(hops.slowed)},
    {"requests_per_connection", AT(relay.too_many_requests)},
    {"room", AT(relay.no_room)},
    {"sessions_per_connection", AT(relay.too_many_sessions)},
    {"sessions_per_relay", AT(relay.too_many_of_relay)},
    {"sessions_per_user", AT(relay.too_many_of_user)},
    {"transactions_per_connection", AT(relay.too_many_transactions)},
};

static const struct metrics_sample anchored[] = {
    {"offered", AT(anchor.pending_now)},
    {"paired", AT(anchor.pairs_now)},
};

static const struct metrics_sample ng_commands[] = {
    {"answer", AT(anchor.answers)},
    {"delete", AT(anchor.deletes)},
    {"offer", AT(anchor.offers)},
};

static const struct metrics_sample ng_faults[] = {
    {"no_cookie", AT(ng.dropped)},
    {"not_allowed", AT(ng.refused)},
    {"reply_too_large", AT(ng.too_large)},
    {"undecodable", AT(ng.undecodable)},
    {"unsent", AT(ng.unsent)},
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

static const struct metrics_sample lookup_reuses[] = {
    {"cached", AT(lookup.recalled)},
    {"joined", AT(lookup.joined)},
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
     .help = "1 if the relay accepts new clients, as /readyz reports.",
     .kind = METRICS_FLAG,
     .at = AT(is_ready)},
    {.name = "msrprelayd_draining",
     .type = "gauge",
     .help = "1 if the relay is draining or shutting down.",
     .kind = METRICS_FLAG,
     .at = AT(is_draining)},

    {.name = "msrprelayd_connections",
     .type = "gauge",
     .help = "Current connections by state.",
     .at = AT(net.now),
     .axes = {TRANSPORTS, {"state", CONN_STATES, state}}},
    {.name = "msrprelayd_memory_limit_bytes",
     .type = "gauge",
     .help = "limits.memory, or what it stands for.",
     .at = AT(server.memory_limit)},
    {.name = "msrprelayd_memory_tightness",
     .type = "gauge",
     .help = "How far limits are cut because memory is short: 0 not at all, 6 "
             "most.",
     .at = AT(server.tightness)},
    {.name = "msrprelayd_connections_limit",
     .type = "gauge",
     .help = "The configured limits.connections.",
     .at = AT(connections_max)},
    {.name = "msrprelayd_connections_accepted_total",
     .type = "counter",
     .help = "Connections accepted.",
     .at = AT(net.accepted),
     .axes = {TRANSPORTS}},
    {.name = "msrprelayd_connections_dialled_total",
     .type = "counter",
     .help = "Outgoing connections opened.",
     .at = AT(net.dialled),
     .axes = {TRANSPORTS}},
    {.name = "msrprelayd_connections_closed_total",
     .type = "counter",
     .help = "Connections closed, by reason; local: closed by the relay.",
     .at = AT(net.closed),
     .axes = {{"reason", CONN_WHYS, why}}},
    {.name = "msrprelayd_connections_closed_by_relay_total",
     .type = "counter",
     .help = "Connections closed by the relay, by reason.",
     .label = "reason",
     SAMPLES(dismissals)},
    {.name = "msrprelayd_connections_evicted_total",
     .type = "counter",
     .help = "Connections closed to make room for others, by what they were.",
     .at = AT(hops.evicted[PLACE_UNPROVEN]),
     .axes = {{"class", PLACE_CLASSES - PLACE_UNPROVEN, evicted}}},
    {.name = "msrprelayd_connections_refused_total",
     .type = "counter",
     .help = "Connections refused on accept, by the limit reached.",
     .label = "reason",
     SAMPLES(refusals)},
    {.name = "msrprelayd_health_checks_total",
     .type = "counter",
     .help = "Accepted connections that ended without an octet before the "
             "handshake or the first request.",
     .at = AT(hops.health_checks)},
    {.name = "msrprelayd_accept_pauses_total",
     .type = "counter",
     .help =
         "Times that accepting paused because descriptors or memory ran out.",
     .at = AT(server.accept_pauses)},

    {.name = "msrprelayd_sessions",
     .type = "gauge",
     .help = "Current sessions (granted URIs that have not expired).",
     .at = AT(relay.sessions_now)},
    {.name = "msrprelayd_sessions_granted_total",
     .type = "counter",
     .help = "Sessions granted.",
     .at = AT(relay.sessions_ever)},
    {.name = "msrprelayd_sessions_ended_total",
     .type = "counter",
     .help = "Sessions ended, by reason.",
     .at = AT(relay.sessions_ended),
     .axes = {{"reason", SESSION_WHYS, ended}}},
    {.name = "msrprelayd_users",
     .type = "gauge",
     .help = "Lines in the loaded users file.",
     .at = AT(users)},
    {.name = "msrprelayd_auth_total",
     .type = "counter",
     .help = "AUTH requests to this relay, by result.",
     .at = AT(relay.auths),
     .axes = {{"result", RELAY_AUTHS, auth}}},
    {.name = "msrprelayd_lookup_questions_total",
     .type = "counter",
     .help = "Questions about users that helpers were asked.",
     .at = AT(lookup.questions)},
    {.name = "msrprelayd_lookup_answers_total",
     .type = "counter",
     .help = "Answers to them, by result.",
     .at = AT(lookup.answers),
     .axes = {{"result", LOOKUP_RESULTS, lookup_result}}},
    {.name = "msrprelayd_lookup_reused_total",
     .type = "counter",
     .help =
         "AUTH requests for which no helper was asked, since the answer was "
         "remembered (cached) or under way (joined).",
     .label = "source",
     SAMPLES(lookup_reuses)},
    {.name = "msrprelayd_lookup_waiting",
     .type = "gauge",
     .help = "AUTH requests that wait for an answer now.",
     .at = AT(relay.auths_waiting_now)},
    {.name = "msrprelayd_lookup_cache_entries",
     .type = "gauge",
     .help = "Answers that are remembered.",
     .at = AT(lookup.remembered_now)},
    {.name = "msrprelayd_lookup_helpers",
     .type = "gauge",
     .help = "Helper processes that run.",
     .at = AT(lookup.helpers_now)},
    {.name = "msrprelayd_lookup_helpers_configured",
     .type = "gauge",
     .help = "Helper processes that should run; 0 without look-ups.",
     .at = AT(lookup.helpers_wanted)},
    {.name = "msrprelayd_lookup_restarts_total",
     .type = "counter",
     .help = "Helper processes started again.",
     .at = AT(lookup.restarts)},
    {.name = "msrprelayd_lookup_invalid_lines_total",
     .type = "counter",
     .help = "Lines from helpers that made no sense or came too late.",
     .at = AT(lookup.nonsense)},

    {.name = "msrprelayd_anchored_sessions",
     .type = "gauge",
     .help = "Current anchored sessions, by state; offered: an offer without "
             "an answer.",
     .label = "state",
     SAMPLES(anchored)},
    {.name = "msrprelayd_anchored_calls",
     .type = "gauge",
     .help = "Current calls with anchored sessions.",
     .at = AT(anchor.calls_now)},
    {.name = "msrprelayd_anchored_sessions_begun_total",
     .type = "counter",
     .help = "Anchored sessions begun by an answer.",
     .at = AT(anchored.pairs_ever)},
    {.name = "msrprelayd_anchored_sessions_ended_total",
     .type = "counter",
     .help = "Anchored sessions ended, by reason.",
     .at = AT(anchored.ended),
     .axes = {{"reason", ANCHORED_WHYS, pair_ended}}},
    {.name = "msrprelayd_anchored_offers_expired_total",
     .type = "counter",
     .help = "Sections of offers that nobody answered in time.",
     .at = AT(anchor.offer_timeouts)},
    {.name = "msrprelayd_anchored_calls_refused_total",
     .type = "counter",
     .help =
         "New calls refused because of anchor.max_sessions or while draining.",
     .at = AT(anchor.load_limit)},
    {.name = "msrprelayd_anchored_requests_refused_total",
     .type = "counter",
     .help =
         "MSRP requests to an anchored session by somebody whom it is not for.",
     .at = AT(anchored.refused)},
    {.name = "msrprelayd_ng_requests_total",
     .type = "counter",
     .help = "Requests of SIP proxies over ng, repeated ones included.",
     .at = AT(ng.requests)},
    {.name = "msrprelayd_ng_commands_total",
     .type = "counter",
     .help = "Commands of SIP proxies, by command.",
     .label = "command",
     SAMPLES(ng_commands)},
    {.name = "msrprelayd_ng_errors_total",
     .type = "counter",
     .help = "Commands of SIP proxies answered with an error, by reason.",
     .at = AT(anchor.errors),
     .axes = {{"reason", ANCHOR_ERRORS, ng_error}}},
    {.name = "msrprelayd_ng_faults_total",
     .type = "counter",
     .help = "Requests over ng that had no regular answer, by cause.",
     .label = "cause",
     SAMPLES(ng_faults)},
    {.name = "msrprelayd_ng_duplicates_total",
     .type = "counter",
     .help = "Repeated requests over ng that were answered from memory.",
     .at = AT(ng.duplicates)},

    {.name = "msrprelayd_messages_received_total",
     .type = "counter",
     .help = "Messages whose first chunk was received.",
     .at = AT(relay.messages_in)},
    {.name = "msrprelayd_messages_forwarded_total",
     .type = "counter",
     .help = "Messages forwarded completely.",
     .at = AT(relay.messages_forwarded)},
    {.name = "msrprelayd_messages_aborted_total",
     .type = "counter",
     .help = "Messages aborted by their senders.",
     .at = AT(relay.messages_given_up)},
    {.name = "msrprelayd_chunks_received_total",
     .type = "counter",
     .help = "SEND requests received.",
     .at = AT(relay.chunks_in)},
    {.name = "msrprelayd_chunks_forwarded_total",
     .type = "counter",
     .help = "Received SEND requests that were forwarded completely.",
     .at = AT(relay.chunks_forwarded)},
    {.name = "msrprelayd_chunks_sent_total",
     .type = "counter",
     .help = "SEND requests sent; one received SEND may be split into several.",
     .at = AT(relay.chunks_out)},
    {.name = "msrprelayd_body_received_bytes_total",
     .type = "counter",
     .help = "Body bytes received for forwarding.",
     .at = AT(relay.octets_in)},
    {.name = "msrprelayd_body_sent_bytes_total",
     .type = "counter",
     .help = "Body bytes sent.",
     .at = AT(relay.octets_out)},
    {.name = "msrprelayd_requests_forwarded_total",
     .type = "counter",
     .help = "Requests other than SEND that were forwarded.",
     .label = "method",
     SAMPLES(requests)},
    {.name = "msrprelayd_identity_refused_total",
     .type = "counter",
     .help = "Requests refused because of who sent them, by reason.",
     .label = "reason",
     SAMPLES(identity)},
    {.name = "msrprelayd_relay_links",
     .type = "gauge",
     .help = "Hosts and ports of other relays that a connection leads to.",
     .at = AT(relay.relay_links_now)},
    {.name = "msrprelayd_responses_made_total",
     .type = "counter",
     .help = "Responses generated by this relay.",
     .at = AT(relay.responses_made),
     .axes = {CODE_AXIS}},
    {.name = "msrprelayd_responses_received_total",
     .type = "counter",
     .help = "Responses received for requests that this relay sent.",
     .at = AT(relay.responses_received),
     .axes = {CODE_AXIS}},
    {.name = "msrprelayd_responses_forwarded_total",
     .type = "counter",
     .help = "Forwarded responses to requests other than SEND.",
     .at = AT(relay.responses_forwarded)},
    {.name = "msrprelayd_reports_made_total",
     .type = "counter",
     .help = "Failure REPORTs generated by this relay for data that it "
             "accepted but could not deliver.",
     .at = AT(relay.reports_made_by_code),
     .axes = {CODE_AXIS}},
    {.name = "msrprelayd_reports_owed",
     .type = "gauge",
     .help = "Failure REPORTs that wait until their sender's connection has "
             "room.",
     .at = AT(relay.reports_owed_now)},
    {.name = "msrprelayd_reports_dropped_total",
     .type = "counter",
     .help = "Failure REPORTs dropped because the sender's connection or relay "
             "is gone.",
     .at = AT(relay.reports_dropped)},
    {.name = "msrprelayd_frames_dropped_total",
     .type = "counter",
     .help = "Frames discarded without a response.",
     .at = AT(relay.dropped)},

    {.name = "msrprelayd_received_bytes_total",
     .type = "counter",
     .help = "Bytes read from connections, including TLS overhead.",
     .at = AT(net.octets_in)},
    {.name = "msrprelayd_sent_bytes_total",
     .type = "counter",
     .help = "Bytes written to connections, including TLS overhead.",
     .at = AT(net.octets_out)},
    {.name = "msrprelayd_queued_bytes",
     .type = "gauge",
     .help = "Bytes queued for sending.",
     .at = AT(net.octets_queued)},
    {.name = "msrprelayd_backpressure_connections",
     .type = "gauge",
     .help = "Connections not being read because the output queue of another "
             "is full.",
     .at = AT(relay.links_waiting_now)},
    {.name = "msrprelayd_backpressure_waits_total",
     .type = "counter",
     .help = "Times that reading from a connection stopped because the output "
             "queue of another was full.",
     .at = AT(relay.waits)},
    {.name = "msrprelayd_backpressure_wait_seconds_total",
     .type = "counter",
     .help = "Total time that connections spent waiting for room in an output "
             "queue.",
     .kind = METRICS_MILLI,
     .at = AT(relay.wait_ms)},
    {.name = "msrprelayd_rate_pauses_total",
     .type = "counter",
     .help =
         "Times that reading from a connection stopped because of limits.rate.",
     .at = AT(net.rate_pauses)},

    {.name = "msrprelayd_transactions",
     .type = "gauge",
     .help = "Current transactions (requests sent and not yet answered).",
     .at = AT(relay.transactions_now)},
    {.name = "msrprelayd_transactions_total",
     .type = "counter",
     .help = "Transactions started.",
     .at = AT(relay.transactions_ever)},
    {.name = "msrprelayd_timeouts_total",
     .type = "counter",
     .help = "Timers that expired, by timer.",
     .label = "timer",
     SAMPLES(timeouts)},
    {.name = "msrprelayd_limits_reached_total",
     .type = "counter",
     .help = "Times that a request was refused or its connection closed "
             "because of a limit.",
     .label = "limit",
     SAMPLES(limits)},

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

const size_t metrics_families_n =
    sizeof metrics_families / sizeof *metrics_families;
