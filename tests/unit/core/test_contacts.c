/* SPDX-License-Identifier: BSD-2-Clause */
#include "contacts.h"

#include <stdio.h>

#include "cmocka_all.h"
#include "oom.h"

static int set_up(void **state)
{
    static struct contacts c;

    contacts_init(&c);
    *state = &c;
    return 0;
}

static int tear_down(void **state)
{
    contacts_fini(*state);
    return 0;
}

static void add(struct contacts *c, const char *text)
{
    struct uri uri;

    assert_int_equal(uri_parse(&uri, span_str(text)), 0);
    contacts_add(c, &uri);
}

/* All of them, as "HOST/SHORT-ID ". */
static const char *listed(char *dst, size_t size, const struct contacts *c)
{
    struct list *m, *next;
    size_t n = 0;

    dst[0] = '\0';
    LIST_EACH(m, next, &c->all)
    {
        const struct contact *one = CONTAINER(m, struct contact, of_contacts);

        n += (size_t)snprintf(dst + n, size - n, "%.*s/%s ",
                              SPAN_ARG(contact_host(one)), one->short_id);
    }
    return dst;
}

static void assert_listed(const struct contacts *c, const char *want)
{
    char text[2048];

    assert_string_equal(listed(text, sizeof text, c), want);
}

static void each_is_remembered_once(void **state)
{
    struct contacts *c = *state;

    add(c, "msrps://b.example:2855/0123456789abcdef;tcp");
    add(c, "msrps://c.example:2855/zyxwvutsrqponmlk;tcp");
    add(c, "msrps://B.example:9/0123456789abcdef;tcp");
    add(c, "msrps://c.example:2855/0123456789abcdef;tcp");
    assert_listed(c, "b.example/012345 c.example/zyxwvu c.example/012345 ");
}

static void no_more_than_half_of_a_token_is_kept(void **state)
{
    struct contacts *c = *state;

    add(c, "msrp://b.example:9/abcdef;tcp");
    add(c, "msrp://[2001:db8::7]:9/x;tcp");
    add(c, "msrp://b.example:9;tcp");
    assert_listed(c, "b.example/abc [2001:db8::7]/ b.example/ ");
}

static void there_are_so_many_and_no_more(void **state)
{
    struct contacts *c = *state;
    char text[64];

    for (int i = 0; i < 3 * CONTACTS_MAX; i++) {
        (void)snprintf(text, sizeof text, "msrp://h%d.example:9/abcd;tcp", i);
        add(c, text);
    }
    assert_int_equal(c->n, CONTACTS_MAX);
}

static void a_host_of_any_length_is_cut(void **state)
{
    struct contacts *c = *state;
    char host[1000];
    const struct uri uri = {.host = {host, sizeof host}};

    memset(host, 'a', sizeof host);
    contacts_add(c, &uri);
    contacts_add(c, &uri);
    assert_int_equal(c->n, 1);
    assert_int_equal(
        contact_host(CONTAINER(c->all.next, struct contact, of_contacts)).n,
        CONTACT_HOST_MAX);
}

static void without_memory_one_is_missing(void **state)
{
    struct contacts *c = *state;

    oom_arm(1);
    add(c, "msrp://b.example:9/abcdef;tcp");
    assert_true(oom_disarm());
    assert_listed(c, "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_is_remembered_once),
        TEST(no_more_than_half_of_a_token_is_kept),
        TEST(there_are_so_many_and_no_more),
        TEST(a_host_of_any_length_is_cut),
        TEST(without_memory_one_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
