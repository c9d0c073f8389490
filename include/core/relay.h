/* SPDX-License-Identifier: BSD-2-Clause */
/* relay - the relay as a whole: its settings, its clock, its figures.
 *
 * It decides what to do with every frame that arrives on a link: answer it,
 * forward it, refuse it, report it. It knows neither sockets nor the system's
 * clock: links reach it through dispatch.h, the time through relay_clock(). All
 * other functions rely on the time that was set last. */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "log.h"
#include "relay_links.h"
#include "policy.h"
#include "relay_stats.h"
#include "users.h"

struct asker;
struct relay;

/* A new relay: 0 or ERR_NOMEM. `policy`, `users` and `log` belong to the caller
 * and must outlive the relay; the first two at least until the next
 * relay_configure(). Free it with relay_free() once all links are closed. */
int relay_new(struct relay **out, const struct policy *policy,
              const struct users *users, struct log *log, uint64_t now_ms);

/* Ends all sessions that are left. NULL is allowed. */
void relay_free(struct relay *r);

/* Use these settings and users from now on; the caller may free the former
 * ones. What has begun goes on under the former settings: sessions live until
 * they expire, under the URIs and for the users that they were issued for;
 * transactions keep their timeout; challenges may still be answered. */
void relay_configure(struct relay *r, const struct policy *policy,
                     const struct users *users);

/* Starts (`on`) or ends draining for maintenance. While draining no AUTH for
 * this relay is granted. Its connection is closed without an answer, so that
 * the client tries the next target of its SRV record; a connection that
 * carries sessions or leads to another relay is kept, and the answer is 403.
 * Everything else goes on. */
void relay_drain(struct relay *r, bool on);

/* Memory is short, from 1 to RELAY_TIGHTEST, or 0: no longer. Outputs then hold
 * less before their senders wait; from RELAY_REFUSES on a sender may have less
 * unanswered, and AUTHs are refused as while draining (S-15). What is there
 * already stays. */
enum { RELAY_REFUSES = 4, RELAY_TIGHTEST = 6 };
void relay_tighten(struct relay *r, unsigned tightness);

/* The process is about to exit: sessions that end with their connection from
 * now on are recorded with SESSION_SHUTDOWN. */
void relay_shut_down(struct relay *r);

/* Sets the function that dials hosts, and whether it may dial over plain TCP
 * (dial.allow_tcp). NULL, the default: nothing is dialled. May be called at any
 * time. */
void relay_on_dial(struct relay *r, relay_links_dial_fn dial, void *ctx,
                   bool allow_tcp);

/* Sets who is asked about users that are neither in the users file nor proven
 * by a secret; NULL, the default: nobody. AUTHs that wait for the one before
 * are answered with 408. It must outlive the relay, or the next call. */
void relay_on_lookup(struct relay *r, struct asker *asker);

/* Sets the time: milliseconds of a monotonic clock. */
void relay_clock(struct relay *r, uint64_t now_ms);

/* Sets the time of day, in seconds since 1970, by which ephemeral credentials
 * are judged. Call it at least once a second. */
void relay_time_of_day(struct relay *r, uint64_t unix_s);

/* Calls `fn` with a record of each session that ends from now on; NULL: no
 * longer. */
void relay_on_session_end(struct relay *r, usage_fn fn, void *ctx);

/* Copies the counters. */
void relay_stats(const struct relay *r, struct relay_stats *out);

#endif
