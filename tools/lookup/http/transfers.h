/* SPDX-License-Identifier: BSD-2-Clause */
/* transfers - libcurl's transfers in our loop: which sockets and which timer it
 * waits for. */
#ifndef TRANSFERS_H
#define TRANSFERS_H

#include <curl/curl.h>

#include "loop.h"

struct transfers;

/* The end of one: `result` is CURLE_OK or why it failed. It is already off. */
typedef void (*transfer_done_fn)(void *ctx, CURL *easy, CURLcode result);

/* Over at most `n` connections. 0 or ERR_NOMEM. */
int transfers_new(struct transfers **out, struct loop *loop, long n,
                  transfer_done_fn done, void *ctx);
/* None may be under way. NULL is harmless. */
void transfers_free(struct transfers *t);

/* Begins one, which goes on from the loop: 0 or ERR_NOMEM. */
int transfers_add(struct transfers *t, CURL *easy);
/* Ends it without a call. */
void transfers_remove(struct transfers *t, CURL *easy);

#endif
