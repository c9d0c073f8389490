/* SPDX-License-Identifier: BSD-2-Clause */
/* waiting_link - a link without a connection: what goes to a side of a pair
 * waits here until that has come, or was reached (S-12, A-54). To the relay it
 * is a link that is connecting. */
#include <assert.h>
#include <stdlib.h>

#include "dispatch.h"
#include "err.h"
#include "relay_private.h"

/* What was put by one call: its octets, and what the frame says of them. */
struct waiting_put {
    uint32_t n;
    bool begins;
    char flag;
};

/* Numbers that the application does not reach. */
#define WAITING_NUMBERS (UINT64_C(1) << 63)

static struct waiting_link *waiting_of(const struct link *l)
{
    return CONTAINER((void *)(uintptr_t)l, struct waiting_link, link);
}

/* --- the link's functions --- */

/* Makes room in an array: 0 or ERR_NOMEM. */
static int waiting_grow(void **array, size_t *room, size_t n, size_t size)
{
    size_t more = *room ? *room : 64;
    void *grown;

    while (more < n)
        more *= 2;
    if (more == *room)
        return 0;
    grown = realloc(*array, more * size);
    if (!grown)
        return ERR_NOMEM;
    *array = grown;
    *room = more;
    return 0;
}

static int waiting_put(struct link *l, const struct frame *f)
{
    struct waiting_link *w = waiting_of(l);
    void *text = w->text, *puts = w->puts;
    int err = waiting_grow(&text, &w->room, w->n + f->octets, 1);

    w->text = text;
    if (!err)
        err =
            waiting_grow(&puts, &w->puts_room, w->n_puts + 1, sizeof *w->puts);
    w->puts = puts;
    if (err)
        return err;
    w->puts[w->n_puts++] =
        (struct waiting_put){(uint32_t)f->octets, f->begins, f->flag};
    frame_copy(w->text + w->n, f);
    w->n += f->octets;
    return 0;
}

/* A gate never has room. */
static size_t waiting_queued(const struct link *l)
{
    const struct waiting_link *w = waiting_of(l);

    return w->side ? w->n : SIZE_MAX / 2;
}

static uint64_t waiting_position(const struct link *l)
{
    return waiting_of(l)->n;
}

static void waiting_ignore(struct link *l)
{
    (void)l;
}

/* It ends with the next tick. */
static void waiting_close(struct link *l, const char *why)
{
    (void)why;
    waiting_of(l)->due_ms = 0;
}

static const struct link_ops waiting_ops = {
    .put = waiting_put,
    .queued = waiting_queued,
    .position = waiting_position,
    .pause = waiting_ignore,
    .resume = waiting_ignore,
    .close = waiting_close,
    .probe = waiting_ignore,
};

bool waiting_link_is_one(const struct link *l)
{
    return l->ops == &waiting_ops;
}

/* --- life --- */

struct waiting_link *waiting_link_new(struct relay *r, struct pair_side *side)
{
    struct waiting_link *w = calloc(1, sizeof *w);

    if (!w)
        return NULL;
    link_init(&w->link, &waiting_ops,
              WAITING_NUMBERS | r->anchored.next_number++);
    w->link.secure = side && side->uri->secure;
    w->link.connecting = true;
    w->side = side;
    w->due_ms = r->now_ms + r->policy->transaction_ms;
    list_init(&w->of_all);
    list_append(&r->anchored.waiting, &w->of_all);
    relay_link_opened(r, &w->link);
    return w;
}

void waiting_link_end(struct relay *r, struct waiting_link *w, uint16_t code)
{
    list_remove(&w->of_all);
    w->link.fail_code = code;
    relay_link_closed(r, &w->link, false);
    free(w->text);
    free(w->puts);
    free(w);
}

/* --- the peer is there --- */

/* As it was put. */
static void waiting_write(const struct waiting_link *w, struct link *to)
{
    size_t at = 0;

    for (size_t i = 0; i < w->n_puts && !to->closing; i++) {
        const struct waiting_put *put = &w->puts[i];
        struct frame f;

        frame_init(&f);
        frame_add(&f, span_of(w->text + at, put->n));
        f.begins = put->begins;
        f.flag = put->flag;
        if (to->ops->put(to, &f) != 0)
            link_close(to, "output full");
        at += put->n;
    }
}

/* What is not written yet goes on to the other link. */
static void waiting_hand_over(struct relay *r, struct link *from,
                              struct link *to, uint64_t base)
{
    txns_move(from, to, base);
    sendq_hand_over(from, to, r->now_ms);
    list_move_all(&to->send.expected, &from->send.expected);
    ongoing_hand_over(from, to);
}

void waiting_link_move(struct relay *r, struct waiting_link *w, struct link *to)
{
    struct link *from = &w->link;
    uint64_t base;

    if (to->sendq.open)
        sendq_close(to->sendq.open, '+');
    base = to->ops->position(to);
    waiting_write(w, to);
    send_answer_parked(r, from, 200);
    waiting_hand_over(r, from, to, base);
    waiting_link_end(r, w, 408);
}
