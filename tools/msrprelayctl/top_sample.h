/* SPDX-License-Identifier: BSD-2-Clause */
/* top_sample - which connections carry most: two lists of them compared.
 *
 * A sample is a list of all connections as the relay gives it. Of each one a
 * few octets are kept until the next sample, and whole rows of the busiest
 * only, so that a relay with many connections can be watched. */
#ifndef TOP_SAMPLE_H
#define TOP_SAMPLE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum { TOP_SAMPLE_MAX = 200 }; /* rows that are kept */

struct top_count {
    uint64_t connection, in, out;
};

/* All connections, in the relay's order: by number. */
struct top_counts {
    struct top_count *items; /* owned */
    size_t n, room;
};

struct top_row {
    json_t *row;    /* a reference */
    double in, out; /* octets a second */
};

struct top_sample {
    struct top_counts before, now;
    double seconds;                      /* between them */
    size_t max;                          /* rows wanted, <= TOP_SAMPLE_MAX */
    size_t n;                            /* rows there are */
    struct top_row rows[TOP_SAMPLE_MAX]; /* the busiest first */
    int err;                             /* ERR_NOMEM */
};

/* Zeroed memory is a sample that is empty. Begins the next one, `seconds` after
 * the one before. */
void top_sample_begin(struct top_sample *s, double seconds, size_t max);

/* Takes one connection, a row of `connections`: a ctl_row_fn. */
void top_sample_row(void *sample, json_t *row);

/* Row i < s->n as it is shown, a new reference; NULL without memory. */
json_t *top_sample_shown(const struct top_sample *s, size_t i);

void top_sample_fini(struct top_sample *s);

#endif
