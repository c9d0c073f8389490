/* SPDX-License-Identifier: BSD-2-Clause */
/* renew - reloads of a scene's relay: what it finds, and what comes of it. */
#ifndef RENEW_H
#define RENEW_H

#include "scene.h"

/* HUP; waits for what comes of it. Does the relay go by its new files? */
bool renew(struct scene *s);
/* The same with an answer that must be yes. */
void renew_well(struct scene *s);
/* The same with one that must be no: `fault` stands in the log, behind the name
 * of the file and the number of the line. */
void renew_in_vain(struct scene *s, const char *fault);

/* Another configuration, with which it reloads. */
void renew_with(struct scene *s, const struct relay_opts *opts);

/* A certificate with another serial, and its key, in the place of the old. */
void renew_certificate(struct relay *r);
/* The serial of the certificate in the relay's file, and of the one that a
 * client was shown. */
uint64_t renew_serial(struct relay *r);
uint64_t renew_serial_seen(const struct client *c);

struct renew_user {
    const char *name, *password;
};

/* A users file with these, for MD5, and nobody else. */
void renew_users(struct relay *r, const struct renew_user *users, size_t n);

/* Anything in one of the relay's files: conf, pem, key, users. */
void renew_file(struct relay *r, const char *suffix, const char *text);
/* A FIFO in its place, without a writer. */
void renew_fifo(struct relay *r, const char *suffix);
/* All of such a file, to be freed. */
char *renew_read(struct relay *r, const char *suffix);
/* The same once `text` stands in it, for which the client asks its relay this
 * and that. */
char *renew_wait(struct client *c, const char *suffix, const char *text);

/* A port that nobody has, and that stays free for this relay until the scene
 * ends; without a listener it refuses connections. */
unsigned renew_free_port(struct scene *s);

#endif
