/* SPDX-License-Identifier: BSD-2-Clause */
/* dispatch - what happens on a link, and what the relay does about it.
 *
 * The application calls these functions in the order in which things happen
 * to a connection:
 *
 *     relay_link_opened()  once; then relay_link_known() when the other end
 *                          is known
 *     relay_is_ready(), relay_prepare(), relay_on_event()
 *                          around each event of the link's parser
 *     relay_link_sent()    whenever the kernel has taken output
 *     relay_link_closed()  once, last
 *
 * and relay_tick() as time passes. relay_clock() is called first each time.
 * None of them fails: out of memory costs the link that needed it, which is
 * then closed through its `close` function (link.h). None of them frees a
 * link. */
#ifndef DISPATCH_H
#define DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"
#include "parser.h"
#include "relay.h"

/* --- the beginning of a link --- */

/* There is a new link. The caller has called link_init() and set the
 * application's fields; it keeps the memory until after relay_link_closed(). */
void relay_link_opened(struct relay *r, struct link *l);

/* The other end is known: either it showed a verified host certificate (the
 * caller has set `is_relay`), or the connection that this relay dialled is up.
 * Streams that waited for it go on. */
void relay_link_known(struct relay *r, struct link *l);

/* --- what comes from it --- */

/* May the link's parser be asked for the next event? If not, the link has been
 * paused and will be resumed through its functions. */
bool relay_is_ready(struct relay *r, struct link *l);

/* Tells the parser how much body to return at once. Call it before each
 * parser_next(). */
void relay_prepare(const struct relay *r, const struct link *l,
                   struct parser *p);

/* Handles an event of the link's parser, which need not outlive the call. */
void relay_on_event(struct relay *r, struct link *l,
                    const struct parse_event *ev);

/* The kernel has taken the link's output up to `position`, counted in octets
 * as by the link's `position` function. */
void relay_link_sent(struct relay *r, struct link *l, uint64_t position);

/* --- the end of a link --- */

/* Is nothing in flight: no frame or message partly received, nothing being
 * sent, no response awaited? Such a link may be closed without loss
 * (R4976-6.5-c). */
bool relay_link_is_idle(const struct link *l);

/* Is something in flight, for which the link must not be closed as unused
 * (S-22)? It owes or awaits an answer, or is not read because an output is
 * full. A message that its sender has stopped to send is not in flight, nor is
 * one with Failure-Report `partial`, which need not be answered. */
bool relay_link_in_flight(const struct link *l);

/* Fails everything that is being sent on the link or awaits a response from
 * it. The senders get a REPORT, or a response where none was sent yet (408). */
void relay_link_give_up(struct relay *r, struct link *l);

/* Fails everything that waits for sides of anchored pairs that have not come,
 * in the same way. */
void relay_waiting_give_up(struct relay *r);

/* Closes the link with `why`, which is static, once the REPORTs that are owed
 * to it have been written; nothing is read from it any longer. */
void relay_link_finish(struct relay *r, struct link *l, const char *why);

/* The operator ends this connection: as relay_link_give_up(), but with 481; its
 * sessions end with SESSION_KICKED; the link is closed. */
void relay_link_kick(struct relay *r, struct link *l);

/* The connection has ended. Everything that waited for it fails, messages that
 * were partly received from it are ended with `#`, its sessions end. `stalled`:
 * it took no output for timers.stall (P-22). The caller may free the link
 * afterwards. */
void relay_link_closed(struct relay *r, struct link *l, bool stalled);

/* --- time --- */

/* Ends transactions and sessions whose time is over. Call it several times a
 * second. */
void relay_tick(struct relay *r);

#endif
