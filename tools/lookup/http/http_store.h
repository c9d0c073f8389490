/* SPDX-License-Identifier: BSD-2-Clause */
/* http_store - users at a web service: a request for each question, several at
 * once. */
#ifndef HTTP_STORE_H
#define HTTP_STORE_H

#include "helper.h"
#include "helper_options.h"

struct http_options {
    struct helper_options common;
    const char *post; /* a template; NULL: GET */
    const char *type; /* of what is posted */
};

extern const struct helper_usage http_usage;

/* As run_program's `start` and `stop`. */
int http_store_start(struct helper_options *o, struct helper *h,
                     const struct store_ops **ops, void **store,
                     char why[CMDLINE_WHY]);
void http_store_stop(struct helper_options *o, void *store);

#endif
