/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials beyond one realm's users: several realms (decisions, 7). */
#include <signal.h>

#include "cmocka_all.h"
#include "login.h"

#define TWO "two.example"

/* --- realms --------------------------------------------------------------- */

static const struct relay_opts two_realms = {.relay = "realms = [ \"" TWO
                                                      "\", \"six.example\" ];"};

/* A relay of two realms, in both of which there is an alice. */
static struct scene *realms_start(void **state)
{
    struct scene *s = scene_start(state, &two_realms);
    size_t mark = relay_log_size(s->relay);
    FILE *f = fopen(relay_path(s->relay, "users"), "a");

    assert_non_null(f);
    relay_add_user(f, "alice", TWO, "another", DIGEST_MD5);
    relay_add_user(f, "erin", TWO, "erin" RELAY_PASSWORD, DIGEST_MD5);
    assert_int_equal(fclose(f), 0);
    relay_signal(s->relay, SIGHUP);
    scene_wait_log_since(s, mark, "reloaded");
    return s;
}

static const char *at_realm(const struct client *c, const char *realm)
{
    return scene_text(c->scene, "msrps://%s:%u;tcp", realm,
                      relay_port(c->relay, RELAY_TLS));
}

static void users_of_two_realms_talk_to_each_other(void **state)
{
    struct scene *s = realms_start(state);
    struct client *bob = login(s, "bob");
    struct client *erin = scene_connect(s, RELAY_TLS, "erin");
    struct login l = {.realm = TWO, .to = at_realm(erin, TWO)};
    const char *tid;

    login_ask(erin, &l);
    login_granted(erin, login_try(erin, &l));
    scene_wait_log(s, " user=erin realm=" TWO " expires=");
    tid = talk_text(bob, erin, "hello over there");
    talk_answer(erin, talk_expect_body(erin, SPAN("hello over there"), '$'),
                200);
    talk_expect_code(bob, tid, 200);
    tid = talk_text(erin, bob, "and back");
    talk_answer(bob, talk_expect_body(bob, SPAN("and back"), '$'), 200);
    talk_expect_code(erin, tid, 200);
}

static void a_realm_needs_no_port(void **state)
{
    struct scene *s = realms_start(state);
    struct client *erin = scene_connect(s, RELAY_TLS, "erin");
    struct login l = {.realm = TWO, .to = "msrps://" TWO ";tcp"};

    login_ask(erin, &l);
    login_granted(erin, login_try(erin, &l));
}

static void a_password_of_one_realm_is_wrong_in_the_other(void **state)
{
    struct scene *s = realms_start(state);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {.realm = TWO, .to = at_realm(alice, TWO)};
    const char *tid;

    login_ask(alice, &l);
    tid = login_try(alice, &l); /* her password of the first realm */
    login_refused(alice, &l, tid);
    l.password = "another";
    login_granted(alice, login_try(alice, &l));
    login_on(alice);
    l = (struct login){.realm = "six.example",
                       .to = at_realm(alice, "six.example")};
    login_ask(alice, &l); /* where there is nobody */
    login_refused(alice, &l, login_try(alice, &l));
}

static void a_host_that_is_no_realm_is_not_ours(void **state)
{
    struct scene *s = realms_start(state);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");

    talk_say(alice,
             "MSRP ask1 AUTH\r\nTo-Path: msrps://three.example;tcp\r\n"
             "From-Path: %s\r\n-------ask1$\r\n",
             alice->own);
    assert_int_equal(scene_wait_end(alice), CLIENT_END_EOF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(users_of_two_realms_talk_to_each_other),
        E2E_TEST(a_realm_needs_no_port),
        E2E_TEST(a_password_of_one_realm_is_wrong_in_the_other),
        E2E_TEST(a_host_that_is_no_realm_is_not_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
