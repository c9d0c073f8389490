/* SPDX-License-Identifier: BSD-2-Clause */
/* Users about whom helper processes are asked (decisions, 7): real helpers,
 * good and bad ones. */
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cmocka_all.h"
#include "ctl.h"
#include "login.h"

/* What the helper does depends on the name of the user. */
static const char helper[] =
    "#!/bin/sh\n"
    "# $1: a directory for notes\n"
    "tab=$(printf '\\t')\n"
    "echo \"$$ $(env | sed 's/=.*//' | sort | tr '\\n' ' ')\" "
    ">>\"$1/started\"\n"
    "ls -l /proc/$$/fd >\"$1/fds\"\n"
    "while IFS=$tab read -r id user realm alg; do\n"
    "    echo \"$user $realm $alg\" >>\"$1/asked\"\n"
    "    case $user in\n"
    "    known*) printf '%s\\tpassword\\t%s-secret\\n' \"$id\" \"$user\" ;;\n"
    "    hashed)\n"
    "        hash=$(printf %s \"$user:$realm:$user-secret\" | md5sum)\n"
    "        printf '%s\\tha1\\t%s\\n' \"$id\" \"${hash%% *}\" ;;\n"
    "    none*) printf '%s\\tnone\\n' \"$id\" ;;\n"
    "    error*) printf '%s\\terror\\tno such table\\n' \"$id\" ;;\n"
    "    changes)\n"
    "        printf '%s\\tpassword\\t%s\\n' \"$id\" \"$(cat \"$1/password\")\" "
    ";;\n"
    "    later) held=$id ;;\n"
    "    flush) printf '%s\\tpassword\\tlater-secret\\n' \"$held\"\n"
    "        printf '%s\\tpassword\\tflush-secret\\n' \"$id\" ;;\n"
    "    silent*) ;;\n"
    "    dies) exit 3 ;;\n"
    "    complains) echo 'the database is down' >&2\n"
    "        printf '%s\\tnone\\n' \"$id\" ;;\n"
    "    liar)\n" /* the answers of others, nonsense, and the answer twice */
    "        n=1; while [ $n -le 50 ]; do\n"
    "            printf '%s\\tpassword\\tliar-secret\\n' $((id + n))\n"
    "            echo 'what is this?'; n=$((n + 1)); done\n"
    "        printf '%s\\tpassword\\tliar-secret\\n' \"$id\"\n"
    "        printf '%s\\tnone\\n' \"$id\" ;;\n"
    "    talks)\n" /* a line that is long, slow, and no answer at its end */
    "        head -c 20000 /dev/zero | tr '\\0' x; sleep 0.1\n"
    "        printf '%s\\tnone\\n' \"$id\"\n"
    "        printf '%s\\tpassword\\ttalks-secret\\n' \"$id\" ;;\n"
    "    excuses) printf '%s\\terror\\tno such table' \"$id\"\n"
    "        head -c 20000 /dev/zero | tr '\\0' x; echo ;;\n"
    "    floods) yes 'what is this?' | head -c 1000000 ;;\n"
    "    esac\n"
    "done\n";

/* A relay that asks it; `more` are more settings of auth.lookup. */
static struct scene *lookup_start(void **state, const char *more)
{
    struct tls_files *files = relay_files_new();
    const char *path = relay_write(files, "helper", helper);
    struct relay_opts opts = {.files = files};
    struct scene *s;
    char *auth;
    int n;

    assert_int_equal(chmod(path, 0755), 0);
    n = asprintf(&auth,
                 "max_failures = 1000; lookup: { command = \"%s '%.*s'\"; "
                 "processes = 1; %s };",
                 path, (int)(strrchr(path, '/') - path), path, more);
    assert_true(n > 0);
    opts.auth = auth;
    s = ctl_scene(state, &opts);
    scene_keep_files(s, files);
    free(auth);
    return s;
}

