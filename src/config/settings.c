/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings.h"

#include "config.h"
#include "config_value.h"
#include "log.h"
#include "policy.h"
#include "settings_check.h"
#include "settings_private.h"

enum {
    KIBI = 1 << 10,
    MEBI = 1 << 20,
    DAY_S = 24 * 60 * 60,
    YEAR_S = 365 * DAY_S,
    DAY_MS = DAY_S * 1000,
    HOUR_MS = 60 * 60 * 1000,
    LOOKUP_PROCESSES = 64,
    SHORTEST_MS = 10,        /* a timer that is not off */
    KEEPALIVE_MAX_S = 32767, /* the kernel's own bound */
    MANY = 1000000,
};

/* --- names of choices, in the order of their enums --- */

static const char *const tls_versions[] = {
    [CONFIG_TLS12] = "1.2", [CONFIG_TLS13] = "1.3", NULL};
static const char *const algorithms[] = {
    [DIGEST_MD5] = "MD5", [DIGEST_SHA256] = "SHA-256", NULL};

static const char *const secret_hashes[] = {
    [EPHEMERAL_SHA1] = "SHA1", [EPHEMERAL_SHA256] = "SHA256", NULL};
static const char *const prefers[] = {
    [CONFIG_PASSIVE] = "passive", [CONFIG_ACTIVE] = "active", NULL};

/* --- the table --- */

#define OF config

#define GROUPS(of, field, from, to, rows)                                      \
    LIST(SETTING_GROUP, field, from, to),                                      \
        .members = (rows), .n_members = sizeof(rows) / sizeof *(rows),         \
        .item_size = sizeof(struct of), .place_at = offsetof(struct of, place)

