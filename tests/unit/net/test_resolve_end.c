/* SPDX-License-Identifier: BSD-2-Clause */
/* How look-ups end, and whom that may surprise. */
#include "resolve.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"
#include "resolve_rig.h"

static void the_number_of_look_ups_is_bounded(void **state)
{
    struct resolve_rig *r = *state;
    struct resolve_lookup *l;
    struct told t = {.calls = 0};

    for (int i = 0; i < RESOLVE_LOOKUPS_MAX; i++)
        assert_int_equal(resolve_start(&l, r->resolve, SPAN("192.0.2.1"), 1,
                                       resolve_rig_done, &t),
                         0);
    assert_int_equal(resolve_start(&l, r->resolve, SPAN("192.0.2.1"), 1,
                                   resolve_rig_done, &t),
                     ERR_LIMIT);
    resolve_rig_turn(r);
    assert_int_equal(t.calls, RESOLVE_LOOKUPS_MAX);
    assert_int_equal(resolve_start(&l, r->resolve, SPAN("192.0.2.1"), 1,
                                   resolve_rig_done, &t),
                     0);
}

static void cancelled_look_ups_tell_nothing(void **state)
{
    struct resolve_rig *r = *state;
    struct told at_once = {.calls = 0}, asked = {.calls = 0},
                shared = {.calls = 0}, service = {.calls = 0};

    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    resolve_rig_start(r, &at_once, "a.example", 9);
    resolve_cancel(at_once.lookup);
    resolve_rig_start(r, &asked, "a.example", 9);
    resolve_rig_start(r, &shared, "a.example", 9);
    resolve_rig_start(r, &service, "a.example", 0);
    loop_turn(r->loop, false);
    resolve_cancel(asked.lookup);
    resolve_cancel(service.lookup);
    resolve_cancel(NULL);
    resolve_rig_wait(&shared);
    assert_string_equal(shared.text, "192.0.2.1:9");
    for (int i = 0; i < 10; i++)
        resolve_rig_turn(r);
    assert_int_equal(at_once.calls + asked.calls + service.calls, 0);
}

static void cancel_both(struct told *t)
{
    resolve_cancel(t->lookup);
    resolve_cancel(t->also->lookup);
}

static void start_also(struct told *t)
{
    resolve_rig_start(t->rig, t->also, "a.example", 7);
}

static void in_its_call_a_look_up_may_be_cancelled_and_others_too(void **state)
{
    struct resolve_rig *r = *state;
    struct told second = {.calls = 0};
    struct told first = {.also = &second, .do_in_call = cancel_both};

    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    resolve_rig_start(r, &first, "a.example", 9);
    resolve_rig_start(r, &second, "a.example", 9);
    resolve_rig_wait(&first);
    for (int i = 0; i < 10; i++)
        resolve_rig_turn(r);
    assert_int_equal(second.calls, 0);
    assert_int_equal(first.calls, 1);
}

static void in_its_call_another_may_be_started(void **state)
{
    struct resolve_rig *r = *state;
    struct told second = {.calls = 0};
    struct told first = {.also = &second, .do_in_call = start_also};

    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    resolve_rig_start(r, &first, "a.example", 9);
    resolve_rig_wait(&first);
    resolve_rig_wait(&second);
    assert_string_equal(second.text, "192.0.2.1:7");
}

static void what_is_under_way_ends_with_the_resolver(void **state)
{
    struct resolve_rig *r = *state;
    struct told t[3] = {{.calls = 0}};

    resolve_rig_start(r, &t[0], "a.example", 9);
    resolve_rig_start(r, &t[1], "a.example", 0);
    loop_turn(r->loop, false);
    resolve_rig_start(r, &t[2], "192.0.2.1", 9);
    resolve_free(r->resolve);
    r->resolve = NULL;
    for (int i = 0; i < 10; i++)
        resolve_rig_turn(r);
    assert_int_equal(t[0].calls + t[1].calls + t[2].calls, 0);
    resolve_free(NULL);
}

