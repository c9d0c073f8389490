/* SPDX-License-Identifier: BSD-2-Clause */
/* login - AUTH as a test client does it (RFC 4976, 5.1). */
#ifndef LOGIN_H
#define LOGIN_H

#include "digest.h"
#include "talk.h"

/* One attempt; what is left out has the usual value. */
struct login {
    const char *user;     /* usually the client's name */
    const char *password; /* usually the user's */
    const char *realm;    /* usually the relay's */
    const char *to;       /* To-Path; usually the relay alone */
    const char *headers;  /* more lines, each with its CRLF */
    const char *nc;
    const char *response; /* usually the right one */
    bool no_uri;          /* Authorization without `uri` (I-5) */
    bool quoted;          /* nc and qop in quotes (I-5) */
    /* From the challenge: */
    bool stale;
    enum digest_alg alg;
    const char *nonce, *opaque;
};

/* Connects with TLS and authenticates: the usual beginning of a test. */
struct client *login(struct scene *s, const char *user);
/* On a connection that is there already; returns the answer, with its Use-Path
 * in c->uri. */
struct got *login_on(struct client *c);

/* AUTH without credentials, which is answered with a challenge for l->alg. */
void login_ask(struct client *c, struct login *l);
/* AUTH with credentials; returns its tid. */
const char *login_try(struct client *c, const struct login *l);
/* The answer to it is a challenge: takes it for the next attempt. */
void login_refused(struct client *c, struct login *l, const char *tid);
/* The same with an answer that has been taken already. */
void login_take(struct client *c, struct login *l, const struct got *g);
/* The answer to it grants a URI, which becomes c->uri. */
struct got *login_granted(struct client *c, const char *tid);

/* The Digest of this attempt; the method is "AUTH", or "" for rspauth. */
void login_digest(struct digest_hex *out, const struct client *c,
                  const struct login *l, const char *method);

#define LOGIN_CNONCE "0a4f113b"

#endif
