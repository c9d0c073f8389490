/* SPDX-License-Identifier: BSD-2-Clause */
/* cat_session - what happens on one connection once it is there: AUTH if there
 * is a relay, then messages out and in, until all is done that was asked for.
 */
#ifndef CAT_SESSION_H
#define CAT_SESSION_H

#include "cat_options.h"
#include "inbox.h"
#include "outbox.h"
#include "rnd.h"
#include "screen.h"
#include "store.h"
#include "wire.h"

/* What a session needs from outside; all of it stays the caller's. */
struct cat_session_setup {
    const struct cat_options *options;
    struct wire *wire;
    struct store *store;
    struct screen *screen;
    struct rnd *rnd;
    const char *own;  /* this end's URI */
    const char *peer; /* the peer's path; NULL: nothing will be sent */
    bool is_passive;  /* the peer has connected */
    int signal_fd;    /* readable when it should end */
};

/* Runs to the end, and says on the screen what goes wrong. The connection is
 * closed, not freed. */
enum exit_code cat_session_run(const struct cat_session_setup *setup);

/* Makes the path known under which this end can be reached: in --path-file, or
 * on the screen if this end waits for messages. 0 or ERR_IO (see errno). */
int cat_session_announce(const struct cat_options *options, const char *path);

#endif
