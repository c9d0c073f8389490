/* SPDX-License-Identifier: BSD-2-Clause */
#include "cat_call.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "cat_exchange.h"
#include "cat_session.h"
#include "cat_srv.h"
#include "cat_tls.h"
#include "err.h"
#include "msg.h"
#include "path.h"
#include "uri.h"

enum exit_code cat_call_complain(const struct cat_call *c, const char *what,
                                 int err, enum exit_code code)
{
    const char *why = err_text(err);

    if (err == ERR_IO && errno)
        why = strerror(errno);
    if (err == ERR_NOT_FOUND)
        why = "no address found";
    screen_note(c->screen, "%s: %s", what, why);
    return code;
}

static uint64_t timeout_ms(const struct cat_call *c)
{
    return c->options->timeout_s * 1000;
}

static struct span first_uri(const char *path)
{
    struct span rest = span_str(path), first = {0};

    (void)msg_path_next(&first, &rest);
    return first;
}

/* --- TLS ------------------------------------------------------------------ */

static enum exit_code show_files(const struct cat_call *c, SSL_CTX *ctx)
{
    const struct cat_options *o = c->options;
    int err = cat_tls_show(ctx, o->cert_file, o->key_file);

    if (err == ERR_CERT)
        screen_note(c->screen, "%s: no certificate with its key: %s",
                    o->cert_file, ERR_reason_error_string(ERR_peek_error()));
    else if (err)
        cat_call_complain(c, o->key_file ? o->key_file : o->cert_file, err,
                          EXIT_USAGE);
    return err ? EXIT_USAGE : EXIT_FINE;
}

enum exit_code cat_call_identity(const struct cat_call *c, SSL_CTX **out,
                                 const char *host, bool needs_one)
{
    enum exit_code code = EXIT_FINE;
    SSL_CTX *ctx;
    int err = cat_tls_new(&ctx);

    if (err)
        return cat_call_complain(c, "TLS", err, EXIT_CONNECTION);
    if (c->options->cert_file)
        code = show_files(c, ctx);
    else if (needs_one && (err = cat_tls_show_own(ctx, host)))
        code = cat_call_complain(c, "certificate", err, EXIT_CONNECTION);
    if (code)
        SSL_CTX_free(ctx);
    else
        *out = ctx;
    return code;
}

static bool has_fingerprint(const struct cat_call_tls *tls)
{
    return tls->peer && tls->peer->has_fingerprint;
}

/* Whom to believe: fingerprints if there are any (RFC 4975, 14.4); else a
 * caller needs no certificate unless an option asks for one. */
static int set_trust(const struct cat_call *c, const struct cat_call_tls *tls)
{
    const struct cat_options *o = c->options;
    bool asks = !c->is_passive || o->ca_file || o->name;

    if (o->insecure || (!has_fingerprint(tls) && !asks))
        cat_tls_trust_blindly(tls->ctx);
    else if (has_fingerprint(tls))
        cat_tls_trust_any(tls->ctx);
    else
        return cat_tls_trust_ca(tls->ctx, o->ca_file);
    return 0;
}

/* The name that the certificate must be for; NULL: that does not matter. */
static const char *expected_name(const struct cat_call *c,
                                 const struct cat_call_tls *tls,
                                 const char *host)
{
    if (has_fingerprint(tls))
        return c->is_passive ? NULL : host; /* for the server name alone */
    return c->options->name ? c->options->name : host;
}

static enum exit_code judge_peer(const struct cat_call *c,
                                 const struct cat_call_tls *tls,
                                 const char *who)
{
    if (c->options->insecure || !has_fingerprint(tls) ||
        cat_tls_has_fingerprint(c->wire.ssl, tls->peer))
        return EXIT_FINE;
    screen_note(c->screen,
                "%s: the certificate does not have the fingerprint "
                "in the peer's SDP",
                who);
    return EXIT_CONNECTION;
}

/* `host` is the peer's, or NULL if it is not known. */
static enum exit_code secure_wire(struct cat_call *c,
                                  const struct cat_call_tls *tls,
                                  const char *host)
{
    const char *who = host ? host : "the peer";
    struct wire_tls how = {tls->ctx, c->is_passive,
                           expected_name(c, tls, host)};
    int err = set_trust(c, tls);

    if (err)
        return cat_call_complain(
            c, c->options->ca_file ? c->options->ca_file : "TLS", err,
            EXIT_CONNECTION);
    err = wire_handshake(&c->wire, &how, timeout_ms(c));
    if (!err)
        return judge_peer(c, tls, who);
    if (!c->wire.tls_why)
        return cat_call_complain(c, who, err, EXIT_CONNECTION);
    screen_note(c->screen, "%s: %s: %s", who, err_text(err), c->wire.tls_why);
    return EXIT_CONNECTION;
}

/* --- the connection ------------------------------------------------------- */

/* Has a socket; the rest of the program deals with the wire. */
static int take_socket(struct cat_call *c, int fd)
{
    c->has_wire = true;
    return wire_init(&c->wire, fd);
}

/* Is the host a name, and the port the one that it has for want of another? */
static bool needs_srv(const struct cat_call *c, const char *path,
                      const char *host)
{
    unsigned char address[16];
    struct uri uri;

    return !c->options->connect && uri_parse(&uri, first_uri(path)) == 0 &&
           uri.port == 0 && inet_pton(AF_INET, host, address) != 1 &&
           inet_pton(AF_INET6, host, address) != 1;
}

