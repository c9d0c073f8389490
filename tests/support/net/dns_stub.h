/* SPDX-License-Identifier: BSD-2-Clause */
/* dns_stub - a name server of the tests' own on loopback, UDP and TCP, that
 * says what it is told to say.
 *
 * It knows no loop and no thread: whoever runs it calls dns_stub_serve() when
 * dns_stub_fd() is readable, or again and again. */
#ifndef DNS_STUB_H
#define DNS_STUB_H

#include <stdint.h>

#include "dns_message.h"
#include "sock.h"

struct dns_stub;

/* How questions about a name are met. */
enum dns_stub_mood {
    DNS_STUB_ANSWER,    /* what it has; NXDOMAIN for a name without records */
    DNS_STUB_SILENT,    /* not at all */
    DNS_STUB_TRUNCATE,  /* over UDP cut to nothing, with TC */
    DNS_STUB_GARBAGE,   /* a header, then nonsense */
    DNS_STUB_FAIL,      /* SERVFAIL */
    DNS_STUB_REFUSE,    /* REFUSED */
    DNS_STUB_FOREIGN_ID /* the answer to somebody else's question */
};

/* On a port of the kernel's choice. */
struct dns_stub *dns_stub_new(void);
void dns_stub_free(struct dns_stub *s);
const struct addr *dns_stub_addr(const struct dns_stub *s);

/* Readable when there is something to do; does it, without waiting. */
int dns_stub_fd(const struct dns_stub *s);
void dns_stub_serve(struct dns_stub *s);

/* Records; several of one name come in this order. An address is IPv4 or IPv6.
 */
void dns_stub_host(struct dns_stub *s, const char *name, uint32_t ttl_s,
                   const char *address);
void dns_stub_alias(struct dns_stub *s, const char *name, uint32_t ttl_s,
                    const char *target);
/* The name without _msrps._tcp; "." as target is none. */
void dns_stub_srv(struct dns_stub *s, const char *name, uint32_t ttl_s,
                  const struct dns_srv *srv);
/* Forgets all records of the name. */
void dns_stub_forget(struct dns_stub *s, const char *name);

/* Questions of one type about the name: type 0 is all of them. A later call
 * goes before an earlier one. */
void dns_stub_set_mood(struct dns_stub *s, const char *name, int type,
                       enum dns_stub_mood mood);

/* How often it was asked. */
unsigned dns_stub_asked(const struct dns_stub *s, const char *name,
                        enum dns_type type);
unsigned dns_stub_asked_over_tcp(const struct dns_stub *s);
/* Over UDP, from the port from which most questions came. */
unsigned dns_stub_asked_from_one_port(const struct dns_stub *s);

#endif
