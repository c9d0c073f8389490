/* SPDX-License-Identifier: BSD-2-Clause */
#include "checked.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "config_load.h"
#include "err.h"

/* --- the system, as the tests want it --- */

uid_t __wrap_geteuid(void);
struct passwd *__wrap_getpwnam(const char *name);
struct group *__wrap_getgrnam(const char *name);
int __wrap_gethostname(char *name, size_t size);

/* The linker's --wrap leaves no room for a context. */
uid_t checked_uid;

uid_t __wrap_geteuid(void)
{
    return checked_uid;
}

struct passwd *__wrap_getpwnam(const char *name)
{
    static char known_name[] = "known";
    static struct passwd known = {
        .pw_name = known_name, .pw_uid = 65534, .pw_gid = 65534};

    return strcmp(name, "known") == 0 ? &known : NULL;
}

int __wrap_gethostname(char *name, size_t size)
{
    snprintf(name, size, "relay.example");
    return 0;
}

struct group *__wrap_getgrnam(const char *name)
{
    static struct group known = {.gr_gid = 65534};

    return strcmp(name, "known") == 0 ? &known : NULL;
}

/* --- what is checked --- */

void checked_add_fault(void *ctx, struct config_place at, const char *what)
{
    struct checked *x = ctx;

    faults_add(&x->faults, at, what);
}

void checked_add_warning(void *ctx, struct config_place at, const char *what)
{
    struct checked *x = ctx;

    faults_add(&x->warnings, at, what);
}

int checked_setup(void **state)
{
    struct checked *x = calloc(1, sizeof *x);

    assert_non_null(x);
    checked_uid = 1000;
    scratch_init(&x->scratch);
    scratch_write(&x->scratch, "users", SPAN(ALICE("relay.example")));
    x->tls = tls_files_new();
    assert_non_null(x->tls);
    assert_true(
        tls_files_issue(x->tls, "relay",
                        &(struct tls_files_cert){.common_name = "relay.example",
                                                 .san = "DNS:relay.example"}));
    assert_true(tls_files_issue(
        x->tls, "other",
        &(struct tls_files_cert){.common_name = "other.example"}));
    *state = x;
    return 0;
}

int checked_teardown(void **state)
{
    struct checked *x = *state;

    tls_files_free(x->tls);
    scratch_fini(&x->scratch);
    free(x);
    return 0;
}

void checked_whole(struct checked *x, const char *text)
{
    struct config_loaded l = {0};
    const char *path = scratch_write(&x->scratch, "test.conf", span_str(text));
    int err;

    memset(&x->faults, 0, sizeof x->faults);
    memset(&x->warnings, 0, sizeof x->warnings);
    err = config_load_checked(&l, path, NULL, checked_add_fault,
                              checked_add_warning, x);
    assert_int_equal(err, x->faults.count ? ERR_CONFIG : 0);
    assert_int_equal(l.config == NULL, err != 0);
    assert_int_equal(l.tls == NULL, err != 0);
    assert_int_equal(l.users == NULL, err != 0);
    config_loaded_free(&l, NULL);
}

void checked_rest(struct checked *x, const char *rest)
{
    char text[2048];

    snprintf(text, sizeof text,
             "auth: { users_file = \"%s\"; allow_tcp = true; };\n%s",
             scratch_path(&x->scratch, "users"), rest);
    checked_whole(x, text);
}

void checked_tls(struct checked *x, const char *certificate, const char *key,
                 const char *more)
{
    char text[1024];

    snprintf(text, sizeof text,
             "tls: { certificate = \"%s/%s\";\nprivate_key = \"%s/%s\";\n%s "
             "};\nrelay: { name = \"relay.example\"; };\n" TLS,
             tls_files_dir(x->tls), certificate, tls_files_dir(x->tls), key,
             more);
    checked_rest(x, text);
}

void checked_fault(struct checked *x, size_t count, const char *start,
                   const char *what)
{
    const char *at = strstr(x->faults.text, start);

    assert_int_equal(x->faults.count, count);
    assert_non_null(at);
    assert_true(at == x->faults.text || at[-1] == '\n');
    assert_non_null(strstr(at, what));
}
