/* SPDX-License-Identifier: BSD-2-Clause */
/* app - the program: its command line, then the relay. */
#ifndef APP_H
#define APP_H

/* All of main(). Returns what the process ends with: 0 success, 1 failure at
 * run time, 64 bad command line, 78 bad configuration. */
int app_main(int argc, char **argv);

#endif
