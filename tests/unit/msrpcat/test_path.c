/* SPDX-License-Identifier: BSD-2-Clause */
#include "path.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "uri.h"

#define A "msrps://a.invalid:9/aaa;tcp"
#define B "msrps://b.example.com:2855/bbb;tcp"
#define C "msrps://c.example.com:2855/ccc;tcp"

static void the_sdp_path_is_the_use_path_reversed_and_the_own_uri(void **state)
{
    char *sdp = path_for_sdp(SPAN(B " " C), SPAN(A));

    (void)state;
    assert_string_equal(sdp, C " " B " " A);
    free(sdp);
}

static void one_relay_stands_before_the_own_uri(void **state)
{
    char *sdp = path_for_sdp(SPAN(B), SPAN(A));

    (void)state;
    assert_string_equal(sdp, B " " A);
    free(sdp);
}

static void without_a_relay_there_is_the_own_uri_alone(void **state)
{
    char *sdp = path_for_sdp(SPAN(""), SPAN(A));

    (void)state;
    assert_string_equal(sdp, A);
    free(sdp);
}

static void extra_spaces_in_a_use_path_vanish(void **state)
{
    char *sdp = path_for_sdp(SPAN("  " B "   " C " "), SPAN(A));

    (void)state;
    assert_string_equal(sdp, C " " B " " A);
    free(sdp);
}

static void paths_are_joined_with_one_space(void **state)
{
    char *both = path_join(SPAN(A), SPAN(B)),
         *one = path_join(SPAN(""), SPAN(B)),
         *other = path_join(SPAN(A), SPAN(""));

    (void)state;
    assert_string_equal(both, A " " B);
    assert_string_equal(one, B);
    assert_string_equal(other, A);
    free(both);
    free(one);
    free(other);
}

static void an_own_uri_is_new_each_time(void **state)
{
    struct rnd rnd;
    struct uri a, b;
    char *first, *second;

    (void)state;
    rnd_init(&rnd);
    first = path_nowhere_uri(&rnd, true);
    second = path_nowhere_uri(&rnd, true);
    assert_int_equal(uri_parse(&a, span_str(first)), 0);
    assert_int_equal(uri_parse(&b, span_str(second)), 0);
    assert_true(a.secure);
    assert_int_equal(a.port, 9);
    assert_true(a.session_id.n >= 14); /* 80 bits: R4975-14.1-a */
    assert_span(span_from(a.host, a.host.n - 8), ".invalid");
    assert_false(span_eq(a.session_id, b.session_id));
    assert_false(span_eq(a.host, b.host));
    free(first);
    free(second);
}

/* tinyMSRP takes no other. */
static void a_caller_has_a_host_that_begins_with_a_letter(void **state)
{
    struct rnd rnd;

    (void)state;
    rnd_init(&rnd);
    for (int i = 0; i < 500; i++) {
        char *own = path_nowhere_uri(&rnd, false);

        assert_true(char_is_alpha(own[strlen("msrp://")]));
        free(own);
    }
}

static void a_listener_names_its_address(void **state)
{
    struct rnd rnd;
    struct uri uri;
    char *own;

    (void)state;
    rnd_init(&rnd);
    own = path_own_uri(&rnd, false, SPAN("[::1]:4001"));
    assert_int_equal(uri_parse(&uri, span_str(own)), 0);
    assert_false(uri.secure);
    assert_span(uri.host, "[::1]");
    assert_int_equal(uri.port, 4001);
    free(own);
}

static void a_path_is_uris_with_ports(void **state)
{
    char *padded;

    (void)state;
    assert_true(path_is_valid(SPAN(A)));
    assert_true(path_is_valid(SPAN(A " " B)));
    assert_false(path_is_valid(SPAN("")));
    assert_false(path_is_valid(SPAN("alice")));
    assert_false(path_is_valid(SPAN(A " msrps://relay.example.com;tcp")));
    padded = malloc(PATH_MAX_OCTETS + 1);
    assert_non_null(padded);
    memset(padded, ' ', PATH_MAX_OCTETS + 1);
    memcpy(padded, A, strlen(A));
    assert_true(path_is_valid(span_of(padded, PATH_MAX_OCTETS)));
    assert_false(path_is_valid(span_of(padded, PATH_MAX_OCTETS + 1)));
    free(padded);
}

/* --- files ---------------------------------------------------------------- */

struct files {
    char dir[32];
    char file[64], at_file[65];
};

static int set_up(void **state)
{
    struct files *f = test_malloc(sizeof *f);

    snprintf(f->dir, sizeof f->dir, "/tmp/test_path.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->file, sizeof f->file, "%s/path", f->dir);
    snprintf(f->at_file, sizeof f->at_file, "@%s", f->file);
    *state = f;
    return 0;
}

/* That the directory can be removed shows that nothing was left in it. */
static int tear_down(void **state)
{
    struct files *f = *state;

    unlink(f->file);
    assert_int_equal(rmdir(f->dir), 0);
    test_free(f);
    return 0;
}

static void a_saved_path_is_read_again(void **state)
{
    struct files *f = *state;
    char *path;

    assert_int_equal(path_save(f->file, A " " B), 0);
    assert_int_equal(path_from_arg(&path, f->at_file), 0);
    assert_string_equal(path, A " " B);
    free(path);
}

static void saving_replaces_what_was_there(void **state)
{
    struct files *f = *state;
    char *path;

    assert_int_equal(path_save(f->file, A " " B " " C), 0);
    assert_int_equal(path_save(f->file, C), 0);
    assert_int_equal(path_from_arg(&path, f->at_file), 0);
    assert_string_equal(path, C);
    free(path);
}

static void saving_where_nothing_can_be_says_so(void **state)
{
    struct files *f = *state;
    char nowhere[80];

    snprintf(nowhere, sizeof nowhere, "%s/no/path", f->dir);
    assert_int_equal(path_save(nowhere, A), ERR_IO);
    assert_int_equal(errno, ENOENT);
}

static void what_is_no_path_is_refused(void **state)
{
    struct files *f = *state;
    char *path = NULL;

    assert_int_equal(path_from_arg(&path, "bob"), ERR_SYNTAX);
    assert_int_equal(path_from_arg(&path, f->at_file), ERR_IO);
    assert_int_equal(path_save(f->file, "nonsense"), 0);
    assert_int_equal(path_from_arg(&path, f->at_file), ERR_SYNTAX);
    assert_null(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sdp_path_is_the_use_path_reversed_and_the_own_uri),
        cmocka_unit_test(one_relay_stands_before_the_own_uri),
        cmocka_unit_test(without_a_relay_there_is_the_own_uri_alone),
        cmocka_unit_test(extra_spaces_in_a_use_path_vanish),
        cmocka_unit_test(paths_are_joined_with_one_space),
        cmocka_unit_test(an_own_uri_is_new_each_time),
        cmocka_unit_test(a_caller_has_a_host_that_begins_with_a_letter),
        cmocka_unit_test(a_listener_names_its_address),
        cmocka_unit_test(a_path_is_uris_with_ports),
        cmocka_unit_test_setup_teardown(a_saved_path_is_read_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(saving_replaces_what_was_there, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(saving_where_nothing_can_be_says_so,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_path_is_refused, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
