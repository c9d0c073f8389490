/* SPDX-License-Identifier: BSD-2-Clause */
#include "network.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"

static int near_ns = -1, far_ns = -1;

static int own_namespace(void)
{
    return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* Runs `ip` with these words, quietly; was it content? */
static bool ip(const char *words)
{
    char line[160];
    int status;

    snprintf(line, sizeof line, "ip %s >/dev/null 2>&1", words);
    status = system(line); /* NOLINT(cert-env33-c): a test's fixed words */
    return status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool network_make(void)
{
    char cable[96];

    if (unshare(CLONE_NEWNET) != 0 || (far_ns = own_namespace()) < 0 ||
        !ip("link set lo up") || unshare(CLONE_NEWNET) != 0 ||
        (near_ns = own_namespace()) < 0)
        return false;
    /* The far one is named by a process that is in it: this descriptor. */
    snprintf(cable, sizeof cable,
             "link add near0 type veth peer name far0 netns /proc/%d/fd/%d",
             (int)getpid(), far_ns);
    if (!ip("link set lo up") || !ip(cable) ||
        !ip("address add " NETWORK_NEAR "/24 dev near0") ||
        !ip("link set near0 up") || setns(far_ns, CLONE_NEWNET) != 0)
        return false;
    return ip("address add " NETWORK_FAR "/24 dev far0") &&
           ip("link set far0 up") && setns(near_ns, CLONE_NEWNET) == 0;
}

void network_go_far(void)
{
    assert_int_equal(setns(far_ns, CLONE_NEWNET), 0);
}

void network_go_near(void)
{
    assert_int_equal(setns(near_ns, CLONE_NEWNET), 0);
}

void network_cut(void)
{
    network_go_far();
    assert_true(ip("route add blackhole " NETWORK_NEAR "/32"));
    network_go_near();
}

void network_mend(void)
{
    network_go_far();
    assert_true(ip("route del blackhole " NETWORK_NEAR "/32"));
    network_go_near();
}
