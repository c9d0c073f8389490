#include "metrics.h"

#include "expo.h"

/* What is at the place that a sample names. */
enum kind {
    COUNT, /* uint64_t */
    SIZE,  /* size_t */
    FLAG,  /* bool: 0 or 1 */
    UNSET, /* bool: 1 or 0 */
    REAL,  /* double */
    SINCE, /* double, Unix time; 0: there is no sample */
};

/* A sample of its own place. */
struct sample {
    const char *value; /* of the family's label */
    size_t at;
};

/* A label whose values are the elements of an array. */
struct axis {
    const char *label;
    size_t n;
    const char *(*value)(size_t i);
};

struct family {
    const char *name; /* without the prefix */
    const char *type;
    const char *help;
    enum kind kind;
    size_t at; /* of the only sample, or of the array */
    struct axis axes[2];
    const char *label; /* of `samples` */
    const struct sample *samples;
    size_t n_samples;
};

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

#define TRANSPORTS                                                             \
    {                                                                          \
        "transport", NET_TRANSPORTS, transport                                 \
    }

static const struct sample dismissals[] = {
    {"bad_input", AT(hops.bad_input)},
    {"idle", AT(hops.idle)},
    {"made_room", AT(hops.made_room)},
    {"probation", AT(hops.probation)},
};

static const struct sample refusals[] = {
    {"connections", AT(server.refused_full)},
    {"connections_per_address", AT(server.refused_address)},
    {"memory", AT(server.refused_nomem)},
};

static const struct sample auth_results[] = {
    {"ok", AT(relay.auth_ok)},
    {"failed", AT(relay.auth_failed)},
};

static const struct sample limits[] = {
    {"message_size", AT(relay.too_large)},
    {"sessions_per_connection", AT(relay.too_many_sessions)},
};

static const struct sample dial_results[] = {
    {"backoff", AT(dial.backoff)}, {"cancelled", AT(dial.cancelled)},
    {"denied", AT(dial.denied)},   {"io", AT(dial.io)},
    {"limit", AT(dial.limit)},     {"not_found", AT(dial.not_found)},
    {"ok", AT(dial.ok)},           {"timeout", AT(dial.timeout)},
};

static const struct sample dns_results[] = {
    {"failed", AT(dns.failed)},
    {"not_found", AT(dns.not_found)},
    {"ok", AT(dns.ok)},
    {"timeout", AT(dns.timeout)},
};

static const struct sample dns_reuses[] = {
    {"cached", AT(dns.hits)},
    {"joined", AT(dns.joined)},
};

static const struct sample timeouts[] = {
    {"connect", AT(dial.timeout)},
    {"handshake", AT(net.closed[CONN_WHY_HANDSHAKE])},
    {"idle", AT(hops.idle)},
    {"probation", AT(hops.probation)},
    {"stall", AT(net.closed[CONN_WHY_STALL])},
    {"transaction", AT(relay.timeouts)},
};

static const struct sample reloads[] = {
    {"failed", AT(server.reloads_failed)},
    {"ok", AT(server.reloads_ok)},
};

/* --- the table --- */

