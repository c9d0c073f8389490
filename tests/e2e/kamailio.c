/* SPDX-License-Identifier: BSD-2-Clause */
#include "kamailio.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "talk.h"

#define PROGRAM "/usr/sbin/kamailio"

enum { AGAIN_MS = 50 };

struct kamailio {
    struct scene_part part; /* what it writes */
    struct scene *scene;
    pid_t pid;
    unsigned port;
    bool tls;
};

bool kamailio_is_there(void)
{
    if (access(PROGRAM, X_OK) == 0)
        return true;
    print_message("skipped: " PROGRAM " is not there; tests/packages --tests "
                  "installs it\n");
    return false;
}

/* --- its configuration ---------------------------------------------------- */

/* As its own documentation has it. Names are not looked up: what does not go to
 * its own clients goes to the relay. */
static const char config[] =
    "#!KAMAILIO\n"
    "debug=2\n"
    "log_stderror=yes\n"
    "children=1\n"
    "tcp_children=1\n"
    "auto_aliases=no\n"
    "tcp_accept_no_cl=yes\n"
    "%s" /* enable_tls */
    "listen=%s:127.0.0.1:%u\n"
    "loadmodule \"pv.so\"\n"
    "%s" /* the module tls */
    "loadmodule \"msrp.so\"\n"
    "modparam(\"msrp\", \"cmap_size\", 4)\n"
    "modparam(\"msrp\", \"use_path_addr\", \"" KAMAILIO_NAME ":%u\")\n"
    "request_route { drop; }\n"
    "event_route[msrp:frame-in] {\n"
    "    msrp_reply_flags(\"1\");\n"
    "    if (msrp_is_reply()) { msrp_relay(); exit; }\n"
    "    if ($msrp(method) == \"AUTH\") { msrp_cmap_save(); exit; }\n"
    "    if ($msrp(nexthops) > 1) {\n"
    "        if ($msrp(method) == \"SEND\") { msrp_reply(\"200\", \"OK\"); }\n"
    "        msrp_set_dst(\"%s://127.0.0.1:%u/x;tcp\", \"%s:127.0.0.1:%u\");\n"
    "        msrp_relay();\n"
    "        exit;\n"
    "    }\n"
    "    if (!msrp_cmap_lookup()) {\n"
    "        if ($msrp(method) == \"SEND\") { msrp_reply(\"481\", \"None\"); "
    "}\n"
    "        exit;\n"
    "    }\n"
    "    if ($msrp(method) == \"SEND\") { msrp_reply(\"200\", \"OK\"); }\n"
    "    msrp_relay_flags(\"1\");\n"
    "    msrp_relay();\n"
    "}\n";

static const char tls_config[] = "[server:default]\n"
                                 "method = TLSv1.2+\n"
                                 "certificate = %s\n"
                                 "private_key = %s\n"
                                 "ca_list = %s\n"
                                 "verify_certificate = yes\n"
                                 "require_certificate = no\n"
                                 "[client:default]\n"
                                 "method = TLSv1.2+\n"
                                 "certificate = %s\n"
                                 "private_key = %s\n"
                                 "ca_list = %s\n"
                                 "verify_certificate = yes\n";

static const char *write_tls(struct scene *s)
{
    static const struct tls_files_cert cert = {.common_name = KAMAILIO_NAME,
                                               .san = "DNS:" KAMAILIO_NAME};
    struct tls_files *files = relay_files(s->relay);
    const char *pem = tls_files_path(files, "kamailio.pem");
    const char *key = tls_files_path(files, "kamailio.key");
    const char *ca = tls_files_path(files, "ca.pem");

    assert_true(tls_files_issue(files, "kamailio", &cert));
    return relay_write(files, "kamailio-tls.cfg",
                       scene_text(s, tls_config, pem, key, ca, pem, key, ca));
}

