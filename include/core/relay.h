/* relay - the rules: what becomes of every frame that a neighbour sends.
 *
 * The app gives it links and their parser's events; it answers, forwards,
 * refuses and reports through the links' functions. It has no clock:
 * relay_clock() tells it the time before anything else is called. */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"
#include "log.h"
#include "relay_links.h"
#include "parser.h"
#include "policy.h"
#include "relay_stats.h"
#include "users.h"

struct relay;

/* `policy`, `users` and `log` are the caller's and must outlive it, or the next
 * relay_configure(). 0 or ERR_NOMEM. Free with relay_free() when all links are
 * closed. */
int relay_new(struct relay **out, const struct policy *policy,
              const struct users *users, struct log *log, uint64_t now_ms);
void relay_free(struct relay *r);

/* Other settings and users from now on; the former ones may be freed. What
 * began goes on as it began: sessions live until they expire, under the URIs
 * and for the users that they were issued for; transactions keep their timeout,
 * what was challenged may still be answered. */
void relay_configure(struct relay *r, const struct policy *policy,
                     const struct users *users);

/* Drains it for maintenance, or no longer. An AUTH for this relay itself is
 * then not granted: its connection is closed unanswered, so that the client
 * tries the next target of its SRV record; but for one that carries living
 * sessions or leads to another relay, where it is refused with 403. All else
 * goes on. */
void relay_drain(struct relay *r, bool on);

/* The relay itself ends: for that (SESSION_SHUTDOWN) sessions end that end with
 * their connections from now on. */
void relay_shut_down(struct relay *r);

/* How to dial, and whether plain TCP may be (dial.allow_tcp). Without it
 * nothing is dialled. May be called again at any time. */
void relay_on_dial(struct relay *r, relay_links_dial_fn dial, void *ctx,
                   bool allow_tcp);

/* It is now_ms, monotonic milliseconds. */
void relay_clock(struct relay *r, uint64_t now_ms);

/* What time brings: transactions and sessions that are over. Call it some times
 * a second. */
void relay_tick(struct relay *r);

/* --- a link's life --- */

/* A neighbour is there (link_init() was called and its fields are set). */
void relay_link_opened(struct relay *r, struct link *l);

/* Its other end is known: a host's certificate was verified (is_relay), or the
 * connection that this relay dialled is there. */
void relay_link_known(struct relay *r, struct link *l);

/* Its connection is gone: everything that waited for it fails, what came from
 * it in part is ended. `stalled`: it had taken nothing for timers.stall. The
 * link may be freed afterwards. */
void relay_link_closed(struct relay *r, struct link *l, bool stalled);

/* Nothing is in flight: no frame or message half in, nothing on its way out,
 * nothing awaited. */
bool relay_link_is_idle(const struct link *l);

/* Fails all that is on its way out or awaited, with REPORTs or responses to
 * those who sent it. */
void relay_link_give_up(struct relay *r, struct link *l);

/* The operator ends it: so too what is in flight, and its sessions, for
 * SESSION_KICKED. It is closed. */
void relay_link_kick(struct relay *r, struct link *l);

/* --- what comes from it --- */

/* May the link's parser be asked for the next event? If not, the link has been
 * paused and will be resumed. */
bool relay_is_ready(struct relay *r, struct link *l);

/* Tells the parser, before it is asked, how much body to give at once. */
void relay_prepare(const struct relay *r, const struct link *l,
                   struct parser *p);

/* An event of the link's parser. */
void relay_on_event(struct relay *r, struct link *l,
                    const struct parse_event *ev);

/* The kernel has taken the link's output up to this position. */
void relay_link_sent(struct relay *r, struct link *l, uint64_t position);

/* --- what it tells --- */

/* Calls `fn` with a record of each session that ends from now on. */
void relay_on_session_end(struct relay *r, usage_fn fn, void *ctx);

void relay_stats(const struct relay *r, struct relay_stats *out);

#endif
