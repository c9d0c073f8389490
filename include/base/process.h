/* SPDX-License-Identifier: BSD-2-Clause */
/* process - what the kernel says of this process. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdint.h>

struct process {
    double cpu_s;             /* of the processor, user and system */
    uint64_t resident_octets; /* of memory; 0: unknown */
    uint64_t virtual_octets;
    uint64_t open_fds; /* 0: unknown */
    uint64_t max_fds;
};

void process_read(struct process *out);

/* Octets of memory that this process may have: the machine's, or what a control
 * group around the process permits if that is less. `cgroup` is the file
 * /proc/self/cgroup, `root` the directory /sys/fs/cgroup, or others in tests.
 */
uint64_t process_memory_max(const char *cgroup, const char *root);

/* The resident memory in octets, read from /proc/self/statm, which is open as
 * `fd`; 0: unknown. */
uint64_t process_resident(int fd);

#endif
