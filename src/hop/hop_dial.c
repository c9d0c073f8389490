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
static int early_grow(struct hop_dialled *d, size_t n)
{
    size_t room = d->early_room ? d->early_room : EARLY_FIRST;
    char *text;

    while (room < d->early_n + n)
        room *= 2;
    if (room == d->early_room)
        return 0;
    text = realloc(d->early, room);
    if (!text)
        return ERR_NOMEM;
    d->early = text;
    d->early_room = room;
    return 0;
}

int hop_put_early(struct hop *h, const struct frame *f)
{
    struct hop_dialled *d = h->dialled;
    int err = early_grow(d, f->octets);

    if (err)
        return err;
    frame_copy(d->early + d->early_n, f);
    d->early_n += f->octets;
    return 0;
}

int hop_write_early(struct hop *h)
{
    struct hop_dialled *d = h->dialled;
    struct span early = span_of(d->early, d->early_n);
    int err = 0;

    if (early.n > 0)
        err = conn_write(h->conn, &early, 1);
    free(d->early);
    d->early = NULL;
    d->early_n = d->early_room = 0;
    return err;
}

void hop_stop_dialling(struct hop *h)
{
    dial_cancel(h->dialled->call);
    h->dialled->call = NULL;
    hop_leave(h, false);
    hop_free(h);
}

/* What became of the dial counts for where it went. */
static void hop_note(const struct hop *h, int err)
{
    dial_note(h->all->dial, h->dialled->at, h->dialled->at_port, err);
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
    const struct hop_dialled *d = h->dialled;

    if (!d)
        return true;
    h->link.requested_cert = conn_peer_asked(h->conn);
    if (d->fingerprints &&
        !conn_peer_shows(h->conn, d->fingerprints, d->n_fingerprints)) {
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
    if (!h->dialled)
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

    if (!h->dialled || h->proved || hop_clear(h) == HOP_CLEAR_FAILED || !err)
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
    if (!h->dialled || h->proved)
        return;
    h->proved = true;
    hop_note(h, 0);
}

/* 403 for what policy forbids, and for a peer that was not the one announced a
 * moment ago; 408 for what could not be reached (P-20). */
static void hop_dial_fail(struct hop *h, int err)
{
    bool is_refused =
        err == ERR_DENIED || (err == ERR_CERT && hop_has_fingerprint(h));

    h->link.fail_code = is_refused ? 403 : 408;
    hop_leave(h, false);
    hop_free(h);
}

/* Whom the other end is trusted by depends on what it is needed as (S-4). */
static struct tls_ctx *hop_context(const struct hop *h)
{
    if (hop_has_fingerprint(h))
        return shown_tls_find(&h->all->shown, h->dialled->shown,
                              h->all->tls_any);
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
    int err = conn_connect(&h->conn, h->all->net, &to, &hop_conn_ops, h);

    (void)hop_take_dialled(h, &result->peer);
    if (err)
        return err;
    return hop_clear(h) == HOP_CLEAR_NONE ? hop_write_early(h)
                                          : hop_clear_probe(h);
}

static void hop_on_dialled(void *ctx, const struct dial_result *result)
{
    struct hop *h = ctx;
    int err = result->err;

    h->dialled->call = NULL;
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

static struct hop_dialled *dialled_new(const struct uri *uri)
{
    struct hop_dialled *d = calloc(1, sizeof *d);

    if (!d)
        return NULL;
    d->host = strndup(uri->host.p, uri->host.n);
    if (!d->host) {
        free(d);
        return NULL;
    }
    d->at = span_str(d->host);
    d->at_port = uri->port;
    d->clear = uri->secure ? HOP_CLEAR_NONE : HOP_CLEAR_DUE;
    timer_init(&d->answer);
    return d;
}

void hop_dialled_free(struct hop *h)
{
    struct hop_dialled *d = h->dialled;

    if (!d)
        return;
    timer_stop(&d->answer);
    if (d->at.p != d->host)
        free((void *)(uintptr_t)d->at.p);
    free(d->host);
    free(d->fingerprints);
    free(d->early);
    free(d);
    h->dialled = NULL;
}

static struct hop *hop_towards(struct hops *all, const struct uri *uri)
{
    struct hop *h = hop_new(all);
    struct hop_dialled *d;

    if (!h)
        return NULL;
    d = dialled_new(uri);
    if (!d) {
        hop_free(h);
        return NULL;
    }
    d->hop = h;
    h->dialled = d;
    h->link.host = d->at;
    h->link.host_port = d->at_port;
    h->link.secure = h->link.may_auth = uri->secure;
    h->link.port = all->uri_port;
    h->link.connecting = true;
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
    struct hop_dialled *d = h->dialled;

    if (dial_start(&d->call, all->dial, d->at, d->at_port,
                   h->link.secure && !d->fingerprints, hop_on_dialled,
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
static bool hop_expect(struct hop_dialled *d, const struct anchored_dial *to)
{
    size_t size = to->n_fingerprints * sizeof *d->fingerprints;
    char *at;

    if (to->host.n > 0) {
        at = strndup(to->host.p, to->host.n);
        if (!at)
            return false;
        d->at = span_str(at);
        d->at_port = to->port;
    }
    d->shown = to->shown;
    if (size == 0)
        return true;
    d->fingerprints = malloc(size);
    if (!d->fingerprints)
        return false;
    memcpy(d->fingerprints, to->fingerprints, size);
    d->n_fingerprints = to->n_fingerprints;
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
    if (!hop_expect(h->dialled, to)) {
        hop_free(h);
        return NULL;
    }
    if (to->is_fresh)
        hop_note(h, 0);
    l = hop_start(h);
    if (l && to->trusted.n > 0 &&
        addr_parse_literal(&trusted, to->trusted, 0) == 0)
        dial_trust(h->dialled->call, &trusted);
    return l;
}
