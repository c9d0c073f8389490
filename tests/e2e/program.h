/* SPDX-License-Identifier: BSD-2-Clause */
/* program - another program beside the relays of a scene: a child process,
 * which goes with the scene. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "scene.h"

struct program;

/* Is it installed? If not, says so. */
bool program_is_there(const char *path);

/* For those that take no port 0: one of 127.0.0.1 that nobody had a moment ago.
 */
unsigned program_free_port(void);

/* Runs argv[0], the path of the program. In the child, `in_child` (NULL:
 * nothing) is called before. */
struct program *program_start(struct scene *s, const char *const *argv,
                              void (*in_child)(void *ctx), void *ctx);
/* Waits until it listens there. */
void program_wait_port(struct program *p, unsigned port);
/* All that it has written to stdout and stderr so far; changes with the next
 * turn of the scene. */
const char *program_said(const struct program *p);

#endif
