/* SPDX-License-Identifier: BSD-2-Clause */
/* control_rig - the control socket with answers made up here, and those who
 * ask.
 *
 * `sessions` has many rows, `status` one; `drain` fails; `connections` has no
 * end; `reload` gives many rows at once; the others have none. */
#ifndef CONTROL_RIG_H
#define CONTROL_RIG_H

#include "control.h"
#include "scratch.h"

enum {
    GOT_MAX = 1 << 21,
    MANY = 20000, /* rows of a long answer */
    LONG_IDLE_MS = 60000,
};

struct rig {
    struct loop *loop;
    struct control *control;
    struct control_listener *listener;
    struct scratch scratch;
    char path[PATH_MAX];
    unsigned begun, ended; /* answers */
    size_t steps;
    size_t most_in_turn;
    size_t turn_steps;
    bool fails;
};

struct asker {
    int fd;
    bool ended;
    size_t n;
    char got[GOT_MAX + 1];
};

/* A cmocka setup and teardown; the state is a rig. */
int rig_set_up(void **state);
int rig_tear_down(void **state);

/* A control with this patience, into r->control: 0 or ERR_NOMEM. */
int rig_make(struct rig *r, uint64_t idle_ms);
/* Has little time for those who come from now on. */
void rig_be_impatient(struct rig *r);

void rig_turn(struct rig *r);

/* --- who asks --- */

/* Connects; rig_go() closes and frees. */
struct asker *rig_come(struct rig *r);
void rig_go(struct asker *a);
void rig_say(struct asker *a, struct span text);
/* Takes what is there. */
void rig_hear(struct asker *a);

/* Turns until n answers are complete; until the connection has ended. */
void rig_wait_answers(struct rig *r, struct asker *a, size_t n);
void rig_wait_end(struct rig *r, struct asker *a);

/* Somebody who asks this is answered so. */
void rig_assert_got(struct rig *r, const char *request, const char *want);

#endif
