/* dialler - what this relay needs to open connections itself: names, sockets,
 * and a TLS client with the relay's own certificate. */
#ifndef DIALLER_H
#define DIALLER_H

#include "config.h"
#include "dial.h"
#include "log.h"
#include "loop.h"
#include "resolve.h"
#include "rnd.h"
#include "tls.h"

struct dialler {
    const struct config *config;
    struct rnd rnd;
    struct resolve *resolve;
    struct dial *dial;
    struct tls_ctx *tls; /* NULL if no listener speaks TLS: no certificate */
};

/* 0, or an error that was logged. `d` is zeroed by the caller; dialler_close()
 * copes with one that was half opened. */
int dialler_open(struct dialler *d, struct loop *loop,
                 const struct config *config, bool with_tls, struct log *log);
void dialler_close(struct dialler *d);

#endif
