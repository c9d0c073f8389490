/* SPDX-License-Identifier: BSD-2-Clause */
#include "proxy.h"

#include <arpa/inet.h>

#include "cmocka_all.h"
#include "err.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
/* 192.0.2.7:40312 to 198.51.100.1:2855 */
#define IPV4_ENDS "\xc0\x00\x02\x07\xc6\x33\x64\x01\x9d\x78\x0b\x27"
/* 2001:db8::7 to 2001:db8::1 */
#define IPV6_ENDS                                                              \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"                               \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"                               \
    "\x9d\x78\x0b\x27"
#define TLS_TLV "\x20\x00\x0f\x01\0\0\0\0\x21\x00\x07TLSv1.3"
#define AFTER "MSRP a1b2 SEND\r\n"

/* A header, what it says, and what follows it on the connection. */
struct example {
    struct span text;
    const char *host; /* NULL: none to be used */
    bool is_tls;
};

static const struct example good[] = {
    {SPAN("PROXY TCP4 192.0.2.7 198.51.100.1 40312 2855\r\n"), "192.0.2.7",
     false},
    {SPAN("PROXY TCP6 2001:db8::7 2001:db8::1 40312 2855\r\n"), "2001:db8::7",
     false},
    {SPAN("PROXY UNKNOWN\r\n"), NULL, false},
    {SPAN("PROXY UNKNOWN ffff:f::ffff ffff:f::ffff 65535 65535\r\n"), NULL,
     false},
    {SPAN(SIGNATURE "\x21\x11\x00\x0c" IPV4_ENDS), "192.0.2.7", false},
    {SPAN(SIGNATURE "\x21\x21\x00\x24" IPV6_ENDS), "2001:db8::7", false},
    {SPAN(SIGNATURE "\x20\x00\x00\x00"), NULL, false},
    /* of LOCAL nothing counts, whatever it has */
    {SPAN(SIGNATURE "\x20\x11\x00\x0f" IPV4_ENDS "\xff\xff\xff"), NULL, false},
    {SPAN(SIGNATURE "\x21\x00\x00\x00"), NULL, false},
    {SPAN(SIGNATURE "\x21\x00\x00\x03\x20\x00\xff"), NULL, false},
    {SPAN(SIGNATURE "\x21\x12\x00\x0c" IPV4_ENDS), NULL, false}, /* UDP */
    /* an unknown protocol: with TLVs, or addresses that nobody can read */
    {SPAN(SIGNATURE "\x21\x00\x00\x12" TLS_TLV), NULL, true},
    {SPAN(SIGNATURE "\x21\x00\x00\x07\x03\x00\x04\x3e\xc9\x89\x4e"), NULL,
     false},
    {SPAN(SIGNATURE "\x21\x00\x00\x0c" IPV4_ENDS), NULL, false},
    {SPAN(SIGNATURE "\x21\x00\x00\x15" TLS_TLV "\x03\x00\xff"), NULL, false},
    {SPAN(SIGNATURE "\x21\x00\x00\x14" TLS_TLV "\x03\x00"), NULL, false},
    /* TLVs: TLS, unknown ones, a right checksum */
    {SPAN(SIGNATURE "\x21\x11\x00\x1e" IPV4_ENDS TLS_TLV), "192.0.2.7", true},
    {SPAN(SIGNATURE "\x21\x11\x00\x14" IPV4_ENDS "\x20\x00\x05\0\0\0\0\0"),
     "192.0.2.7", false},
    {SPAN(SIGNATURE "\x21\x11\x00\x26" IPV4_ENDS "\xea\x00\x05hello" TLS_TLV),
     "192.0.2.7", true},
    {SPAN(SIGNATURE "\x21\x11\x00\x13" IPV4_ENDS "\x03\x00\x04\xfd\x68\x4a"
                    "\x34"),
     "192.0.2.7", false},
};

