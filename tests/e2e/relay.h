/* SPDX-License-Identifier: BSD-2-Clause */
/* relay - the real daemon, run as a child process.
 *
 * It listens on ports of the kernel's choice, reads a configuration and users
 * written for it into a directory of its own, and logs into a pipe, which is
 * read here. Whatever goes wrong fails the test at hand. */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "digest.h"
#include "tls_files.h"

/* Every wait ends after so long, and fails the test. */
enum { DEADLINE_MS = 20000 };

/* Monotonic. */
uint64_t now_ms(void);

/* The relay's name and realm; users are alice, bob, carol and dave, whose
 * passwords are their names with RELAY_PASSWORD behind. */
#define RELAY_NAME "relay.example.com"
#define RELAY_REALM "example.com"
#define RELAY_PASSWORD "-secret"

struct relay_opts {
    const char *listen; /* instead of a TLS and a TCP listener */
    const char *relay;  /* more settings of the group `relay` */
    const char *tls;    /* more settings of the group `tls` */
    const char *auth;   /* more settings of the group `auth` */
    const char *groups; /* more groups: "timers: { drain = 1; };" */
    const char *log;    /* more settings of the group `log` */
    const char *level;  /* log.level, instead of "debug" */
    const char
        *name; /* instead of RELAY_NAME; also what its files are called */
    const char *realm; /* instead of RELAY_REALM */
    const char *usage; /* of its certificate's key: "serverAuth"; NULL: any */
    const char *user;  /* relay.user; NULL: stay */
    const char *group; /* relay.group; NULL: the user's own */
    struct tls_files *files; /* of another relay: both have one authority */
    /* Called in the child before it becomes the daemon, with its files. */
    void (*in_child)(void *ctx, struct tls_files *files);
    void *child_ctx;
};

enum relay_port { RELAY_TLS, RELAY_TCP, RELAY_WSS, RELAY_WS, RELAY_PORTS };

struct relay;

/* Starts the daemon and waits until it listens. NULL opts: defaults. */
struct relay *relay_start(const struct relay_opts *opts);
/* Kills it if it still runs, and removes its files. NULL is harmless. */
void relay_free(struct relay *r);

/* The port of the listener with this transport; after a reload, the one that
 * the test has found and chosen. */
unsigned relay_port(const struct relay *r, enum relay_port which);
/* The port of the first listener with this transport, such as "tls", that was
 * opened after so many octets of the log. */
unsigned relay_port_since(const struct relay *r, size_t mark,
                          const char *transport);
void relay_use_port(struct relay *r, enum relay_port which, unsigned port);
struct tls_files *relay_files(struct relay *r);
pid_t relay_pid(const struct relay *r);
const char *relay_name(const struct relay *r);
const char *relay_realm(const struct relay *r);

/* --- its end --- */

void relay_signal(struct relay *r, int signo);
bool relay_is_running(const struct relay *r);
/* Waits for the end: the exit code, or 128 and the signal that ended it. */
int relay_wait(struct relay *r);
/* Did a sanitizer or an assertion complain? */
bool relay_has_complained(const struct relay *r);

/* --- its log --- */

/* To be polled for reading, and then relay_read(); -1 at its end. */
int relay_log_fd(const struct relay *r);
void relay_read(struct relay *r);
/* All that was logged so far, and how many octets that is. */
const char *relay_log(const struct relay *r);
size_t relay_log_size(const struct relay *r);
/* The last lines of it, to the test's own stderr. */
void relay_show_log(const struct relay *r);

/* --- what it uses --- */

/* Processor time so far. */
uint64_t relay_cpu_ms(const struct relay *r);

/* What the kernel says behind `key`, such as "Uid:", in the process's status:
 * words with single blanks between. */
enum { RELAY_STATUS_MAX = 256 };
void relay_status(char out[RELAY_STATUS_MAX], const struct relay *r,
                  const char *key);

/* Descriptors that are open. */
size_t relay_descriptors(const struct relay *r);

/* Memory, in KiB. */

size_t relay_rss(const struct relay *r);
/* The most it ever was. */
size_t relay_peak_rss(const struct relay *r);

/* --- single commands --- */

/* Runs the daemon with these arguments (NULL at the end) to its end. Returns
 * its exit code; `said` (of `size`) is what it wrote to stdout and stderr. */
int relay_command(char *said, size_t size, const char *const *arguments);

/* Writes a file beside certificate, key and users, as relay_start() does for
 * the configuration. Returns its path. */
const char *relay_write(struct tls_files *files, const char *name,
                        const char *text);
/* Writes the relay's configuration anew, for a reload; its name and realm are
 * then what `opts` says, its files stay what they are called. */
void relay_write_config(struct relay *r, const struct relay_opts *opts);
/* The path of its file with this suffix: conf, pem, key, users. */
const char *relay_path(struct relay *r, const char *suffix);
/* A line of a users file. */
void relay_add_user(FILE *f, const char *name, const char *realm,
                    const char *password, enum digest_alg alg);
/* Makes certificate, key and users; what they are called is known to
 * relay_config_text(). */
struct tls_files *relay_files_new(void);
/* A configuration for these files, to be freed. */
char *relay_config_text(struct tls_files *files, const struct relay_opts *opts);

#endif
