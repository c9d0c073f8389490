/* SPDX-License-Identifier: BSD-2-Clause */
/* cat_sdp - the SDP of a message session (RFC 4975, 8; RFC 6135): what this end
 * says of itself, what it reads of the peer, and which of them connects.
 *
 * Text in, text out; no socket, no certificate. */
#ifndef CAT_SDP_H
#define CAT_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fingerprint.h"
#include "str.h"

/* The value of a=setup. */
enum cat_setup {
    CAT_SETUP_AUTO, /* this end's has still to be chosen; never of a peer */
    CAT_SETUP_NONE, /* there is none, or one that means nothing here */
    CAT_SETUP_ACTIVE,
    CAT_SETUP_PASSIVE,
    CAT_SETUP_ACTPASS
};

enum {
    CAT_SDP_MAX = 64 * 1024,  /* octets that are read */
    CAT_SDP_FINGERPRINTS = 8, /* of a peer; more are not looked at */
    CAT_SDP_ACTIVE_PORT = 9   /* of an end that only connects (RFC 6135, 4.2) */
};

/* What a peer says. The spans point into its text. */
struct cat_sdp {
    bool secure;      /* TCP/TLS/MSRP */
    struct span path; /* one or more URIs, see path_is_valid() */
    enum cat_setup setup;
    bool has_fingerprint; /* one at least, even if of no use */
    /* Those of the strongest function. */
    struct fingerprint fingerprints[CAT_SDP_FINGERPRINTS];
    size_t n_fingerprints;
};

/* Reads a whole session description, or the lines of a message section alone,
 * and takes the first message section over MSRP that is not declined. 0;
 * ERR_NOT_FOUND if there is none; ERR_DENIED if all are declined (port 0); or
 * ERR_SYNTAX if the one has no usable a=path. */
int cat_sdp_parse(struct cat_sdp *out, struct span text);

/* What this end says. */
struct cat_sdp_own {
    bool secure;
    const char *address;      /* for c=, numeric */
    const char *path;         /* its one URI, whose port goes into m= */
    const char *accept_types; /* value of a=accept-types */
    enum cat_setup setup;     /* not AUTO */
    const char *fingerprint;  /* `SHA-256 AB:CD:...`; NULL: none */
};

/* The lines of the section, each with CRLF; from the heap, NULL without memory.
 */
char *cat_sdp_text(const struct cat_sdp_own *own);

/* What is said in an offer if nothing else is wanted. */
enum cat_setup cat_sdp_offer_setup(enum cat_setup wanted, bool listens);

/* The same in an answer to an offer that said `offered`. */
enum cat_setup cat_sdp_answer_setup(enum cat_setup wanted,
                                    enum cat_setup offered, bool listens);

/* Does the side that made the offer connect? Without a word about it, it does
 * (R4975-5.4-b). 0, or ERR_DENIED if both want to or none. */
int cat_sdp_offerer_connects(bool *out, enum cat_setup offer,
                             enum cat_setup answer);

#endif
