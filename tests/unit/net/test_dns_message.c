/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns_message.h"

#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

/* --- messages, by hand --- */

/* Header (one question, `n` answers) and the question a.example IN A; the name
 * is at 12, "example" at 14. */
#define HEAD(n)                                                                \
    "\x12\x34\x81\x80\0\x01\0" n "\0\0\0\0"                                    \
    "\1a\7example\0\0\1\0\1"
#define AT_NAME "\xc0\x0c"
#define RECORD(type, ttl, size) "\0" type "\0\1" ttl "\0" size
#define TTL_60 "\0\0\0\x3c"
#define TTL_30 "\0\0\0\x1e"

static struct dns_answer *answer_of(enum dns_type type, struct span message)
{
    struct dns_answer *a = NULL;
    /* Nothing around it, so that a step outside is seen. */
    unsigned char *copy = malloc(message.n);

    assert_non_null(copy);
    memcpy(copy, message.p, message.n);
    assert_int_equal(dns_answer_read(&a, "a.example", type, copy, message.n),
                     0);
    free(copy);
    return a;
}

/* With another octet at one place. */
static int error_with(enum dns_type type, struct span message, size_t at,
                      int octet)
{
    struct dns_answer *a = NULL;
    unsigned char *copy = malloc(message.n ? message.n : 1);
    int err;

    assert_non_null(copy);
    memcpy(copy, message.p, message.n);
    if (message.n)
        copy[at] = (unsigned char)octet;
    err = dns_answer_read(&a, "a.example", type, copy, message.n);
    free(copy);
    if (err)
        assert_null(a);
    dns_answer_unref(a);
    return err;
}

static int error_of(enum dns_type type, struct span message)
{
    return error_with(type, message, 0, 0x12);
}

static void assert_addr(const struct addr *a, const char *text)
{
    char got[ADDR_TEXT_MAX];

    assert_string_equal(addr_host_text(got, a), text);
    assert_int_equal(addr_port(a), 0);
}

/* --- what is read --- */

static void addresses_are_read_in_order(void **state)
{
    struct dns_answer *a = answer_of(
        DNS_A,
        SPAN(HEAD("\2")
                 AT_NAME RECORD("\1", TTL_60, "\4") "\300\0\2\1" AT_NAME RECORD(
                     "\1", TTL_30, "\4") "\300\0\2\2"));

    (void)state;
    assert_int_equal(a->n, 2);
    assert_int_equal(a->ttl_s, 30);
    assert_addr(&a->records[0].addr, "192.0.2.1");
    assert_addr(&a->records[1].addr, "192.0.2.2");
    assert_ptr_equal(dns_answer_ref(a), a);
    dns_answer_unref(a);
    dns_answer_unref(a);

    a = answer_of(
        DNS_AAAA,
        SPAN(HEAD("\1") AT_NAME RECORD(
            "\x1c", TTL_60, "\x10") "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"));
    assert_int_equal(a->n, 1);
    assert_addr(&a->records[0].addr, "2001:db8::1");
    dns_answer_unref(a);
}

static void an_alias_before_it_counts_for_the_ttl_alone(void **state)
{
    struct dns_answer *a = answer_of(
        DNS_A, SPAN(HEAD("\2") AT_NAME RECORD(
                   "\5", TTL_30, "\4") "\1b\xc0\x0e"
                                       "\1b\xc0\x0e" RECORD(
                                           "\1", TTL_60, "\4") "\300\0\2\1"));

    (void)state;
    assert_int_equal(a->n, 1);
    assert_int_equal(a->ttl_s, 30);
    assert_addr(&a->records[0].addr, "192.0.2.1");
    dns_answer_unref(a);
}

/* The order of records means nothing (RFC 1034, 3.6). */
static void aliases_are_followed_in_any_order(void **state)
{
    struct dns_answer *a = answer_of(
        DNS_A,
        SPAN(HEAD("\4") "\1c\xc0\x0e" RECORD(
            "\1", TTL_60,
            "\4") "\300\0\2\3"
                  "\1b\xc0\x0e" RECORD(
                      "\5", TTL_30,
                      "\4") "\1C\xc0\x0e"
                            "\1x\xc0\x0e" RECORD("\1", "\0\0\0\1",
                                                 "\4") "\300\0\2\4" AT_NAME
                                RECORD("\5", TTL_60, "\4") "\1B\xc0\x0e"));

    (void)state;
    assert_int_equal(a->n, 1);
    assert_int_equal(a->ttl_s, 30);
    assert_addr(&a->records[0].addr, "192.0.2.3");
    dns_answer_unref(a);
}