static void new_servers_are_asked_what_is_under_way(void **state)
{
    struct resolve_rig *r = *state;
    struct told t = {.calls = 0};
    struct resolve_settings s;
    struct addr at;
    int fd = resolve_rig_mute_server(&at);

    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    assert_found(r, "a.example", 9, "192.0.2.1:9");
    s = resolve_rig_settings(&at, 1);
    assert_int_equal(resolve_configure(r->resolve, &s), 0);
    resolve_rig_start(r, &t, "a.example", 9); /* what was known is forgotten */
    for (int i = 0; i < 5; i++)
        resolve_rig_turn(r);
    assert_int_equal(t.calls, 0);
    s = resolve_rig_settings(dns_stub_addr(r->stub), 1);
    assert_int_equal(resolve_configure(r->resolve, &s), 0);
    resolve_rig_wait(&t);
    assert_string_equal(t.text, "192.0.2.1:9");
    assert_int_equal(dns_stub_asked(r->stub, "a.example", DNS_A), 2);
    close(fd);
}

static void what_is_prepared_changes_nothing_until_it_is_used(void **state)
{
    struct resolve_rig *r = *state;
    struct told t = {.calls = 0};
    struct resolve_settings s;
    struct addr at;
    int fd = resolve_rig_mute_server(&at);

    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    dns_stub_host(r->stub, "b.example", 60, "192.0.2.2");
    assert_found(r, "a.example", 9, "192.0.2.1:9");
    s = resolve_rig_settings(&at, 1);
    s.deadline_ms = 1;
    assert_int_equal(resolve_prepare(r->resolve, &s), 0);
    assert_found(r, "a.example", 9, "192.0.2.1:9"); /* still remembered */
    assert_found(r, "b.example", 9, "192.0.2.2:9");
    assert_int_equal(dns_stub_asked(r->stub, "a.example", DNS_A), 1);

    assert_int_equal(resolve_prepare(r->resolve, &s), 0); /* once more */
    resolve_abandon(r->resolve);
    resolve_abandon(r->resolve);
    assert_found(r, "a.example", 9, "192.0.2.1:9");
    assert_int_equal(dns_stub_asked(r->stub, "a.example", DNS_A), 1);

    assert_int_equal(resolve_prepare(r->resolve, &s), 0);
    resolve_commit(r->resolve);
    resolve_rig_start(r, &t, "a.example", 9);
    resolve_rig_wait(&t);
    assert_int_equal(t.err, ERR_TIMEOUT);
    close(fd);
}

static void a_new_deadline_is_for_later_look_ups(void **state)
{
    struct resolve_rig *r = *state;
    struct told early = {.calls = 0}, late = {.calls = 0};
    struct resolve_settings s;
    struct addr at;
    int fd = resolve_rig_mute_server(&at);

    s = resolve_rig_settings(&at, 1);
    resolve_rig_use(r, &s);
    resolve_rig_start(r, &early, "a.example", 9);
    s.deadline_ms = 1;
    assert_int_equal(resolve_configure(r->resolve, &s), 0);
    resolve_rig_start(r, &late, "a.example", 9);
    resolve_rig_wait(&late);
    assert_int_equal(late.err, ERR_TIMEOUT);
    assert_int_equal(early.calls, 0);
    resolve_cancel(early.lookup);
    close(fd);
}

