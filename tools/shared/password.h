/* password - from a file, or from the terminal. */
#ifndef PASSWORD_H
#define PASSWORD_H

/* The first line of `file`, or, if that is NULL, what the user types without
 * seeing it; heap, to be wiped. 0, ERR_IO (see errno), ERR_NOMEM. */
int password_get(char **out, const char *file, const char *user);

#endif
