/* SPDX-License-Identifier: BSD-2-Clause */
#include "shown_tls.h"

#include <string.h>

#include "tls.h"

void shown_tls_use(struct shown_tls *s, uint64_t id, struct tls_ctx *old)
{
    if (id == s->id)
        return;
    if (old) {
        tls_ctx_unref(s->former[SHOWN_TLS_FORMER - 1].tls);
        memmove(s->former + 1, s->former,
                (SHOWN_TLS_FORMER - 1) * sizeof *s->former);
        s->former[0].id = s->id;
        s->former[0].tls = tls_ctx_ref(old);
    }
    s->id = id;
}

void shown_tls_fini(struct shown_tls *s)
{
    for (size_t i = 0; i < SHOWN_TLS_FORMER; i++)
        tls_ctx_unref(s->former[i].tls);
    *s = (struct shown_tls){0};
}

struct tls_ctx *shown_tls_find(const struct shown_tls *s, uint64_t id,
                               struct tls_ctx *now)
{
    for (size_t i = 0; id != s->id && i < SHOWN_TLS_FORMER; i++)
        if (s->former[i].tls && s->former[i].id == id)
            return s->former[i].tls;
    return now;
}
