/* SPDX-License-Identifier: BSD-2-Clause */
#include "proxy.h"

#include <arpa/inet.h>

#include "err.h"

enum {
    SIGNATURE = 12,
    V2_HEAD = SIGNATURE + 4, /* command, family, length */
    V1_MAX = 107,            /* with its CRLF */
    V1_LEAD = 6,             /* "PROXY " */
};

static const unsigned char signature[SIGNATURE] = "\r\n\r\n\0\r\nQUIT\n";
static const char lead[] = "PROXY ";

const char proxy_unwanted[] =
    "PROXY header from an address that listen.proxy does not have";

static int proxy_fail(struct proxy_head *h, const char *fault)
{
    h->fault = fault;
    return ERR_SYNTAX;
}

static int malformed(struct proxy_head *h)
{
    return proxy_fail(h, "malformed PROXY header");
}

/* --- version 1 --- */

static int host_v1(struct proxy_source *out, int family, struct span text)
{
    char host[INET6_ADDRSTRLEN];

    if (span_copy(host, sizeof host, text) != text.n ||
        inet_pton(family, host, out->host) != 1)
        return ERR_SYNTAX;
    out->n = family == AF_INET ? 4 : 16;
    return 0;
}

static int port_v1(struct proxy_source *out, struct span text)
{
    uint64_t port;

    if (text.n > 5 || (text.n > 1 && text.p[0] == '0') ||
        span_u64(&port, text, UINT16_MAX))
        return ERR_SYNTAX;
    out->port = (uint16_t)port;
    return 0;
}

/* What follows TCP4 or TCP6: both ends' addresses, then their ports. */
static int read_ends_v1(struct proxy_source *out, int family, struct span rest)
{
    struct proxy_source here;
    struct span from = span_cut(&rest, ' '), to = span_cut(&rest, ' '),
                from_port = span_cut(&rest, ' ');

    if (host_v1(&here, family, to) || port_v1(&here, rest) ||
        host_v1(out, family, from) || port_v1(out, from_port))
        return ERR_SYNTAX;
    return 0;
}

static int read_v1(struct proxy_head *h)
{
    struct span rest =
        span_of((const char *)h->octets + V1_LEAD, h->n - V1_LEAD - 2);
    struct proxy_source source = {.n = 0};
    struct span family;
    int err = 0;

    family = span_cut(&rest, ' ');
    if (span_eq(family, SPAN("TCP4")))
        err = read_ends_v1(&source, AF_INET, rest);
    else if (span_eq(family, SPAN("TCP6")))
        err = read_ends_v1(&source, AF_INET6, rest);
    else if (!span_eq(family, SPAN("UNKNOWN")))
        err = ERR_SYNTAX;
    if (err)
        return malformed(h);
    h->source = source;
    return 0;
}

/* --- version 2 --- */

enum {
    AT_COMMAND = SIGNATURE,
    AT_FAMILY,
    AT_LENGTH,

    LOCAL = 0x20,
    PROXY = 0x21,
    TCP_IPV4 = 0x11,
    TCP_IPV6 = 0x21,
    FAMILY_MAX = 3, /* UNSPEC, IPv4, IPv6, UNIX */
    PROTO_MAX = 2,  /* UNSPEC, STREAM, DGRAM */

    TLV_HEAD = 3,
    TLV_CRC32C = 0x03,
    TLV_SSL = 0x20,
    SSL_LEAST = 5,       /* flags, and the result of the verification */
    SSL_FLAG_TLS = 0x01, /* the client came over TLS */
    CRC = 4,
};

static size_t two_octets(const unsigned char *p)
{
    return (size_t)p[0] << 8 | p[1];
}

/* One octet more into a CRC32C (RFC 3720, appendix B.4). Headers are short and
 * come once for a connection: no table is worth its while. */
static uint32_t crc_add(uint32_t crc, unsigned char octet)
{
    crc ^= octet;
    for (int i = 0; i < 8; i++)
        crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    return crc;
}

/* The checksum was made with zeroes in its own place. */
static bool is_crc_right(const struct proxy_head *h, size_t at)
{
    uint32_t crc = UINT32_MAX, want = 0;

    for (size_t i = 0; i < h->n; i++)
        crc = crc_add(crc, i >= at && i < at + CRC ? 0 : h->octets[i]);
    for (size_t i = 0; i < CRC; i++)
        want = want << 8 | h->octets[at + i];
    return (crc ^ UINT32_MAX) == want;
}