static const struct example bad[] = {
    {SPAN("MSRP a1b2 SEND\r\n"), "no PROXY header", false},
    {SPAN("\x16\x03\x01\x02"), "no PROXY header", false},
    {SPAN("PROXX"), "no PROXY header", false},
    {SPAN("\r\n\r\nMSRP"), "no PROXY header", false},
    {SPAN("PROXY \r\n"), "malformed PROXY header", false},
    {SPAN("PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n"),
     "malformed PROXY header", false},
    {SPAN("PROXY TCP4 192.0.2.7 198.51.100.1 40312\r\n"),
     "malformed PROXY header", false},
    {SPAN("PROXY TCP4 192.0.2.7 198.51.100.1 40312 65536\r\n"),
     "malformed PROXY header", false},
    {SPAN("PROXY TCP4 192.0.2.7 198.51.100.1 040312 1\r\n"),
     "malformed PROXY header", false},
    {SPAN("PROXY TCP4 192.0.2.7  198.51.100.1 40312 1\r\n"),
     "malformed PROXY header", false},
    {SPAN("PROXY TCP4 2001:db8::7 2001:db8::1 40312 2855\r\n"),
     "malformed PROXY header", false},
    {SPAN("PROXY TCP4 192.0.2.7\0 198.51.100.1 40312 2855\r\n"),
     "malformed PROXY header", false},
    {SPAN("PROXY TCP4 192.0.2.7 198.51.100.1 40312 2855\n"),
     "malformed PROXY header", false},
    {SPAN("PROXY UNKNOWN aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
     "malformed PROXY header", false},
    {SPAN(SIGNATURE "\x31\x11\x00\x0c" IPV4_ENDS), "malformed PROXY header",
     false},
    {SPAN(SIGNATURE "\x22"), "malformed PROXY header", false},
    {SPAN(SIGNATURE "\x21\x41\x00\x0c" IPV4_ENDS), "malformed PROXY header",
     false},
    {SPAN(SIGNATURE "\x21\x11\x00\x08\xc0\x00\x02\x07\xc6\x33\x64\x01"),
     "malformed PROXY header", false},
    /* TLVs: cut, too long, too short for what they are */
    {SPAN(SIGNATURE "\x21\x11\x00\x0e" IPV4_ENDS "\xea\x00"),
     "malformed PROXY header", false},
    {SPAN(SIGNATURE "\x21\x11\x00\x10" IPV4_ENDS "\xea\x00\x02h"),
     "malformed PROXY header", false},
    {SPAN(SIGNATURE "\x21\x11\x00\x10" IPV4_ENDS "\x20\x00\x01\x01"),
     "malformed PROXY header", false},
    {SPAN(SIGNATURE "\x21\x11\x00\x10" IPV4_ENDS "\x03\x00\x01\x01"),
     "malformed PROXY header", false},
    {SPAN(SIGNATURE "\x21\x11\x00\x13" IPV4_ENDS "\x03\x00\x04\xfd\x68\x4a"
                    "\x35"),
     "wrong checksum in PROXY header", false},
    {SPAN(SIGNATURE "\x21\x00\x00\x07\x03\x00\x04\x3e\xc9\x89\x4f"),
     "wrong checksum in PROXY header", false},
    {SPAN(SIGNATURE "\x21\x11\x00\x1a" IPV4_ENDS "\x03\x00\x04\xfd\x68\x4a"
                    "\x35\x03\x00\x04\xfd\x68\x4a\x35"),
     "malformed PROXY header", false},
};

enum { GOOD = sizeof good / sizeof *good, BAD = sizeof bad / sizeof *bad };

static void assert_says(const struct proxy_head *h, const struct example *e)
{
    char text[64];

    assert_int_equal(h->source.is_tls, e->is_tls);
    if (!e->host) {
        assert_int_equal(h->source.n, 0);
        return;
    }
    assert_non_null(inet_ntop(h->source.n == 4 ? AF_INET : AF_INET6,
                              h->source.host, text, sizeof text));
    assert_string_equal(text, e->host);
    assert_int_equal(h->source.port, 40312);
}

/* Feeds `text` in pieces of n octets up to the end or the first error. */
static int fed(struct proxy_head *h, struct span text, size_t n)
{
    int err = ERR_AGAIN;

    proxy_init(h);
    while (err == ERR_AGAIN && text.n) {
        struct span piece = span_of(text.p, n < text.n ? n : text.n);
        size_t before = piece.n;

        err = proxy_next(h, &piece);
        text = span_from(text, before - piece.n);
        if (err == ERR_AGAIN)
            assert_int_equal(piece.n, 0);
    }
    return err;
}

static void headers_are_read_however_they_come(void **state)
{
    struct proxy_head h;

    (void)state;
    for (size_t i = 0; i < GOOD; i++)
        for (size_t n = 1; n <= good[i].text.n; n++) {
            assert_int_equal(fed(&h, good[i].text, n), 0);
            assert_says(&h, &good[i]);
        }
}

static void a_header_that_is_cut_wants_more(void **state)
{
    struct proxy_head h;

    (void)state;
    for (size_t i = 0; i < GOOD; i++)
        for (size_t n = 0; n < good[i].text.n; n++) {
            struct span part = span_of(good[i].text.p, n);

            proxy_init(&h);
            assert_int_equal(proxy_next(&h, &part), ERR_AGAIN);
            assert_int_equal(part.n, 0);
        }
}

static void what_follows_is_left_alone(void **state)
{
    struct proxy_head h;
    char octets[512];

    (void)state;
    for (size_t i = 0; i < GOOD; i++) {
        size_t n = good[i].text.n;
        struct span in = span_of(octets, n + sizeof AFTER - 1);

        memcpy(octets, good[i].text.p, n);
        memcpy(octets + n, AFTER, sizeof AFTER - 1);
        proxy_init(&h);
        assert_int_equal(proxy_next(&h, &in), 0);
        assert_span_equal(in, SPAN(AFTER));
    }
}

static void what_is_wrong_is_told(void **state)
{
    struct proxy_head h;

    (void)state;
    for (size_t i = 0; i < BAD; i++)
        for (size_t n = 1; n <= bad[i].text.n; n++) {
            assert_int_equal(fed(&h, bad[i].text, n), ERR_SYNTAX);
            assert_string_equal(h.fault, bad[i].host);
        }
}

/* As long as there may be, in pieces of all sizes; the TLV for TLS is at its
 * end. */
static void the_longest_header_is_read(void **state)
{
    enum { FILLED = UINT16_MAX - 12 - 3 - 8 };
    static const size_t pieces[] = {1, 7, 512, 4096, PROXY_MAX};
    static char text[PROXY_MAX];
    struct proxy_head h;

    (void)state;
    memcpy(text, SIGNATURE "\x21\x11\xff\xff" IPV4_ENDS "\xea", 29);
    text[29] = (char)(FILLED >> 8);
    text[30] = (char)(FILLED & 0xff);
    memcpy(text + PROXY_MAX - 8, "\x20\x00\x05\x01\0\0\0\0", 8);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        assert_int_equal(fed(&h, span_of(text, sizeof text), pieces[i]), 0);
        assert_int_equal(h.n, PROXY_MAX);
        assert_int_equal(h.source.port, 40312);
        assert_true(h.source.is_tls);
    }
    text[PROXY_MAX - 6] = 6; /* longer than what is left */
    assert_int_equal(fed(&h, span_of(text, sizeof text), 512), ERR_SYNTAX);
    assert_true(sizeof h < 512); /* nothing of it is kept */
}

static void beginnings_are_known_by_five_octets(void **state)
{
    (void)state;
    for (size_t i = 0; i < GOOD; i++) {
        assert_true(proxy_begins(good[i].text));
        assert_true(proxy_begins(span_of(good[i].text.p, PROXY_MARK)));
        assert_false(proxy_begins(span_of(good[i].text.p, PROXY_MARK - 1)));
    }
    assert_false(proxy_begins(SPAN("MSRP a1b2 SEND")));
    assert_false(proxy_begins(SPAN("\r\n\r\nMSRP")));
    assert_false(proxy_begins(SPAN("\x16\x03\x01\x02\x00\x01")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_read_however_they_come),
        cmocka_unit_test(a_header_that_is_cut_wants_more),
        cmocka_unit_test(what_follows_is_left_alone),
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(the_longest_header_is_read),
        cmocka_unit_test(beginnings_are_known_by_five_octets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
