/* SPDX-License-Identifier: BSD-2-Clause */
/* The protocol tests: every transcript in tests/data, whole, octet by octet,
 * and cut. */
#include "transcript.h"

#include <glob.h>
#include <stdint.h>
#include <stdlib.h>

#include "cmocka_all.h"

enum {
    SHORT_MAX =
        1500, /* octets: what is sent in one go is cut at each of them */
    CUTS_OF_LONG = 60,
};

static void a_transcript_is_the_same_however_it_is_cut(void **state)
{
    const char *path = *state;
    size_t longest = transcript_run(path, SIZE_MAX);
    size_t step = longest > SHORT_MAX ? longest / CUTS_OF_LONG : 1;

    (void)transcript_run(path, 0);
    for (size_t cut = 1; cut < longest; cut += step)
        (void)transcript_run(path, cut);
}

int main(void)
{
    struct CMUnitTest *tests;
    glob_t found;
    int failed;

    if (glob(TEST_DATA "/*.txt", 0, NULL, &found) != 0)
        return 1;
    tests = calloc(found.gl_pathc, sizeof *tests);
    if (!tests)
        return 1;
    for (size_t i = 0; i < found.gl_pathc; i++)
        tests[i] = (struct CMUnitTest){
            .name = found.gl_pathv[i] + sizeof TEST_DATA,
            .test_func = a_transcript_is_the_same_however_it_is_cut,
            .initial_state = found.gl_pathv[i],
        };
    failed = _cmocka_run_group_tests("transcripts", tests, found.gl_pathc, NULL,
                                     NULL);
    free(tests);
    globfree(&found);
    return failed;
}