static const struct family families[] = {
    {.name = "start_time_seconds",
     .type = "gauge",
     .help = "When the relay started, as Unix time.",
     .kind = REAL,
     .at = AT(server.started_s)},
    {.name = "ready",
     .type = "gauge",
     .help = "1 while new clients may be sent here, as /readyz says.",
     .kind = FLAG,
     .at = AT(is_ready)},
    {.name = "draining",
     .type = "gauge",
     .help = "1 while the relay is drained or ends.",
     .kind = FLAG,
     .at = AT(is_draining)},

    {.name = "connections",
     .type = "gauge",
     .help = "Connections there are, by what they are at.",
     .at = AT(net.now),
     .axes = {TRANSPORTS, {"state", CONN_STATES, state}}},
    {.name = "connections_limit",
     .type = "gauge",
     .help = "limits.connections.",
     .at = AT(connections_max)},
    {.name = "connections_accepted_total",
     .type = "counter",
     .help = "Connections that were accepted.",
     .at = AT(net.accepted),
     .axes = {TRANSPORTS}},
    {.name = "connections_dialled_total",
     .type = "counter",
     .help = "Connections that the relay opened.",
     .at = AT(net.dialled),
     .axes = {TRANSPORTS}},
    {.name = "connections_closed_total",
     .type = "counter",
     .help = "Connections that ended, by what ended them; local: the relay.",
     .at = AT(net.closed),
     .axes = {{"reason", CONN_WHYS, why}}},
    {.name = "connections_dismissed_total",
     .type = "counter",
     .help = "Connections that the relay ended, by what was wrong with them.",
     .label = "reason",
     SAMPLES(dismissals)},
    {.name = "connections_refused_total",
     .type = "counter",
     .help = "Connections that were closed at once, by the limit they met.",
     .label = "reason",
     SAMPLES(refusals)},
    {.name = "accept_rests_total",
     .type = "counter",
     .help = "How often accepting paused for want of descriptors or memory.",
     .at = AT(server.rests)},

    {.name = "sessions",
     .type = "gauge",
     .help = "Sessions: URIs that were granted and are still good.",
     .at = AT(relay.sessions_now)},
    {.name = "sessions_granted_total",
     .type = "counter",
     .help = "Sessions that were granted.",
     .at = AT(relay.sessions_ever)},
    {.name = "auth_total",
     .type = "counter",
     .help = "AUTH requests to this relay, by what became of them.",
     .label = "result",
     SAMPLES(auth_results)},

    {.name = "received_bytes_total",
     .type = "counter",
     .help = "Octets read from connections, without what TLS adds.",
     .at = AT(net.octets_in)},
    {.name = "sent_bytes_total",
     .type = "counter",
     .help = "Octets written to connections, without what TLS adds.",
     .at = AT(net.octets_out)},
    {.name = "queued_bytes",
     .type = "gauge",
     .help = "Octets that wait in outputs.",
     .at = AT(net.octets_queued)},
    {.name = "rate_pauses_total",
     .type = "counter",
     .help = "How often reading stopped for the sake of limits.rate.",
     .at = AT(net.rate_pauses)},

    {.name = "transactions",
     .type = "gauge",
     .help = "Requests whose answer is awaited.",
     .at = AT(relay.transactions_now)},
    {.name = "timeouts_total",
     .type = "counter",
     .help = "What took longer than the timer of this name allows.",
     .label = "timer",
     SAMPLES(timeouts)},
    {.name = "limits_met_total",
     .type = "counter",
     .help = "Requests that were refused, by the limit they met.",
     .label = "limit",
     SAMPLES(limits)},

    {.name = "dials",
     .type = "gauge",
     .help = "Hosts that are being dialled.",
     .kind = SIZE,
     .at = AT(dial.now)},
    {.name = "dials_total",
     .type = "counter",
     .help = "Hosts that were dialled, by result.",
     .label = "result",
     SAMPLES(dial_results)},
    {.name = "dns_queries",
     .type = "gauge",
     .help = "Questions to name servers that are under way.",
     .kind = SIZE,
     .at = AT(dns.asking)},
    {.name = "dns_queries_total",
     .type = "counter",
     .help = "Questions to name servers, by result.",
     .label = "result",
     SAMPLES(dns_results)},
    {.name = "dns_reused_total",
     .type = "counter",
     .help = "Questions that needed none, by where the answer came from.",
     .label = "source",
     SAMPLES(dns_reuses)},
    {.name = "dns_cache_entries",
     .type = "gauge",
     .help = "Answers of name servers that are remembered.",
     .kind = SIZE,
     .at = AT(dns.known)},
    {.name = "tls_handshakes_total",
     .type = "counter",
     .help = "TLS handshakes that were finished.",
     .at = AT(net.tls_up),
     .axes = {{"version", TLS_VERSIONS, version}}},
    {.name = "tls_handshake_failures_total",
     .type = "counter",
     .help = "TLS handshakes that failed, by cause.",
     .at = AT(net.tls_failed),
     .axes = {{"cause", TLS_FAILURES, failure}}},
    {.name = "certificate_expiry_timestamp_seconds",
     .type = "gauge",
     .help = "When the relay's certificate ends, as Unix time.",
     .kind = SINCE,
     .at = AT(certificate_ends_s)},

    {.name = "reloads_total",
     .type = "counter",
     .help = "Reloads of the configuration, by result.",
     .label = "result",
     SAMPLES(reloads)},
    {.name = "last_reload_successful",
     .type = "gauge",
     .help = "0 when the last reload failed.",
     .kind = UNSET,
     .at = AT(server.last_reload_failed)},
    {.name = "last_reload_success_timestamp_seconds",
     .type = "gauge",
     .help = "When the configuration that is in use was loaded, as Unix time.",
     .kind = REAL,
     .at = AT(server.last_reload_ok_s)},
};

