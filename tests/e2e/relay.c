/* SPDX-License-Identifier: BSD-2-Clause */
#include "relay.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "digest.h"

enum { ARGUMENTS_MAX = 8 };
enum { LOG_ROOM = 1 << 20 }; /* in the pipe */

struct relay {
    pid_t pid;
    int fd;    /* what it writes; -1 when it has closed that */
    char *log; /* all of it, with a NUL */
    size_t log_n, log_size;
    bool reaped;
    int code; /* once reaped */
    unsigned ports[RELAY_PORTS];
    const char *name, *realm;
    const char *stem; /* what its files are called */
    struct tls_files *files;
    bool shares_files; /* they are another's */
};

uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- files ---------------------------------------------------------------- */

const char *relay_write(struct tls_files *files, const char *name,
                        const char *text)
{
    const char *path = tls_files_path(files, name);
    FILE *f = fopen(path, "we");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    return path;
}

static const char *name_of(const struct relay_opts *opts)
{
    return opts && opts->name ? opts->name : RELAY_NAME;
}

static const char *realm_of(const struct relay_opts *opts)
{
    return opts && opts->realm ? opts->realm : RELAY_REALM;
}

/* What a relay's own files are called. */
static const char *stem_of(const struct relay_opts *opts)
{
    return opts && opts->name ? opts->name : "relay";
}

/* The path of one of them. */
static const char *own_path(struct tls_files *files, const char *stem,
                            const char *suffix)
{
    char name[64];

    snprintf(name, sizeof name, "%s.%s", stem, suffix);
    return tls_files_path(files, name);
}

void relay_add_user(FILE *f, const char *name, const char *realm,
                    const char *password, enum digest_alg alg)
{
    struct digest_hex ha1;

    assert_int_equal(digest_ha1(&ha1, alg, span_str(name), span_str(realm),
                                span_str(password)),
                     0);
    fprintf(f, "%s:%s:%.*s\n", name, realm, SPAN_ARG(digest_hex_span(&ha1)));
}

static void write_users(struct tls_files *files, const struct relay_opts *opts)
{
    static const char *const names[] = {"alice", "bob", "carol", "dave"};
    FILE *f = fopen(own_path(files, stem_of(opts), "users"), "we");

    assert_non_null(f);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char password[64];

        snprintf(password, sizeof password, "%s" RELAY_PASSWORD, names[i]);
        relay_add_user(f, names[i], realm_of(opts), password, DIGEST_MD5);
        relay_add_user(f, names[i], realm_of(opts), password, DIGEST_SHA256);
    }
    assert_int_equal(fclose(f), 0);
}

static void add_files(struct tls_files *files, const struct relay_opts *opts)
{
    char san[64];
    const struct tls_files_cert cert = {.common_name = name_of(opts),
                                        .san = san,
                                        .usage = opts ? opts->usage : NULL};

    snprintf(san, sizeof san, "DNS:%s", name_of(opts));
    assert_non_null(files);
    assert_true(tls_files_issue(files, stem_of(opts), &cert));
    write_users(files, opts);
}

struct tls_files *relay_files_new(void)
{
    struct tls_files *files = tls_files_new();

    add_files(files, NULL);
    return files;
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static char *config_text(struct tls_files *files, const char *stem,
                         const struct relay_opts *opts)
{
    static const char listen[] =
        "{ transport = \"tls\"; address = \"127.0.0.1\"; port = 0; },\n"
        "         { transport = \"tcp\"; address = \"127.0.0.1\"; port = 0; }";
    static const struct relay_opts defaults;
    char *text;

    if (!opts)
        opts = &defaults;
    assert_true(
        asprintf(&text,
                 "relay: { name = \"%s\"; realm = \"%s\"; user = \"%s\"; "
                 "group = \"%s\"; %s };\n"
                 "listen = ( %s );\n"
                 "tls: { certificate = \"%s\"; private_key = \"%s\";\n"
                 "       ca_file = \"%s\"; %s };\n"
                 "auth: { users_file = \"%s\"; %s };\n"
                 "log: { level = \"%s\"; %s };\n"
                 "%s\n",
                 name_of(opts), realm_of(opts), or_empty(opts->user),
                 or_empty(opts->group), or_empty(opts->relay),
                 opts->listen ? opts->listen : listen,
                 own_path(files, stem, "pem"), own_path(files, stem, "key"),
                 tls_files_path(files, "ca.pem"), or_empty(opts->tls),
                 own_path(files, stem, "users"), or_empty(opts->auth),
                 opts->level ? opts->level : "debug", or_empty(opts->log),
                 or_empty(opts->groups)) > 0);
    return text;
}

char *relay_config_text(struct tls_files *files, const struct relay_opts *opts)
{
    return config_text(files, stem_of(opts), opts);
}

static void write_config(struct tls_files *files, const char *stem,
                         const struct relay_opts *opts)
{
    const char *path = own_path(files, stem, "conf");
    char *text = config_text(files, stem, opts);

    relay_write(files, strrchr(path, '/') + 1, text);
    free(text);
}

/* --- the process ---------------------------------------------------------- */

/* It must not outlive the test, however that ends. */
static void become_daemon(int out, const char *const *arguments,
                          const struct relay_opts *opts,
                          struct tls_files *files)
{
    const char *argv[ARGUMENTS_MAX + 2] = {DAEMON};
    size_t n = 1;