/* What the helper noted there. */
static const char *noted(struct scene *s, const char *name)
{
    const char *path = tls_files_path(relay_files(s->relay), name);
    char text[65536] = "";
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;

    if (f)
        fclose(f);
    text[n] = '\0';
    return scene_text(s, "%s", text);
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;

    for (; (text = strstr(text, what)); text++)
        n++;
    return n;
}

/* One attempt of this user, with a challenge before it; its tid. */
static const char *attempt(struct client *c, struct login *l, const char *user)
{
    l->user = user;
    login_ask(c, l);
    return login_try(c, l);
}

static void assert_code(struct client *c, const char *user, unsigned code)
{
    struct login l = {.user = user};

    talk_expect_code(c, attempt(c, &l, user), code);
}

/* The user gets in, perhaps not at once: where little time is left for an
 * answer, a busy machine may not make it. */
static void assert_gets_in(struct scene *s, const char *user)
{
    enum { TIMES = 20 };

    for (int i = 0; i < TIMES; i++) {
        struct client *c = scene_connect(s, RELAY_TLS, user);
        struct login l = {0};
        const char *tid = attempt(c, &l, user);
        struct got *g = scene_frame(c);

        assert_span_equal(msg_text(&g->head, g->head.tid), span_str(tid));
        if (g->head.code == 200)
            return;
        assert_int_equal(g->head.code, 408);
    }
    fail_msg("%s does not get in", user);
}

/* --- what it says --------------------------------------------------------- */

static void users_of_the_helper_talk_to_those_of_the_file(void **state)
{
    struct scene *s = lookup_start(state, "");
    struct client *alice = login(s, "alice"), *known = login(s, "known");
    struct client *hashed = login(s, "hashed");
    const char *tid = talk_text(alice, known, "hello");

    talk_answer(known, talk_expect(known, "SEND"), 200);
    talk_expect_code(alice, tid, 200);
    tid = talk_text(known, hashed, "hello");
    talk_answer(hashed, talk_expect(hashed, "SEND"), 200);
    talk_expect_code(known, tid, 200);
    assert_string_equal(noted(s, "asked"),
                        "known " RELAY_REALM " MD5\nhashed " RELAY_REALM
                        " MD5\n");
}

static void right_wrong_and_unknown(void **state)
{
    struct scene *s = lookup_start(state, "");
    struct client *c = scene_connect(s, RELAY_TLS, "client");
    struct login l = {.password = "a guess"};
    const char *tid;

    login_on(scene_connect(s, RELAY_TLS, "alice"));
    assert_code(c, "known", 200);
    tid = attempt(c, &l, "known2");
    login_refused(c, &l, tid);
    scene_wait_log(s, " user=known2 reason=wrong");
    assert_code(c, "nonesuch", 401);
    scene_wait_log(s, " user=nonesuch reason=unknown");
    assert_code(c, "error", 408);
    scene_wait_log(s, "lookup failed user=error realm=" RELAY_REALM
                      " error=\"no such table\"");
    scene_wait_log(s, " user=error reason=\"look-up failed\"");
}

static void answers_are_remembered_until_a_reload(void **state)
{
    struct scene *s = lookup_start(state, "");
    struct client *c = scene_connect(s, RELAY_TLS, "client");
    struct login l = {.user = "changes", .password = "before"};
    size_t mark = relay_log_size(s->relay);

    relay_write(relay_files(s->relay), "password", "before");
    login_ask(c, &l);
    login_granted(c, login_try(c, &l));
    relay_write(relay_files(s->relay), "password", "after");
    login_ask(c, &l);
    login_granted(c, login_try(c, &l)); /* from memory */
    assert_int_equal(count(noted(s, "asked"), "changes"), 1);
    relay_signal(s->relay, SIGHUP);
    scene_wait_log_since(s, mark, "reloaded");
    login_ask(c, &l);
    login_refused(c, &l, login_try(c, &l));
    l.password = "after";
    login_granted(c, login_try(c, &l));
    assert_int_equal(count(noted(s, "asked"), "changes"), 2);
    assert_int_equal(count(noted(s, "started"), "\n"), 1);
}

