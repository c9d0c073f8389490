/* SPDX-License-Identifier: BSD-2-Clause */
/* status_private - what status.c and status_sections.c share. */
#ifndef STATUS_PRIVATE_H
#define STATUS_PRIVATE_H

#include "metrics.h"
#include "server_private.h"
#include "status_out.h"

/* All that the sections show, as it is at one moment. */
struct status {
    struct server *server;
    struct metrics now;
};

/* One section: writes it under its own name. */
typedef void (*status_section_fn)(struct status_out *o, const struct status *s);

/* All of them, in the order of the page and of the JSON. */
extern const status_section_fn status_sections[];
extern const size_t status_sections_n;

#endif
