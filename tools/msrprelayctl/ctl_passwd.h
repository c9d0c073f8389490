/* ctl_passwd - `msrprelayctl passwd`: a user's lines in the users file. */
#ifndef CTL_PASSWD_H
#define CTL_PASSWD_H

#include "ctl_args.h"

/* Exit codes of the program. */
enum ctl_exit {
    CTL_OK = 0,
    CTL_FAILED = 1,
    CTL_UNREACHABLE = 2, /* the daemon */
    CTL_USAGE = 64,
};

/* Asks for the password and writes it, or takes the user out. What went wrong
 * has been told on stderr. */
enum ctl_exit ctl_passwd(const struct ctl_args *a);

#endif
