/* SPDX-License-Identifier: BSD-2-Clause */
/* shown_tls - the client's contexts of certificates that a reload has replaced.
 * SDPs that are in use still tell of these: they go on being shown to peers
 * that this relay dials (anchor trap 18). */
#ifndef SHOWN_TLS_H
#define SHOWN_TLS_H

#include <stdint.h>

struct tls_ctx;

enum { SHOWN_TLS_FORMER = 4 }; /* certificates that are remembered */

struct shown_tls {
    uint64_t id; /* of the one in use; a number of the application's */
    struct {
        uint64_t id;
        struct tls_ctx *tls;    /* a reference; NULL: none yet */
    } former[SHOWN_TLS_FORMER]; /* the latest first */
};

/* From now on `id` is shown. If that is another one, `old` is remembered as the
 * context of what was shown before; NULL: there was none. `s` is zeroed by the
 * caller at first. */
void shown_tls_use(struct shown_tls *s, uint64_t id, struct tls_ctx *old);
void shown_tls_fini(struct shown_tls *s);

/* The context for who was told of `id`; `now` for the one in use, and for one
 * that is not remembered any more. */
struct tls_ctx *shown_tls_find(const struct shown_tls *s, uint64_t id,
                               struct tls_ctx *now);

#endif
