/* SPDX-License-Identifier: BSD-2-Clause */
#include "links.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "err.h"
#include "retry.h"

enum link_state {
    LINK_CONNECTING, /* alarm: the attempt takes too long */
    LINK_UP,         /* alarm, while something is under way: no answer comes */
    LINK_LOST,       /* closed at the end of the turn */
    LINK_RESTING,    /* alarm: the next attempt */
};

struct link {
    struct links *all;
    enum link_state state;
    struct alarm *alarm;
    struct loop_defer turn; /* LINK_LOST, and the first attempt */
    unsigned failures;      /* attempts in a row that came to nothing */
    uint64_t up_ms;         /* since when it is connected; 0: it is not */
    bool is_proven;         /* an answer came since */
    void *driver_state;
    size_t first, n_asked;
    struct question *asked[LINK_DEPTH_MAX]; /* a ring, oldest at `first`; NULL
                                               where nobody waits any more */
};

struct links {
    struct helper *helper;
    const struct link_driver *driver;
    void *store;
    const char *to;
    struct list waiting;
    bool has_connected;       /* ever */
    bool is_noted;            /* that it does not work, ... */
    char why[HELPER_WHY_MAX]; /* ... for this reason */
    size_t n;
    struct link links[];
};

/* --- whom to ask --- */

/* The connected one with room that has least to do, or NULL. */
static struct link *find_free(struct links *all)
{
    struct link *best = NULL;

    for (size_t i = 0; i < all->n; i++) {
        struct link *l = &all->links[i];

        if (l->state == LINK_UP && l->n_asked < all->driver->depth &&
            (!best || l->n_asked < best->n_asked))
            best = l;
    }
    return best;
}

/* Is there none that works, nor one of which it is not known yet? */
static bool is_down(const struct links *all)
{
    for (size_t i = 0; i < all->n; i++) {
        const struct link *l = &all->links[i];

        if (l->state == LINK_UP || l->failures == 0)
            return false;
    }
    return true;
}

static void watch_answers(struct link *l)
{
    if (l->n_asked)
        alarm_set(l->alarm, helper_timeout_ms(l->all->helper));
    else
        alarm_stop(l->alarm);
}

static void ask(struct link *l, struct question *q)
{
    size_t at = (l->first + l->n_asked) % LINK_DEPTH_MAX;

    l->asked[at] = q;
    q->place = &l->asked[at];
    if (l->n_asked++ == 0)
        watch_answers(l);
    l->all->driver->ask(l, q);
}

static void refuse_waiting(struct links *all)
{
    struct list *m;

    while ((m = list_take_first(&all->waiting)))
        helper_answer_error(CONTAINER(m, struct question, link), all->why);
}

static void pump(struct links *all)
{
    struct link *l;

    if (is_down(all))
        refuse_waiting(all);
    while (!list_is_empty(&all->waiting) && (l = find_free(all)))
        ask(l,
            CONTAINER(list_take_first(&all->waiting), struct question, link));
}

static void links_ask(void *store, struct question *q)
{
    struct links *all = *(struct links **)store;

    if (all->driver->knows && !all->driver->knows(all->store, q)) {
        helper_answer_none(q);
        return;
    }
    list_append(&all->waiting, &q->link);
    pump(all);
}

/* --- connecting --- */

static void note_failure(struct links *all, const char *why)
{
    if (all->is_noted && strcmp(all->why, why) == 0)
        return;
    all->is_noted = true;
    snprintf(all->why, sizeof all->why, "%s", why);
    helper_note(all->helper, "%s: %s", all->to, why);
}

static void note_success(struct links *all)
{
    if (all->is_noted || !all->has_connected)
        helper_note(all->helper, "%s: connected", all->to);
    all->is_noted = false;
    all->has_connected = true;
}

static void open_link(struct link *l)
{
    l->state = LINK_CONNECTING;
    l->up_ms = 0;
    l->is_proven = false;
    alarm_set(l->alarm, helper_timeout_ms(l->all->helper));
    l->driver_state = l->all->driver->open(l);
    if (!l->driver_state)
        link_fail(l, "%s", err_text(ERR_NOMEM));
}

void link_up(struct link *l)
{
    struct links *all = l->all;

    if (l->state != LINK_CONNECTING)
        return;
    l->state = LINK_UP;
    l->up_ms = loop_now_ms(link_loop(l));
    watch_answers(l);
    note_success(all);
    /* Not at once: the driver may still be in its `open`. */
    loop_defer(link_loop(l), &l->turn);
}

struct question *link_answered(struct link *l)
{
    struct question *q = l->asked[l->first];

    assert(l->n_asked);
    l->first = (l->first + 1) % LINK_DEPTH_MAX;
    l->n_asked--;
    l->failures = 0;
    l->is_proven = true;
    if (l->state == LINK_UP)
        watch_answers(l);
    if (q)
        q->place = NULL;
    /* There is room for another one, once the driver has dealt with this. */
    if (!list_is_empty(&l->all->waiting))
        loop_defer(helper_loop(l->all->helper), &l->turn);
    return q;
}

bool link_is_asked(const struct link *l)
{
    return l->n_asked > 0;
}

/* --- losing --- */

