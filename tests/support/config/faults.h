/* SPDX-License-Identifier: BSD-2-Clause */
/* faults - what a configuration was told to be wrong, for tests to look at. */
#ifndef FAULTS_H
#define FAULTS_H

#include <stddef.h>

#include "config.h"

struct faults {
    size_t count;
    char text[16384]; /* `FILE:LINE: what` a line, FILE without directories */
};

/* A config_fault_fn; ctx is a struct faults, zeroed to begin with. */
void faults_add(void *ctx, struct config_place place, const char *what);

#endif