const struct setting settings[] = {
    {.key = "relay.name",
     TEXT(relay.name, settings_check_host),
     .help =
         "The host name in the URIs that the relay issues. Default: the host "
         "name of the machine, or localhost if that is not a valid host name."},
    {.key = "relay.aliases",
     LIST(SETTING_TEXT, relay.aliases, 0, 1000),
     .check = settings_check_host,
     .initial = "[ ]",
     .help = "Additional host names of this relay."},
    {.key = "relay.realm",
     TEXT(relay.realm, settings_check_realm),
     .help = "The realm of digest authentication. Default: relay.name."},
    {.key = "relay.realms",
     LIST(SETTING_TEXT, relay.realms, 0, 1000),
     .check = settings_check_host,
     .initial = "[ ]",
     .help = "Additional realms, each with its own users: an AUTH whose host "
             "is one of them is challenged for it, any other for "
             "relay.realm."},
    {.key = "relay.user",
     TEXT(relay.user, NULL),
     .is_fixed = true,
     .initial = "\"msrprelay\"",
     .help = "The user to switch to after binding, when started as root; \"\" "
             "stays root. The user must exist."},
    {.key = "relay.group",
     TEXT(relay.group, NULL),
     .is_fixed = true,
     .initial = "\"msrprelay\"",
     .help = "The group to switch to after binding, when started as root; \"\" "
             "uses the primary group of the user."},

    {.key = "listen",
     GROUPS(config_listen, listen, 1, POLICY_PORTS_MAX,
            settings_listen_members),
     .help = "The listeners: one group each."},

    {.key = "tls.certificate",
     TEXT(tls.certificate, settings_check_named),
     .initial = "\"/etc/msrprelayd/relay.pem\"",
     .help = "The certificate chain, a PEM file. Required for tls and wss."},
    {.key = "tls.private_key",
     TEXT(tls.private_key, settings_check_named),
     .initial = "\"/etc/msrprelayd/relay.key\"",
     .help = "The private key of the certificate, a PEM file."},
    {.key = "tls.certificates",
     GROUPS(config_certificate, tls.certificates, 0, 1000,
            settings_certificate_members),
     .initial = "( )",
     .help = "More certificates, one group each, for other names or with "
             "another kind of key. A client gets the one that has the name "
             "that it asks for (SNI), else tls.certificate."},
    {.key = "tls.ca_file",
     TEXT(tls.ca_file, NULL),
     .initial = "\"\"",
     .help = "The trusted CAs for certificates of other relays, a PEM file; "
             "\"\" uses the system's CA store."},
    {.key = "tls.min_version",
     CHOICE(tls.min_version, tls_versions),
     .initial = "\"1.2\"",
     .help = "The minimum TLS version."},
    {.key = "tls.ciphers",
     TEXT(tls.ciphers, NULL),
     .initial = "\"\"",
     .help = "Ciphers for TLS 1.2, in OpenSSL's format; \"\" uses a built-in "
             "list."},
    {.key = "tls.ciphersuites",
     TEXT(tls.ciphersuites, NULL),
     .initial = "\"\"",
     .help = "Cipher suites for TLS 1.3; \"\" uses a built-in list."},
    {.key = "tls.tickets",
     BOOL(tls.tickets),
     .initial = "true",
     .help = "Give session tickets to clients without a certificate, with "
             "which they resume their TLS session at less cost for an hour."},

    {.key = "auth.users_file",
     TEXT(auth.users_file, settings_check_named),
     .initial = "\"/etc/msrprelayd/users\"",
     .help = "The users file: one user:realm:HA1 per line, as written by "
             "htdigest."},
    {.key = "auth.secret_file",
     TEXT(auth.secret_file, NULL),
     .initial = "\"\"",
     .help = "Shared secrets for ephemeral credentials, one per line, the "
             "newest first: the user is EXPIRY:NAME, EXPIRY in seconds since "
             "1970, and the password is base64(HMAC(secret, user)); \"\" "
             "disables them."},
    {.key = "auth.secret_hash",
     CHOICE(auth.secret_hash, secret_hashes),
     .initial = "\"SHA1\"",
     .help = "The hash of that HMAC: SHA1 or SHA256."},
    {.key = "auth.algorithms",
     LIST(SETTING_CHOICE, auth.algorithms, 1, DIGEST_ALGS),
     .choices = algorithms,
     .initial = "[ \"MD5\" ]",
     .help = "The digest algorithms to offer. MD5 is always offered last."},
    {.key = "auth.allow_tcp",
     BOOL(auth.allow_tcp),
     .initial = "false",
     .help = "Accept AUTH on tcp and ws listeners, where it can be "
             "intercepted: for tests and closed networks only."},
    {.key = "auth.min_expires",
     SECONDS(auth.min_expires_s, 1, YEAR_S),
     .initial = "60",
     .help = "The minimum lifetime of a URI that a client may request."},
    {.key = "auth.default_expires",
     SECONDS(auth.default_expires_s, 1, YEAR_S),
     .initial = "1800",
     .help = "The lifetime of a URI if the client requests none. The default "
             "is adjusted to min_expires and max_expires."},
    {.key = "auth.max_expires",
     SECONDS(auth.max_expires_s, 1, YEAR_S),
     .initial = "86400",
     .help = "The maximum lifetime of a URI that a client may request."},
    {.key = "auth.nonce_lifetime",
     TIME(auth.nonce_lifetime_ms, 1000, DAY_MS),
     .initial = "60",
     .help = "How long a challenge remains valid."},
    {.key = "auth.max_failures",
     COUNT(auth.max_failures, 1, 1000),
     .initial = "3",
     .help = "Consecutive authentication failures after which a client's "
             "connection is closed."},
    {.key = "auth.lookup.command",
     TEXT(auth.lookup.command, settings_check_command),
     .initial = "\"\"",
     .help = "A program that is asked about users who are neither in the users "
             "file nor proven by a shared secret, with its arguments, split "
             "into words as a shell does; \"\" disables look-ups."},
    {.key = "auth.lookup.processes",
     COUNT(auth.lookup.processes, 1, LOOKUP_PROCESSES),
     .initial = "2",
     .help = "How many processes of that program to run."},
    {.key = "auth.lookup.timeout",
     TIME(auth.lookup.timeout_ms, SHORTEST_MS, HOUR_MS),
     .initial = "3",
     .help = "How long a login waits for the answer; then it gets 408."},
    {.key = "auth.lookup.cache",
     TIME(auth.lookup.cache_ms, 0, DAY_MS),
     .initial = "60",
     .help = "How long the credentials of a user are remembered; 0 disables "
             "this. A reload forgets them."},
    {.key = "auth.lookup.cache_unknown",
     TIME(auth.lookup.cache_unknown_ms, 0, DAY_MS),
     .initial = "5",
     .help = "How long it is remembered that a user is unknown."},

    {.key = "send.max_chunk_size",
     SIZE(send.max_chunk_size, 2 * KIBI, GIBI),
     .initial = "65536",
     .help = "The maximum body size of one outgoing SEND."},
    {.key = "send.high_water",
     SIZE(send.high_water, 4 * KIBI, GIBI),
     .initial = "262144",
     .help = "Octets queued for a connection at which its senders are paused."},
    {.key = "send.low_water",
     SIZE(send.low_water, 1, GIBI),
     .initial = "65536",
     .help = "Octets queued for a connection at which its senders resume. The "
             "default is at most a quarter of high_water."},

    {.key = "tcp.receive_buffer",
     SIZE(tcp.receive_buffer, 0, GIBI),
     .initial = "0",
     .help = "SO_RCVBUF; 0 leaves it to the kernel."},
    {.key = "tcp.send_buffer",
     SIZE(tcp.send_buffer, 0, GIBI),
     .initial = "0",
     .help = "SO_SNDBUF; 0 leaves it to the kernel."},
    {.key = "tcp.nodelay",
     BOOL(tcp.nodelay),
     .initial = "true",
     .help = "TCP_NODELAY: send small messages without delay."},
    {.key = "tcp.keepalive",
     SECONDS(tcp.keepalive_s, 0, KEEPALIVE_MAX_S),
     .initial = "60",
     .help =
         "Idle time after which TCP keep-alive probes start; 0 disables them."},
    {.key = "tcp.dead_after",
     TIME(tcp.dead_after_ms, 0, DAY_MS),
     .initial = "30",
     .help = "How long a peer may send no ACK, once another connection claims "
             "its place or a transaction times out, before it is closed; from "
             "1.2 to 10 seconds count. Without that a peer that owes an ACK is "
             "closed after four times as long. 0 disables this check."},
    {.key = "tcp.dscp",
     COUNT(tcp.dscp, 0, 63),
     .initial = "0",
     .help = "The differentiated services code point of what is sent, such as "
             "10 for AF11; 0 is best effort."},

    {.key = "limits.connections",
     COUNT(limits.connections, 1, 10 * MANY),
     .initial = "100000",
     .help = "The maximum number of connections; when it is reached, a "
             "connection without a session is closed, unproven ones first; if "
             "there is none, new ones are refused."},
    {.key = "limits.connections_per_address",
     COUNT(limits.connections_per_address, 0, 10 * MANY),
     .initial = "0",
     .help = "The maximum number of connections from one IPv4 address or one "
             "IPv6 /64; 0 is no limit."},
    {.key = "limits.sessions_per_connection",
     COUNT(limits.sessions_per_connection, 0, MANY),
     .initial = "1000",
     .help =
         "The maximum number of URIs issued on one connection; 0 is no limit."},
    {.key = "limits.sessions_per_user",
     COUNT(limits.sessions_per_user, 0, MANY),
     .initial = "0",
     .help = "The maximum number of concurrent sessions of one user; 0 is no "
             "limit."},
    {.key = "limits.sessions_per_relay",
     COUNT(limits.sessions_per_relay, 0, 10 * MANY),
     .initial = "100000",
     .help = "The maximum number of concurrent sessions of clients through one "
             "other relay, whatever names of its certificate and ports it "
             "uses; 0 is no limit. One user may hold a sixteenth of them, 1000 "
             "at least."},
    {.key = "limits.head_size",
     SIZE(limits.head_size, KIBI, MEBI),
     .initial = "16384",
     .help = "The maximum size of start line and headers together. The "
             "request that opens a WebSocket may have 16k at least."},
    {.key = "limits.path_uris",
     COUNT(limits.path_uris, 2, 1000),
     .initial = "16",
     .help = "The maximum number of URIs in one path header."},
    {.key = "limits.transactions_per_connection",
     COUNT(limits.transactions_per_connection, 0, 10 * MANY),
     .initial = "10000",
     .help =
         "The maximum number of unanswered SENDs of one sender to one "
         "connection; when it is reached, the sender is paused, or gets 408 "
         "on a connection that others share. On a connection to another relay "
         "it is half as many. 0 is no limit."},
    {.key = "limits.requests_per_connection",
     COUNT(limits.requests_per_connection, 0, 10 * MANY),
     .initial = "256",
     .help = "The maximum number of unanswered requests other than SEND of one "
             "sender; more get 408. 0 is no limit."},
    {.key = "limits.dials_per_connection",
     COUNT(limits.dials_per_connection, 0, MANY),
     .initial = "16",
     .help = "The maximum number of connections that are being opened for one "
             "sender, look-ups of their names included; what needs more gets "
             "408. 0 is no limit."},
    {.key = "limits.rate",
     SIZE(limits.rate, 0, (uint64_t)KIBI *GIBI),
     .initial = "0",
     .help = "The maximum number of octets per second to read from one "
             "connection, including TLS overhead; 0 is no limit."},
    {.key = "limits.memory",
     SIZE(limits.memory, 32 * MEBI, (uint64_t)KIBI *GIBI),
     .initial = "\"\"",
     .help =
         "How much memory the relay may have, without the kernel's socket "
         "buffers; \"\" is half of what the machine or its control group has. "
         "Near the limit senders wait earlier, connections that never logged "
         "in "
         "are closed, and new connections and sessions are refused."},
    {.key = "limits.rate_per_user",
     SIZE(limits.rate_per_user, 0, (uint64_t)KIBI *GIBI),
     .initial = "0",
     .help = "The maximum number of octets per second to read from all "
             "connections of one user together, after a burst of one second's "
             "worth; 0 is no limit."},
    {.key = "limits.message_size",
     SIZE(limits.message_size, 0, (uint64_t)MEBI *GIBI),
     .initial = "0",
     .help = "The maximum message size; larger messages are rejected with 413. "
             "0 is no limit."},

    {.key = "timers.transaction",
     TIME(timers.transaction_ms, SHORTEST_MS, DAY_MS),
     .initial = "30",
     .help = "How long to wait for the response to an outgoing SEND."},
    {.key = "timers.probation",
     TIME(timers.probation_ms, SHORTEST_MS, DAY_MS),
     .initial = "30",
     .help = "How long a new connection has for its first successful request."},
    {.key = "timers.handshake",
     TIME(timers.handshake_ms, SHORTEST_MS, DAY_MS),
     .initial = "10",
     .help = "How long the TLS and WebSocket handshakes may take."},
    {.key = "timers.connect",
     TIME(timers.connect_ms, SHORTEST_MS, DAY_MS),
     .initial = "10",
     .help = "How long connecting to one address may take."},
    {.key = "timers.idle",
     TIME(timers.idle_ms, SHORTEST_MS, (uint64_t)YEAR_S * 1000),
     .initial = "3600",
     .help = "Idle time after which a connection is closed, without input, "
             "output and unanswered requests; for a connection with sessions, "
             "at least one hour."},
    {.key = "timers.hold",
     TIME(timers.hold_ms, SHORTEST_MS, DAY_MS),
     .initial = "10",
     .help =
         "How long a receiver that accepts no data may hold up a connection "
         "that others share, before what is for it fails."},
    {.key = "timers.stall",
     TIME(timers.stall_ms, SHORTEST_MS, DAY_MS),
     .initial = "20",
     .help = "How long a receiver may accept no data before the data queued "
             "for it fails."},
    {.key = "timers.ping",
     TIME(timers.ping_ms, 0, DAY_MS),
     .initial = "30",
     .help = "Interval of WebSocket PINGs, so that proxies do not close idle "
             "connections; 0 disables them."},
    {.key = "timers.drain",
     TIME(timers.drain_ms, 0, DAY_MS),
     .initial = "30",
     .help = "How long transfers in flight may take to finish at shutdown."},

    {.key = "relays.names",
     LIST(SETTING_TEXT, relays.names, 0, 64),
     .check = settings_check_relay_name,
     .initial = "[ ]",
     .help = "Hosts that may be relays, exact or as *.example.net; if empty, "
             "every host with a verified certificate."},
    {.key = "relays.ca_file",
     TEXT(relays.ca_file, NULL),
     .initial = "\"\"",
     .help = "The trusted CAs for certificates of other relays, a PEM file; "
             "\"\" uses tls.ca_file."},
    {.key = "relays.addresses",
     LIST(SETTING_CIDR, relays.addresses, 0, 1000),
     .initial = "[ ]",
     .help = "Networks from which a connection without a certificate is "
             "treated as a relay; for closed networks only."},

    {.key = "relays.max_chunk_size",
     SIZE(relays.max_chunk_size, 0, GIBI),
     .initial = "0",
     .help = "The maximum body size of one SEND to other relays, at least "
             "2048; 0 is send.max_chunk_size. Kamailio takes 8192."},
    {.key = "dial.allow_tcp",
     BOOL(dial.allow_tcp),
     .initial = "true",
     .help = "Open TCP connections without TLS to peers whose URI is msrp; "
             "never to other relays. No message is sent to such a peer before "
             "it has answered an empty SEND."},
    {.key = "dial.share_peers",
     BOOL(dial.share_peers),
     .initial = "false",
     .help = "Use one connection to a peer for all sessions with it, instead "
             "of one per session."},
    {.key = "dial.allow",
     LIST(SETTING_CIDR, dial.allow, 0, 1000),
     .initial = "[ ]",
     .help = "Networks that may be dialled although dial.deny contains them or "
             "they are this host's own."},
    {.key = "dial.deny",
     LIST(SETTING_CIDR, dial.deny, 0, 1000),
     .initial = "[ \"127.0.0.0/8\", \"::1/128\", \"169.254.0.0/16\", "
                "\"fe80::/10\", \"224.0.0.0/4\", \"ff00::/8\", "
                "\"0.0.0.0/8\", \"::/128\", \"10.0.0.0/8\", "
                "\"172.16.0.0/12\", \"192.168.0.0/16\", "
                "\"100.64.0.0/10\", \"198.18.0.0/15\", \"fc00::/7\" ]",
     .help = "Networks that are not dialled. Addresses of the host itself are "
             "not dialled either, unless dial.allow contains them. Neither "
             "these nor, if dial.deny is the default, private networks are "
             "denied over TLS to hosts that relays.names admits."},
    {.key = "dial.source",
     LIST(SETTING_ADDRESS, dial.source, 0, 2),
     .initial = "[ ]",
     .help = "The numeric addresses to connect from, at most one of IPv4 and "
             "one of IPv6; without one, the system chooses."},
    {.key = "dial.servers",
     LIST(SETTING_SERVER, dial.servers, 0, 16),
     .initial = "[ ]",
     .help = "DNS servers, \"address\", \"address:port\" or "
             "\"[address]:port\"; if empty, the system's."},
    {.key = "dial.verify",
     BOOL(dial.verify),
     .initial = "true",
     .help = "Verify the certificate and host name of the servers that are "
             "dialled. false is for tests only."},

    {.key = "anchor.listen",
     LIST(SETTING_TEXT, anchor.listen, 0, 16),
     .check = settings_check_ng_place,
     .initial = "[ ]",
     .help = "Where SIP proxies ask for sessions to be anchored, over the ng "
             "protocol: \"udp:ADDRESS:PORT\" or \"tcp:ADDRESS:PORT\", an IPv6 "
             "address in brackets; if empty, anchoring is off."},
    {.key = "anchor.allow",
     LIST(SETTING_CIDR, anchor.allow, 0, 1000),
     .initial = "[ \"127.0.0.0/8\", \"::1/128\" ]",
     .help = "Networks that may ask; others get no answer."},
    {.key = "anchor.interfaces",
     GROUPS(config_interface, anchor.interfaces, 0, 64,
            settings_interface_members),
     .initial = "( )",
     .help = "What the SDP of anchored sessions shows, one group each; if "
             "empty, the first listener of each transport that is not on "
             "loopback, as listen.advertise and listen.name show it."},
    {.key = "anchor.offer_timeout",
     TIME(anchor.offer_timeout_ms, SHORTEST_MS, DAY_MS),
     .initial = "180",
     .help = "How long an offer waits for its answer."},
    {.key = "anchor.idle",
     TIME(anchor.idle_ms, 0, (uint64_t)YEAR_S * 1000),
     .initial = "3600",
     .help = "How long an anchored session may carry no octet in either "
             "direction before it ends; 0 is no limit."},
    {.key = "anchor.max_sessions",
     COUNT(anchor.max_sessions, 0, MANY),
     .initial = "100000",
     .help = "The maximum number of anchored sessions, unanswered offers "
             "included; further calls are refused."},
    {.key = "anchor.prefer",
     CHOICE(anchor.prefer, prefers),
     .initial = "\"passive\"",
     .help = "What an offer with a=setup:actpass is answered with; active "
             "connects to those that can be reached."},
    {.key = "anchor.trust_sdp",
     BOOL(anchor.trust_sdp),
     .initial = "false",
     .help = "Dial the address of a section's c= line as if dial.allow "
             "contained it."},

    {.key = "log.level",
     CHOICE(log.level, log_level_names),
     .initial = "\"info\"",
     .help = "The minimum severity to log."},
    {.key = "log.format",
     CHOICE(log.format, log_format_names),
     .initial = "\"text\"",
     .help =
         "How lines are written: as text, or as one JSON object a line with "
         "time, level, event, and the same fields by the same names."},
    {.key = "log.target",
     TEXT(log.target, settings_check_target),
     .initial = "\"stderr\"",
     .help = "Where to log: stderr, syslog, journal, or the absolute path of a "
             "file. Started as root, the relay opens the file as relay.user, "
             "or creates it for that user in a directory of root's; it fails "
             "if the file is of another user."},
    {.key = "log.rate",
     COUNT(log.rate, 0, LOG_RATE_MAX),
     .initial = "1000",
     .help =
         "The maximum number of log lines per second about connections, which "
         "peers can cause; after a pause, up to five times as many. Suppressed "
         "lines are counted. 0 is no limit; debug lines are not limited."},
    {.key = "log.accounting",
     TEXT(log.accounting, settings_check_accounting),
     .initial = "\"\"",
     .help = "Where to write one line of JSON for each ended session, as in "
             "log.target; \"\" disables accounting."},

    {.key = "metrics.address",
     TEXT(metrics.address, settings_check_metrics),
     .initial = "\"\"",
     .help = "The address of the HTTP listener for the status page (/), "
             "/status.json, /metrics, /healthz and /readyz, which has no TLS "
             "and no "
             "authentication; \"\" disables it."},
    {.key = "metrics.port",
     COUNT(metrics.port, 0, 65535),
     .initial = "9285",
     .help = "The port of that listener."},

    {.key = "control.socket",
     TEXT(control.socket, settings_check_socket),
     .initial = "\"\"",
     .help = "The path of the Unix socket for msrprelayctl; \"\" disables it."},
};

const size_t settings_n = sizeof settings / sizeof *settings;
