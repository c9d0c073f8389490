/* SPDX-License-Identifier: BSD-2-Clause */
/* load_options - what load to make: the command line of msrpload. */
#ifndef LOAD_OPTIONS_H
#define LOAD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cmdline.h"
#include "msg.h"

enum load_exit {
    LOAD_FINE = 0,
    LOAD_FAULTS = 1,  /* something was lost, corrupted or refused */
    LOAD_NOT_RUN = 2, /* it did not come to that */
    LOAD_USAGE = 64
};

enum { LOAD_OPTIONS_NAME = 256, LOAD_OPTIONS_PAIRS_MAX = 500000 };

/* Strings point into argv, but for the two that are wiped. */
struct load_options {
    char *relay;    /* its URI */
    char *user;     /* heap */
    char *password; /* heap; NULL: to be asked for */
    const char *password_file;
    uint64_t users;        /* NAME1 to NAMEusers; 0: just NAME */
    const char *users_for; /* print a users file for this realm */
    const char *connect, *connect_receivers, *ca_file, *name;
    bool insecure;
    uint64_t pairs;
    uint64_t sessions_per_connection;
    uint64_t stall; /* pairs whose receiver stops reading */
    bool duplex;    /* both clients of a pair send */
    bool idle;      /* no client sends */
    uint64_t size;  /* octets of a message, > 0 */
    uint64_t chunk; /* most octets of a SEND, > 0, <= size */
    uint64_t window;
    uint64_t rate;  /* messages in 1000 s from each sender; 0: unlimited */
    uint64_t count; /* messages from each sender; 0: unlimited */
    uint64_t duration_ms; /* 0: unlimited */
    uint64_t warm_up_ms;
    uint64_t timeout_ms; /* for whatever is waited for */
    uint64_t expires_s;  /* 0: the relay's choice */
    enum msg_report failure_report;
    bool success_report;
    bool json, quiet;
    bool help, version; /* asked for; nothing else was checked */
};

/* Reads argv, in which a password is overwritten: 0, ERR_NOMEM, or ERR_SYNTAX
 * with the reason in `why`. load_options_free() in any case. */
int load_options_parse(struct load_options *o, char why[CMDLINE_WHY], int argc,
                       char **argv);

/* The name of client `number` of all; users are taken in turn. */
void load_options_user(char name[LOAD_OPTIONS_NAME],
                       const struct load_options *o, uint64_t number);

/* Wipes what is secret. */
void load_options_free(struct load_options *o);

void load_options_help(FILE *to);

#endif
