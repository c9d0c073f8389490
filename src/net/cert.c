/* SPDX-License-Identifier: BSD-2-Clause */
#include "cert.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <time.h>

#include "sock.h"

bool cert_is_hosts(const X509 *cert)
{
    GENERAL_NAMES *names =
        X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    bool found = false;

    for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++)
        found = sk_GENERAL_NAME_value(names, i)->type == GEN_DNS;
    GENERAL_NAMES_free(names);
    return found;
}

/* To OpenSSL an empty name is as long as its string, and one with a dot in
 * front is a whole domain. */
bool cert_can_name(struct span host)
{
    return host.n && host.n < CERT_HOST_ROOM && host.p[0] != '.' &&
           !memchr(host.p, '\0', host.n);
}

bool cert_has_name(X509 *cert, struct span host)
{
    return cert_can_name(host) &&
           X509_check_host(cert, host.p, host.n, CERT_NAME_FLAGS, NULL) == 1;
}

size_t cert_literal(unsigned char *dst, struct span host)
{
    struct addr a;

    if (addr_parse_literal(&a, host, 0))
        return 0;
    if (a.sa.sa_family == AF_INET) {
        memcpy(dst, &a.in4.sin_addr, sizeof a.in4.sin_addr);
        return sizeof a.in4.sin_addr;
    }
    memcpy(dst, &a.in6.sin6_addr, sizeof a.in6.sin6_addr);
    return sizeof a.in6.sin6_addr;
}

bool cert_has_host(X509 *cert, struct span host)
{
    unsigned char octets[16];
    size_t n = cert_literal(octets, host);

    return n ? X509_check_ip(cert, octets, n, 0) == 1
             : cert_has_name(cert, host);
}

static const EVP_MD *hash_of(enum fingerprint_function function)
{
    switch (function) {
    case FINGERPRINT_SHA1:
        return EVP_sha1();
    case FINGERPRINT_SHA224:
        return EVP_sha224();
    case FINGERPRINT_SHA256:
        return EVP_sha256();
    case FINGERPRINT_SHA384:
        return EVP_sha384();
    case FINGERPRINT_SHA512:
        return EVP_sha512();
    }
    return NULL;
}

bool cert_fingerprint(struct fingerprint *out, const X509 *cert,
                      enum fingerprint_function function)
{
    const EVP_MD *hash = hash_of(function);
    unsigned n = 0;

    if (!cert || !hash || X509_digest(cert, hash, out->octets, &n) != 1)
        return false;
    out->function = (uint8_t)function;
    out->n = (uint8_t)n;
    return true;
}

/* As a URI writes it; "" for what is no address. */
static struct span address_text(char dst[INET6_ADDRSTRLEN + 2],
                                const ASN1_OCTET_STRING *ip)
{
    int n = ASN1_STRING_length(ip);
    int family = n == 4 ? AF_INET : AF_INET6;

    if ((n != 4 && n != 16) || !inet_ntop(family, ASN1_STRING_get0_data(ip),
                                          dst + (n == 16), INET6_ADDRSTRLEN))
        return SPAN("");
    if (n == 4)
        return span_str(dst);
    dst[0] = '[';
    n = (int)strlen(dst);
    dst[n] = ']';
    return span_of(dst, (size_t)n + 1);
}

void cert_names(const X509 *cert, tls_name_fn fn, void *ctx)
{
    GENERAL_NAMES *names =
        cert ? X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL) : NULL;

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        char text[INET6_ADDRSTRLEN + 2];

        if (name->type == GEN_DNS)
            fn(ctx,
               span_of((const char *)ASN1_STRING_get0_data(name->d.dNSName),
                       (size_t)ASN1_STRING_length(name->d.dNSName)));
        else if (name->type == GEN_IPADD)
            fn(ctx, address_text(text, name->d.iPAddress));
    }
    GENERAL_NAMES_free(names);
}

bool cert_time(int64_t *out, const ASN1_TIME *from)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(from, &tm) != 1)
        return false;
    *out = timegm(&tm);
    return true;
}

int64_t cert_ends(const X509 *cert)
{
    int64_t end;

    return cert_time(&end, X509_get0_notAfter(cert)) ? end : 0;
}
