/* SPDX-License-Identifier: BSD-2-Clause */
/* shutdown - the soft end, for maintenance, and the hard one. */
#include "err.h"
#include "server_private.h"

/* How long the last REPORTs may take to leave after the drain; together with
 * the tick less than the second that service managers are promised. */
enum { GOODBYE_MS = 800 };

const char *server_state_text(enum server_state state)
{
    switch (state) {
    case SERVER_RUNNING:
        return "running";
    case SERVER_DRAINING:
        return "draining";
    case SERVER_ENDING:
    case SERVER_LEAVING:
        return "ending";
    }
    return "";
}

int server_drain(struct server *s, bool on)
{
    enum server_state wanted = on ? SERVER_DRAINING : SERVER_RUNNING;

    if (s->state >= SERVER_ENDING)
        return ERR_NOT_NOW;
    if (s->state == wanted)
        return 0;
    s->state = wanted;
    relay_drain(s->relay, on);
    log_info(s->log, "draining %s", on ? "started" : "stopped");
    notify_status(&s->notify, on ? "draining" : "running");
    return 0;
}

void server_end(struct server *s)
{
    uint64_t drain_ms = s->now.config->timers.drain_ms;

    if (s->state >= SERVER_ENDING) {
        log_info(s->log, "exiting immediately");
        loop_stop(s->loop);
        return;
    }
    log_info(s->log, "shutting down connections=%zu drain_ms=%llu",
             s->hops.count, (unsigned long long)drain_ms);
    s->state = SERVER_ENDING;
    s->end_by_ms = loop_now_ms(s->loop) + drain_ms;
    notify_stopping(&s->notify, drain_ms + 5 * GOODBYE_MS);
    relay_drain(s->relay, true);
    relay_shut_down(s->relay);
    listeners_close(s);
    server_check_end(s);
}

/* Lets transfers finish until timers.drain is over, then gives them up and lets
 * the REPORTs about that leave. Peers that have been told of the end and do not
 * answer, because they are asleep or gone, get no more time than that. */
void server_check_end(struct server *s)
{
    uint64_t now_ms = loop_now_ms(s->loop);

    if (s->state < SERVER_ENDING)
        return;
    if (s->hops.count == 0 ||
        (s->state == SERVER_LEAVING && now_ms >= s->end_by_ms + GOODBYE_MS)) {
        loop_stop(s->loop);
        return;
    }
    if (s->state == SERVER_LEAVING)
        return;
    if (now_ms < s->end_by_ms && !hops_only_linger(&s->hops)) {
        hops_close_idle(&s->hops);
        return;
    }
    s->end_by_ms = now_ms;
    log_info(s->log, "closing remaining connections=%zu", s->hops.count);
    s->state = SERVER_LEAVING;
    hops_close_all(&s->hops);
}
