/* SPDX-License-Identifier: BSD-2-Clause */
/* test-wraps: geteuid getpwnam getgrnam gethostname */
/* A FIFO in the place of each file that a configuration may name: it would be
 * waited for. */
#include <stdio.h>
#include <sys/stat.h>

#include "checked.h"
#include "cmocka_all.h"

static void what_would_be_waited_for_is_a_fault(void **state)
{
    struct checked *x = *state;
    char fifo[PATH_MAX], text[4 * PATH_MAX];

    snprintf(fifo, sizeof fifo, "%s", scratch_path(&x->scratch, "fifo"));
    assert_int_equal(mkfifo(fifo, 0600), 0);
    snprintf(text, sizeof text,
             "tls: {\n certificate = \"%s\";\n private_key = \"%s\";\n "
             "ca_file = \"%s\"; };\n" TCP,
             fifo, fifo, fifo);
    checked_rest(x, text);
    checked_fault(x, 3, "test.conf:3: tls.certificate: cannot open ",
                  "fifo: not a regular file\n");
    checked_fault(x, 3, "test.conf:4: tls.private_key: cannot open ",
                  "fifo: not a regular file\n");
    checked_fault(x, 3, "test.conf:5: tls.ca_file: cannot open ",
                  "fifo: not a regular file\n");
    snprintf(text, sizeof text,
             "auth: { users_file = \"%s\"; secret_file = \"%s\"; };\n" TCP,
             scratch_path(&x->scratch, "users"), fifo);
    checked_whole(x, text);
    checked_fault(x, 1, "test.conf:1: auth.secret_file: cannot read ",
                  "fifo: not a regular file\n");
    snprintf(text, sizeof text, TCP "@include \"%s\"\n", fifo);
    checked_rest(x, text);
    checked_fault(x, 1, "test.conf:3: cannot read ",
                  "fifo: not a regular file\n");
    snprintf(text, sizeof text, "control: { socket = \"@file:%s\"; };\n" TCP,
             fifo);
    checked_rest(x, text);
    checked_fault(x, 1, "test.conf:2: control.socket: cannot read ",
                  "fifo: not a regular file\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_would_be_waited_for_is_a_fault,
                                        checked_setup, checked_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
