/* SPDX-License-Identifier: BSD-2-Clause */
/* test-wraps: getifaddrs freeifaddrs */
#include "own_addresses.h"

#include <errno.h>
#include <ifaddrs.h>

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

/* --- the interfaces of a host --- */

/* The linker's --wrap leaves no room for a context. */
static struct {
    bool fails;
    size_t calls, n;
    struct addr addr[3];
    struct ifaddrs list[4];
} sys;

int __wrap_getifaddrs(struct ifaddrs **out);
void __wrap_freeifaddrs(struct ifaddrs *list);

/* One has no address, as a tunnel may. */
int __wrap_getifaddrs(struct ifaddrs **out)
{
    sys.calls++;
    if (sys.fails) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    for (size_t i = 0; i <= sys.n; i++)
        sys.list[i] = (struct ifaddrs){
            .ifa_next = i < sys.n ? &sys.list[i + 1] : NULL,
            .ifa_addr = i < sys.n ? &sys.addr[i].sa : NULL,
        };
    *out = sys.list;
    return 0;
}

void __wrap_freeifaddrs(struct ifaddrs *list)
{
    assert_ptr_equal(list, sys.list);
}

static struct addr at(const char *host)
{
    struct addr a;

    assert_int_equal(addr_parse(&a, span_str(host), 2855), 0);
    return a;
}

static bool have(struct own_addresses *o, const char *host, uint64_t now_ms)
{
    struct addr a = at(host);

    return own_addresses_have(o, &a, now_ms);
}

static int setup(void **state)
{
    static struct own_addresses own;

    memset(&sys, 0, sizeof sys);
    sys.n = 2;
    sys.addr[0] = at("10.1.2.3");
    sys.addr[1] = at("2001:db8::5");
    own = (struct own_addresses){0};
    assert_int_equal(own_addresses_read(&own, 1000), 0);
    *state = &own;
    return 0;
}

static int teardown(void **state)
{
    own_addresses_fini(*state);
    return 0;
}

static void those_of_all_interfaces_are_own(void **state)
{
    assert_true(have(*state, "10.1.2.3", 1000));
    assert_true(have(*state, "::ffff:10.1.2.3", 1000));
    assert_true(have(*state, "2001:db8::5", 1000));
    assert_false(have(*state, "10.1.2.4", 1000));
    assert_false(have(*state, "2001:db8::6", 1000));
    assert_int_equal(sys.calls, 1);
}

static void they_are_read_again_after_a_while(void **state)
{
    sys.addr[0] = at("10.9.9.9");
    assert_true(have(*state, "10.1.2.3", 5999));
    assert_false(have(*state, "10.1.2.3", 6000));
    assert_true(have(*state, "10.9.9.9", 6001));
    assert_int_equal(sys.calls, 2);
}

static void failure_keeps_those_that_are_known(void **state)
{
    sys.fails = true;
    assert_int_equal(own_addresses_read(*state, 2000), ERR_IO);
    sys.fails = false;
    oom_arm_all();
    assert_int_equal(own_addresses_read(*state, 2000), ERR_NOMEM);
    assert_true(oom_disarm());
    assert_true(have(*state, "10.1.2.3", 2000));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(those_of_all_interfaces_are_own),
        TEST(they_are_read_again_after_a_while),
        TEST(failure_keeps_those_that_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
