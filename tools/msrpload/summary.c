/* SPDX-License-Identifier: BSD-2-Clause */
#include "summary.h"

#include <inttypes.h>

static const struct {
    const char *name;
    double share;
} points[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};

enum { POINTS = sizeof points / sizeof *points };

/* What happened between the two marks. */
struct rates {
    double seconds, cpu_seconds;
    double messages_s; /* received */
    double sent_mb_s, received_mb_s;
};

static double per_second(uint64_t from, uint64_t to, double seconds)
{
    return seconds > 0 ? (double)(to - from) / seconds : 0;
}

static struct rates rates_of(const struct load_result *r)
{
    const struct counters_mark *from = &r->from, *to = &r->to;
    struct rates rates = {
        .seconds = (double)(to->at_ns - from->at_ns) / 1e9,
        .cpu_seconds = (double)(to->cpu_ns - from->cpu_ns) / 1e9,
    };

    rates.messages_s = per_second(from->messages_received,
                                  to->messages_received, rates.seconds);
    rates.sent_mb_s =
        per_second(from->octets_sent, to->octets_sent, rates.seconds) / 1e6;
    rates.received_mb_s =
        per_second(from->octets_received, to->octets_received, rates.seconds) /
        1e6;
    return rates;
}

static double ms(uint64_t ns)
{
    return (double)ns / 1e6;
}

/* --- for people ----------------------------------------------------------- */

static void text_codes(FILE *to, const char *what,
                       const uint64_t codes[COUNTERS_CODES])
{
    bool any = false;

    fprintf(to, "%-12s", what);
    for (unsigned code = 0; code < COUNTERS_CODES; code++) {
        if (codes[code] == 0)
            continue;
        fprintf(to, "%s %03u: %" PRIu64, any ? "," : "", code, codes[code]);
        any = true;
    }
    fputs(any ? "\n" : " none\n", to);
}

static void text_latency(FILE *to, const struct hist *h)
{
    fprintf(to, "%-12s", "latency");
    for (size_t i = 0; i < POINTS; i++)
        fprintf(to, " %s %.3f,", points[i].name,
                ms(hist_at(h, points[i].share)));
    fprintf(to, " max %.3f ms (%" PRIu64 " messages)\n", ms(h->max), h->count);
}

static void text_counts(FILE *to, const struct flow_counters *c)
{
    fprintf(to,
            "%-12s %" PRIu64 " sent in %" PRIu64 " SENDs, %" PRIu64
            " received in %" PRIu64 "\n",
            "messages", c->messages_sent, c->chunks_sent, c->messages_received,
            c->chunks_received);
    fprintf(to,
            "%-12s %" PRIu64 " lost, %" PRIu64 " corrupted, %" PRIu64
            " aborted, %" PRIu64 " SENDs out of order, %" PRIu64
            " without response\n",
            "faults", counters_lost(c), c->corrupted, c->aborted, c->misordered,
            c->unanswered);
    text_codes(to, "responses", c->responses);
    text_codes(to, "REPORTs", c->reports);
}

void summary_text(FILE *to, const struct load_options *options,
                  const struct load_result *r, const struct counters *t)
{
    struct rates rates = rates_of(r);

    fprintf(to, "%-12s %zu, with %zu sessions; %" PRIu64 " lost\n",
            "connections", r->connections, r->sessions, t->connections_lost);
    fprintf(to, "%-12s %.3f s%s; this program used %.3f s of CPU\n", "measured",
            rates.seconds, r->interrupted ? " (interrupted)" : "",
            rates.cpu_seconds);
    if (options->idle)
        return;
    fprintf(to, "%-12s %.0f messages/s, %.3f MB/s sent, %.3f MB/s received\n",
            "throughput", rates.messages_s, rates.sent_mb_s,
            rates.received_mb_s);
    text_latency(to, &t->latency_ns);
    text_counts(to, &t->live);
    if (t->stray)
        fprintf(to, "%-12s %" PRIu64 " frames that belong to no message\n",
                "stray", t->stray);
    if (!options->stall)
        return;
    fputs("--- receivers that do not read\n", to);
    text_counts(to, &t->stalled);
}

/* --- for programs --------------------------------------------------------- */

static void json_codes(FILE *to, const char *name,
                       const uint64_t codes[COUNTERS_CODES])
{
    bool any = false;

    fprintf(to, ", \"%s\": {", name);
    for (unsigned code = 0; code < COUNTERS_CODES; code++) {
        if (codes[code] == 0)
            continue;
        fprintf(to, "%s\"%03u\": %" PRIu64, any ? ", " : "", code, codes[code]);
        any = true;
    }
    fputc('}', to);
}

static void json_counts(FILE *to, const char *name,
                        const struct flow_counters *c)
{
    const struct {
        const char *name;
        uint64_t n;
    } all[] = {{"messages_sent", c->messages_sent},
               {"sends_sent", c->chunks_sent},
               {"octets_sent", c->octets_sent},
               {"messages_received", c->messages_received},
               {"sends_received", c->chunks_received},
               {"octets_received", c->octets_received},
               {"lost", counters_lost(c)},
               {"corrupted", c->corrupted},
               {"aborted", c->aborted},
               {"out_of_order", c->misordered},
               {"unanswered", c->unanswered}};

    fprintf(to, ", \"%s\": {", name);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        fprintf(to, "%s\"%s\": %" PRIu64, i ? ", " : "", all[i].name, all[i].n);
    json_codes(to, "responses", c->responses);
    json_codes(to, "reports", c->reports);
    fputc('}', to);
}

static void json_latency(FILE *to, const struct hist *h)
{
    fprintf(to, ", \"latency_ms\": {\"count\": %" PRIu64, h->count);
    for (size_t i = 0; i < POINTS; i++)
        fprintf(to, ", \"%s\": %.6f", points[i].name,
                ms(hist_at(h, points[i].share)));
    fprintf(to, ", \"max\": %.6f}", ms(h->max));
}

void summary_json(FILE *to, const struct load_options *options,
                  const struct load_result *r, const struct counters *t)
{
    struct rates rates = rates_of(r);

    fprintf(to,
            "{\"connections\": %zu, \"sessions\": %zu, "
            "\"connections_lost\": %" PRIu64 ", \"interrupted\": %s, "
            "\"seconds\": %.6f, \"cpu_seconds\": %.6f, "
            "\"messages_per_second\": %.3f, \"sent_mb_per_second\": %.6f, "
            "\"received_mb_per_second\": %.6f, \"stray\": %" PRIu64,
            r->connections, r->sessions, t->connections_lost,
            r->interrupted ? "true" : "false", rates.seconds, rates.cpu_seconds,
            rates.messages_s, rates.sent_mb_s, rates.received_mb_s, t->stray);
    json_latency(to, &t->latency_ns);
    json_counts(to, "live", &t->live);
    if (options->stall)
        json_counts(to, "stalled", &t->stalled);
    fputs("}\n", to);
}
