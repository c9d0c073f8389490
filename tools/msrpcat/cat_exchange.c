/* SPDX-License-Identifier: BSD-2-Clause */
#include "cat_exchange.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cat_session.h"
#include "cat_tls.h"
#include "err.h"
#include "msg.h"
#include "path.h"
#include "text_file.h"

struct exchange {
    struct cat_call *call;
    const struct cat_options *options;
    char *text;          /* the peer's SDP; heap */
    struct cat_sdp peer; /* of it */
    bool secure;
    enum cat_setup setup; /* what this end says */
    struct cat_dial_own own;
    int listener; /* -1: none */
    SSL_CTX *ctx; /* NULL without TLS */
};

static enum exit_code refuse(const struct exchange *x, const char *why)
{
    screen_note(x->call->screen, "%s", why);
    return EXIT_CONNECTION;
}

/* --- the peer's SDP ------------------------------------------------------- */

static enum exit_code judge_sdp(const struct exchange *x, int err)
{
    switch (err) {
    case 0:
        return EXIT_FINE;
    case ERR_DENIED:
        return refuse(x, "the peer declines the message session");
    case ERR_NOT_FOUND:
        return refuse(x, "no message section (m=message ... TCP/MSRP or "
                         "TCP/TLS/MSRP) in the peer's SDP");
    default:
        return refuse(x, "no usable a=path in the peer's SDP");
    }
}

static enum exit_code read_peer(struct exchange *x)
{
    struct cat_call *c = x->call;
    const char *file = x->options->peer_sdp;
    enum exit_code code;
    int err = text_file_read(&x->text, file, CAT_SDP_MAX);

    if (err)
        return cat_call_complain(c, file, err, EXIT_USAGE);
    code = judge_sdp(x, cat_sdp_parse(&x->peer, span_str(x->text)));
    if (code)
        return code;
    c->peer = strndup(x->peer.path.p, x->peer.path.n);
    if (!c->peer)
        return cat_call_complain(c, "path", ERR_NOMEM, EXIT_CONNECTION);
    return EXIT_FINE;
}

/* --- this end's ----------------------------------------------------------- */

/* Where this end would connect to; NULL while that is not known. */
static const struct cat_dial_to *destination(const struct exchange *x,
                                             struct cat_dial_to *room)
{
    const struct cat_options *o = x->options;
    struct span path = x->peer.path, first;
    bool secure;
    int err = ERR_NOT_FOUND;

    if (o->connect)
        err = cat_dial_parse(room, span_str(o->connect), NULL);
    else if (msg_path_next(&first, &path))
        err = cat_dial_from_uri(room, &secure, first);
    return err ? NULL : room;
}

/* Nobody connects to an end that is active: then --listen only says where it
 * is. */
static int find_place(struct exchange *x)
{
    const struct cat_options *o = x->options;
    struct cat_dial_to at = {.host = ""}, to;
    int err = 0;

    if (o->listen)
        err = cat_dial_parse(&at, span_str(o->listen), "127.0.0.1");
    if (err)
        return err;
    if (o->listen && x->setup != CAT_SETUP_ACTIVE)
        return cat_dial_listen(&x->listener, &x->own, &at);
    return cat_dial_local(&x->own, o->listen ? at.host : NULL,
                          CAT_SDP_ACTIVE_PORT, destination(x, &to));
}

static int publish(struct exchange *x)
{
    const struct cat_options *o = x->options;
    char fingerprint[CAT_TLS_FINGERPRINT];
    struct cat_sdp_own own = {
        .secure = x->secure,
        .address = x->own.address,
        .path = x->call->own,
        .accept_types =
            o->output || o->output_dir ? "*" : "text/plain message/cpim",
        .setup = x->setup,
    };
    char *text;
    int err = 0;

    if (x->ctx) {
        if (cat_tls_fingerprint(fingerprint, x->ctx))
            return ERR_TLS;
        own.fingerprint = fingerprint;
    }
    text = cat_sdp_text(&own);
    if (!text)
        return ERR_NOMEM;
    if (o->sdp_file)
        err = text_file_save(o->sdp_file, text);
    else if (fputs(text, stderr) < 0)
        err = ERR_IO;
    free(text);
    return err;
}

