/* SPDX-License-Identifier: BSD-2-Clause */
/* test-wraps: geteuid getpwnam getgrnam setgroups setresgid setresuid setuid */
/* test-wraps: setgid prctl */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "file.h"
#include "parsed.h"
#include "scratch.h"

/* --- the system, as the tests want it --- */

/* The linker's --wrap leaves no room for a context. */
static struct {
    uid_t uid;
    const char *failing; /* the call that fails */
    bool has_default;    /* msrprelay exists */
    bool can_return;     /* root can be had back */
    char calls[256];     /* what was done, in order */
} sys;

static int call(const char *name, unsigned id)
{
    size_t n = strlen(sys.calls);

    if (sys.failing && strcmp(sys.failing, name) == 0) {
        errno = EPERM;
        return -1;
    }
    snprintf(sys.calls + n, sizeof sys.calls - n, "%s %u; ", name, id);
    return 0;
}

uid_t __wrap_geteuid(void);
struct passwd *__wrap_getpwnam(const char *name);
struct group *__wrap_getgrnam(const char *name);
int __wrap_setgroups(size_t n, const gid_t *groups);
int __wrap_setresgid(gid_t real, gid_t effective, gid_t saved);
int __wrap_setresuid(uid_t real, uid_t effective, uid_t saved);
int __wrap_setuid(uid_t uid);
int __wrap_setgid(gid_t gid);
int __wrap_prctl(int option, ...);

uid_t __wrap_geteuid(void)
{
    return sys.uid;
}

static bool is_known(const char *name)
{
    return strcmp(name, "known") == 0 ||
           (sys.has_default && strcmp(name, "msrprelay") == 0);
}

struct passwd *__wrap_getpwnam(const char *name)
{
    static struct passwd known = {.pw_uid = 5, .pw_gid = 6};

    return is_known(name) ? &known : NULL;
}

struct group *__wrap_getgrnam(const char *name)
{
    static struct group known = {.gr_gid = 7};

    return is_known(name) ? &known : NULL;
}

int __wrap_setgroups(size_t n, const gid_t *groups)
{
    assert_int_equal(n, 1);
    return call("setgroups", groups[0]);
}

int __wrap_setresgid(gid_t real, gid_t effective, gid_t saved)
{
    assert_true(real == effective && real == saved);
    return call("setresgid", real);
}

int __wrap_setresuid(uid_t real, uid_t effective, uid_t saved)
{
    assert_true(real == effective && real == saved);
    return call("setresuid", real);
}

int __wrap_setuid(uid_t uid)
{
    assert_int_equal(uid, 0);
    return sys.can_return ? 0 : -1;
}

int __wrap_setgid(gid_t gid)
{
    assert_int_equal(gid, 0);
    return sys.can_return ? 0 : -1;
}

/* A kernel with two capabilities. */
int __wrap_prctl(int option, ...)
{
    unsigned long arg;
    va_list list;

    va_start(list, option);
    arg = va_arg(list, unsigned long);
    va_end(list);
    if (option == PR_CAPBSET_READ)
        return arg < 2 ? 1 : -1;
    return call(option == PR_CAPBSET_DROP       ? "capbset"
                : option == PR_SET_NO_NEW_PRIVS ? "no_new_privs"
                                                : "?",
                (unsigned)arg);
}

/* --- what is dropped --- */

#define CAPS "capbset 0; capbset 1; "
#define LAST "no_new_privs 1; "

struct fixture {
    struct scratch scratch;
    char *said; /* in the log */
};

static int setup(void **state)
{
    struct fixture *x = calloc(1, sizeof *x);

    assert_non_null(x);
    scratch_init(&x->scratch);
    memset(&sys, 0, sizeof sys);
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *x = *state;

    scratch_fini(&x->scratch);
    free(x->said);
    free(x);
    return 0;
}

