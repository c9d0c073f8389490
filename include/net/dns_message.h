/* SPDX-License-Identifier: BSD-2-Clause */
/* dns_message - what a name server's answer says (RFC 1035, 3596, 2782).
 *
 * Pure. Reads the records of one type out of the answer section: those of the
 * name that was asked, or of the name that the aliases (CNAME) in the section
 * lead to, in any order. The resolver that was asked has followed them all;
 * what it says about other names is not heard. */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "sock.h"

enum dns_type { DNS_A = 1, DNS_AAAA = 28, DNS_SRV = 33 };

enum {
    DNS_CLASS_IN = 1,
    DNS_NAME_MAX = 253, /* octets of a name as text, without a dot at its end */
    DNS_RECORDS_MAX = 16, /* read from one answer; others are passed over */
};

struct dns_srv {
    uint16_t priority;
    uint16_t weight;
    uint16_t port;
    char target[DNS_NAME_MAX + 1]; /* "": the service is not offered there */
};

union dns_record {
    struct addr addr; /* DNS_A and DNS_AAAA: with port 0 */
    struct dns_srv srv;
};

/* Referenced, read-only. */
struct dns_answer {
    size_t refs;
    uint32_t ttl_s; /* the shortest of the records and aliases that count */
    size_t n;       /* > 0 */
    union dns_record records[];
};

/* 0, ERR_NOT_FOUND when it has no record of this type for the name, ERR_SYNTAX
 * for what is no answer or cut short, or ERR_NOMEM. Drop with
 * dns_answer_unref(). */
int dns_answer_read(struct dns_answer **out, const char *name,
                    enum dns_type type, const unsigned char *message, size_t n);

struct dns_answer *dns_answer_ref(struct dns_answer *a);
/* NULL is harmless. */
void dns_answer_unref(struct dns_answer *a);

#endif
