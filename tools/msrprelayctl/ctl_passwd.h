/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_passwd - `msrprelayctl passwd`: a user's lines in the users file. */
#ifndef CTL_PASSWD_H
#define CTL_PASSWD_H

#include "ctl_args.h"
#include "ctl_exit.h"

/* Asks for the password and writes it, or removes the user. What went wrong
 * has been printed on stderr. */
enum ctl_exit ctl_passwd(const struct ctl_args *a);

#endif
