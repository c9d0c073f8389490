/* SPDX-License-Identifier: BSD-2-Clause */
#include "listen_fault.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

static const char *advice_on_permission(const struct addr *at)
{
    return addr_port(at) < IPPORT_RESERVED
               ? "let systemd bind the port (msrprelayd.socket), start as "
                 "root, or change the port in"
               : "look for a security policy that forbids it, or change";
}

bool listen_fault_advice(char *dst, const char *key, const struct addr *at,
                         int errnum)
{
    const char *advice;
    char text[ADDR_TEXT_MAX];

    switch (errnum) {
    case EADDRINUSE:
        advice = "stop the program that listens there (ss -ltnp shows it), or "
                 "change the port in";
        break;
    case EADDRNOTAVAIL:
        advice = "give this host the address (ip address shows those it has), "
                 "or change";
        break;
    case EACCES:
    case EPERM:
        advice = advice_on_permission(at);
        break;
    default:
        return false;
    }
    snprintf(dst, LISTEN_FAULT_MAX, "%s: %s %s", addr_text(text, at), advice,
             key);
    return true;
}
