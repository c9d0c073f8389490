/* SPDX-License-Identifier: BSD-2-Clause */
/* hop_dial - connections that this relay opens (RFC 4976, 5.2, 8, 9.2). */
#include <stdlib.h>
#include <unistd.h>

#include "err.h"
#include "hop_private.h"

/* The first allocation for what waits until the connection is up. */
enum { EARLY_FIRST = 1024 };

/* Room for n octets more: 0 or ERR_NOMEM. How much that may become is core's
 * business, which feeds a link no further than its high-water mark. */
static int early_grow(struct hop *h, size_t n)
{
    size_t room = h->early_room ? h->early_room : EARLY_FIRST;
    char *text;

    while (room < h->early_n + n)
        room *= 2;
    if (room == h->early_room)
        return 0;
    text = realloc(h->early, room);
    if (!text)
        return ERR_NOMEM;
    h->early = text;
    h->early_room = room;
    return 0;
}

int hop_put_early(struct hop *h, const struct frame *f)
{
    int err = early_grow(h, f->octets);

    if (err)
        return err;
    frame_copy(h->early + h->early_n, f);
    h->early_n += f->octets;
    return 0;
}

int hop_write_early(struct hop *h)
{
    struct span early = span_of(h->early, h->early_n);
    int err = 0;

    if (early.n > 0)
        err = conn_write(h->conn, &early, 1);
    free(h->early);
    h->early = NULL;
    h->early_n = h->early_room = 0;
    return err;
}

void hop_stop_dialling(struct hop *h)
{
    dial_cancel(h->call);
    h->call = NULL;
    hop_leave(h, false);
    hop_free(h);
}

/* What became of the dial counts for where it went. */
static void hop_note(const struct hop *h, int err)
{
    dial_note(h->all->dial, h->at, h->at_port, err);
}

/* The connection is up, but not to whom it should be. */
static bool hop_unfit(struct hop *h, const char *why, const char *cause)
{
    h->why = why;
    h->link.fail_code = 403;
    hop_log_dial_ended(h, why, cause);
    return false;
}

bool hop_may_be_used(struct hop *h)
{
    if (!h->host)
        return true;
    h->link.requested_cert = conn_peer_asked(h->conn);
    if (h->fingerprints &&
        !conn_peer_shows(h->conn, h->fingerprints, h->n_fingerprints)) {
        hop_note(h, ERR_CERT);
        return hop_unfit(h, "certificate is not the one announced",
                         "fingerprint");
    }
    if (h->link.requested_cert || !h->link.relay_links.to_relay)
        return true;
    return hop_unfit(h, "asked for no certificate", "no mutual TLS");
}

void hop_never_opened(struct hop *h, enum conn_why why)
{
    h->link.fail_code = 408;
    if (!h->host)
        return;
    hop_note(h, why == CONN_WHY_CERT ? ERR_CERT : ERR_TLS);
    hop_log_dial_ended(h, conn_why_text(why), conn_fault(h->conn));
}

/* What the end of an open connection says about its host; 0: nothing. */
static int hop_fault_of(enum conn_why why)
{
    switch (why) {
    case CONN_WHY_EOF:
        return ERR_EOF;
    case CONN_WHY_RESET:
    case CONN_WHY_WEBSOCKET:
        return ERR_IO;
    case CONN_WHY_TLS:
        return ERR_TLS;
    case CONN_WHY_CERT:
        return ERR_CERT;
    case CONN_WHY_HANDSHAKE:
    case CONN_WHY_STALL:
    case CONN_WHY_DEAD:
        return ERR_TIMEOUT;
    case CONN_WHY_PROXY: /* none is due there */
    case CONN_WHY_FULL:
    case CONN_WHY_NOMEM:
    case CONN_WHY_LOCAL:
        break;
    }
    return 0;
}

void hop_ended_unproved(struct hop *h, enum conn_why why)
{
    int err = hop_fault_of(why);

    if (!h->host || h->proved || h->clear == HOP_CLEAR_FAILED || !err)
        return;
    hop_note(h, err);
    hop_log_dial_ended(h, conn_why_text(why), conn_fault(h->conn));
}

void hop_disproved(struct hop *h, int err, const char *why)
{
    h->link.fail_code = 408;
    hop_note(h, err);
    hop_log_dial_ended(h, why, "no MSRP");
}

void hop_proved(struct hop *h)
{
    if (!h->host || h->proved)
        return;
    h->proved = true;
    hop_note(h, 0);
}

/* 403 for what policy forbids, and for a peer that was not the one announced a
 * moment ago; 408 for what could not be reached (P-20). */
static void hop_dial_fail(struct hop *h, int err)
{
    bool is_refused = err == ERR_DENIED || (err == ERR_CERT && h->fingerprints);

    h->link.fail_code = is_refused ? 403 : 408;
    hop_leave(h, false);
    hop_free(h);
}

