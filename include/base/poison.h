/* SPDX-License-Identifier: BSD-2-Clause */
/* poison - what this project never calls, made a compile error.
 *
 * Forced in front of every file by the build; the headers that declare the
 * names come first. */
#ifndef POISON_H
#define POISON_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The system makes macros of these; a poisoned name must not be one. */
#undef sprintf
#undef vsprintf
#undef alloca

#pragma GCC poison strcpy strcat sprintf vsprintf strncpy strtok atoi atol     \
    gets alloca

#endif
