/* SPDX-License-Identifier: BSD-2-Clause */
/* The users file, changed as text and as a file. */
#include "ctl_users.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

#define OLD "00000000000000000000000000000000"
#define OLD2 OLD OLD
#define MD5 "0123456789abcdef0123456789abcdef"
#define SHA MD5 MD5

/* Of alice in realm r: to have these lines. */
static struct ctl_users_change to_have(bool md5, bool sha)
{
    struct ctl_users_change c = {.user = SPAN("alice"), .realm = SPAN("r")};

    c.has[DIGEST_MD5] = md5;
    memcpy(c.ha1[DIGEST_MD5].text, MD5, sizeof MD5 - 1);
    c.ha1[DIGEST_MD5].n = sizeof MD5 - 1;
    c.has[DIGEST_SHA256] = sha;
    memcpy(c.ha1[DIGEST_SHA256].text, SHA, sizeof SHA - 1);
    c.ha1[DIGEST_SHA256].n = sizeof SHA - 1;
    return c;
}

/* --- the text ------------------------------------------------------------- */

static void assert_edit(const struct ctl_users_change *c, const char *text,
                        const char *want, size_t want_before)
{
    size_t n, before;
    char *out;

    assert_int_equal(ctl_users_edit(&out, &n, &before, span_str(text), c), 0);
    assert_span_equal(span_of(out, n), span_str(want));
    assert_int_equal(before, want_before);
    free(out);
}

static void a_new_user_comes_to_the_end(void **state)
{
    struct ctl_users_change c = to_have(true, true);

    (void)state;
    assert_edit(&c, "", "alice:r:" MD5 "\nalice:r:" SHA "\n", 0);
    assert_edit(&c, "# all\nbob:r:" OLD "\n",
                "# all\nbob:r:" OLD "\nalice:r:" MD5 "\nalice:r:" SHA "\n", 0);
}

static void a_missing_line_feed_at_the_end_is_made_up(void **state)
{
    struct ctl_users_change c = to_have(true, false);

    (void)state;
    assert_edit(&c, "bob:r:" OLD, "bob:r:" OLD "\nalice:r:" MD5 "\n", 0);
    assert_edit(&c, "alice:r:" OLD, "alice:r:" MD5 "\n", 1);
}

static void lines_are_replaced_where_they_are(void **state)
{
    struct ctl_users_change c = to_have(true, true);

    (void)state;
    assert_edit(
        &c, "alice:r:" OLD2 "\nbob:r:" OLD "\nalice:r:" OLD "\n\n# end\n",
        "alice:r:" SHA "\nbob:r:" OLD "\nalice:r:" MD5 "\n\n# end\n", 2);
}

static void a_line_for_a_new_algorithm_comes_beside_the_other(void **state)
{
    struct ctl_users_change c = to_have(true, true);

    (void)state;
    assert_edit(&c, "alice:r:" OLD "\nbob:r:" OLD "\n",
                "alice:r:" MD5 "\nalice:r:" SHA "\nbob:r:" OLD "\n", 1);
}

static void an_old_password_is_gone_for_every_algorithm(void **state)
{
    struct ctl_users_change c = to_have(false, true);

    (void)state;
    assert_edit(&c, "alice:r:" OLD "\nalice:r:" OLD2 "\n", "alice:r:" SHA "\n",
                2);
}

static void what_stands_behind_a_line_stays(void **state)
{
    struct ctl_users_change c = to_have(true, false);

    (void)state;
    assert_edit(&c, "alice:r:" OLD " \t# the boss\r\n",
                "alice:r:" MD5 " \t# the boss\r\n", 1);
}

static void a_user_is_taken_out(void **state)
{
    struct ctl_users_change c = to_have(false, false);

    (void)state;
    assert_edit(&c, "alice:r:" OLD "\nbob:r:" OLD "\nalice:r:" OLD2 "\n",
                "bob:r:" OLD "\n", 2);
    assert_edit(&c, "bob:r:" OLD "\n", "bob:r:" OLD "\n", 0);
}

static void others_stay_as_they_are(void **state)
{
    static const char others[] = "alice:r2:" OLD "\n"
                                 "alice:R:" OLD "\n"
                                 "alice2:r:" OLD "\n"
                                 "Alice:r:" OLD "\n"
                                 "#alice:r:" OLD "\n"
                                 " alice:r:" OLD "\n"
                                 "alice:r:x:" OLD "\n"
                                 "malice:r:" OLD "\n";
    struct ctl_users_change c = to_have(false, false);

    (void)state;
    assert_edit(&c, others, others, 0);
}