static void without_a_memory_each_login_asks(void **state)
{
    struct scene *s = lookup_start(state, "cache = 0; cache_unknown = 0;");
    struct client *c = scene_connect(s, RELAY_TLS, "client");

    assert_code(c, "known", 200);
    assert_code(c, "known", 200);
    assert_code(c, "none", 401);
    assert_code(c, "none", 401);
    assert_int_equal(count(noted(s, "asked"), "\n"), 4);
}

static void users_of_the_file_are_not_asked_about(void **state)
{
    struct scene *s = lookup_start(state, "");
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {.password = "a guess"};

    login_ask(alice, &l);
    login_refused(alice, &l, login_try(alice, &l));
    login_on(alice);
    assert_string_equal(noted(s, "asked"), "");
}

/* --- while it thinks ------------------------------------------------------ */

static void a_login_waits_without_its_connection(void **state)
{
    struct scene *s = lookup_start(state, "timeout = 20;");
    struct client *c = scene_connect(s, RELAY_TLS, "client");
    struct client *bob = login(s, "bob");
    struct login l = {0};
    const char *later, *ping, *tid;

    login_on(scene_connect(s, RELAY_TLS, "alice"));
    later = attempt(c, &l, "later");
    ping = talk_tid(c);
    talk_say(c,
             "MSRP %s SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: 1\r\n-------%s$\r\n",
             ping, talk_relay(c), c->own, ping);
    talk_expect_code(c, ping, 200);
    login_on(bob); /* of the file: at once */
    l = (struct login){.user = "flush"};
    login_ask(c, &l);
    tid = login_try(c, &l);
    login_granted(c, later);
    login_granted(c, tid);
}

static void no_answer_in_time_is_408(void **state)
{
    struct scene *s = lookup_start(state, "timeout = 0.3;");
    struct client *c = scene_connect(s, RELAY_TLS, "client");

    assert_code(c, "silent", 408);
    scene_wait_log(s, " user=silent reason=\"look-up failed\"");
    assert_gets_in(s, "known");
    login(s, "alice");
}

static void a_helper_that_hangs_is_killed(void **state)
{
    struct scene *s = lookup_start(state, "timeout = 0.2;");
    struct client *c = scene_connect(s, RELAY_TLS, "client");
    size_t mark;

    assert_code(c, "silent1", 408);
    mark = relay_log_size(s->relay);
    assert_code(c, "silent2", 408);
    assert_code(c, "silent3", 408);
    scene_wait_log(s, "lookup helper failed reason=\"it does not answer\"");
    scene_wait_log(s, "lookup helper ended");
    login(s, "alice");
    scene_wait_log_since(s, mark, "lookup helper started");
    assert_gets_in(s, "known");
}

/* --- what it may do to us ------------------------------------------------- */

static void it_has_what_it_needs_and_no_more(void **state)
{
    struct scene *s = lookup_start(state, "");
    const char *fds;

    assert_code(scene_connect(s, RELAY_TLS, "client"), "known", 200);
    /* What sh itself sets is PWD (and OLDPWD, SHLVL, _). */
    assert_non_null(strstr(noted(s, "started"), " LANG "));
    assert_non_null(strstr(noted(s, "started"), " PATH "));
    assert_null(strstr(noted(s, "started"), "HOME"));
    fds = noted(s, "fds");
    assert_non_null(strstr(fds, " 0 -> socket:"));
    assert_non_null(strstr(fds, " 1 -> "));
    assert_non_null(strstr(fds, " 2 -> pipe:"));
    for (const char *at = fds; (at = strstr(at, " -> ")); at++) {
        const char *digits = at;
        long fd;

        while (digits > fds && digits[-1] != ' ')
            digits--;
        fd = strtol(digits, NULL, 10);
        if (fd > 2 && (fd < 10 || fd > 12)) /* those are sh's own */
            fail_msg("the helper has descriptor %ld: %s", fd, fds);
    }
}

static void what_it_complains_about_is_logged(void **state)
{
    struct scene *s = lookup_start(state, "");

    assert_code(scene_connect(s, RELAY_TLS, "client"), "complains", 401);
    scene_wait_log(s, "lookup helper says pid=");
    scene_wait_log(s, "text=\"the database is down\"");
}