static int read_tlv(struct proxy_head *h, size_t at, size_t n)
{
    switch (h->octets[at - TLV_HEAD]) {
    case TLV_CRC32C:
        if (n != CRC)
            return malformed(h);
        if (!is_crc_right(h, at))
            return proxy_fail(h, "wrong checksum in PROXY header");
        return 0;
    case TLV_SSL:
        if (n < SSL_LEAST)
            return malformed(h);
        h->source.is_tls = h->octets[at] & SSL_FLAG_TLS;
        return 0;
    default:
        return 0;
    }
}

static int read_tlvs(struct proxy_head *h, size_t at)
{
    int err = 0;

    while (!err && at < h->n) {
        size_t n;

        if (h->n - at < TLV_HEAD)
            return malformed(h);
        n = two_octets(h->octets + at + 1);
        at += TLV_HEAD;
        if (h->n - at < n)
            return malformed(h);
        err = read_tlv(h, at, n);
        at += n;
    }
    return err;
}

/* Addresses of n octets each, and their ports. */
static int read_ends_v2(struct proxy_head *h, size_t n)
{
    const unsigned char *p = h->octets + V2_HEAD;

    if (h->n < V2_HEAD + 2 * n + 4)
        return malformed(h);
    memcpy(h->source.host, p, n);
    h->source.n = n;
    h->source.port = (uint16_t)two_octets(p + 2 * n);
    return read_tlvs(h, V2_HEAD + 2 * n + 4);
}

/* Whatever follows LOCAL, or addresses that mean nothing to us, is skipped. */
static int read_v2(struct proxy_head *h)
{
    unsigned char family = h->octets[AT_FAMILY];

    if (h->octets[AT_COMMAND] == LOCAL)
        return 0;
    switch (family) {
    case TCP_IPV4:
        return read_ends_v2(h, 4);
    case TCP_IPV6:
        return read_ends_v2(h, 16);
    default:
        return family >> 4 > FAMILY_MAX || (family & 0xf) > PROTO_MAX
                   ? malformed(h)
                   : 0;
    }
}

/* --- gathering --- */

static bool agrees(const struct proxy_head *h, const void *with, size_t n)
{
    return memcmp(h->octets, with, h->n < n ? h->n : n) == 0;
}

static bool is_v2(const struct proxy_head *h)
{
    return h->octets[0] == signature[0];
}

/* How many octets must be there before anything more is known. A line ends
 * where it ends, and is taken octet by octet. */
static size_t wanted(const struct proxy_head *h)
{
    if (h->n == 0 || !is_v2(h))
        return h->n + 1;
    return h->n < V2_HEAD ? V2_HEAD
                          : V2_HEAD + two_octets(h->octets + AT_LENGTH);
}

static void gather(struct proxy_head *h, struct span *in, size_t to)
{
    size_t n = to - h->n < in->n ? to - h->n : in->n;

    memcpy(h->octets + h->n, in->p, n);
    h->n += n;
    *in = span_from(*in, n);
}

/* What there is of it so far: ERR_AGAIN, 0 when it is complete, or
 * ERR_SYNTAX. */
static int look_v1(struct proxy_head *h)
{
    if (!agrees(h, lead, V1_LEAD))
        return proxy_fail(h, "no PROXY header");
    if (h->octets[h->n - 1] != '\n')
        return h->n < V1_MAX ? ERR_AGAIN : malformed(h);
    return h->n > V1_LEAD + 2 && h->octets[h->n - 2] == '\r' ? read_v1(h)
                                                             : malformed(h);
}

static int look_v2(struct proxy_head *h)
{
    if (!agrees(h, signature, SIGNATURE))
        return proxy_fail(h, "no PROXY header");
    if (h->n > AT_COMMAND && h->octets[AT_COMMAND] != LOCAL &&
        h->octets[AT_COMMAND] != PROXY)
        return malformed(h);
    if (wanted(h) > PROXY_MAX)
        return proxy_fail(h, "PROXY header too long");
    return h->n < wanted(h) ? ERR_AGAIN : read_v2(h);
}

void proxy_init(struct proxy_head *h)
{
    h->source = (struct proxy_source){.n = 0};
    h->fault = "";
    h->n = 0;
}

int proxy_next(struct proxy_head *h, struct span *in)
{
    int err = ERR_AGAIN;

    while (err == ERR_AGAIN && in->n) {
        gather(h, in, wanted(h));
        err = is_v2(h) ? look_v2(h) : look_v1(h);
    }
    return err;
}

bool proxy_begins(struct span octets)
{
    if (octets.n < PROXY_MARK)
        return false;
    return memcmp(octets.p, lead, PROXY_MARK) == 0 ||
           memcmp(octets.p, signature, PROXY_MARK) == 0;
}
