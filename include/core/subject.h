/* SPDX-License-Identifier: BSD-2-Clause */
/* subject - whom lines of the log and records of accounting are about (S-38).
 *
 *     c=42 closed peer=192.0.2.7:40312 listener=tls:2855 user=alice reason=...
 *
 * Each connection has one subject, made when it is accepted or dialled; all
 * lines about the connection are made from it. Its sessions share it, since
 * some outlive the connection. Knows no socket: the application tells what is
 * known of the two ends. Functions that are given no subject (NULL) write
 * nothing of the ends, or do nothing. */
#ifndef SUBJECT_H
#define SUBJECT_H

#include <stdint.h>

#include "str.h"

enum {
    SUBJECT_TEXT_MAX = 256, /* octets of what subject_write() writes */
    SUBJECT_USER_MAX = 136, /* of a user's name in a line */
    SUBJECT_LINE_MAX = SUBJECT_TEXT_MAX + SUBJECT_USER_MAX + 8,
};

struct subject_facts {
    const char *peer; /* "192.0.2.7:40312", "[2001:db8::7]:40312"; "": none */
    const char *transport; /* a static text */
    uint16_t port;         /* of the listener, or of the URI that was dialled */
    struct span dialled;   /* the host of that URI; empty: it was accepted */
};

/* Values only; written by the functions below. */
struct subject {
    uint32_t refs;
    const char *transport; /* as in the facts */
    const char *tls;       /* the version, a static text; "" without TLS */
    char *user;            /* of the connection; NULL: none is known; owned */
    char text[];           /* as subject_write() writes it */
};

/* Writes ` peer=ADDRESS:PORT listener=TRANSPORT:PORT` into dst, which has room
 * for SUBJECT_TEXT_MAX octets, or ` dialled=HOST:PORT` instead of the listener;
 * without what is not known. Returns dst. */
const char *subject_write(char *dst, const struct subject_facts *facts);

/* A subject with one reference; NULL when out of memory. */
struct subject *subject_new(const struct subject_facts *facts);
struct subject *subject_ref(struct subject *s);
void subject_unref(struct subject *s);

/* The connection is this user's, or somebody on it claims to be. No-op when out
 * of memory. */
void subject_set_user(struct subject *s, struct span user);

/* Writes what a line says of the subject, beginning with a blank, and whom the
 * line is about into dst, which has room for SUBJECT_LINE_MAX octets: `user`,
 * or the connection's if that is empty. Returns dst. */
const char *subject_line(char *dst, const struct subject *s, struct span user);

/* The peer's address and port, as lines of the log write them; empty if not
 * known. Valid as long as s. */
struct span subject_peer_text(const struct subject *s);

/* The peer's address, without brackets, and its port; empty if not known. The
 * text is valid as long as s. */
struct span subject_peer(const struct subject *s, uint16_t *port);

#endif