/* Whom the other end is trusted by depends on what it is needed as (S-4). */
static struct tls_ctx *hop_context(const struct hop *h)
{
    if (h->fingerprints)
        return shown_tls_find(&h->all->shown, h->shown, h->all->tls_any);
    return h->link.relay_links.to_relay ? h->all->tls_client : h->all->tls_peer;
}

/* The socket is connected. Output that waited goes into the connection, which
 * sends it once the handshake has verified the host (R4976-9.2-g); in clear
 * only the probe does. */
static int connect_to(struct hop *h, const struct dial_result *result)
{
    struct conn_to to = {
        .fd = result->fd,
        .peer = &result->peer,
        .tls = h->link.secure ? hop_context(h) : NULL,
        .host = h->link.host,
    };
    int err = conn_connect(&h->conn, h->all->net, &to, h->link.number,
                           &hop_conn_ops, h);

    (void)hop_take_dialled(h, &result->peer);
    if (err)
        return err;
    return h->clear == HOP_CLEAR_NONE ? hop_write_early(h) : hop_clear_probe(h);
}

static void hop_on_dialled(void *ctx, const struct dial_result *result)
{
    struct hop *h = ctx;
    int err = result->err;

    h->call = NULL;
    if (err) {
        hop_log_dial_failed(h, result);
        hop_dial_fail(h, err);
        return;
    }
    err = connect_to(h, result);
    if (!err)
        return;
    h->link.fail_code = 408;
    if (h->conn)
        conn_close(h->conn);
    else
        hop_dial_fail(h, err);
}

static struct hop *hop_towards(struct hops *all, const struct uri *uri)
{
    struct hop *h = hop_new(all);

    if (!h)
        return NULL;
    h->host = strndup(uri->host.p, uri->host.n);
    if (!h->host) {
        hop_free(h);
        return NULL;
    }
    h->link.host = h->at = span_str(h->host);
    h->link.host_port = h->at_port = uri->port;
    h->link.secure = h->link.may_auth = uri->secure;
    h->link.port = all->uri_port;
    h->link.connecting = true;
    h->clear = uri->secure ? HOP_CLEAR_NONE : HOP_CLEAR_DUE;
    if (hop_take_dialled(h, NULL))
        return h;
    hop_free(h);
    return NULL;
}

/* A peer that is known by its fingerprint does not prove to be a host: to the
 * policy it is as one in clear. */
static struct link *hop_start(struct hop *h)
{
    struct hops *all = h->all;

    if (dial_start(&h->call, all->dial, h->at, h->at_port,
                   h->link.secure && !h->fingerprints, hop_on_dialled,
                   h) != 0) {
        hop_free(h);
        return NULL;
    }
    all->stats.dialled++;
    hop_enter(h);
    return &h->link;
}

struct link *hop_dial(void *ctx, const struct uri *uri, uint16_t *code)
{
    struct hops *all = ctx;
    struct hop *h;

    *code = 408;
    if ((uri->secure && !all->tls_client) || !hops_make_room(all, false))
        return NULL;
    h = hop_towards(all, uri);
    return h ? hop_start(h) : NULL;
}

/* Takes over where to dial, and who is expected there. false when out of
 * memory. */
static bool hop_expect(struct hop *h, const struct anchored_dial *to)
{
    size_t size = to->n_fingerprints * sizeof *h->fingerprints;
    char *at;

    if (to->host.n > 0) {
        at = strndup(to->host.p, to->host.n);
        if (!at)
            return false;
        h->at = span_str(at);
        h->at_port = to->port;
    }
    h->shown = to->shown;
    if (size == 0)
        return true;
    h->fingerprints = malloc(size);
    if (!h->fingerprints)
        return false;
    memcpy(h->fingerprints, to->fingerprints, size);
    h->n_fingerprints = to->n_fingerprints;
    return true;
}

struct link *hop_dial_for_pair(void *ctx, const struct anchored_dial *to,
                               uint16_t *code)
{
    struct hops *all = ctx;
    struct addr trusted;
    struct link *l;
    struct hop *h;

    *code = 408;
    if ((to->uri->secure && !all->tls_client) || !hops_make_room(all, false))
        return NULL;
    h = hop_towards(all, to->uri);
    if (!h)
        return NULL;
    if (!hop_expect(h, to)) {
        hop_free(h);
        return NULL;
    }
    if (to->is_fresh)
        hop_note(h, 0);
    l = hop_start(h);
    if (l && to->trusted.n > 0 &&
        addr_parse_literal(&trusted, to->trusted, 0) == 0)
        dial_trust(h->call, &trusted);
    return l;
}
