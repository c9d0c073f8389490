/* SPDX-License-Identifier: BSD-2-Clause */
#include "process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
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
static void read_statm(struct process *p, int fd)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    char text[128];
    ssize_t n = pread(fd, text, sizeof text, 0);
    struct span rest = span_of(text, n > 0 ? (size_t)n : 0);

    p->virtual_octets = process_take_number(&rest) * page;
    p->resident_octets = process_take_number(&rest) * page;
}

uint64_t process_resident(int fd)
{
    struct process p;

    read_statm(&p, fd);
    return p.resident_octets;
}

static void read_memory(struct process *p)
{
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    struct rusage usage;

    if (fd >= 0) {
        read_statm(p, fd);
        close(fd);
        return;
    }
    /* No descriptor is left: the most it ever was. */
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        p->resident_octets = (uint64_t)usage.ru_maxrss * 1024;
}

/* --- what a control group permits --- */

enum { PATH_MAX_OCTETS = 4096 };

/* The number in a file; UINT64_MAX if there is none. */
static uint64_t read_limit(const char *path)
{
    FILE *f = fopen(path, "re");
    char text[32] = "";
    struct span rest;
    uint64_t n;

    if (!f)
        return UINT64_MAX;
    rest = span_str(fgets(text, sizeof text, f) ? text : "");
    fclose(f);
    return span_u64(&n, span_cut(&rest, '\n'), UINT64_MAX) == 0 ? n
                                                                : UINT64_MAX;
}

/* The least limit of the group and of those around it. */
static uint64_t least_limit(const char *top, struct span group,
                            const char *file)
{
    uint64_t least = UINT64_MAX, limit;
    char path[2 * PATH_MAX_OCTETS];

    do {
        while (group.n && group.p[group.n - 1] != '/')
            group.n--;
        snprintf(path, sizeof path, "%s%.*s%s", top, SPAN_ARG(group), file);
        limit = read_limit(path);
        if (limit < least)
            least = limit;
    } while (group.n && group.n--);
    return least;
}

/* A line is `NUMBER:CONTROLLERS:/GROUP`; version 2 has no controllers. */
static uint64_t limit_of_line(struct span line, const char *root)
{
    char group[PATH_MAX_OCTETS], top[PATH_MAX_OCTETS];
    struct span controllers;

    (void)span_cut(&line, ':');
    controllers = span_cut(&line, ':');
    snprintf(group, sizeof group, "%.*s/", SPAN_ARG(line));
    if (controllers.n == 0)
        return least_limit(root, span_str(group), "memory.max");
    if (!span_eq(controllers, SPAN("memory")))
        return UINT64_MAX;
    snprintf(top, sizeof top, "%s/memory", root);
    return least_limit(top, span_str(group), "memory.limit_in_bytes");
}

uint64_t process_memory_max(const char *cgroup, const char *root)
{
    uint64_t least =
        (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    FILE *f = fopen(cgroup, "re");
    char text[PATH_MAX_OCTETS];

    while (f && fgets(text, sizeof text, f)) {
        struct span rest = span_str(text);
        uint64_t limit = limit_of_line(span_cut(&rest, '\n'), root);

        if (limit < least)
            least = limit;
    }
    if (f)
        fclose(f);
    return least;
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