    while (*arguments && n <= ARGUMENTS_MAX)
        argv[n++] = *arguments++;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_DFL);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    if (opts && opts->in_child)
        opts->in_child(opts->child_ctx, files);
    execv(DAEMON, (char *const *)(uintptr_t)argv);
    _exit(127);
}

static struct relay *spawn(const char *const *arguments,
                           const struct relay_opts *opts,
                           struct tls_files *files)
{
    struct relay *r = calloc(1, sizeof *r);
    int ends[2];

    assert_non_null(r);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    /* What does not fit is lost, and some tests wait for lines. */
    (void)fcntl(ends[1], F_SETPIPE_SZ, LOG_ROOM);
    r->pid = fork();
    assert_true(r->pid >= 0);
    if (r->pid == 0)
        become_daemon(ends[1], arguments, opts, files);
    close(ends[1]);
    r->fd = ends[0];
    assert_int_equal(fcntl(r->fd, F_SETFL, O_NONBLOCK), 0);
    r->log = calloc(1, 1);
    assert_non_null(r->log);
    return r;
}

/* Some of it; false if there is no more for now. */
static bool read_some(struct relay *r)
{
    enum { SOME = 65536 };
    ssize_t n;

    if (r->log_size - r->log_n <= SOME) {
        r->log_size = 2 * r->log_size + 2 * SOME;
        r->log = realloc(r->log, r->log_size);
        assert_non_null(r->log);
    }
    n = read(r->fd, r->log + r->log_n, SOME);
    if (n == 0) {
        close(r->fd);
        r->fd = -1;
    }
    if (n > 0)
        r->log_n += (size_t)n;
    r->log[r->log_n] = '\0';
    return n > 0;
}

void relay_read(struct relay *r)
{
    while (r->fd >= 0 && read_some(r))
        continue;
}

static void wait_for_output(struct relay *r, uint64_t deadline_ms)
{
    struct pollfd p = {r->fd, POLLIN, 0};
    uint64_t now = now_ms();

    if (now >= deadline_ms || poll(&p, 1, (int)(deadline_ms - now)) == 0) {
        relay_show_log(r);
        fail_msg("the daemon said nothing in time");
    }
    relay_read(r);
}

int relay_wait(struct relay *r)
{
    uint64_t deadline_ms = now_ms() + DEADLINE_MS;
    int status;

    if (r->reaped)
        return r->code;
    while (r->fd >= 0) /* it closes this end by ending */
        wait_for_output(r, deadline_ms);
    assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
    r->reaped = true;
    r->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return r->code;
}

/* "listening transport=tls address=127.0.0.1 port=NNNN" */
unsigned relay_port_since(const struct relay *r, size_t mark,
                          const char *transport)
{
    char key[64];
    const char *line, *at;

    snprintf(key, sizeof key, "listening transport=%s ", transport);
    line = strstr(r->log + mark, key);
    at = line && strchr(line, '\n') ? strstr(line, " port=") : NULL;
    return at ? (unsigned)strtoul(at + 6, NULL, 10) : 0;
}

struct relay *relay_start(const struct relay_opts *opts)
{
    bool shares = opts && opts->files;
    struct tls_files *files = shares ? opts->files : tls_files_new();
    const char *const arguments[] = {
        "-c", own_path(files, stem_of(opts), "conf"), NULL};
    uint64_t deadline_ms = now_ms() + DEADLINE_MS;
    struct relay *r;

    add_files(files, opts);
    write_config(files, stem_of(opts), opts);
    r = spawn(arguments, opts, files);
    r->files = files;
    r->shares_files = shares;
    r->name = name_of(opts);
    r->realm = realm_of(opts);
    r->stem = stem_of(opts);
    while (!strstr(r->log, " started ")) {
        if (r->fd < 0) {
            relay_show_log(r);
            fail_msg("the daemon did not start");
        }
        wait_for_output(r, deadline_ms);
    }
    r->ports[RELAY_TLS] = relay_port_since(r, 0, "tls");
    r->ports[RELAY_TCP] = relay_port_since(r, 0, "tcp");
    r->ports[RELAY_WSS] = relay_port_since(r, 0, "wss");
    r->ports[RELAY_WS] = relay_port_since(r, 0, "ws");
    return r;
}

