/* SPDX-License-Identifier: BSD-2-Clause */
/* ask - the control socket of a scene's relay. */
#ifndef ASK_H
#define ASK_H

#include "scene.h"

/* Has the relay open one, by a reload with these settings; NULL: defaults. */
void ask_open(struct scene *s, const struct relay_opts *opts);
/* Asks, such as "drain on", and waits for the whole answer, in a text that
 * lives as long as the scene. */
const char *ask(struct scene *s, const char *request);
/* The same; it must be granted. */
const char *ask_well(struct scene *s, const char *request);

#endif
