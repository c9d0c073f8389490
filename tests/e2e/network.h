/* SPDX-License-Identifier: BSD-2-Clause */
/* network - a network of the test's own, whose far side may vanish: needs root,
 * and the program `ip`.
 *
 * The test moves into a namespace of its own, in which relays are started
 * afterwards; the far side is another one, connected to it by a cable. */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdbool.h>

/* Addresses of both sides. */
#define NETWORK_NEAR "10.77.0.1"
#define NETWORK_FAR "10.77.0.2"

/* Once in a test program, before anything else. false: it is not permitted. */
bool network_make(void);
/* The process lives on the far side from here on, or on the near one again: its
 * sockets are made there. */
void network_go_far(void);
void network_go_near(void);
/* Nothing arrives on the far side any more, nothing leaves it; and again. */
void network_cut(void);
void network_mend(void);

#endif