static void questions_are_counted_by_what_became_of_them(void **state)
{
    struct resolve_rig *r = *state;
    struct told t[2] = {{.calls = 0}};
    struct dns_stats s;

    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    dns_stub_set_mood(r->stub, "b.example", 0, DNS_STUB_FAIL);
    resolve_rig_start(r, &t[0], "a.example", 9);
    resolve_rig_start(r, &t[1], "a.example", 9);
    loop_turn(r->loop, false);
    resolve_stats(r->resolve, &s);
    assert_int_equal(s.asking, 2); /* A and AAAA */
    assert_int_equal(s.joined, 2);
    resolve_rig_wait(&t[0]);
    resolve_rig_wait(&t[1]);
    assert_found(r, "a.example", 9, "192.0.2.1:9");
    assert_not_found(r, "b.example", 9, ERR_IO);
    resolve_stats(r->resolve, &s);
    assert_int_equal(s.ok, 1);
    assert_int_equal(s.not_found, 1); /* the AAAA */
    assert_int_equal(s.failed, 2);
    assert_int_equal(s.timeout, 0);
    assert_int_equal(s.hits, 2);
    assert_int_equal(s.known, 4);
    assert_int_equal(s.asking, 0);
}

static void without_descriptors_a_look_up_ends(void **state)
{
    struct resolve_rig *r = *state;
    struct told t = {.calls = 0};
    struct rlimit before, none;

    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    resolve_rig_start(r, &t, "a.example", 9);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    while (t.calls == 0)
        loop_turn(r->loop, false);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(t.err, ERR_LIMIT);
    assert_int_equal(dns_stub_asked(r->stub, "a.example", DNS_A), 0);
    assert_found(r, "192.0.2.7", 9, "192.0.2.7:9");
}

static int make_with_servers(void *ctx)
{
    struct resolve_rig *r = ctx;
    struct resolve_settings s = resolve_rig_settings(dns_stub_addr(r->stub), 1);
    struct resolve *made = NULL;
    int err = resolve_new(&made, r->loop, &r->rnd, &s);

    if (!err)
        err = resolve_configure(made, &s);
    resolve_free(made);
    return err;
}

static void without_memory_no_resolver_is_made(void **state)
{
    assert_true(oom_sweep(make_with_servers, *state) >= 8);
}

/* Every allocation of a look-up in turn: it is refused, or ends. */
static void without_memory_a_look_up_ends(void **state)
{
    struct resolve_rig *r = *state;
    struct resolve_settings s = resolve_rig_settings(dns_stub_addr(r->stub), 1);
    bool failed = true;
    char name[32];

    s.dns.try_ms = 10; /* a socket that is not watched is not answered */
    resolve_rig_use(r, &s);
    for (unsigned n = 1; failed; n++) {
        struct told t = {.rig = r};
        int err;

        snprintf(name, sizeof name, "n%u.example", n);
        dns_stub_host(r->stub, name, 60, "192.0.2.1");
        oom_arm(n);
        err = resolve_start(&t.lookup, r->resolve, span_str(name), 9,
                            resolve_rig_done, &t);
        if (!err)
            resolve_rig_wait(&t);
        failed = oom_disarm();
        if (err)
            assert_int_equal(err, ERR_NOMEM);
        else if (!failed)
            assert_int_equal(t.err, 0);
        else
            assert_true(t.err == 0 || t.err == ERR_NOMEM ||
                        t.err == ERR_TIMEOUT);
    }
}

int main(void)
{
#define T(test)                                                                \
    cmocka_unit_test_setup_teardown(test, resolve_rig_set_up,                  \
                                    resolve_rig_tear_down)
    const struct CMUnitTest tests[] = {
        T(the_number_of_look_ups_is_bounded),
        T(cancelled_look_ups_tell_nothing),
        T(in_its_call_a_look_up_may_be_cancelled_and_others_too),
        T(in_its_call_another_may_be_started),
        T(what_is_under_way_ends_with_the_resolver),
        T(new_servers_are_asked_what_is_under_way),
        T(what_is_prepared_changes_nothing_until_it_is_used),
        T(a_new_deadline_is_for_later_look_ups),
        T(questions_are_counted_by_what_became_of_them),
        T(without_descriptors_a_look_up_ends),
        T(without_memory_no_resolver_is_made),
        T(without_memory_a_look_up_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