static const char *write_config(const struct kamailio *k)
{
    struct scene *s = k->scene;
    const char *proto = k->tls ? "tls" : "tcp", *modules = "";

    if (k->tls)
        modules = scene_text(s,
                             "loadmodule \"tls.so\"\n"
                             "modparam(\"tls\", \"config\", \"%s\")\n",
                             write_tls(s));
    return relay_write(
        relay_files(s->relay), "kamailio.cfg",
        scene_text(s, config, k->tls ? "enable_tls=yes\n" : "", proto, k->port,
                   modules, k->port, k->tls ? "msrps" : "msrp",
                   relay_port(s->relay, k->tls ? RELAY_TLS : RELAY_TCP), proto,
                   k->port));
}

/* --- the process ---------------------------------------------------------- */

/* It takes no port 0: one that nobody had a moment ago. */
static unsigned free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    close(fd);
    return ntohs(at.sin_port);
}

static void become_kamailio(const char *path, const char *dir, int out)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execl(PROGRAM, "kamailio", "-f", path, "-DD", "-E", "-m", "32", "-M", "8",
          "-w", dir, "-Y", dir, (char *)NULL);
    _exit(127);
}

static void on_output(struct scene_part *p)
{
    char some[4096];
    ssize_t n = read(p->fd, some, sizeof some);

    if (n > 0 && getenv("MSRP_E2E_LOG"))
        fprintf(stderr, "%.*s", (int)n, some);
    if (n == 0) {
        close(p->fd);
        p->fd = -1;
    }
}

static void stop(struct scene_part *p)
{
    struct kamailio *k = CONTAINER(p, struct kamailio, part);

    kill(k->pid, SIGTERM);
    while (p->fd >= 0) { /* closed by its last process */
        struct pollfd readable = {p->fd, POLLIN, 0};

        if (poll(&readable, 1, DEADLINE_MS) == 0) {
            kill(k->pid, SIGKILL);
            close(p->fd);
            break;
        }
        on_output(p);
    }
    waitpid(k->pid, NULL, 0);
    free(k);
}

static bool is_listening(const struct kamailio *k)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)k->port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is = connect(fd, (struct sockaddr *)&to, sizeof to) == 0;

    close(fd);
    return is;
}

struct kamailio *kamailio_start(struct scene *s, bool tls)
{
    struct kamailio *k = calloc(1, sizeof *k);
    const char *path, *dir = tls_files_dir(relay_files(s->relay));
    uint64_t deadline_ms = now_ms() + DEADLINE_MS;
    int ends[2];

    assert_non_null(k);
    k->scene = s;
    k->tls = tls;
    k->port = free_port();
    path = write_config(k);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    k->pid = fork();
    assert_true(k->pid >= 0);
    if (k->pid == 0)
        become_kamailio(path, dir, ends[1]);
    close(ends[1]);
    k->part =
        (struct scene_part){.fd = ends[0], .on_ready = on_output, .free = stop};
    scene_add_part(s, &k->part);
    while (!is_listening(k)) {
        if (k->part.fd < 0 || now_ms() >= deadline_ms)
            fail_msg("Kamailio does not start");
        scene_turn(s, now_ms() + AGAIN_MS);
    }
    dns_stub_host(outside_names(s), KAMAILIO_NAME, 60, "127.0.0.1");
    return k;
}

unsigned kamailio_port(const struct kamailio *k)
{
    return k->port;
}

/* --- its clients ---------------------------------------------------------- */

struct client *kamailio_client(struct kamailio *k, const char *name)
{
    struct scene *s = k->scene;
    const struct client_opts opts = {.tls = k->tls ? s->tls : NULL,
                                     .port = k->port};
    struct client *c = scene_connect_with(s, name, &opts);
    const char *tid = talk_tid(c), *path;
    struct got *g;

    if (c->ssl)
        assert_int_equal(SSL_set1_host(c->ssl, KAMAILIO_NAME), 1);
    scene_wait_open(c);
    talk_say(c,
             "MSRP %s AUTH\r\nTo-Path: %s://" KAMAILIO_NAME ":%u;tcp\r\n"
             "From-Path: %s\r\n-------%s$\r\n",
             tid, k->tls ? "msrps" : "msrp", k->port, c->own, tid);
    g = scene_frame(c);
    assert_int_equal(g->head.code, 200);
    path = talk_header(c, g, "Use-Path");
    assert_non_null(path);
    c->uri = scene_text(s, "%s", path);
    return c;
}
