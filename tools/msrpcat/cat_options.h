/* SPDX-License-Identifier: BSD-2-Clause */
/* cat_options - the command line of msrpcat. */
#ifndef CAT_OPTIONS_H
#define CAT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cat_sdp.h"
#include "cmdline.h"
#include "msg.h"

enum exit_code {
    EXIT_FINE = 0,
    EXIT_MESSAGE = 1,    /* a message failed or was refused */
    EXIT_CONNECTION = 2, /* no connection, no credentials, or lost */
    EXIT_USAGE = 64
};

enum { CAT_OPTIONS_RELAYS = 8 };

/* Something to send. */
struct cat_options_item {
    bool is_file;
    const char *arg; /* the text, or the file's name */
    const char *type;
};

/* Strings point into argv, but for the two that are wiped. */
struct cat_options {
    char *relays[CAT_OPTIONS_RELAYS];
    size_t n_relays;
    char *user;     /* heap */
    char *password; /* heap; NULL: to be asked for */
    const char *password_file;
    const char *connect, *listen;
    const char *to;
    struct cat_options_item *items; /* heap */
    size_t n_items;
    const char *type; /* of the items to come; NULL: the usual one */
    const char *output, *output_dir;
    const char *path_file;
    const char *sdp_file, *peer_sdp;
    bool answer; /* the peer's SDP is an offer */
    enum cat_setup setup;
    bool tls; /* where neither a URI nor an offer says it */
    const char *cert_file, *key_file;
    uint64_t count; /* messages to wait for; 0: not given */
    bool report;
    enum msg_report failure_report;
    uint64_t chunk_size, window; /* 0: unlimited */
    uint64_t timeout_s, expires_s, keepalive_s;
    const char *ca_file, *name;
    bool insecure, quiet, verbose;
    bool help, version; /* asked for; nothing else was checked */
};

/* Reads argv, in which a password is overwritten: 0, ERR_NOMEM, or ERR_SYNTAX
 * with the reason in `why`. cat_options_free() in any case. */
int cat_options_parse(struct cat_options *o, char why[CMDLINE_WHY], int argc,
                      char **argv);

/* Wipes what is secret. */
void cat_options_free(struct cat_options *o);

/* Does it send lines from standard input? */
static inline bool cat_options_is_chat(const struct cat_options *o)
{
    return (o->to || o->peer_sdp) && o->n_items == 0;
}

void cat_options_help(FILE *to);

#endif
