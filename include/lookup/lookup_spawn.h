/* SPDX-License-Identifier: BSD-2-Clause */
/* lookup_spawn - starts a helper process. */
#ifndef LOOKUP_SPAWN_H
#define LOOKUP_SPAWN_H

#include <sys/types.h>

/* The descriptors are non-blocking where that matters, close on exec, and the
 * caller's. */
struct lookup_spawned {
    pid_t pid;     /* to be waited for; leads a process group of its own */
    int pidfd;     /* readable when it has ended */
    int fd;        /* the other end of its descriptors 0 and 1 */
    int errors_fd; /* ... and of its 2, for reading */
};

/* 0 or ERR_IO (errno is set). The memory of this process is not copied, however
 * large it is. */
int lookup_spawn(struct lookup_spawned *out, char *const *argv);

#endif
