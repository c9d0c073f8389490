/* tables - everything there is, to the log, when a signal asks for it. */
#include "server_inside.h"

/* How often each limit was met. */
static void log_limits(const struct server *s, const struct relay_stats *stats)
{
    const struct hops_stats *hops = &s->hops.stats;
    uint64_t refused = s->stats.refused_full + s->stats.refused_address +
                       s->stats.refused_nomem;

    log_info(
        s->log,
        "table=limits opened=%llu refused=%llu made_room=%llu "
        "bad_input=%llu probation=%llu idle=%llu handshake=%llu "
        "stalled=%llu full=%llu waits=%llu too_many_sessions=%llu "
        "too_large=%llu",
        (unsigned long long)hops->opened, (unsigned long long)refused,
        (unsigned long long)hops->made_room,
        (unsigned long long)hops->bad_input,
        (unsigned long long)hops->probation, (unsigned long long)hops->idle,
        (unsigned long long)hops->handshake, (unsigned long long)hops->stalled,
        (unsigned long long)hops->full, (unsigned long long)stats->waits,
        (unsigned long long)stats->too_many_sessions,
        (unsigned long long)stats->too_large);
}

static uint64_t errors_made(const struct relay_stats *stats)
{
    uint64_t n = 0;

    for (size_t i = 0; i < CODES; i++)
        n += i == CODE_AT_200 ? 0 : stats->responses_made[i];
    return n;
}

static void log_relay(const struct server *s, const struct relay_stats *stats)
{
    log_info(s->log,
             "table=relay connections=%zu sessions=%llu transactions=%llu "
             "auth_ok=%llu auth_failed=%llu chunks=%llu octets=%llu "
             "responses=%llu errors=%llu reports_made=%llu "
             "reports_forwarded=%llu timeouts=%llu dropped=%llu",
             s->hops.count, (unsigned long long)stats->sessions_now,
             (unsigned long long)stats->transactions_now,
             (unsigned long long)stats->auths[RELAY_AUTH_OK],
             (unsigned long long)stats->auths[RELAY_AUTH_WRONG],
             (unsigned long long)stats->chunks_forwarded,
             (unsigned long long)stats->octets_in,
             (unsigned long long)stats->responses_made[CODE_AT_200],
             (unsigned long long)errors_made(stats),
             (unsigned long long)stats->reports_made,
             (unsigned long long)stats->reports_forwarded,
             (unsigned long long)stats->timeouts,
             (unsigned long long)stats->dropped);
}

void server_log_tables(struct server *s)
{
    struct relay_stats stats;

    relay_stats(s->relay, &stats);
    log_relay(s, &stats);
    log_limits(s, &stats);
    hops_log(&s->hops);
}