static void one_that_lies_lets_nobody_in(void **state)
{
    struct scene *s = lookup_start(state, "");
    struct client *c = scene_connect(s, RELAY_TLS, "client");
    struct login l = {.password = "liar-secret"};
    const char *tid;

    assert_code(c, "liar", 200);
    tid = attempt(c, &l, "none");
    login_refused(c, &l, tid);
    l = (struct login){.password = "liar-secret"};
    tid = attempt(c, &l, "known");
    login_refused(c, &l, tid);
    login_on(scene_connect(s, RELAY_TLS, "alice"));
    assert_code(c, "known", 200);
    talk_expect_nothing(c); /* no answer comes twice */
    assert_null(strstr(relay_log(s->relay), "lookup helper failed"));
}

static void a_long_line_is_one_line(void **state)
{
    struct scene *s = lookup_start(state, "");
    struct client *c = scene_connect(s, RELAY_TLS, "client");

    assert_code(c, "talks", 200);
    assert_code(c, "excuses", 408);
    scene_wait_log(s, "lookup failed user=excuses realm=" RELAY_REALM
                      " error=\"no such tablexxx");
    assert_code(c, "known", 200);
    assert_null(strstr(relay_log(s->relay), "lookup helper failed"));
}

static void one_that_floods_is_started_again(void **state)
{
    struct scene *s = lookup_start(state, "");
    struct client *c = scene_connect(s, RELAY_TLS, "client");
    size_t mark;

    assert_code(c, "known1", 200);
    mark = relay_log_size(s->relay);
    assert_code(c, "floods", 408);
    scene_wait_log(s, "lookup helper failed reason=\"it talks nonsense\"");
    login(s, "alice");
    scene_wait_log_since(s, mark, "lookup helper started");
    assert_code(c, "known", 200);
}

/* Children of the relay that have ended and not been waited for. */
static size_t zombies(const struct relay *r)
{
    DIR *d = opendir("/proc");
    const struct dirent *e;
    size_t n = 0;

    assert_non_null(d);
    while ((e = readdir(d))) {
        char path[300], line[256], state;
        int parent;
        FILE *f;

        (void)snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
        f = fopen(path, "r");
        if (!f)
            continue;
        if (fgets(line, sizeof line, f) && strrchr(line, ')') &&
            sscanf(strrchr(line, ')') + 1, " %c %d", &state, &parent) == 2)
            n += parent == relay_pid(r) && state == 'Z';
        fclose(f);
    }
    closedir(d);
    return n;
}

static void one_that_dies_leaves_nothing_behind(void **state)
{
    enum { TIMES = 4 };
    struct scene *s = lookup_start(state, "");
    struct client *c = scene_connect(s, RELAY_TLS, "client");
    size_t descriptors;

    assert_code(c, "known", 200);
    descriptors = relay_descriptors(s->relay);
    for (int i = 0; i < TIMES; i++) {
        char name[16];
        size_t mark;

        mark = relay_log_size(s->relay);
        assert_code(c, "dies", 408);
        scene_wait_log_since(s, mark, "lookup helper ended");
        scene_wait_log_since(s, mark, "lookup helper started");
        (void)snprintf(name, sizeof name, "known%d", i);
        assert_code(c, name, 200);
    }
    assert_int_equal(zombies(s->relay), 0);
    assert_int_equal(relay_descriptors(s->relay), descriptors);
    assert_int_equal(count(noted(s, "started"), "\n"), TIMES + 1);
}

/* --- what an operator sees ------------------------------------------------ */

static void assert_row(struct scene *s, const char *who, const char *result,
                       const char *source)
{
    const char *out = ctl_ok(s, scene_text(s, "lookup %s --json", who));

    if (!strstr(out, scene_text(s, "\"result\":\"%s\",\"source\":\"%s\"",
                                result, source)))
        fail_msg("%s is not %s of %s: %s", who, result, source, out);
    assert_null(strstr(out, "secret\""));
}