static void a_service_is_read_with_its_targets(void **state)
{
    struct dns_answer *a = answer_of(
        DNS_SRV,
        SPAN(HEAD("\3") AT_NAME RECORD(
            "\x21", TTL_60,
            "\x10") "\0\1\0\2\x0b\x27\2r1\xc0\x0c\0\0\0\0\0" /* data behind it
                                                              */
             AT_NAME RECORD(
                 "\x21", TTL_60,
                 "\x12") "\xff\xff\xff\xff\xff\xff\2R2\7example\0" AT_NAME
                 RECORD("\x21", TTL_60, "\7") "\0\0\0\0\0\0\0"));

    (void)state;
    assert_int_equal(a->n, 3);
    assert_int_equal(a->records[0].srv.priority, 1);
    assert_int_equal(a->records[0].srv.weight, 2);
    assert_int_equal(a->records[0].srv.port, 2855);
    assert_string_equal(a->records[0].srv.target, "r1.a.example");
    assert_int_equal(a->records[1].srv.priority, 65535);
    assert_int_equal(a->records[1].srv.weight, 65535);
    assert_int_equal(a->records[1].srv.port, 65535);
    assert_string_equal(a->records[1].srv.target, "R2.example");
    assert_string_equal(a->records[2].srv.target, "");
    dns_answer_unref(a);
}

static void no_more_than_the_most_are_read(void **state)
{
    static const char one[] = AT_NAME RECORD("\1", TTL_60, "\4") "\300\0\2\1";
    char message[1024];
    size_t n = sizeof HEAD("\x20") - 1;
    struct dns_answer *a;

    (void)state;
    memcpy(message, HEAD("\x20"), n);
    for (int i = 0; i < 32; i++, n += sizeof one - 1) {
        memcpy(message + n, one, sizeof one - 1);
        message[n + sizeof one - 2] = (char)i;
    }
    a = answer_of(DNS_A, span_of(message, n));
    assert_int_equal(a->n, DNS_RECORDS_MAX);
    assert_addr(&a->records[DNS_RECORDS_MAX - 1].addr, "192.0.2.15");
    dns_answer_unref(a);
}

/* --- what is passed over, and what is refused --- */

static void records_of_other_kinds_are_passed_over(void **state)
{
    (void)state;
    /* another type */
    assert_int_equal(error_of(DNS_AAAA, SPAN(HEAD("\1") AT_NAME RECORD(
                                            "\1", TTL_60, "\4") "\1\2\3\4")),
                     ERR_NOT_FOUND);
    /* another class */
    assert_int_equal(error_of(DNS_A, SPAN(HEAD("\1") AT_NAME "\0\1\0\3" TTL_60
                                                             "\0\4\1\2\3\4")),
                     ERR_NOT_FOUND);
    /* an address of another length */
    assert_int_equal(error_of(DNS_A, SPAN(HEAD("\1") AT_NAME RECORD(
                                         "\1", TTL_60, "\5") "\1\2\3\4\5")),
                     ERR_NOT_FOUND);
    /* no record at all */
    assert_int_equal(error_of(DNS_A, SPAN(HEAD("\0"))), ERR_NOT_FOUND);
}

