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

#endif
