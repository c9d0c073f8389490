/* SPDX-License-Identifier: BSD-2-Clause */
/* path_memo - the path lines of a head, and what they say.
 *
 * In a chat head after head has the same To-Path and From-Path, octet by octet.
 * They are compared then instead of taken apart. Whose they were does not
 * matter: the same octets say the same. All 0 is a memo of nothing. */
#ifndef PATH_MEMO_H
#define PATH_MEMO_H

#include "msg.h"

enum { PATH_MEMO_MAX = 512 }; /* octets of both lines; longer ones are read */

struct path_memo {
    uint64_t hash; /* path_hash() of a SEND with these lines; 0: of none */
    uint32_t n;
    struct slice to, to_first, from, from_first; /* in `text`: see struct msg */
    uint16_t n_to, n_from;
    char text[PATH_MEMO_MAX];
};

/* Reads both lines at the front of `in`, behind the start line of `m`, if they
 * are the memo's: how many octets they have, else 0. */
size_t path_memo_read(const struct path_memo *memo, struct msg *m,
                      struct msg_reader *r, struct span in);

/* Keeps the path lines of a head that was read to its end, if it has no fault.
 */
void path_memo_keep(struct path_memo *memo, struct msg *m,
                    const struct msg_reader *r);

/* Of both paths and what is between them; known already if the lines were the
 * memo's. Quick rather than good. */
uint64_t path_hash(const struct msg *m);

#endif
