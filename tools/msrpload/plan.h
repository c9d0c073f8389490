/* plan - what load to make: the command line of msrpload. */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "msg.h"

enum plan_exit {
    PLAN_FINE = 0,
    PLAN_FAULTS = 1,  /* something was lost, corrupted or refused */
    PLAN_NO_LOAD = 2, /* it did not come to that */
    PLAN_USAGE = 64
};

enum { PLAN_WHY = 200, PLAN_NAME = 256, PLAN_PAIRS_MAX = 500000 };

/* Strings point into argv, but for the two that are wiped. */
struct plan {
    char *relay;    /* its URI */
    char *user;     /* heap */
    char *password; /* heap; NULL: to be asked for */
    const char *password_file;
    uint64_t users;        /* NAME1 to NAMEusers; 0: just NAME */
    const char *users_for; /* print a users file for this realm */
    const char *connect, *ca_file, *name;
    bool insecure;
    uint64_t pairs;
    uint64_t sessions_per_connection;
    uint64_t stall; /* pairs whose receiver stops reading */
    bool duplex;    /* both clients of a pair send */
    bool idle;      /* nobody sends */
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
 * with the reason in `why`. plan_free() in any case. */
int plan_parse(struct plan *p, char why[PLAN_WHY], int argc, char **argv);

/* The name of client `number` of all; users are taken in turn. */
void plan_user(char name[PLAN_NAME], const struct plan *p, uint64_t number);

/* Wipes what is secret. */
void plan_free(struct plan *p);

void plan_help(FILE *to);

#endif
