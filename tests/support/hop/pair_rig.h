/* SPDX-License-Identifier: BSD-2-Clause */
/* pair_rig - an anchored pair of a relay with real sockets, and the far ends of
 * its connections. */
#ifndef PAIR_RIG_H
#define PAIR_RIG_H

#include <openssl/ssl.h>

#include "anchored.h"
#include "hop.h"
#include "tls_files.h"

enum { FAR_END_TEXT_MAX = 4096 };

#define PAIR_RIG_P_A "msrps://127.0.0.1:9/alice;tcp"

struct pair_rig {
    struct loop *loop;
    struct net *net;
    struct rnd rnd;
    struct resolve *resolve;
    struct dial *dial;
    struct policy policy;
    struct users *users;
    struct log *log;
    struct relay *relay;
    struct hops hops;
    struct tls_files *files;
    struct tls_ctx *server, *any, *client;
    bool may_dial;
    struct anchored_token *token;
    struct anchored_pair *pair;
};

/* The other end of a connection. */
struct far_end {
    int fd;
    SSL *ssl; /* NULL: none */
    char text[FAR_END_TEXT_MAX];
    size_t n;
    bool eof;
};

/* A relay in *state, which may dial. */
int pair_rig_set_up(void **state);
int pair_rig_tear_down(void **state);
void pair_rig_turn(struct pair_rig *w);

/* A context that shows the certificate `stem`, or none (NULL). */
SSL_CTX *pair_rig_context(struct pair_rig *w, const char *stem);
struct fingerprint pair_rig_fingerprint(struct pair_rig *w, const char *stem);

/* A token and a pair, of which nobody has said anything. */
void pair_rig_offer(struct pair_rig *w, bool is_secure);
/* What a side's SDP said. */
void pair_rig_say(struct pair_rig *w, enum anchored_side side, const char *path,
                  struct anchored_said said);
/* A over TLS, known by a certificate that nobody verifies. */
void pair_rig_say_a(struct pair_rig *w, const struct fingerprint *f);
/* The URI that A was given. */
struct span pair_rig_u_a(struct pair_rig *w);

/* A listening socket at a port of the kernel's choice. */
int pair_rig_listen(uint16_t *port);
/* Connects to the relay, over TLS with this context, which it takes. */
void far_end_come(struct pair_rig *w, struct far_end *e, SSL_CTX *ctx);
/* The connection that the relay opens to this socket. */
void far_end_dialled(struct pair_rig *w, struct far_end *e, int listening,
                     SSL_CTX *ctx);
void far_end_leave(struct far_end *e);

/* Turns until it has been sent this. */
void far_end_until(struct pair_rig *w, struct far_end *e, const char *part);
void far_end_until_eof(struct pair_rig *w, struct far_end *e);
void far_end_forget(struct far_end *e);

void far_end_tell(struct pair_rig *w, struct far_end *e, const char *text);
/* A request of the side that announced `from`. */
void far_end_ask(struct pair_rig *w, struct far_end *e, const char *tid,
                 struct span to, const char *from, const char *body);
/* It answers 200 to the request that came first. */
void far_end_answer(struct pair_rig *w, struct far_end *e);

#endif