bool link_is_lost(const struct link *l)
{
    return l->state == LINK_LOST;
}

void link_fail(struct link *l, const char *fmt, ...)
{
    char text[HELPER_WHY_MAX], why[HELPER_WHY_MAX];
    va_list args;

    if (l->state == LINK_LOST || l->state == LINK_RESTING)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    note_failure(l->all, helper_one_line(why, sizeof why, text));
    l->state = LINK_LOST;
    loop_defer(helper_loop(l->all->helper), &l->turn);
}

static bool is_awaited(const struct link *l)
{
    for (size_t i = 0; i < l->n_asked; i++)
        if (l->asked[(l->first + i) % LINK_DEPTH_MAX])
            return true;
    return false;
}

/* A connection on which everybody has given up is replaced: what the server
 * still does there is for nobody, and would delay those who come. */
static void links_forget(void *store, struct question *q)
{
    struct links *all = *(struct links **)store;
    struct question **place = q->place;

    list_remove(&q->link);
    if (!place)
        return;
    *place = NULL;
    for (size_t i = 0; i < all->n; i++) {
        struct link *l = &all->links[i];

        if (place >= l->asked && place < l->asked + LINK_DEPTH_MAX &&
            !is_awaited(l))
            link_fail(l, "no answer within %" PRIu64 " ms",
                      helper_timeout_ms(all->helper));
    }
}

const struct store_ops links_store_ops = {links_ask, links_forget};

/* Asked on what is lost now: once more, before those who came later. */
static void take_back(struct link *l)
{
    while (l->n_asked) {
        size_t at = (l->first + --l->n_asked) % LINK_DEPTH_MAX;
        struct question *q = l->asked[at];

        if (!q)
            continue;
        q->place = NULL;
        if (q->repeated) {
            helper_answer_error(q, l->all->why);
            continue;
        }
        q->repeated = true;
        list_prepend(&l->all->waiting, &q->link);
    }
}

static void close_link(struct link *l)
{
    alarm_stop(l->alarm);
    l->all->driver->close(l);
    l->driver_state = NULL;
    take_back(l);
}

/* What gave an answer, or was there for a while without being asked, is
 * expected to work again. */
static bool has_worked(const struct link *l)
{
    return l->is_proven || (l->up_ms && loop_now_ms(link_loop(l)) - l->up_ms >=
                                            RETRY_LONGEST_MS);
}

static void replace(struct link *l)
{
    bool worked = has_worked(l);

    close_link(l);
    if (worked) {
        l->failures = 0;
        open_link(l);
        return;
    }
    l->failures++;
    l->state = LINK_RESTING;
    alarm_set(l->alarm, retry_ms(l->failures));
}

static void on_turn(void *ctx)
{
    struct link *l = ctx;

    if (l->state == LINK_LOST)
        replace(l);
    else if (l->state == LINK_RESTING)
        open_link(l);
    pump(l->all);
}

static void on_alarm(void *ctx)
{
    struct link *l = ctx;
    uint64_t ms = helper_timeout_ms(l->all->helper);

    switch (l->state) {
    case LINK_CONNECTING:
        link_fail(l, "not connected within %" PRIu64 " ms", ms);
        break;
    case LINK_UP:
        link_fail(l, "no answer within %" PRIu64 " ms", ms);
        break;
    case LINK_LOST:
        break;
    case LINK_RESTING:
        open_link(l);
        break;
    }
}

/* --- life --- */

static int init_link(struct link *l, struct links *all)
{
    struct loop *loop = helper_loop(all->helper);
    int err = alarm_new(&l->alarm, loop, on_alarm, l);

    if (err)
        return err;
    l->all = all;
    l->state = LINK_RESTING;
    loop_defer_init(&l->turn, on_turn, l);
    loop_defer(loop, &l->turn);
    all->n++;
    return 0;
}

int links_new(struct links **out, struct helper *h, size_t n,
              const struct link_driver *driver, void *store, const char *to)
{
    struct links *all = calloc(1, sizeof *all + n * sizeof *all->links);

    assert(n && n <= LINKS_MAX && driver->depth <= LINK_DEPTH_MAX);
    if (!all)
        return ERR_NOMEM;
    all->helper = h;
    all->driver = driver;
    all->store = store;
    all->to = to;
    list_init(&all->waiting);
    while (all->n < n)
        if (init_link(&all->links[all->n], all)) {
            links_free(all);
            return ERR_NOMEM;
        }
    *out = all;
    return 0;
}

void links_free(struct links *all)
{
    if (!all)
        return;
    snprintf(all->why, sizeof all->why, "the helper ends");
    for (size_t i = 0; i < all->n; i++) {
        struct link *l = &all->links[i];

        close_link(l);
        loop_defer_cancel(&l->turn);
        alarm_free(l->alarm);
    }
    refuse_waiting(all);
    free(all);
}

void *link_state(const struct link *l)
{
    return l->driver_state;
}

void *link_store(const struct link *l)
{
    return l->all->store;
}

struct loop *link_loop(const struct link *l)
{
    return helper_loop(l->all->helper);
}

struct helper *link_helper(const struct link *l)
{
    return l->all->helper;
}
