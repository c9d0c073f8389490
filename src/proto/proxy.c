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

    if (text.n >= sizeof host || memchr(text.p, '\0', text.n))
        return ERR_SYNTAX;
    span_copy(host, sizeof host, text);
    if (inet_pton(family, host, out->host) != 1)
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
    UNSPEC = 0x00,
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

/* Does it tell addresses that are to be used? */
static bool has_ends(const struct proxy_head *h)
{
    return h->octets[AT_COMMAND] == PROXY &&
           (h->octets[AT_FAMILY] == TCP_IPV4 ||
            h->octets[AT_FAMILY] == TCP_IPV6);
}

/* Does it tell more than addresses? An unknown protocol has none. */
static bool has_tlvs(const struct proxy_head *h)
{
    return has_ends(h) ||
           (h->octets[AT_COMMAND] == PROXY && h->octets[AT_FAMILY] == UNSPEC);
}

/* Octets of one address. */
static size_t host_size(const struct proxy_head *h)
{
    return h->octets[AT_FAMILY] == TCP_IPV4 ? 4 : 16;
}

/* Octets up to the TLVs. Whatever follows LOCAL, or addresses that mean nothing
 * to us, is skipped. */
static size_t start_of_v2(const struct proxy_head *h)
{
    return V2_HEAD + (has_ends(h) ? 2 * host_size(h) + 4 : 0);
}

static size_t length_of_v2(const struct proxy_head *h)
{
    return V2_HEAD + two_octets(h->octets + AT_LENGTH);
}

static int check_v2(struct proxy_head *h)
{
    unsigned char command = h->octets[AT_COMMAND],
                  family = h->octets[AT_FAMILY];

    if (command != LOCAL && command != PROXY)
        return malformed(h);
    if (h->n < V2_HEAD)
        return 0;
    if (length_of_v2(h) < start_of_v2(h) ||
        (command == PROXY &&
         (family >> 4 > FAMILY_MAX || (family & 0xf) > PROTO_MAX)))
        return malformed(h);
    return 0;
}

static void read_ends_v2(struct proxy_head *h)
{
    size_t n = host_size(h);

    memcpy(h->source.host, h->octets + V2_HEAD, n);
    h->source.n = n;
    h->source.port = (uint16_t)two_octets(h->octets + V2_HEAD + 2 * n);
}

static void begin_crc(struct proxy_head *h)
{
    h->tlvs.crc = UINT32_MAX;
    for (size_t i = 0; i < h->n; i++)
        h->tlvs.crc = crc_add(h->tlvs.crc, h->octets[i]);
}

/* What follows an unknown protocol may be its addresses, of which nobody knows
 * the end: then nothing of it counts. */
static int no_tlv(struct proxy_head *h)
{
    if (has_ends(h))
        return malformed(h);
    h->tlvs = (struct proxy_tlvs){.are_none = true};
    h->source.is_tls = false;
    return 0;
}

/* The head of a TLV is complete; the header has `left` octets more. */
static int begin_tlv(struct proxy_head *h, size_t left)
{
    struct proxy_tlvs *t = &h->tlvs;
    size_t n = two_octets(t->head + 1);

    if (n > left || (t->head[0] == TLV_CRC32C && (n != CRC || t->has_crc)) ||
        (t->head[0] == TLV_SSL && n < SSL_LEAST))
        return no_tlv(h);
    t->has_crc |= t->head[0] == TLV_CRC32C;
    return 0;
}

/* The checksum was made with zeroes in its own place. */
static unsigned char take_value(struct proxy_head *h, unsigned char octet)
{
    struct proxy_tlvs *t = &h->tlvs;

    if (t->head[0] == TLV_SSL && t->n == TLV_HEAD)
        h->source.is_tls = octet & SSL_FLAG_TLS;
    if (t->head[0] != TLV_CRC32C)
        return octet;
    t->want_crc = t->want_crc << 8 | octet;
    return 0;
}