/* RFC 2181, 5.4.1: a server is believed about what it was asked. */
static void records_of_other_names_are_passed_over(void **state)
{
    struct dns_answer *a = answer_of(
        DNS_A,
        SPAN(HEAD("\3") "\1b\xc0\x0e" RECORD(
            "\1", TTL_30, "\4") "\1\2\3\4"
                                "\1A\7EXAMPLE\0" RECORD(
                                    "\1", TTL_60,
                                    "\4") "\300\0\2\1"
                                          "\xc0\x0e" RECORD("\1", TTL_30,
                                                            "\4") "\1\2\3\4"));

    (void)state;
    assert_int_equal(a->n, 1);
    assert_int_equal(a->ttl_s, 60);
    assert_addr(&a->records[0].addr, "192.0.2.1");
    dns_answer_unref(a);
    /* an alias of another name, one that has no end, and a broken one */
    assert_int_equal(
        error_of(DNS_A,
                 SPAN(HEAD("\2") "\1b\xc0\x0e" RECORD(
                     "\5", TTL_60, "\4") "\1c\xc0\x0e"
                                         "\1c\xc0\x0e" RECORD(
                                             "\1", TTL_60, "\4") "\1\2\3\4")),
        ERR_NOT_FOUND);
    assert_int_equal(
        error_of(DNS_A,
                 SPAN(HEAD("\2") AT_NAME RECORD(
                     "\5", TTL_60, "\4") "\1b\xc0\x0e"
                                         "\1b\xc0\x0e" RECORD("\5", TTL_60,
                                                              "\2") AT_NAME)),
        ERR_NOT_FOUND);
    assert_int_equal(
        error_of(DNS_A, SPAN(HEAD("\2") AT_NAME RECORD(
                            "\5", TTL_60,
                            "\2") "\1b" AT_NAME RECORD("\5", TTL_60,
                                                       "\4") "\1b\xc0\x0e")),
        ERR_NOT_FOUND);
}

static void a_ttl_beyond_all_bounds_is_none(void **state)
{
    struct dns_answer *a = answer_of(
        DNS_A,
        SPAN(HEAD("\1") AT_NAME RECORD("\1", "\x80\0\0\0", "\4") "\1\2\3\4"));

    (void)state;
    assert_int_equal(a->ttl_s, 0);
    dns_answer_unref(a);
}

#define SRV_TO(size, target)                                                   \
    SPAN(HEAD("\1") AT_NAME RECORD("\x21", TTL_60, size) "\0\1\0\1\0"          \
                                                         "\1" target)

static void targets_that_are_no_names_are_passed_over(void **state)
{
    (void)state;
    assert_int_equal(error_of(DNS_SRV, SRV_TO("\x06", "")), ERR_NOT_FOUND);
    /* cut in a label, without an end, a pointer cut */
    assert_int_equal(error_of(DNS_SRV, SRV_TO("\x08", "\5a")), ERR_NOT_FOUND);
    assert_int_equal(error_of(DNS_SRV, SRV_TO("\x08", "\1a")), ERR_NOT_FOUND);
    assert_int_equal(error_of(DNS_SRV, SRV_TO("\x07", "\xc0")), ERR_NOT_FOUND);
    /* to itself (it is at 45), a loop, and forwards */
    assert_int_equal(error_of(DNS_SRV, SRV_TO("\x08", "\xc0\x2d")),
                     ERR_NOT_FOUND);
    assert_int_equal(error_of(DNS_SRV, SRV_TO("\x0a", "\1a\xc0\x2d")),
                     ERR_NOT_FOUND);
    assert_int_equal(error_of(DNS_SRV, SRV_TO("\x08", "\xff\xff")),
                     ERR_NOT_FOUND);
    /* a kind of label that is none, and octets that are in no host's name */
    assert_int_equal(error_of(DNS_SRV, SRV_TO("\x09", "\x81"
                                                      "a\0")),
                     ERR_NOT_FOUND);
    assert_int_equal(error_of(DNS_SRV, SRV_TO("\x09", "\1.\0")), ERR_NOT_FOUND);
    assert_int_equal(error_of(DNS_SRV, SRV_TO("\x09", "\1\n\0")),
                     ERR_NOT_FOUND);
    assert_int_equal(error_of(DNS_SRV, SRV_TO("\x09", "\1\0\0")),
                     ERR_NOT_FOUND);
}

/* Four labels of 63 are one octet more than a name has (RFC 1035, 2.3.4). */
static void a_target_may_have_the_longest_name_and_no_more(void **state)
{
    char message[512];

    (void)state;
    for (size_t last = 60; last <= 62; last++) {
        size_t n = sizeof HEAD("\1") AT_NAME - 1, size = 6 + 3 * 64 + last + 2;
        struct span all;

        memcpy(message, HEAD("\1") AT_NAME, n);
        memcpy(message + n, RECORD("\x21", TTL_60, "\0") "\0\1\0\1\0\1", 16);
        message[n + 8] = (char)(size >> 8);
        message[n + 9] = (char)(size & 0xff);
        n += 16;
        for (int label = 0; label < 4; label++) {
            size_t octets = label < 3 ? 63 : last;

            message[n++] = (char)octets;
            memset(message + n, 'x', octets);
            n += octets;
        }
        message[n++] = '\0';
        all = span_of(message, n);
        if (last > 61) {
            assert_int_equal(error_of(DNS_SRV, all), ERR_NOT_FOUND);
        } else {
            struct dns_answer *a = answer_of(DNS_SRV, all);

            assert_int_equal(strlen(a->records[0].srv.target), 192 + last);
            dns_answer_unref(a);
        }
    }
}

