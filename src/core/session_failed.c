/* SPDX-License-Identifier: BSD-2-Clause */
/* session_failed - the failed messages of a session (P-21, S-30). */
#include <stdlib.h>

#include "session.h"

/* Both hashes use the table's secret; the product makes the order of the two
 * texts matter. */
uint64_t session_message_hash(const struct sessions *s,
                              struct session_message m)
{
    return table_hash(&s->by_token, m.id) * 31 +
           table_hash(&s->by_token, m.from);
}

/* Most sessions have no failed message or few: the room for them grows up to
 * its limit, where the oldest one makes room. false when out of memory. */
static bool make_room_for_failed(struct session *ss)
{
    uint32_t room = ss->failed_room ? 2 * ss->failed_room : 4;
    struct session_failed *failed;

    if (ss->n_failed < ss->failed_room || ss->failed_room == SESSION_FAILED_MAX)
        return true;
    failed = realloc(ss->failed, room * sizeof *failed);
    if (!failed)
        return false;
    ss->failed = failed;
    ss->failed_room = room;
    return true;
}

/* How many are remembered. */
static uint32_t failed_count(const struct session *ss)
{
    return ss->n_failed < ss->failed_room ? ss->n_failed : ss->failed_room;
}

static bool is_attempt(const struct session_failed *f, uint32_t attempt)
{
    if (f->attempt == 0 || attempt == 0)
        return !f->is_former;
    return f->attempt == attempt;
}

static struct session_failed *find_failed(const struct sessions *s,
                                          const struct session *ss,
                                          struct session_message m)
{
    uint64_t hash;

    if (!ss->failed)
        return NULL;
    hash = session_message_hash(s, m);
    for (size_t i = 0; i < failed_count(ss); i++)
        if (ss->failed[i].hash == hash && is_attempt(&ss->failed[i], m.attempt))
            return &ss->failed[i];
    return NULL;
}

void session_retry(struct sessions *s, struct session *ss,
                   struct session_message m)
{
    uint64_t hash;

    if (!ss->failed)
        return;
    hash = session_message_hash(s, m);
    for (size_t i = 0; i < failed_count(ss); i++)
        ss->failed[i].is_former |= ss->failed[i].hash == hash;
}

/* The entry of this message, a new one if need be; NULL when out of memory. */
static struct session_failed *
enter_failed(struct sessions *s, struct session *ss, struct session_message m)
{
    struct session_failed *f = find_failed(s, ss, m);

    if (f || !make_room_for_failed(ss))
        return f;
    f = &ss->failed[ss->n_failed++ % SESSION_FAILED_MAX];
    *f = (struct session_failed){.hash = session_message_hash(s, m),
                                 .attempt = m.attempt};
    return f;
}

void session_fail(struct sessions *s, struct session *ss,
                  struct session_message m, uint16_t code)
{
    struct session_failed *f = enter_failed(s, ss, m);

    if (!f)
        return;
    if (!f->is_told || f->code == 0)
        f->code = code;
    f->is_told_here |= !f->is_told;
    f->is_told = true;
}

bool session_tell(struct sessions *s, struct session *ss,
                  struct session_message m)
{
    struct session_failed *f = enter_failed(s, ss, m);

    if (!f)
        return true;
    if (f->is_told_here)
        return false;
    f->is_told = true;
    return true;
}

void session_fail_untold(struct sessions *s, struct session *ss,
                         struct session_message m, uint16_t code)
{
    struct session_failed *f = enter_failed(s, ss, m);

    if (f && !f->code)
        f->code = code;
}

bool session_told(const struct sessions *s, const struct session *ss,
                  struct session_message m)
{
    const struct session_failed *f = find_failed(s, ss, m);

    return f && f->is_told;
}

uint16_t session_failed(const struct sessions *s, const struct session *ss,
                        struct session_message m)
{
    const struct session_failed *f = find_failed(s, ss, m);

    return f ? f->code : 0;
}