void relay_free(struct relay *r)
{
    if (!r)
        return;
    if (!r->reaped) {
        kill(r->pid, SIGKILL);
        waitpid(r->pid, NULL, 0);
    }
    if (r->fd >= 0)
        close(r->fd);
    if (!r->shares_files)
        tls_files_free(r->files);
    free(r->log);
    free(r);
}

unsigned relay_port(const struct relay *r, enum relay_port which)
{
    assert_int_not_equal(r->ports[which], 0);
    return r->ports[which];
}

void relay_use_port(struct relay *r, enum relay_port which, unsigned port)
{
    r->ports[which] = port;
}

void relay_write_config(struct relay *r, const struct relay_opts *opts)
{
    r->name = name_of(opts);
    r->realm = realm_of(opts);
    write_config(r->files, r->stem, opts);
}

const char *relay_path(struct relay *r, const char *suffix)
{
    return own_path(r->files, r->stem, suffix);
}

struct tls_files *relay_files(struct relay *r)
{
    return r->files;
}

pid_t relay_pid(const struct relay *r)
{
    return r->pid;
}

const char *relay_name(const struct relay *r)
{
    return r->name;
}

const char *relay_realm(const struct relay *r)
{
    return r->realm;
}

void relay_signal(struct relay *r, int signo)
{
    assert_false(r->reaped);
    assert_int_equal(kill(r->pid, signo), 0);
}

bool relay_is_running(const struct relay *r)
{
    return !r->reaped && r->fd >= 0;
}

/* --- what it said --------------------------------------------------------- */

bool relay_has_complained(const struct relay *r)
{
    return strstr(r->log, "Sanitizer") || strstr(r->log, "runtime error:") ||
           strstr(r->log, "Assertion");
}

int relay_log_fd(const struct relay *r)
{
    return r->fd;
}

const char *relay_log(const struct relay *r)
{
    return r->log;
}

size_t relay_log_size(const struct relay *r)
{
    return r->log_n;
}

void relay_show_log(const struct relay *r)
{
    enum { SHOWN = 4000 };
    size_t from = r->log_n > SHOWN ? r->log_n - SHOWN : 0;

    fprintf(stderr, "--- the daemon's log ---\n%s---\n", r->log + from);
}

/* --- what it uses --------------------------------------------------------- */

uint64_t relay_cpu_ms(const struct relay *r)
{
    struct timespec t;
    clockid_t clock;

    assert_int_equal(clock_getcpuclockid(r->pid, &clock), 0);
    assert_int_equal(clock_gettime(clock, &t), 0);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

size_t relay_descriptors(const struct relay *r)
{
    char path[64];
    size_t n = 0;
    DIR *d;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)r->pid);
    d = opendir(path);
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d));)
        n += *e->d_name != '.';
    closedir(d);
    return n;
}

void relay_status(char out[RELAY_STATUS_MAX], const struct relay *r,
                  const char *key)
{
    char path[64], line[RELAY_STATUS_MAX];
    size_t n = strlen(key);
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/status", (int)r->pid);
    f = fopen(path, "re");
    assert_non_null(f);
    out[0] = '\0';
    while (fgets(line, sizeof line, f)) {
        struct span rest = span_str(line);

        if (strncmp(line, key, n) != 0)
            continue;
        for (char *p = line; *p; p++)
            if (*p == '\t' || *p == '\n')
                *p = ' ';
        rest = span_trim(span_from(rest, n));
        span_copy(out, RELAY_STATUS_MAX, rest);
    }
    fclose(f);
}

static size_t status_of(const struct relay *r, const char *key)
{
    char text[RELAY_STATUS_MAX];
    size_t kib;

    relay_status(text, r, key);
    kib = strtoul(text, NULL, 10);
    assert_int_not_equal(kib, 0);
    return kib;
}

size_t relay_rss(const struct relay *r)
{
    return status_of(r, "VmRSS:");
}

size_t relay_peak_rss(const struct relay *r)
{
    return status_of(r, "VmHWM:");
}

/* --- single commands ------------------------------------------------------ */

int relay_command(char *said, size_t size, const char *const *arguments)
{
    struct relay *r = spawn(arguments, NULL, NULL);
    int code = relay_wait(r);

    assert_false(relay_has_complained(r));
    span_copy(said, size, span_of(r->log, r->log_n));
    relay_free(r);
    return code;
}