static void a_message_that_is_cut_is_refused(void **state)
{
    static const struct span whole = {
        HEAD("\2") "\1a\xc0\x0e" RECORD(
            "\1", TTL_60,
            "\4") "\300\0\2\1"
                  "\1a\7example\0" RECORD("\x21", TTL_60,
                                          "\x0a") "\0\1\0\2\x0b\x27\1c\xc0\x0e",
        sizeof HEAD("\2") "\1a\xc0\x0e" RECORD(
            "\1", TTL_60, "\4") "\300\0\2\1"
                                "\1a\7example\0" RECORD(
                                    "\x21", TTL_60,
                                    "\x0a") "\0\1\0\2\x0b\x27\1c\xc0\x0e" -
            1,
    };

    (void)state;
    assert_int_equal(error_of(DNS_A, whole), 0);
    assert_int_equal(error_of(DNS_SRV, whole), 0);
    for (size_t n = 0; n < whole.n; n++) {
        assert_int_equal(error_of(DNS_A, span_of(whole.p, n)), ERR_SYNTAX);
        assert_int_equal(error_of(DNS_SRV, span_of(whole.p, n)), ERR_SYNTAX);
    }
}

static void what_is_no_answer_is_refused(void **state)
{
    const struct span all =
        SPAN(HEAD("\1") AT_NAME RECORD("\1", TTL_60, "\4") "\1\2\3\4");

    (void)state;
    assert_int_equal(error_of(DNS_A, all), 0);
    assert_int_equal(error_with(DNS_A, all, 2, 1), ERR_SYNTAX); /* a question */
    /* a label of no kind, more questions or records than there are */
    assert_int_equal(error_with(DNS_A, all, 12, 0x81), ERR_SYNTAX);
    assert_int_equal(error_with(DNS_A, all, 4, 0xff), ERR_SYNTAX);
    assert_int_equal(error_with(DNS_A, all, 6, 0xff), ERR_SYNTAX);
}

static void no_octet_can_lead_it_astray(void **state)
{
    const struct span all = SPAN(HEAD("\2") AT_NAME RECORD(
        "\x21", TTL_60,
        "\x0b") "\0\1\0\2\x0b\x27\2r1\xc0\x0c" AT_NAME RECORD("\1", TTL_60,
                                                              "\4") "\1\2\3\4");

    (void)state;
    for (size_t i = 0; i < all.n; i++)
        for (int octet = 0; octet < 256; octet++) {
            (void)error_with(DNS_SRV, all, i, octet);
            (void)error_with(DNS_A, all, i, octet);
        }
    assert_int_equal(error_of(DNS_SRV, all), 0);
}

static int read_one(void *ctx)
{
    static const unsigned char message[] =
        HEAD("\1") AT_NAME RECORD("\1", TTL_60, "\4") "\1\2\3\4";
    struct dns_answer *a = NULL;
    int err;

    (void)ctx;
    err = dns_answer_read(&a, "a.example", DNS_A, message, sizeof message - 1);

    dns_answer_unref(a);
    return err;
}

static void without_memory_there_is_no_answer(void **state)
{
    (void)state;
    assert_int_equal(oom_sweep(read_one, NULL), 1);
    dns_answer_unref(NULL);
}

int main(void)
{
#define T(test) cmocka_unit_test(test)
    const struct CMUnitTest tests[] = {
        T(addresses_are_read_in_order),
        T(an_alias_before_it_counts_for_the_ttl_alone),
        T(aliases_are_followed_in_any_order),
        T(a_service_is_read_with_its_targets),
        T(no_more_than_the_most_are_read),
        T(records_of_other_kinds_are_passed_over),
        T(records_of_other_names_are_passed_over),
        T(a_ttl_beyond_all_bounds_is_none),
        T(targets_that_are_no_names_are_passed_over),
        T(a_target_may_have_the_longest_name_and_no_more),
        T(a_message_that_is_cut_is_refused),
        T(what_is_no_answer_is_refused),
        T(no_octet_can_lead_it_astray),
        T(without_memory_there_is_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
