/* SPDX-License-Identifier: BSD-2-Clause */
#include "process.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "str.h"

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* The next decimal number of *rest; 0 if there is none. */
static uint64_t process_take_number(struct span *rest)
{
    uint64_t n = 0;

    (void)span_u64(&n, span_cut(rest, ' '), UINT64_MAX);
    return n;
}

/* "size resident ..." in pages */
static void read_memory(struct process *p)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    char text[128];
    struct span rest;
    ssize_t n;

    if (fd < 0) { /* no descriptor is left: the most it ever was */
        struct rusage usage;

        if (getrusage(RUSAGE_SELF, &usage) == 0)
            p->resident_octets = (uint64_t)usage.ru_maxrss * 1024;
        return;
    }
    n = read(fd, text, sizeof text);
    close(fd);
    rest = span_of(text, n > 0 ? (size_t)n : 0);
    p->virtual_octets = process_take_number(&rest) * page;
    p->resident_octets = process_take_number(&rest) * page;
}

/* Newer kernels tell the number as the directory's size; with older ones it is
 * counted, at some 10 ms for 100000. */
static uint64_t count_fds(void)
{
    struct stat st;
    uint64_t n = 0;
    DIR *d;

    if (stat("/proc/self/fd", &st) == 0 && st.st_size > 0)
        return (uint64_t)st.st_size;
    d = opendir("/proc/self/fd");
    if (!d)
        return 0;
    while (readdir(d))
        n++;
    closedir(d);
    return n > 3 ? n - 3 : 0; /* `.`, `..` and the directory itself */
}

void process_read(struct process *out)
{
    struct process p = {0};
    struct rusage usage;
    struct rlimit lim;

    if (getrusage(RUSAGE_SELF, &usage) == 0)
        p.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    if (getrlimit(RLIMIT_NOFILE, &lim) == 0)
        p.max_fds = lim.rlim_cur;
    read_memory(&p);
    p.open_fds = count_fds();
    *out = p;
}
