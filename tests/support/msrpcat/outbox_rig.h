/* SPDX-License-Identifier: BSD-2-Clause */
/* outbox_rig - an outbox without a connection: what it sends is looked at, what
 * it gets is made up. */
#ifndef OUTBOX_RIG_H
#define OUTBOX_RIG_H

#include "frames.h"
#include "outbox.h"

#define OWN "msrps://a.invalid:9/aaa;tcp"
#define RELAY "msrps://relay.example.com:2855/rrr;tcp"
#define PEER "msrps://b.invalid:9/bbb;tcp"

enum { TIMEOUT_MS = 30000, START_MS = 1000 };

struct rig {
    struct rnd rnd;
    struct tx tx;
    struct screen screen;
    struct outbox outbox;
    struct frames out;
    FILE *notes;
    uint64_t now_ms;
    int pipe; /* its writing end, or -1 */
};

struct outbox_rules rig_usual_rules(void);

/* A rig with these rules, or the usual ones, which is then *state too. */
struct rig *rig_with_rules(void **state, const struct outbox_rules *rules);
struct rig *rig_usual(void **state);
/* A cmocka teardown. */
int rig_tear_down(void **state);

/* --- messages to send --- */

void rig_add_text(struct rig *f, const char *text, size_t n);
void rig_add(struct rig *f, const char *text);
/* One of n octets, no two places of which look alike. */
void rig_add_octets(struct rig *f, size_t n);

/* One out of a pipe, into which octets are fed until it is ended. */
void rig_add_pipe(struct rig *f);
void rig_feed(struct rig *f, size_t n);
void rig_end_pipe(struct rig *f);

/* --- what becomes of them --- */

/* All that can go out goes out, and is then looked at. */
void rig_pump(struct rig *f);
const struct seen *rig_frame(struct rig *f, size_t i);

/* A response to a SEND that went out; a REPORT on its message, `range` being a
 * header line or "". */
void rig_respond(struct rig *f, const struct seen *to, unsigned code);
void rig_report(struct rig *f, const struct seen *on, const char *range,
                const char *status);

/* Time goes by. */
void rig_pass(struct rig *f, uint64_t ms);

#endif
