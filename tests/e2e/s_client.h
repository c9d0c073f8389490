/* SPDX-License-Identifier: BSD-2-Clause */
/* s_client - OpenSSL's own client, as an operator uses it. */
#ifndef S_CLIENT_H
#define S_CLIENT_H

#include "scene.h"

/* Runs `openssl s_client` against this port of 127.0.0.1 with these further
 * arguments, until it has nothing more to say. What it said lives as long as
 * the scene. */
const char *s_client_run(struct scene *s, unsigned port, const char *arguments);

/* The value behind `key`, such as "subject=", up to the end of its line; fails
 * the test if that is not there. */
const char *s_client_value(struct scene *s, const char *said, const char *key);

#endif