static int edit_once(void *ctx)
{
    struct ctl_users_change c = to_have(true, true);
    size_t n, before;
    char *out;
    int err = ctl_users_edit(&out, &n, &before, SPAN("bob:r:" OLD "\n"), &c);

    (void)ctx;
    if (!err)
        free(out);
    return err;
}

static void without_memory_nothing_is_made(void **state)
{
    (void)state;
    assert_int_equal(oom_sweep(edit_once, NULL), 1);
}

static void names_that_no_file_can_hold_are_known(void **state)
{
    char name[USERS_NAME_MAX + 1];

    (void)state;
    memset(name, 'x', sizeof name);
    assert_true(ctl_users_can_hold(SPAN("alice"), SPAN("example.com")));
    assert_true(ctl_users_can_hold(SPAN("al ice"), SPAN("a realm: of all")));
    assert_true(ctl_users_can_hold(SPAN("a#b"), SPAN("r#")));
    assert_true(ctl_users_can_hold(span_of(name, USERS_NAME_MAX),
                                   span_of(name, USERS_NAME_MAX)));
    assert_false(ctl_users_can_hold(span_of(name, sizeof name), SPAN("r")));
    assert_false(ctl_users_can_hold(SPAN("a"), span_of(name, sizeof name)));
    assert_false(ctl_users_can_hold(SPAN(""), SPAN("r")));
    assert_false(ctl_users_can_hold(SPAN("a"), SPAN("")));
    assert_false(ctl_users_can_hold(SPAN("a:b"), SPAN("r")));
    assert_false(ctl_users_can_hold(SPAN("#a"), SPAN("r")));
    assert_false(ctl_users_can_hold(SPAN("a #b"), SPAN("r")));
    assert_false(ctl_users_can_hold(SPAN("a\nb"), SPAN("r")));
    assert_false(ctl_users_can_hold(SPAN("a"), SPAN("r\tr")));
}

/* --- the file ------------------------------------------------------------- */

struct place {
    char dir[32];
    char path[64];
    char fault[256];
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    assert_non_null(p);
    memcpy(p->dir, "/tmp/ctl-users-XXXXXX", 22);
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof p->path, "%s/users", p->dir);
    *state = p;
    return 0;
}

/* How many files there are; they are removed if asked for. */
static size_t count_files(const struct place *p, bool removes)
{
    DIR *dir = opendir(p->dir);
    struct dirent *e;
    size_t n = 0;

    assert_non_null(dir);
    while ((e = readdir(dir))) {
        if (e->d_name[0] == '.')
            continue;
        n++;
        if (removes)
            assert_int_equal(unlinkat(dirfd(dir), e->d_name, 0), 0);
    }
    closedir(dir);
    return n;
}

static int tear_down(void **state)
{
    struct place *p = *state;

    (void)count_files(p, true);
    assert_int_equal(rmdir(p->dir), 0);
    free(p);
    return 0;
}

static void write_file(const struct place *p, const char *text, mode_t mode)
{
    FILE *f = fopen(p->path, "we");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(p->path, mode), 0);
}

static void assert_file(const char *path, const char *want)
{
    char text[4096];
    FILE *f = fopen(path, "re");
    size_t n;

    assert_non_null(f);
    n = fread(text, 1, sizeof text, f);
    fclose(f);
    assert_span_equal(span_of(text, n), span_str(want));
}

static void note_fault(void *ctx, size_t line, const char *what)
{
    struct place *p = ctx;

    snprintf(p->fault, sizeof p->fault, "%zu: %s", line, what);
}

static int change(struct place *p, bool md5, bool sha)
{
    struct ctl_users_change c = to_have(md5, sha);

    return ctl_users_change(p->path, &c, note_fault, p);
}

static void a_changed_file_keeps_its_permissions(void **state)
{
    struct place *p = *state;
    struct stat before, after;

    write_file(p, "bob:r:" OLD "\n", 0640);
    if (geteuid() == 0)
        assert_int_equal(chown(p->path, 12345, 23456), 0);
    assert_int_equal(stat(p->path, &before), 0);
    assert_int_equal(change(p, true, false), 0);
    assert_int_equal(stat(p->path, &after), 0);
    assert_file(p->path, "bob:r:" OLD "\nalice:r:" MD5 "\n");
    assert_int_equal(after.st_mode, before.st_mode);
    assert_int_equal(after.st_uid, before.st_uid);
    assert_int_equal(after.st_gid, before.st_gid);
    assert_int_not_equal(after.st_ino, before.st_ino);
    assert_int_equal(count_files(p, false), 1);
}

static void a_missing_file_is_made_for_the_directorys_group(void **state)
{
    struct place *p = *state;
    struct stat dir, st;

    if (geteuid() == 0)
        assert_int_equal(chown(p->dir, 0, 23456), 0);
    assert_int_equal(change(p, true, false), 0);
    assert_int_equal(stat(p->dir, &dir), 0);
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(st.st_gid, dir.st_gid);
    assert_file(p->path, "alice:r:" MD5 "\n");
}

