/* SPDX-License-Identifier: BSD-2-Clause */
/* takeover - listens at an address whose port an old socket still has.
 *
 * A reload may move from 127.0.0.1 to 0.0.0.0 or back, and Linux refuses one
 * while the other is bound (EADDRINUSE). The old socket cannot be closed first:
 * if anything in the new setup fails, everything must be as it was. So both
 * share the port until it is decided which one stays. */
#include <errno.h>

#include "err.h"
#include "listener.h"
#include "server_private.h"

/* The sockets in use that `setup` does without begin or cease to share their
 * ports; how many there are. */
static size_t share_unwanted(const struct setup *setup, struct server *s,
                             bool on)
{
    struct list *m, *next;
    size_t n = 0;

    LIST_EACH(m, next, &s->listeners)
    {
        struct msrp_listener *ml =
            CONTAINER(m, struct msrp_listener, of_server);

        if (ml->is_wanted)
            continue;
        listener_share(ml->listener, on);
        n++;
    }
    if (s->now.http_server && s->now.http_server != setup->http_server) {
        listener_share(http_server_listener(s->now.http_server), on);
        n++;
    }
    return n;
}

int takeover_listen(int *fd, const struct setup *setup, struct server *s,
                    const struct addr *at, const struct sock_opts *opts)
{
    struct sock_opts sharing = *opts;
    int err = sock_listen(fd, at, opts);

    if (err != ERR_IO || errno != EADDRINUSE)
        return err;
    /* Without a socket to take over from, sharing must not be asked for: Linux
     * would let us in beside another daemon of this user that has ever shared
     * its port (listener_share()). */
    if (share_unwanted(setup, s, true) == 0)
        return err;
    sharing.share = true;
    err = sock_listen(fd, at, &sharing);
    (void)share_unwanted(setup, s, false);
    if (!err)
        sock_share(*fd, false);
    return err;
}
