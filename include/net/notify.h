/* SPDX-License-Identifier: BSD-2-Clause */
/* notify - tells the service manager how the relay is: systemd's datagram
 * protocol, sd_notify(3), spoken directly.
 *
 * Without a service manager nothing is said. Nothing here blocks or fails. */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify {
    int fd; /* -1: there is no service manager */
    struct sockaddr_un to;
    socklen_t to_len;
    uint64_t watchdog_ms; /* how often it wants a sign of life; 0: never */
};

/* Takes $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID, and removes them, for
 * they are meant for this process alone. */
void notify_init(struct notify *n);
void notify_fini(struct notify *n);

/* Up, or back from a reload; `status` is for people, in `systemctl status`. */
void notify_ready(const struct notify *n, const char *status);
/* Begins to reload; notify_ready() follows. */
void notify_reloading(const struct notify *n);
/* The end begins, which may take this many milliseconds. */
void notify_stopping(const struct notify *n, uint64_t within_ms);
void notify_status(const struct notify *n, const char *status);
void notify_alive(const struct notify *n);

#endif
