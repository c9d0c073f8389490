/* SPDX-License-Identifier: BSD-2-Clause */
/* http - asks the daemon's pages, one request a connection, and waits for the
 * answer. */
#ifndef HTTP_ASK_H
#define HTTP_ASK_H

#include "prom.h"
#include "scene.h"

/* The port of the relay's pages, as it stands in its log behind `mark`. */
unsigned http_port(const struct relay *r, size_t mark);

/* A connection to 127.0.0.1; what is read and written ends in time. */
int http_connect(unsigned port);
void http_say(int fd, const char *text);
/* All that comes until the daemon closes, at which `fd` is closed here too; to
 * be freed. */
char *http_hear(int fd);

/* The answer to GET of this path, to be freed. */
char *http_get(unsigned port, const char *path);
/* Its status code; 0 if there is no answer. */
unsigned http_code(const char *answer);
/* What is behind the head. */
const char *http_body(const char *answer);

/* GET /metrics, judged; to be freed with prom_free(). */
struct prom *http_scrape(unsigned port);
/* The sample, which must be there. */
double http_sample(const struct prom *p, const char *series);

/* What a scrape must say. */
struct figure {
    const char *series;
    double value;
};

/* Tells all that are not as they must be. */
void http_assert_figures(unsigned port, const struct figure *f, size_t n);
#define ASSERT_FIGURES(port, list)                                             \
    http_assert_figures((port), (list), sizeof(list) / sizeof *(list))

#endif
