/* SPDX-License-Identifier: BSD-2-Clause */
/* password - from a file, or from the terminal. */
#ifndef PASSWORD_H
#define PASSWORD_H

enum { PASSWORD_MAX = 1023 }; /* octets */

/* The first line of `file`, or, if that is NULL, what the user types without
 * seeing it; heap, to be wiped. 0; ERR_IO (see errno); ERR_LIMIT for a longer
 * one; ERR_SYNTAX for one with a NUL in it; ERR_NOMEM. */
int password_get(char **out, const char *file, const char *user);

/* What is typed at the terminal after `prompt`, the same way. A signal that
 * ends or stops the process finds the terminal as it was. */
int password_ask(char **out, const char *prompt);

/* The first line of this descriptor, of which no octet after the line is read;
 * the same way. ERR_IO with errno 0 if it ends before there is a line. */
int password_read(char **out, int fd);

/* Takes apart `NAME` or `NAME:PASSWORD`, an argument of the program, in which
 * the password is then overwritten: everybody can read the command line. Both
 * are heap, to be given to password_free(); without a password *password stays
 * as it is. 0, ERR_SYNTAX without a name, or ERR_NOMEM. */
int password_split(char **name, char **password, char *argument);

/* Wipes and frees it; NULL is harmless. */
void password_free(char *secret);

#endif