/* Drops as a file with this in the group `relay` wants. */
static int drop(struct fixture *x, const char *relay)
{
    const char *path = scratch_write(&x->scratch, "log", SPAN(""));
    char text[256];
    struct config *c;
    struct log *log;
    size_t n;
    struct privileges found;
    int err;

    snprintf(text, sizeof text, "relay: { %s };\n" LISTEN, relay);
    c = parsed_good(text);
    sys.calls[0] = '\0';
    assert_int_equal(log_new(&log, LOG_LEVEL_INFO, path), 0);
    err = privileges_find(&found, c, log);
    if (!err)
        err = privileges_drop(&found, log);
    log_free(log);
    config_free(c);
    free(x->said);
    assert_int_equal(file_read(&x->said, &n, path, 65536), 0);
    return err;
}

static void root_becomes_user_and_group_in_this_order(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(drop(x, "user = \"known\"; group = \"known\";"), 0);
    assert_string_equal(sys.calls,
                        CAPS "setgroups 7; setresgid 7; setresuid 5; " LAST);
    sys.has_default = true;
    assert_int_equal(drop(x, ""), 0);
    assert_string_equal(sys.calls,
                        CAPS "setgroups 7; setresgid 7; setresuid 5; " LAST);
    assert_string_equal(x->said, "");
}

static void without_a_group_it_is_the_users_own(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(drop(x, "user = \"known\"; group = \"\";"), 0);
    assert_string_equal(sys.calls,
                        CAPS "setgroups 6; setresgid 6; setresuid 5; " LAST);
    assert_int_equal(drop(x, "user = \"known\";"), 0);
    assert_string_equal(sys.calls,
                        CAPS "setgroups 6; setresgid 6; setresuid 5; " LAST);
}

static void a_group_alone_leaves_the_user(void **state)
{
    assert_int_equal(drop(*state, "user = \"\"; group = \"known\";"), 0);
    assert_string_equal(sys.calls,
                        "setgroups 7; setresgid 7; setresuid 0; " LAST);
}

static void others_than_root_stay_who_they_are(void **state)
{
    sys.uid = 1000;
    assert_int_equal(drop(*state, "user = \"gone\"; group = \"gone\";"), 0);
    assert_string_equal(sys.calls, "");
}

static void root_stays_when_told_to(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(drop(x, "user = \"\"; group = \"\";"), 0);
    assert_string_equal(sys.calls, "");
    assert_string_equal(x->said, "");
}

static void names_that_are_gone_are_failures(void **state)
{
    static const struct {
        const char *relay, *step;
    } rows[] = {
        {"", "step=relay.user "},
        {"user = \"gone\";", "step=relay.user "},
        {"user = \"known\"; group = \"gone\";", "step=relay.group "},
        {"user = \"\"; group = \"gone\";", "step=relay.group "},
    };
    struct fixture *x = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(drop(x, rows[i].relay), ERR_IO);
        assert_string_equal(sys.calls, "");
        assert_non_null(strstr(x->said, rows[i].step));
    }
}

static void a_step_that_fails_is_the_last(void **state)
{
    static const struct {
        const char *step, *done;
    } rows[] = {
        {"setgroups", CAPS},
        {"setresgid", CAPS "setgroups 6; "},
        {"setresuid", CAPS "setgroups 6; setresgid 6; "},
        {"no_new_privs", CAPS "setgroups 6; setresgid 6; setresuid 5; "},
    };
    struct fixture *x = *state;
    char said[32];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sys.failing = rows[i].step;
        assert_int_equal(drop(x, "user = \"known\";"), ERR_IO);
        assert_string_equal(sys.calls, rows[i].done);
        snprintf(said, sizeof said, "step=%s ", rows[i].step);
        assert_non_null(strstr(x->said, said));
    }
}

static void a_way_back_is_a_failure(void **state)
{
    struct fixture *x = *state;

    sys.can_return = true;
    assert_int_equal(drop(x, "user = \"known\";"), ERR_IO);
    assert_non_null(strstr(x->said, "step=verify "));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(root_becomes_user_and_group_in_this_order),
        TEST(without_a_group_it_is_the_users_own),
        TEST(a_group_alone_leaves_the_user),
        TEST(others_than_root_stay_who_they_are),
        TEST(root_stays_when_told_to),
        TEST(names_that_are_gone_are_failures),
        TEST(a_step_that_fails_is_the_last),
        TEST(a_way_back_is_a_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