static void nobody_is_taken_out_of_a_missing_file(void **state)
{
    struct place *p = *state;

    assert_int_equal(change(p, false, false), ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(count_files(p, false), 0);
}

static void an_unknown_user_is_not_taken_out(void **state)
{
    struct place *p = *state;

    write_file(p, "bob:r:" OLD "\n", 0600);
    assert_int_equal(change(p, false, false), ERR_NOT_FOUND);
    assert_file(p->path, "bob:r:" OLD "\n");
    assert_int_equal(count_files(p, false), 1);
}

static void a_malformed_file_stays_as_it_is(void **state)
{
    struct place *p = *state;

    write_file(p, "bob:r:" OLD "\ncarol\n", 0600);
    assert_int_equal(change(p, true, true), ERR_CONFIG);
    assert_string_equal(p->fault, "2: not user:realm:HA1");
    assert_file(p->path, "bob:r:" OLD "\ncarol\n");
}

static void a_link_goes_on_to_lead_to_the_file(void **state)
{
    struct ctl_users_change c = to_have(true, false);
    struct place *p = *state;
    char link[96];
    struct stat st;

    snprintf(link, sizeof link, "%s/link", p->dir);
    write_file(p, "", 0600);
    assert_int_equal(symlink("users", link), 0);
    assert_int_equal(ctl_users_change(link, &c, note_fault, p), 0);
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_file(p->path, "alice:r:" MD5 "\n");
}

static void a_directory_is_no_users_file(void **state)
{
    struct place *p = *state;
    struct ctl_users_change c = to_have(true, false);

    assert_int_equal(ctl_users_change(p->dir, &c, note_fault, p), ERR_IO);
}

/* Each of them adds a user of his own. */
static void add_one(struct place *p, int number)
{
    struct ctl_users_change c = to_have(true, false);
    char name[16];

    snprintf(name, sizeof name, "user%d", number);
    c.user = span_str(name);
    _exit(ctl_users_change(p->path, &c, note_fault, p) ? 1 : 0);
}

static void changes_at_once_are_all_made(void **state)
{
    enum { MANY = 20 };
    struct place *p = *state;
    int status, lines = 0;
    FILE *f;

    write_file(p, "", 0600);
    for (int i = 0; i < MANY; i++) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0)
            add_one(p, i);
    }
    for (int i = 0; i < MANY; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    f = fopen(p->path, "re");
    assert_non_null(f);
    for (int c; (c = fgetc(f)) != EOF;)
        lines += c == '\n';
    fclose(f);
    assert_int_equal(lines, MANY);
    assert_int_equal(count_files(p, false), 1);
}

static void a_failed_write_leaves_the_old_file(void **state)
{
    struct place *p = *state;
    struct rlimit as_it_was, tight;

    write_file(p, "bob:r:" OLD "\n", 0600);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &as_it_was), 0);
    tight = as_it_was;
    tight.rlim_cur = 50; /* half of what is to be written */
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    assert_int_equal(change(p, true, false), ERR_IO);
    assert_int_equal(errno, EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &as_it_was), 0);
    assert_file(p->path, "bob:r:" OLD "\n");
    assert_int_equal(count_files(p, false), 1);
}

#define FILE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_user_comes_to_the_end),
        cmocka_unit_test(a_missing_line_feed_at_the_end_is_made_up),
        cmocka_unit_test(lines_are_replaced_where_they_are),
        cmocka_unit_test(a_line_for_a_new_algorithm_comes_beside_the_other),
        cmocka_unit_test(an_old_password_is_gone_for_every_algorithm),
        cmocka_unit_test(what_stands_behind_a_line_stays),
        cmocka_unit_test(a_user_is_taken_out),
        cmocka_unit_test(others_stay_as_they_are),
        cmocka_unit_test(without_memory_nothing_is_made),
        cmocka_unit_test(names_that_no_file_can_hold_are_known),
        FILE_TEST(a_changed_file_keeps_its_permissions),
        FILE_TEST(a_missing_file_is_made_for_the_directorys_group),
        FILE_TEST(nobody_is_taken_out_of_a_missing_file),
        FILE_TEST(an_unknown_user_is_not_taken_out),
        FILE_TEST(a_malformed_file_stays_as_it_is),
        FILE_TEST(a_link_goes_on_to_lead_to_the_file),
        FILE_TEST(a_directory_is_no_users_file),
        FILE_TEST(changes_at_once_are_all_made),
        FILE_TEST(a_failed_write_leaves_the_old_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
