/* SPDX-License-Identifier: BSD-2-Clause */
/* metrics_sessions - logins, their sessions, and sessions that are anchored. */
#include "metrics_private.h"

NAMES(ended, session_why_name, enum session_why)
NAMES(pair_ended, anchored_why_name, enum anchored_why)
NAMES(ng_error, anchor_error_name, enum anchor_error)
NAMES(auth, relay_auth_name, enum relay_auth)
NAMES(lookup_result, lookup_result_name, enum lookup_result)

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

static const struct metrics_sample lookup_reuses[] = {
    {"cached", AT(lookup.recalled)},
    {"joined", AT(lookup.joined)},
};

static const struct metrics_family families[] = {
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
};

const struct metrics_group metrics_sessions = METRICS_GROUP(families);
