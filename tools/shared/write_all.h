/* SPDX-License-Identifier: BSD-2-Clause */
/* write_all - a whole text into a descriptor that may take it in pieces. */
#ifndef WRITE_ALL_H
#define WRITE_ALL_H

#include "str.h"

/* 0 or ERR_IO (see errno); then part of it may be written. */
int write_all(int fd, struct span text);

#endif