static enum exit_code say(struct exchange *x)
{
    struct cat_call *c = x->call;
    const struct cat_options *o = x->options;
    enum exit_code code = EXIT_FINE;
    int err = find_place(x);

    if (err)
        return cat_call_complain(c, o->listen ? o->listen : "address", err,
                                 err == ERR_SYNTAX ? EXIT_USAGE
                                                   : EXIT_CONNECTION);
    c->own = path_own_uri(c->rnd, x->secure, span_str(x->own.authority));
    if (!c->own)
        return cat_call_complain(c, "path", ERR_NOMEM, EXIT_CONNECTION);
    if (x->secure)
        code = cat_call_identity(c, &x->ctx, x->own.address, true);
    if (code)
        return code;
    if (o->path_file && (err = path_save(o->path_file, c->own)))
        return cat_call_complain(c, o->path_file, err, EXIT_CONNECTION);
    err = publish(x);
    if (err)
        return cat_call_complain(c, o->sdp_file ? o->sdp_file : "SDP", err,
                                 EXIT_CONNECTION);
    return EXIT_FINE;
}

/* --- offer and answer ----------------------------------------------------- */

/* Is anything in the way of what the two said? */
static enum exit_code settle(struct exchange *x, bool *connects)
{
    bool answers = x->options->answer, offerer;
    enum cat_setup offer = answers ? x->peer.setup : x->setup;
    enum cat_setup answer = answers ? x->setup : x->peer.setup;

    if (cat_sdp_offerer_connects(&offerer, offer, answer))
        return refuse(x, answer == CAT_SETUP_ACTIVE
                             ? "both sides want to connect (a=setup:active)"
                             : "both sides wait (a=setup:passive)");
    *connects = offerer != answers;
    if (!*connects && !x->options->listen)
        return refuse(x, "the peer will connect: --listen is required");
    return EXIT_FINE;
}

static enum exit_code make_answer(struct exchange *x, bool *connects)
{
    const struct cat_options *o = x->options;
    enum exit_code code = read_peer(x);

    if (code)
        return code;
    x->secure = x->peer.secure;
    if (o->tls && !x->secure)
        return refuse(x, "the peer offers no TLS");
    x->setup = cat_sdp_answer_setup(o->setup, x->peer.setup, o->listen);
    code = settle(x, connects);
    return code ? code : say(x);
}

static enum exit_code make_offer(struct exchange *x, bool *connects)
{
    const struct cat_options *o = x->options;
    enum exit_code code;

    x->secure = o->tls;
    x->setup = cat_sdp_offer_setup(o->setup, o->listen);
    code = say(x);
    if (!code)
        code = read_peer(x);
    if (code)
        return code;
    if (x->peer.secure != x->secure)
        return refuse(x, "the peer answers with another protocol than was "
                         "offered");
    return settle(x, connects);
}

enum exit_code cat_exchange(struct cat_call *c)
{
    struct exchange x = {.call = c, .options = c->options, .listener = -1};
    struct cat_call_tls tls;
    bool connects = false;
    enum exit_code code = c->options->answer ? make_answer(&x, &connects)
                                             : make_offer(&x, &connects);

    tls = (struct cat_call_tls){x.ctx, &x.peer};
    if (!code && connects) {
        if (x.listener >= 0)
            close(x.listener);
        code = cat_call_connect(c, c->peer, &tls);
    } else if (!code) {
        code = cat_call_accept(c, x.listener, &tls);
    } else if (x.listener >= 0) {
        close(x.listener);
    }
    SSL_CTX_free(x.ctx);
    free(x.text);
    return code;
}
