/* SPDX-License-Identifier: BSD-2-Clause */
/* dial - from a host and a port to a connected socket.
 *
 * Resolves, then tries the addresses one after the other; one that does not
 * answer within 250 ms is joined by the next (RFC 8305, S-21), and the first
 * that answers is taken. The policy checks each address right before the socket
 * is connected to it, so that DNS rebinding cannot bypass the policy. A host
 * that failed is not retried for a while (backoff.h); until then calls fail
 * with its last error. */
#ifndef DIAL_H
#define DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "resolve.h"
#include "rnd.h"
#include "sock.h"
#include "str.h"

struct dial;
struct dial_call;

enum { DIAL_CALLS_MAX = 4096 }; /* under way */

struct dial_settings {
    uint64_t connect_ms; /* for one address */
    uint64_t total_ms;   /* for a call as a whole */
    struct sock_opts sock;
};

/* May this address be connected to, on behalf of a call for this host, which is
 * to prove its name by a certificate if the call is `secure`? */
typedef bool (*dial_may_fn)(void *ctx, const struct addr *to, struct span host,
                            bool secure);

/* How a call ended. */
struct dial_result {
    int err;
    int fd;              /* connected and the receiver's, or -1 */
    struct addr peer;    /* the address that is connected, or that `err` is
                            about; its len is 0 if it is about none */
    int errnum;          /* errno of that address, or 0 */
    unsigned denied;     /* addresses that the policy refused */
    unsigned tried;      /* addresses that it did not */
    uint64_t backoff_ms; /* > 0: `err` is an earlier call's; no retry yet */
};

/* The end of a call, once. `err` is 0 or
 *   ERR_NOT_FOUND  no such name, or it has no address,
 *   ERR_DENIED     the policy refused every address,
 *   ERR_TIMEOUT    no name server, or no address, answered in time,
 *   ERR_IO         refused, unreachable; or the name servers failed,
 *   ERR_LIMIT      no descriptor is left, or too many names are looked up,
 *   ERR_NOMEM;
 * of several addresses the one counts that tells most. The result is valid in
 * the call; the dial_call is gone after it. */
typedef void (*dial_done_fn)(void *ctx, const struct dial_result *result);

/* Calls by how they ended; counters only grow. */
struct dial_stats {
    size_t now; /* under way */
    uint64_t ok;
    uint64_t not_found;
    uint64_t denied;
    uint64_t timeout;
    uint64_t io;
    uint64_t limit;     /* no descriptor, no memory, too many look-ups */
    uint64_t backoff;   /* answered with an earlier failure */
    uint64_t cancelled; /* by the caller */
};

/* `resolve` outlives it. 0 or ERR_NOMEM. */
int dial_new(struct dial **out, struct loop *loop, struct resolve *resolve,
             struct rnd *rnd, const struct dial_settings *s, dial_may_fn may,
             void *may_ctx);
/* Ends all calls without a word; not from within one. NULL is harmless. */
void dial_free(struct dial *d);

/* New settings, and perhaps another policy, from now on: all backoffs are
 * forgotten. */
void dial_configure(struct dial *d, const struct dial_settings *s);

/* Dials `host`, as a URI writes it; port 0: there is none, see resolve.h.
 * `done` is called at the end of a turn, never before the return. 0, ERR_NOMEM
 * or ERR_LIMIT. */
int dial_start(struct dial_call **out, struct dial *d, struct span host,
               uint16_t port, bool secure, dial_done_fn done, void *ctx);

/* The call may connect to this address, whatever its port and whatever the
 * policy says. To be called right after dial_start(). */
void dial_trust(struct dial_call *c, const struct addr *a);

/* Ends it without a word. Harmless from within its `done`, and for NULL. */
void dial_cancel(struct dial_call *c);

/* What became of a connection to them: 0 when MSRP came from there, or why none
 * ever did, such as ERR_CERT. That the socket got connected alone proves
 * nothing, nor does a handshake (S-21). */
void dial_note(struct dial *d, struct span host, uint16_t port, int err);

void dial_stats(const struct dial *d, struct dial_stats *out);

#endif
