/* SPDX-License-Identifier: BSD-2-Clause */
/* ng_request - what a proxy asks for, read out of an ng dictionary.
 *
 * Keys are known with `-`, `_` or SP between their words. What else a
 * dictionary holds is ignored. Everything points into the document. */
#ifndef NG_REQUEST_H
#define NG_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

struct ng_request {
    struct span command;
    struct span call_id, from_tag, to_tag, via_branch;
    struct span sdp;
    struct span from_interface, to_interface; /* by `direction` as well */
    struct span transport_protocol;
    struct span received_from; /* the address; for the log alone */
    struct span supports;      /* the members of a list */
    struct span flags;         /* the same */
    struct span rtpp_flags;
    int64_t limit;
    bool has_limit;
    bool supports_load_limit;
    bool is_fatal; /* flag `fatal` */
};

/* Reads a dictionary that bencode_check() found to be one. 0; ERR_SYNTAX if a
 * known key is of a wrong type. */
int ng_request_read(struct ng_request *out, struct span document);

#endif
