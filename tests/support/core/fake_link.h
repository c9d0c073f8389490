/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_link - a link without a connection: keeps what is put, and otherwise
 * behaves as the test wants. */
#ifndef FAKE_LINK_H
#define FAKE_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "link.h"

struct fake_link {
    struct link link;
    char *out; /* all octets ever put */
    size_t out_n, out_room;
    size_t looked_at; /* by fake_link_new_output() */
    size_t taken;     /* by the kernel: the rest is queued */
    size_t unacked;   /* of these, by the other end's kernel */
    bool in_frame;    /* what was put last did not end its frame */
    bool refuses;     /* takes nothing more: put answers ERR_FULL */
    bool paused;
    unsigned pauses, resumes, closes, probes;
    const char *why;          /* of the last close */
    struct host_names *names; /* in its certificate; NULL: it has none */
};

/* A link over TLS, allowed to AUTH, on port 2855. The parts of core's modules
 * are set up; what outputs share (sendq_link_init()) is for the test to give.
 */
void fake_link_init(struct fake_link *f, uint64_t number);
void fake_link_fini(struct fake_link *f);

/* Its verified certificate names this host, too. Not known to the relay before
 * relay_link_known(). */
void fake_link_certify(struct fake_link *f, const char *name);

/* Allocates room for this much output, so that put needs no memory. */
void fake_link_reserve(struct fake_link *f, size_t room);

/* What was put since the last call; valid until more is put. */
struct span fake_link_new_output(struct fake_link *f);

/* Fails the test unless exactly this was put since then. */
void assert_output(struct fake_link *f, const char *want);

#endif
