/* SPDX-License-Identifier: BSD-2-Clause */
#include "fake_link.h"

#include <stdlib.h>

#include "chunker.h"
#include "cmocka_all.h"
#include "err.h"
#include "host_names.h"
#include "pair.h"
#include "relay_links.h"
#include "sendq.h"
#include "session.h"
#include "txn.h"

static struct fake_link *fake_of(const struct link *l)
{
    return CONTAINER((void *)(uintptr_t)l, struct fake_link, link);
}

void fake_link_reserve(struct fake_link *f, size_t room)
{
    if (room <= f->out_room)
        return;
    f->out = realloc(f->out, room);
    assert_non_null(f->out);
    f->out_room = room;
}

/* What begins a frame comes between two, and nothing else does. */
static void assert_bounds(struct fake_link *f, const struct frame *frame)
{
    assert_int_equal(frame->begins, !f->in_frame);
    f->in_frame = !frame->flag;
}

static int fake_put(struct link *l, const struct frame *frame)
{
    struct fake_link *f = fake_of(l);

    assert_int_equal(f->closes, 0);
    if (f->refuses)
        return ERR_FULL;
    assert_bounds(f, frame);
    if (f->out_n + frame->octets > f->out_room)
        fake_link_reserve(f, 2 * (f->out_n + frame->octets));
    frame_copy(f->out + f->out_n, frame);
    f->out_n += frame->octets;
    return 0;
}

static size_t fake_queued(const struct link *l)
{
    return fake_of(l)->out_n - fake_of(l)->taken;
}

static uint64_t fake_position(const struct link *l)
{
    return fake_of(l)->out_n;
}

static void fake_pause(struct link *l)
{
    fake_of(l)->paused = true;
    fake_of(l)->pauses++;
}

static void fake_resume(struct link *l)
{
    fake_of(l)->paused = false;
    fake_of(l)->resumes++;
}

static void fake_close(struct link *l, const char *why)
{
    fake_of(l)->closes++;
    fake_of(l)->why = why;
}

static void fake_probe(struct link *l)
{
    fake_of(l)->probes++;
}

static size_t fake_unacked(const struct link *l)
{
    return fake_of(l)->unacked;
}

static const struct link_ops fake_ops = {
    .put = fake_put,
    .queued = fake_queued,
    .position = fake_position,
    .unacked = fake_unacked,
    .pause = fake_pause,
    .resume = fake_resume,
    .close = fake_close,
    .probe = fake_probe,
};

void fake_link_init(struct fake_link *f, uint64_t number)
{
    memset(f, 0, sizeof *f);
    link_init(&f->link, &fake_ops, number);
    sendq_link_init(NULL, &f->link);
    txns_link_init(&f->link);
    sessions_link_init(&f->link);
    pairs_link_init(&f->link);
    relay_links_link_init(&f->link);
    f->link.secure = true;
    f->link.may_auth = true;
    f->link.port = 2855;
}

void fake_link_certify(struct fake_link *f, const char *name)
{
    if (!f->names)
        f->names = host_names_new();
    assert_non_null(f->names);
    assert_int_equal(host_names_add(f->names, span_str(name)), 0);
    f->link.names = f->names;
}

void fake_link_fini(struct fake_link *f)
{
    host_names_free(f->names);
    f->names = NULL;
    free(f->out);
    f->out = NULL;
}

struct span fake_link_new_output(struct fake_link *f)
{
    size_t from = f->looked_at;

    f->looked_at = f->out_n;
    return span_of(f->out ? f->out + from : "", f->out_n - from);
}

void assert_output(struct fake_link *f, const char *want)
{
    struct span got = fake_link_new_output(f);

    if (!span_eq(got, span_str(want)))
        fail_msg("put \"%.*s\" instead of \"%s\"", SPAN_ARG(got), want);
}
