/* opts - the command line of msrpcat. */
#ifndef OPTS_H
#define OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "msg.h"

enum exit_code {
    EXIT_FINE = 0,
    EXIT_MESSAGE = 1,    /* a message failed or was refused */
    EXIT_CONNECTION = 2, /* no connection, no credentials, or lost */
    EXIT_USAGE = 64
};

enum { OPTS_RELAYS = 8, OPTS_WHY = 200 };

/* Something to send. */
struct opts_item {
    bool is_file;
    const char *arg; /* the text, or the file's name */
    const char *type;
};

/* Strings point into argv, but for the two that are wiped. */
struct opts {
    char *relays[OPTS_RELAYS];
    size_t n_relays;
    char *user;     /* heap */
    char *password; /* heap; NULL: to be asked for */
    const char *password_file;
    const char *connect, *listen;
    const char *to;
    struct opts_item *items; /* heap */
    size_t n_items;
    const char *output, *output_dir;
    const char *path_file;
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
 * with the reason in `why`. opts_free() in any case. */
int opts_parse(struct opts *o, char why[OPTS_WHY], int argc, char **argv);

/* Wipes what is secret. */
void opts_free(struct opts *o);

/* Does it send lines from standard input? */
static inline bool opts_is_chat(const struct opts *o)
{
    return o->to && o->n_items == 0;
}

void opts_help(FILE *to);

#endif