static void an_operator_sees_who_knows_a_user(void **state)
{
    struct scene *s = lookup_start(state, "");

    assert_code(scene_connect(s, RELAY_TLS, "client"), "known", 200);
    assert_row(s, "alice", "known", "users_file");
    assert_row(s, "known", "known", "memory");
    assert_row(s, "known2", "known", "helper");
    assert_row(s, "known2@" RELAY_REALM, "known", "memory");
    assert_row(s, "none", "unknown", "helper");
    assert_row(s, "user=none", "unknown", "memory");
    assert_row(s, "error", "error", "helper");
    assert_row(s, "silent", "timeout", "helper");
    ctl_fails(s, "lookup", 64, "missing argument");
    assert_non_null(
        strstr(ctl_ok(s, "stats"),
               "msrprelayd_lookup_answers_total{result=\"known\"}"));
}

/* --- settings ------------------------------------------------------------- */

static void a_reload_without_look_ups_answers_who_waits(void **state)
{
    struct scene *s = lookup_start(state, "timeout = 20;");
    struct client *c = scene_connect(s, RELAY_TLS, "client");
    struct login l = {0};
    const char *tid = attempt(c, &l, "silent");

    talk_expect_nothing(c);
    relay_write_config(s->relay, NULL);
    relay_signal(s->relay, SIGHUP);
    talk_expect_code(c, tid, 408);
    scene_wait_log(s, "reason=\"the configuration has changed\"");
    assert_code(c, "silent", 401); /* nobody knows who that is */
    login(s, "alice");
}

static void the_relay_ends_in_order_while_a_login_waits(void **state)
{
    struct scene *s = lookup_start(state, "timeout = 20;");
    struct client *c = scene_connect(s, RELAY_TLS, "client");
    struct login l = {0};

    (void)attempt(c, &l, "silent");
    talk_expect_nothing(c);
    relay_signal(s->relay, SIGTERM);
    scene_wait_log(s, "signal=15");
    relay_signal(s->relay, SIGTERM); /* at once */
    assert_int_equal(scene_wait_exit(s), 0);
    assert_non_null(strstr(relay_log(s->relay), "reason=\"the relay ends\""));
}

static void a_command_that_cannot_be_run_is_a_fault(void **state)
{
    struct tls_files *files = relay_files_new();
    const struct relay_opts opts = {
        .auth = "lookup: { command = \"/no/such/helper -x\"; };"};
    char *text = relay_config_text(files, &opts), said[2048];
    const char *conf = relay_write(files, "t.conf", text);
    const char *const arguments[] = {"-t", "-c", conf, NULL};

    (void)state;
    assert_int_equal(relay_command(said, sizeof said, arguments), 78);
    assert_non_null(strstr(said, "auth.lookup.command: cannot run "
                                 "/no/such/helper: No such file"));
    free(text);
    tls_files_free(files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(users_of_the_helper_talk_to_those_of_the_file),
        E2E_TEST(right_wrong_and_unknown),
        E2E_TEST(answers_are_remembered_until_a_reload),
        E2E_TEST(without_a_memory_each_login_asks),
        E2E_TEST(users_of_the_file_are_not_asked_about),
        E2E_TEST(a_login_waits_without_its_connection),
        E2E_TEST(no_answer_in_time_is_408),
        E2E_TEST(a_helper_that_hangs_is_killed),
        E2E_TEST(it_has_what_it_needs_and_no_more),
        E2E_TEST(what_it_complains_about_is_logged),
        E2E_TEST(one_that_lies_lets_nobody_in),
        E2E_TEST(a_long_line_is_one_line),
        E2E_TEST(one_that_floods_is_started_again),
        E2E_TEST(one_that_dies_leaves_nothing_behind),
        E2E_TEST(an_operator_sees_who_knows_a_user),
        E2E_TEST(a_reload_without_look_ups_answers_who_waits),
        E2E_TEST(the_relay_ends_in_order_while_a_login_waits),
        cmocka_unit_test(a_command_that_cannot_be_run_is_a_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
