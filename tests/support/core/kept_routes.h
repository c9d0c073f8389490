/* SPDX-License-Identifier: BSD-2-Clause */
/* kept_routes - how often a relay uses a route that it kept (route_memo.h); it
 * can be made to find none.
 *
 * Each test that uses it says: test-wraps: route_memo_find */
#ifndef KEPT_ROUTES_H
#define KEPT_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

/* From now on none is found that was kept, or they are again. */
void kept_routes_hide(bool hidden);

/* How many there were for a SEND, hidden or not, since this was asked last. */
size_t kept_routes_take(void);

#endif