/* One octet of the TLVs; the header has `left` octets after it. */
static int take_tlv(struct proxy_head *h, unsigned char octet, size_t left)
{
    struct proxy_tlvs *t = &h->tlvs;
    int err = 0;

    if (t->are_none)
        return 0;
    if (t->n < TLV_HEAD)
        t->head[t->n] = octet;
    else
        octet = take_value(h, octet);
    t->crc = crc_add(t->crc, octet);
    t->n++;
    if (t->n == TLV_HEAD)
        err = begin_tlv(h, left);
    if (t->n >= TLV_HEAD && t->n == TLV_HEAD + two_octets(t->head + 1))
        t->n = 0;
    return err;
}

static int take_tlvs(struct proxy_head *h, struct span *in)
{
    size_t length = length_of_v2(h);
    int err = 0;

    while (!err && h->n < length && in->n) {
        h->n++;
        if (has_tlvs(h))
            err = take_tlv(h, (unsigned char)in->p[0], length - h->n);
        *in = span_from(*in, 1);
    }
    return err;
}

static int end_v2(struct proxy_head *h)
{
    const struct proxy_tlvs *t = &h->tlvs;

    if (t->n)
        return no_tlv(h);
    if (t->has_crc && (t->crc ^ UINT32_MAX) != t->want_crc)
        return proxy_fail(h, "wrong checksum in PROXY header");
    return 0;
}

/* --- gathering --- */

static bool agrees(const struct proxy_head *h, const void *with, size_t n)
{
    return memcmp(h->octets, with, h->n < n ? h->n : n) == 0;
}

static void gather(struct proxy_head *h, struct span *in, size_t to)
{
    size_t n = to - h->n < in->n ? to - h->n : in->n;

    memcpy(h->octets + h->n, in->p, n);
    h->n += n;
    *in = span_from(*in, n);
}

/* ERR_AGAIN, 0 when it is complete, or ERR_SYNTAX, as the next one. A line ends
 * where it ends, and is taken octet by octet. */
static int next_v1(struct proxy_head *h, struct span *in)
{
    gather(h, in, h->n + 1);
    if (!agrees(h, lead, V1_LEAD))
        return proxy_fail(h, "no PROXY header");
    if (h->octets[h->n - 1] != '\n')
        return h->n < V1_MAX ? ERR_AGAIN : malformed(h);
    return h->n > V1_LEAD + 2 && h->octets[h->n - 2] == '\r' ? read_v1(h)
                                                             : malformed(h);
}

/* What is gathered of version 2: 0 when it is complete. */
static int take_start(struct proxy_head *h, struct span *in, size_t to)
{
    int err;

    gather(h, in, to);
    if (!agrees(h, signature, SIGNATURE))
        return proxy_fail(h, "no PROXY header");
    err = h->n > AT_COMMAND ? check_v2(h) : 0;
    if (err)
        return err;
    if (h->n < V2_HEAD || h->n < start_of_v2(h))
        return ERR_AGAIN;
    if (has_ends(h))
        read_ends_v2(h);
    begin_crc(h);
    return 0;
}

static int next_v2(struct proxy_head *h, struct span *in)
{
    size_t start = h->n < V2_HEAD ? V2_HEAD : start_of_v2(h);
    int err = h->n < start ? take_start(h, in, start) : take_tlvs(h, in);

    if (err)
        return err;
    return h->n < length_of_v2(h) ? ERR_AGAIN : end_v2(h);
}

void proxy_init(struct proxy_head *h)
{
    *h = (struct proxy_head){.fault = ""};
}

int proxy_next(struct proxy_head *h, struct span *in)
{
    int err = ERR_AGAIN;

    while (err == ERR_AGAIN && in->n) {
        bool is_v2 = h->n ? h->octets[0] == signature[0]
                          : (unsigned char)in->p[0] == signature[0];

        err = is_v2 ? next_v2(h, in) : next_v1(h, in);
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