/* Connects to `at`, or if `by_name` where the SRV records of its name lead;
 * without any, the port is the usual one (R4976-8-d). */
static int reach(const struct cat_call *c, int *fd,
                 const struct cat_dial_to *at, bool by_name)
{
    struct cat_srv found;
    int err = ERR_NOT_FOUND;

    if (!by_name || cat_srv_find(&found, at->host, c->rnd))
        return cat_dial_connect(fd, at, timeout_ms(c));
    for (size_t i = 0; i < found.n && err; i++) {
        const struct cat_srv_target *t = &found.targets[i];
        struct cat_dial_to to;

        if (strcmp(t->host, ".") == 0 || t->port == 0)
            continue; /* not offered */
        snprintf(to.host, sizeof to.host, "%s", t->host);
        snprintf(to.port, sizeof to.port, "%u", (unsigned)t->port);
        err = cat_dial_connect(fd, &to, timeout_ms(c));
    }
    return err;
}

enum exit_code cat_call_connect(struct cat_call *c, const char *path,
                                const struct cat_call_tls *tls)
{
    struct cat_dial_to at, name;
    bool secure;
    int fd, err = cat_dial_from_uri(&name, &secure, first_uri(path));

    at = name;
    if (!err && c->options->connect)
        err = cat_dial_parse(&at, span_str(c->options->connect), NULL);
    if (err)
        return cat_call_complain(c, "address", err, EXIT_USAGE);
    err = reach(c, &fd, &at, secure && needs_srv(c, path, name.host));
    if (!err)
        err = take_socket(c, fd);
    if (err)
        return cat_call_complain(c, at.host, err, EXIT_CONNECTION);
    return tls->ctx ? secure_wire(c, tls, name.host) : EXIT_FINE;
}

/* The host of the peer whose path is known; NULL otherwise. */
static const char *peer_host(const struct cat_call *c, struct cat_dial_to *room)
{
    bool secure;

    if (!c->peer || cat_dial_from_uri(room, &secure, first_uri(c->peer)))
        return NULL;
    return room->host;
}

enum exit_code cat_call_accept(struct cat_call *c, int listener,
                               const struct cat_call_tls *tls)
{
    struct cat_dial_to peer;
    int fd, err = cat_dial_accept(&fd, listener);

    c->is_passive = true;
    if (!err)
        err = take_socket(c, fd);
    if (err)
        return cat_call_complain(c, c->options->listen, err, EXIT_CONNECTION);
    return tls->ctx ? secure_wire(c, tls, peer_host(c, &peer)) : EXIT_FINE;
}

/* --- with paths that are known -------------------------------------------- */

static int announce(const struct cat_call *c)
{
    return cat_session_announce(c->options, c->own);
}

static enum exit_code call(struct cat_call *c)
{
    const struct cat_options *o = c->options;
    const char *path = o->n_relays ? o->relays[0] : c->peer;
    struct cat_call_tls tls = {0};
    struct cat_dial_to name;
    enum exit_code code = EXIT_FINE;
    bool secure;

    if (cat_dial_from_uri(&name, &secure, first_uri(path)))
        return cat_call_complain(c, "address", ERR_SYNTAX, EXIT_USAGE);
    c->own = path_nowhere_uri(c->rnd, secure);
    if (!c->own)
        return cat_call_complain(c, "path", ERR_NOMEM, EXIT_CONNECTION);
    if (secure)
        code = cat_call_identity(c, &tls.ctx, name.host, false);
    if (!code)
        code = cat_call_connect(c, path, &tls);
    SSL_CTX_free(tls.ctx); /* the connection holds on to it */
    if (!code && o->n_relays == 0 && announce(c))
        code = cat_call_complain(c, "path", ERR_IO, EXIT_CONNECTION);
    return code;
}

static enum exit_code await_call(struct cat_call *c)
{
    const struct cat_options *o = c->options;
    struct cat_call_tls tls = {0};
    enum exit_code code = EXIT_FINE;
    struct cat_dial_own own;
    struct cat_dial_to at;
    int listener, err = cat_dial_parse(&at, span_str(o->listen), "127.0.0.1");

    if (err)
        return cat_call_complain(c, o->listen, err, EXIT_USAGE);
    if (o->tls)
        code = cat_call_identity(c, &tls.ctx, at.host, true);
    if (code)
        return code;
    err = cat_dial_listen(&listener, &own, &at);
    if (err) {
        code = cat_call_complain(c, o->listen, err, EXIT_CONNECTION);
    } else {
        c->own = path_own_uri(c->rnd, o->tls, span_str(own.authority));
        err = c->own ? announce(c) : ERR_NOMEM;
        code = err ? cat_call_complain(c, "path", err, EXIT_CONNECTION)
                   : cat_call_accept(c, listener, &tls);
    }
    SSL_CTX_free(tls.ctx);
    return code;
}

/* --- the whole ------------------------------------------------------------ */

enum exit_code cat_call_make(struct cat_call *c)
{
    if (c->options->peer_sdp)
        return cat_exchange(c);
    return c->options->listen ? await_call(c) : call(c);
}

void cat_call_fini(struct cat_call *c)
{
    if (c->has_wire)
        wire_fini(&c->wire);
    free(c->own);
    free(c->peer);
}
