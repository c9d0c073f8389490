/* SPDX-License-Identifier: BSD-2-Clause */
/* dialler - what this relay needs to open connections itself: names and
 * sockets. */
#ifndef DIALLER_H
#define DIALLER_H

#include "config.h"
#include "dial.h"
#include "loop.h"
#include "own_addresses.h"
#include "policy.h"
#include "resolve.h"
#include "rnd.h"

struct dialler {
    const struct config *config;
    const struct policy *policy; /* set by the owner, before it dials */
    struct loop *loop;
    struct own_addresses own;
    struct rnd rnd;
    struct resolve *resolve;
    struct dial *dial;
};

/* 0 or an error. `d` is zeroed by the caller; dialler_close()
 * copes with one that was half opened. */
int dialler_open(struct dialler *d, struct loop *loop,
                 const struct config *config);
/* Two-phase reconfiguration: prepare may fail and changes nothing; commit
 * cannot fail; abandon undoes prepare. `config` must then outlive d. */
int dialler_prepare(struct dialler *d, const struct config *config);
void dialler_commit(struct dialler *d, const struct config *config);
void dialler_abandon(struct dialler *d);
/* May this address be dialled, for that host? */
bool dialler_permits(struct dialler *d, const struct addr *to, struct span host,
                     bool secure);
void dialler_close(struct dialler *d);

#endif
