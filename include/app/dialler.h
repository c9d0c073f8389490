/* dialler - what this relay needs to open connections itself: names and
 * sockets. */
#ifndef DIALLER_H
#define DIALLER_H

#include "config.h"
#include "dial.h"
#include "loop.h"
#include "resolve.h"
#include "rnd.h"

struct dialler {
    const struct config *config;
    struct rnd rnd;
    struct resolve *resolve;
    struct dial *dial;
};

/* 0 or an error. `d` is zeroed by the caller; dialler_close()
 * copes with one that was half opened. */
int dialler_open(struct dialler *d, struct loop *loop,
                 const struct config *config);
/* From now on by this configuration, which must outlive d; 0, or ERR_NOMEM and
 * all is as it was. */
int dialler_configure(struct dialler *d, const struct config *config);
void dialler_close(struct dialler *d);

#endif
