/* SPDX-License-Identifier: BSD-2-Clause */
/* links - the connections of a helper to its store, which come and go.
 *
 * A question goes to the connected one that has the fewest under way; without
 * one it waits. What was under way on a connection that is lost is asked once
 * more on another one, or on a new one. A connection that had worked is
 * replaced at once; one that could not be made, or was lost before it gave an
 * answer, is tried again after half a second, then after twice as long, up to
 * five seconds. While no connection works, and the last attempt has failed,
 * questions are answered at once with the reason.
 *
 * How to connect and to ask is the driver's business: a struct of functions.
 * Nothing is closed inside a driver's own call. */
#ifndef LINKS_H
#define LINKS_H

#include <stddef.h>

#include "helper.h"
#include "question.h"

struct links;
struct link;

enum { LINKS_MAX = 64, LINK_DEPTH_MAX = 256 };

struct link_driver {
    size_t depth; /* most questions under way on one connection */
    /* Can the store have an answer? If not, the user is unknown, and nothing is
     * asked. NULL: it always can. */
    bool (*knows)(const void *store, const struct question *q);
    /* Begins to connect. Returns the driver's own, or NULL when out of memory.
     * The driver says link_up() or link_fail(), in the call or later. */
    void *(*open)(struct link *l);
    /* Sends a question, which stays where it is. Answers come in the order of
     * the questions: link_answered() says whose it is. */
    void (*ask)(struct link *l, const struct question *q);
    /* Gives everything back, whatever state it is in; also after an `open` that
     * failed. */
    void (*close)(struct link *l);
};

/* `n` connections of `store`, which `to` describes for people. 0 or ERR_NOMEM.
 * They begin to connect at the end of the turn. */
int links_new(struct links **out, struct helper *h, size_t n,
              const struct link_driver *driver, void *store, const char *to);
/* Closes them; what is open is answered with an error. NULL is harmless. */
void links_free(struct links *all);

/* Of a store that begins with a pointer to its links. */
extern const struct store_ops links_store_ops;

/* --- for drivers --- */

/* The driver's own; NULL before `open` and after `close`. */
void *link_state(const struct link *l);
/* What links_new() was given. */
void *link_store(const struct link *l);
struct loop *link_loop(const struct link *l);
struct helper *link_helper(const struct link *l);

/* It takes questions from now on. */
void link_up(struct link *l);

/* An answer has come: takes the oldest question out, which is the caller's to
 * answer; NULL if nobody waits for it any more. There must be one. */
struct question *link_answered(struct link *l);
/* Is an answer expected at all? */
bool link_is_asked(const struct link *l);

/* Is it about to be closed? If so, of what it was asked nothing may be used:
 * nobody may wait for it any more. */
bool link_is_lost(const struct link *l);

/* It is of no use any more, for a reason without secrets, on one line: `close`
 * is called at the end of the turn. Only the first call counts. */
void link_fail(struct link *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
