/* SPDX-License-Identifier: BSD-2-Clause */
/* An answer of a name server, read for each type: what is taken is within its
 * bounds. */
#include "dns_message.h"

#include "err.h"
#include "fuzz.h"

static void check_name(const char *name)
{
    size_t n = strlen(name);

    assert(n <= DNS_NAME_MAX);
    for (size_t i = 0; i < n; i++)
        assert(char_is_alpha(name[i]) || char_is_digit(name[i]) ||
               memchr("-_.", name[i], 3));
}

static void check(enum dns_type type, struct span message)
{
    struct dns_answer *a = NULL;
    int err = dns_answer_read(&a, "a.example", type,
                              (const unsigned char *)message.p, message.n);

    if (err) {
        assert(!a && (err == ERR_SYNTAX || err == ERR_NOT_FOUND));
        return;
    }
    assert(a->n > 0 && a->n <= DNS_RECORDS_MAX && a->ttl_s <= INT32_MAX);
    for (size_t i = 0; i < a->n; i++) {
        if (type == DNS_SRV)
            check_name(a->records[i].srv.target);
        else
            assert(a->records[i].addr.sa.sa_family ==
                   (type == DNS_A ? AF_INET : AF_INET6));
    }
    dns_answer_unref(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span message = fuzz_copy(data, n);

    check(DNS_A, message);
    check(DNS_AAAA, message);
    check(DNS_SRV, message);
    fuzz_free(message);
    return 0;
}