/* Under the names that every program uses. */
static const struct family process_families[] = {
    {.name = "process_cpu_seconds_total",
     .type = "counter",
     .help = "Time on the processor, user and system.",
     .kind = REAL,
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
     .kind = REAL,
     .at = AT(server.started_s)},
};

/* --- writing --- */

enum { NAME_MAX_OCTETS = 80 };

/* Where samples go. */
struct sink {
    struct text *text;
    const struct metrics *metrics;
    const char *name; /* whole */
    enum kind kind;
};

static void put_real(const struct sink *s, const struct expo_label *labels,
                     size_t n, double value)
{
    if (s->kind == REAL || value > 0)
        expo_real(s->text, s->name, "", labels, n, value);
}

static void put_count(const struct sink *s, const struct expo_label *labels,
                      size_t n, uint64_t value)
{
    expo_count(s->text, s->name, "", labels, n, value);
}

static void put_sample(const struct sink *s, const struct expo_label *labels,
                       size_t n, size_t at)
{
    const void *place = (const char *)s->metrics + at;

    switch (s->kind) {
    case COUNT:
        put_count(s, labels, n, *(const uint64_t *)place);
        break;
    case SIZE:
        put_count(s, labels, n, *(const size_t *)place);
        break;
    case FLAG:
        put_count(s, labels, n, *(const bool *)place);
        break;
    case UNSET:
        put_count(s, labels, n, !*(const bool *)place);
        break;
    case REAL:
    case SINCE:
        put_real(s, labels, n, *(const double *)place);
        break;
    }
}

/* An array of uint64_t with one dimension or two. */
static void put_array(const struct sink *s, const struct family *f)
{
    const struct axis *a = &f->axes[0], *b = &f->axes[1];
    size_t columns = b->n ? b->n : 1;

    for (size_t i = 0; i < a->n * columns; i++) {
        struct expo_label labels[2] = {{a->label, a->value(i / columns)}};

        if (b->n)
            labels[1] = (struct expo_label){b->label, b->value(i % columns)};
        put_sample(s, labels, b->n ? 2 : 1, f->at + i * sizeof(uint64_t));
    }
}

static void put_family(struct text *t, const struct metrics *m,
                       const struct family *f, const char *prefix)
{
    char name[NAME_MAX_OCTETS];
    const struct sink s = {t, m, name, f->kind};

    snprintf(name, sizeof name, "%s%s", prefix, f->name);
    expo_family(t, name, f->type, f->help);
    if (f->n_samples == 0 && f->axes[0].n == 0)
        put_sample(&s, NULL, 0, f->at);
    if (f->axes[0].n)
        put_array(&s, f);
    for (size_t i = 0; i < f->n_samples; i++) {
        const struct expo_label label = {f->label, f->samples[i].value};

        put_sample(&s, &label, 1, f->samples[i].at);
    }
}

static void put_build(struct text *t, const struct metrics *m)
{
    static const char name[] = "msrprelayd_build_info";
    const struct expo_label label = {"version", m->version};

    expo_family(t, name, "gauge", "Always 1; which version runs.");
    expo_count(t, name, "", &label, 1, 1);
}

static void put_turns(struct text *t, const struct loop_stats *loop)
{
    static const char name[] = "msrprelayd_loop_turn_seconds";
    double bounds[LOOP_BUCKETS];

    for (size_t i = 0; i < LOOP_BUCKETS; i++)
        bounds[i] = loop_bucket_s(i);
    expo_family(t, name, "histogram",
                "How long the work of a turn of the event loop took: how late "
                "others are served.");
    expo_histogram(t, name, bounds, loop->buckets, LOOP_BUCKETS, loop->work_s);
}

void metrics_write(struct text *t, const struct metrics *m)
{
    put_build(t, m);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        put_family(t, m, &families[i], "msrprelayd_");
    put_turns(t, &m->loop);
    for (size_t i = 0; i < sizeof process_families / sizeof *process_families;
         i++)
        put_family(t, m, &process_families[i], "");
}
