/* SPDX-License-Identifier: BSD-2-Clause */
#include "pending_auth.h"

#include <assert.h>
#include <stdlib.h>

#include "err.h"

struct pending_auth {
    struct asker_wait wait;
    struct pending_auths *all;
    struct link *link;
    struct list of_all, of_link;
    uint64_t until_ms;
    struct msg m; /* its offsets count in `text` */
    char text[];
};

void pending_auths_init(struct pending_auths *p, pending_auth_done_fn done,
                        void *ctx)
{
    *p = (struct pending_auths){.done = done, .ctx = ctx};
    list_init(&p->waiting);
}

void pending_auths_fini(struct pending_auths *p)
{
    assert(p->n == 0 && p->octets == 0);
}

void pending_auths_link_init(struct link *l)
{
    l->pending_auths = (struct link_pending_auths){0};
    list_init(&l->pending_auths.waiting);
}

/* --- one --- */

static size_t size_of(const struct pending_auth *a)
{
    return sizeof *a + a->m.len;
}

/* The asker has no question of it any more. */
static void pending_auth_leave(struct pending_auth *a)
{
    struct link_pending_auths *of_link = &a->link->pending_auths;

    list_remove(&a->of_all);
    list_remove(&a->of_link);
    a->all->n--;
    a->all->octets -= size_of(a);
    of_link->n--;
    of_link->octets -= (uint32_t)size_of(a);
}

/* It counts no longer when done() is called, which may ask again. */
static void pending_auth_end(struct pending_auth *a,
                             const struct asker_answer *answer)
{
    struct pending_auths *p = a->all;

    pending_auth_leave(a);
    if (!a->link->closing)
        p->done(p->ctx, a->link, &a->m, answer);
    free(a);
}

static void pending_auth_answered(struct asker_wait *w,
                                  const struct asker_answer *answer)
{
    pending_auth_end(CONTAINER(w, struct pending_auth, wait), answer);
}

static void pending_auth_give_up(struct pending_auth *a)
{
    static const struct asker_answer none = {.kind = ASKER_ERROR};

    a->all->asker->ops->forget(a->all->asker, &a->wait);
    pending_auth_end(a, &none);
}

/* --- all --- */

/* Clients that have logged in nowhere must not take all room from others. */
static bool is_short(const struct pending_auths *p)
{
    return p->octets > PENDING_AUTHS_OCTETS / 2;
}

static bool has_room(const struct pending_auths *p, const struct link *l,
                     size_t size)
{
    const struct link_pending_auths *of_link = &l->pending_auths;

    uint32_t most =
        l->is_relay ? PENDING_AUTHS_OF_RELAY : PENDING_AUTHS_OF_LINK;

    if (p->n >= PENDING_AUTHS_MAX || p->octets + size > PENDING_AUTHS_OCTETS ||
        of_link->n >= most)
        return false;
    return !is_short(p) || l->is_relay || of_link->n == 0 ||
           of_link->octets + size <= PENDING_AUTHS_CLIENT_OCTETS;
}

static struct pending_auth *
pending_auth_new(struct pending_auths *p, struct link *l, const struct msg *m)
{
    struct pending_auth *a = malloc(sizeof *a + m->len);

    if (!a)
        return NULL;
    *a = (struct pending_auth){.wait = {.answered = pending_auth_answered},
                               .all = p,
                               .link = l,
                               .m = *m};
    memcpy(a->text, m->base, m->len);
    a->m.base = a->text;
    list_append(&p->waiting, &a->of_all);
    list_append(&l->pending_auths.waiting, &a->of_link);
    p->n++;
    p->octets += size_of(a);
    l->pending_auths.n++;
    l->pending_auths.octets += (uint32_t)size_of(a);
    return a;
}

int pending_auths_ask(struct pending_auths *p, struct asker_answer *answer,
                      const struct asker_question *q, struct link *l,
                      const struct msg *m, uint64_t until_ms)
{
    struct pending_auth *a;
    int err;

    if (p->asker->ops->recall(p->asker, answer, q))
        return 0;
    if (!has_room(p, l, sizeof *a + m->len))
        return ERR_FULL;
    a = pending_auth_new(p, l, m);
    if (!a)
        return ERR_NOMEM;
    a->until_ms = until_ms;
    err = p->asker->ops->ask(p->asker, q, &a->wait);
    if (!err)
        return ERR_AGAIN;
    pending_auth_leave(a);
    free(a);
    return err;
}

void pending_auths_use(struct pending_auths *p, struct asker *asker)
{
    struct list *m;

    while (p->asker != asker && (m = list_first(&p->waiting)))
        pending_auth_give_up(CONTAINER(m, struct pending_auth, of_all));
    p->asker = asker;
}

void pending_auths_link_closed(struct link *l)
{
    struct list *m;

    while ((m = list_first(&l->pending_auths.waiting))) {
        struct pending_auth *a = CONTAINER(m, struct pending_auth, of_link);

        a->all->asker->ops->forget(a->all->asker, &a->wait);
        pending_auth_leave(a);
        free(a);
    }
}

void pending_auths_expire(struct pending_auths *p, uint64_t now_ms)
{
    struct list *m;

    while ((m = list_first(&p->waiting))) {
        struct pending_auth *a = CONTAINER(m, struct pending_auth, of_all);

        if (now_ms < a->until_ms)
            return;
        pending_auth_give_up(a);
    }
}
