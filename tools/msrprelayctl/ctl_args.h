/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_args - the command line of msrprelayctl. */
#ifndef CTL_ARGS_H
#define CTL_ARGS_H

#include <stdbool.h>
#include <stdio.h>

#include "cmdline.h"
#include "control_request.h"
#include "digest.h"

/* The configuration for want of another. */
#define CTL_CONFIG "/etc/msrprelayd/msrprelayd.conf"

enum ctl_what {
    CTL_ASK,      /* the daemon */
    CTL_SELFTEST, /* the daemon, and then its listeners */
    CTL_TOP,      /* the same, over and over */
    CTL_CHECK,    /* the configuration */
    CTL_PASSWD,   /* the users file */
    CTL_HELP,
    CTL_VERSION,
};

/* Texts are parts of argv, or NULL. */
struct ctl_args {
    enum ctl_what what;
    const char *config; /* the configuration's file */
    const char *socket;
    bool json;
    bool help, version;
    /* CTL_ASK */
    enum control_id id;
    char line[CONTROL_REQUEST_MAX]; /* the request, with its line feed */
    /* CTL_SELFTEST */
    const char *ca_file;
    const char *name;
    /* CTL_PASSWD */
    const char *user;
    const char *users_file;
    const char *realm;
    bool algs[DIGEST_ALGS];
    bool removes;
    bool from_stdin;
};

/* Takes the command line apart: 0, or ERR_SYNTAX with `why`, a sentence without
 * a full stop. */
int ctl_args_parse(struct ctl_args *out, char why[CMDLINE_WHY], int argc,
                   char **argv);

/* Writes how the program is used. */
void ctl_args_help(FILE *to);

#endif
