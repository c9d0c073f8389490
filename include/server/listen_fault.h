/* SPDX-License-Identifier: BSD-2-Clause */
/* listen_fault - what to do about an address at which nothing can listen. */
#ifndef LISTEN_FAULT_H
#define LISTEN_FAULT_H

#include <stdbool.h>

#include "sock.h"

enum { LISTEN_FAULT_MAX = 192 };

/* Writes to dst (LISTEN_FAULT_MAX) what the operator has to do; `key` is that
 * of the address in the configuration, and errnum what the kernel said. False:
 * nothing, time may help. */
bool listen_fault_advice(char *dst, const char *key, const struct addr *at,
                         int errnum);

#endif
