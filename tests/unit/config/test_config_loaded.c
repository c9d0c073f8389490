/* SPDX-License-Identifier: BSD-2-Clause */
/* test-wraps: clock_gettime */
#include "config_loaded.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cmocka_all.h"
#include "config_load.h"
#include "err.h"
#include "faults.h"
#include "scratch.h"
#include "tls_files.h"

#define ALICE "alice:relay.example:0123456789abcdef0123456789abcdef\n"
#define BOB "bob:relay.example:0123456789abcdef0123456789abcdef\n"

/* Files are trusted not to change unseen when they are some seconds old: the
 * time of day is that much ahead. */
int __real_clock_gettime(clockid_t which, struct timespec *out);
int __wrap_clock_gettime(clockid_t which, struct timespec *out);

int __wrap_clock_gettime(clockid_t which, struct timespec *out)
{
    int err = __real_clock_gettime(which, out);

    out->tv_sec += 60;
    return err;
}

/* --- a configuration with a certificate and a user --- */

struct fixture {
    struct scratch scratch;
    struct tls_files *tls;
    struct faults faults;
};

static void add_fault(void *ctx, struct config_place at, const char *what)
{
    faults_add(ctx, at, what);
}

static void write_config(struct fixture *x, const char *more)
{
    char text[4 * PATH_MAX], users[PATH_MAX];

    snprintf(users, sizeof users, "%s", scratch_path(&x->scratch, "users"));
    snprintf(text, sizeof text,
             "relay: { name = \"relay.example\"; user = \"\"; };\n"
             "listen = ( { transport = \"tls\"; port = 0; } );\n"
             "tls: { certificate = \"%s/relay.pem\";\n"
             "private_key = \"%s/relay.key\"; };\n"
             "auth: { users_file = \"%s\"; };\n%s",
             tls_files_dir(x->tls), tls_files_dir(x->tls), users, more);
    scratch_write(&x->scratch, "test.conf", span_str(text));
}

static int load(struct fixture *x, struct config_loaded *out,
                const struct config_loaded *in_use)
{
    return config_load_checked(out, scratch_path(&x->scratch, "test.conf"),
                               in_use, add_fault, add_fault, &x->faults);
}

static int setup(void **state)
{
    struct fixture *x = calloc(1, sizeof *x);
    const struct tls_files_cert relay = {.common_name = "relay.example",
                                         .san = "DNS:relay.example"};

    assert_non_null(x);
    scratch_init(&x->scratch);
    x->tls = tls_files_new();
    assert_non_null(x->tls);
    assert_true(tls_files_issue(x->tls, "relay", &relay));
    scratch_write(&x->scratch, "users", SPAN(ALICE));
    write_config(x, "");
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *x = *state;

    tls_files_free(x->tls);
    scratch_fini(&x->scratch);
    free(x);
    return 0;
}

/* --- tests --- */

static void what_was_looked_at_is_handed_over(void **state)
{
    struct fixture *x = *state;
    struct config_loaded l;

    assert_int_equal(load(x, &l, NULL), 0);
    assert_string_equal(x->faults.text, "");
    assert_string_equal(l.config->relay.name, "relay.example");
    assert_true(tls_ctx_has_name(l.tls, SPAN("relay.example")));
    assert_int_equal(users_count(l.users), 1);
    config_loaded_free(&l, NULL);
    assert_null(l.config);
    assert_null(l.tls);
    assert_null(l.users);
    config_loaded_free(&l, NULL);
}

static void users_in_use_stay_while_their_file_is_the_same(void **state)
{
    struct fixture *x = *state;
    struct config_loaded now, next;

    assert_int_equal(load(x, &now, NULL), 0);
    assert_int_equal(load(x, &next, &now), 0);
    assert_ptr_equal(next.users, now.users);
    assert_true(users_stamp_same(&next.users_stamp, &now.users_stamp));
    config_loaded_free(&next, now.users);
    assert_int_equal(users_count(now.users), 1);
    config_loaded_free(&now, NULL);
}

static void another_file_of_users_is_read(void **state)
{
    struct fixture *x = *state;
    struct config_loaded now, next;

    assert_int_equal(load(x, &now, NULL), 0);
    scratch_write(&x->scratch, "users", SPAN(ALICE BOB));
    assert_int_equal(load(x, &next, &now), 0);
    assert_ptr_not_equal(next.users, now.users);
    assert_int_equal(users_count(next.users), 2);
    config_loaded_free(&next, now.users);
    assert_int_equal(users_count(now.users), 1);
    config_loaded_free(&now, NULL);
}

static void a_fault_leaves_the_users_in_use(void **state)
{
    struct fixture *x = *state;
    struct config_loaded now, next = {.config = NULL};

    assert_int_equal(load(x, &now, NULL), 0);
    write_config(x, "nothing = 1;\n");
    assert_int_equal(load(x, &next, &now), ERR_CONFIG);
    assert_int_equal(x->faults.count, 1);
    assert_null(next.users);
    assert_int_equal(users_count(now.users), 1);
    config_loaded_free(&now, NULL);
}

static void what_it_was_warned_of_is_kept(void **state)
{
    struct fixture *x = *state;
    struct config_loaded l;

    assert_int_equal(load(x, &l, NULL), 0);
    assert_int_equal(l.warnings->n, 0);
    config_loaded_free(&l, NULL);
    assert_null(l.warnings);
    scratch_write(&x->scratch, "users", SPAN("# nobody\n"));
    assert_int_equal(load(x, &l, NULL), 0);
    assert_int_equal(l.warnings->n, 1);
    assert_int_equal(l.warnings->items[0].line, 5);
    assert_non_null(strstr(l.warnings->items[0].file, "test.conf"));
    assert_int_equal(strncmp(l.warnings->items[0].what,
                             "auth.users_file: nobody can log in: ", 36),
                     0);
    config_loaded_free(&l, NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_was_looked_at_is_handed_over),
        TEST(users_in_use_stay_while_their_file_is_the_same),
        TEST(another_file_of_users_is_read),
        TEST(a_fault_leaves_the_users_in_use),
        TEST(what_it_was_warned_of_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
