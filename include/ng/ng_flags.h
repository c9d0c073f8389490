/* SPDX-License-Identifier: BSD-2-Clause */
/* ng_flags - the words of `rtpp-flags`, in which Kamailio passes on what its
 * script says. */
#ifndef NG_FLAGS_H
#define NG_FLAGS_H

#include <stdbool.h>

#include "str.h"

struct ng_flag {
    struct span key;
    struct span value; /* without the brackets around it; empty if absent */
    bool has_value;
};

/* Cuts the next word off *rest: `key` or `key=value`; a value in brackets may
 * hold blanks and further brackets. false at the end. */
bool ng_flags_next(struct ng_flag *out, struct span *rest);

/* Cuts the next word off a value that is a list: empty at its end. */
struct span ng_flags_word(struct span *rest);

#endif
