/* SPDX-License-Identifier: BSD-2-Clause */
/* sdp - the message sections of a session description (RFC 8866; RFC 4975, 8).
 *
 * Only what anchoring needs is read: sections with media `message` and one of
 * our protocols. All spans point into the text given. Nothing is
 * allocated, and the work grows with the length of the text alone. */
#ifndef SDP_H
#define SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

enum {
    SDP_SECTIONS_MAX = 16, /* of ours in one description */
    SDP_PATH_MAX = 4096,   /* octets in a path */
    SDP_PRINTS_MAX = 16,   /* fingerprints of one section; further ones are not
                              kept */
    SDP_PRINT_MAX = 256,   /* octets in one */
};

enum sdp_protocol {
    SDP_TCP, /* TCP/MSRP */
    SDP_TLS, /* TCP/TLS/MSRP */
    SDP_WS,  /* TCP/WS/MSRP */
    SDP_WSS, /* TCP/WSS/MSRP */
};
enum { SDP_PROTOCOLS = SDP_WSS + 1 };

/* As an m= line writes it; static. */
struct span sdp_protocol_text(enum sdp_protocol protocol);
/* The protocol of this name, in any case: 0 or ERR_NOT_FOUND. */
int sdp_protocol_find(enum sdp_protocol *out, struct span name);
static inline bool sdp_protocol_is_secure(enum sdp_protocol protocol)
{
    return protocol == SDP_TLS || protocol == SDP_WSS;
}

/* a=setup (RFC 4145, 4); holdconn and unknown values count as none (A-50 and
 * the tables before it). */
enum sdp_setup {
    SDP_SETUP_NONE,
    SDP_SETUP_ACTIVE,
    SDP_SETUP_PASSIVE,
    SDP_SETUP_ACTPASS,
};
/* "active" and so on; static; not for SDP_SETUP_NONE. */
struct span sdp_setup_text(enum sdp_setup setup);

/* The values of a=fingerprint (RFC 8122, 5), as they came. */
struct sdp_prints {
    bool announced; /* there was a line, even if nothing of it is kept */
    size_t n;
    struct span values[SDP_PRINTS_MAX];
};

/* c=: who is spoken to without a path. */
struct sdp_connection {
    int family;       /* 4, 6; 0: there is no such line, or it is odd */
    struct span host; /* an address or a name, without TTL */
};

enum sdp_kind {
    SDP_USABLE,
    SDP_REJECTED,     /* port 0 */
    SDP_WITHOUT_PATH, /* no a=path, several, or one that is not usable */
};

struct sdp_section {
    unsigned index; /* among all m= lines, from 0 */
    enum sdp_kind kind;
    enum sdp_protocol protocol;
    uint16_t port;
    struct span path; /* usable: whole URIs with blanks between them */
    unsigned n_uris;
    enum sdp_setup setup;
    bool is_cema;                     /* a=msrp-cema (RFC 6714) */
    struct sdp_connection connection; /* of the section, else the session's */
    struct sdp_prints prints;         /* the same */
};

struct sdp {
    struct span text;
    size_t n;
    struct sdp_section sections[SDP_SECTIONS_MAX];
};

/* Reads `text`; a path of more than `max_uris` is not usable. 0; ERR_SYNTAX if
 * it is no SDP; ERR_LIMIT if too many sections are ours. */
int sdp_parse(struct sdp *out, struct span text, unsigned max_uris);

/* The section at this place among all m= lines, or NULL if it is not ours. */
const struct sdp_section *sdp_section_at(const struct sdp *sdp, unsigned index);

/* Cuts the next URI off a path: empty at the end. */
struct span sdp_path_next(struct span *rest);

#endif
