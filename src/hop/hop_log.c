/* SPDX-License-Identifier: BSD-2-Clause */
/* hop_log - the lines of the log about a connection. */
#include "err.h"
#include "hop_private.h"

bool hop_is_silent(const struct hop *h)
{
    return !h->host && conn_is_silent(h->conn);
}

static enum log_level hop_level(const struct hop *h)
{
    return hop_is_silent(h) ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
}

void hop_log_open(struct hop *h)
{
    enum log_level level = hop_level(h);
    char peer[ADDR_TEXT_MAX];

    if (h->is_logged || !log_wants(h->all->log, level))
        return;
    h->is_logged = true;
    log_line(h->all->log, level,
             "c=%llu open peer=%s transport=%s tls=%s host_certificate=%s",
             hop_number(h), addr_text(peer, conn_peer(h->conn)),
             net_transport_text(net_transport_of(h->conn)),
             h->link.secure ? conn_tls_version(h->conn) : "none",
             h->link.is_relay ? "yes" : "no");
}

void hop_log_closed(const struct hop *h, enum conn_why why)
{
    log_line(h->all->log, hop_level(h),
             "c=%llu closed reason=\"%s\" in=%llu out=%llu cause=\"%s\"",
             hop_number(h), h->why ? h->why : conn_why_text(why),
             (unsigned long long)conn_octets_in(h->conn),
             (unsigned long long)conn_octets_out(h->conn), conn_fault(h->conn));
}

void hop_log_bad_input(const struct hop *h, int err)
{
    log_info(h->all->log, "c=%llu bad input error=%s", hop_number(h),
             err_name(err));
}

/* --- heads --- */

void hop_log_in(const struct hop *h, const struct msg *m)
{
    char tid[MSG_TID_MAX + 8], what[32];

    if (!log_wants(h->all->log, LOG_LEVEL_DEBUG))
        return;
    log_debug(h->all->log, "c=%llu in %s tid=%s%s%s", hop_number(h),
              log_escape(what, sizeof what, msg_text(m, m->method_name)),
              log_escape(tid, sizeof tid, msg_text(m, m->tid)),
              m->fault ? " fault=" : "",
              m->fault ? msg_fault_text(m->fault) : "");
}

/* A frame's parts begin with its start line, the middle of a body has fewer
 * parts. */
void hop_log_out(const struct hop *h, const struct span *parts, size_t n)
{
    char tid[MSG_TID_MAX + 8], what[32];

    if (!log_wants(h->all->log, LOG_LEVEL_DEBUG) || n <= 3 ||
        !span_eq(parts[0], SPAN("MSRP ")))
        return;
    log_debug(h->all->log, "c=%llu out %s tid=%s", hop_number(h),
              log_escape(what, sizeof what, parts[3]),
              log_escape(tid, sizeof tid, parts[1]));
}

/* --- connections that were dialled --- */

void hop_log_dial_ended(const struct hop *h, const char *error,
                        const char *cause)
{
    char host[128], peer[ADDR_TEXT_MAX];

    log_warn(h->all->log,
             "c=%llu dial failed host=%s port=%u error=\"%s\" address=%s "
             "cause=\"%s\"",
             hop_number(h), log_escape(host, sizeof host, h->link.host),
             h->link.host_port, error, addr_text(peer, conn_peer(h->conn)),
             cause);
}

void hop_log_dial_failed(const struct hop *h, const struct dial_result *result)
{
    char host[128], peer[ADDR_TEXT_MAX] = "none";

    if (result->peer.len)
        addr_text(peer, &result->peer);
    log_warn(h->all->log,
             "c=%llu dial failed host=%s port=%u error=\"%s\" address=%s "
             "cause=\"%s\" tried=%u denied=%u backoff_ms=%llu",
             hop_number(h), log_escape(host, sizeof host, h->link.host),
             h->link.host_port, err_text(result->err), peer,
             result->errnum ? strerror(result->errnum) : "", result->tried,
             result->denied, (unsigned long long)result->backoff_ms);
}
