/* SPDX-License-Identifier: BSD-2-Clause */
/* msrpcat - send and receive MSRP messages from a shell: see msrpcat(1). */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cat_dial.h"
#include "cat_options.h"
#include "cat_session.h"
#include "cat_srv.h"
#include "err.h"
#include "password.h"
#include "path.h"
#include "uri.h"

/* What the program holds while it runs. */
struct program {
    struct cat_options options;
    struct screen screen;
    struct rnd rnd;
    struct store store;
    struct wire wire;
    char *own, *peer; /* heap */
    bool has_store, has_wire;
};

static enum exit_code complain(struct program *p, const char *what, int err,
                               enum exit_code code)
{
    const char *why = err_text(err);

    if (err == ERR_IO && errno)
        why = strerror(errno);
    if (err == ERR_NOT_FOUND)
        why = "no address found";
    screen_note(&p->screen, "%s: %s", what, why);
    return code;
}

/* --- where messages go ---------------------------------------------------- */

static int open_output(struct program *p)
{
    const char *file = p->options.output;
    enum store_kind kind = file ? STORE_STREAM : STORE_TEXT;
    int fd;

    if (p->options.output_dir)
        return store_init_dir(&p->store, p->options.output_dir);
    if (!file || strcmp(file, "-") == 0)
        fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    else
        fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return ERR_IO;
    store_init_stream(&p->store, kind, fd);
    return 0;
}

/* --- the connection ------------------------------------------------------- */

/* Where to connect to, and for which host a certificate has to be. */
static int find_target(const struct program *p, struct cat_dial_to *at,
                       struct cat_dial_to *name, bool *secure)
{
    struct span path =
        span_str(p->options.n_relays ? p->options.relays[0] : p->peer);
    struct span first;
    int err = ERR_SYNTAX;

    if (msg_path_next(&first, &path))
        err = cat_dial_from_uri(name, secure, first);
    if (err)
        return err;
    *at = *name;
    if (p->options.connect)
        return cat_dial_parse(at, span_str(p->options.connect), NULL);
    return 0;
}

/* Is the host a name, and the port the one that it has for want of another? */
static bool needs_srv(const struct program *p, const struct cat_dial_to *name)
{
    struct span path =
        span_str(p->options.n_relays ? p->options.relays[0] : p->peer);
    unsigned char address[16];
    struct span first;
    struct uri uri;

    return !p->options.connect && msg_path_next(&first, &path) &&
           uri_parse(&uri, first) == 0 && uri.port == 0 &&
           inet_pton(AF_INET, name->host, address) != 1 &&
           inet_pton(AF_INET6, name->host, address) != 1;
}

/* Connects to `at`, or where the SRV records of its name lead; without any, the
 * port is the usual one (R4976-8-d). */
static int reach(struct program *p, int *fd, const struct cat_dial_to *at,
                 bool secure)
{
    uint64_t timeout_ms = p->options.timeout_s * 1000;
    struct cat_srv found;
    int err = ERR_NOT_FOUND;

    if (!secure || !needs_srv(p, at) || cat_srv_find(&found, at->host, &p->rnd))
        return cat_dial_connect(fd, at, timeout_ms);
    for (size_t i = 0; i < found.n && err; i++) {
        const struct cat_srv_target *t = &found.targets[i];
        struct cat_dial_to to;

        if (strcmp(t->host, ".") == 0 || t->port == 0)
            continue; /* not offered */
        snprintf(to.host, sizeof to.host, "%s", t->host);
        snprintf(to.port, sizeof to.port, "%u", (unsigned)t->port);
        err = cat_dial_connect(fd, &to, timeout_ms);
    }
    return err;
}

static enum exit_code secure_wire(struct program *p, const char *name)
{
    SSL_CTX *ctx;
    int err = wire_tls_context(&ctx, p->options.ca_file, p->options.insecure);

    if (err)
        return complain(p, p->options.ca_file ? p->options.ca_file : "TLS", err,
                        EXIT_CONNECTION);
    err =
        wire_handshake(&p->wire, ctx, p->options.name ? p->options.name : name,
                       p->options.timeout_s * 1000);
    SSL_CTX_free(ctx); /* the connection holds on to it */
    if (!err)
        return EXIT_FINE;
    if (p->wire.tls_why)
        screen_note(&p->screen, "%s: %s: %s", name, err_text(err),
                    p->wire.tls_why);
    else
        complain(p, name, err, EXIT_CONNECTION);
    return EXIT_CONNECTION;
}

/* Has a socket; the rest of the program deals with the wire. */
static int take_socket(struct program *p, int fd)
{
    p->has_wire = true;
    return wire_init(&p->wire, fd);
}

static enum exit_code call(struct program *p)
{
    struct cat_dial_to at, name;
    bool secure;
    int fd, err = find_target(p, &at, &name, &secure);

    if (err)
        return complain(p, "address", err, EXIT_USAGE);
    err = reach(p, &fd, &at, secure);
    if (!err)
        err = take_socket(p, fd);
    if (err)
        return complain(p, at.host, err, EXIT_CONNECTION);
    p->own = path_nowhere_uri(&p->rnd, secure);
    if (!p->own)
        return complain(p, "path", ERR_NOMEM, EXIT_CONNECTION);
    return secure ? secure_wire(p, name.host) : EXIT_FINE;
}

static enum exit_code await_call(struct program *p)
{
    char authority[300];
    struct cat_dial_to at;
    int listener, fd;
    int err = cat_dial_parse(&at, span_str(p->options.listen), "127.0.0.1");

    if (err)
        return complain(p, p->options.listen, err, EXIT_USAGE);
    err = cat_dial_listen(&listener, authority, &at);
    if (err)
        return complain(p, p->options.listen, err, EXIT_CONNECTION);
    p->own = path_own_uri(&p->rnd, false, span_str(authority));
    err = p->own ? cat_session_announce(&p->options, p->own) : ERR_NOMEM;
    if (err)
        return complain(p, "path", err, EXIT_CONNECTION);
    err = cat_dial_accept(&fd, listener);
    if (!err)
        err = take_socket(p, fd);
    return err ? complain(p, p->options.listen, err, EXIT_CONNECTION)
               : EXIT_FINE;
}

static enum exit_code get_connected(struct program *p)
{
    enum exit_code code;

    if (p->options.listen)
        return await_call(p);
    code = call(p);
    if (code || p->options.n_relays)
        return code;
    if (cat_session_announce(&p->options, p->own))
        return complain(p, "path", ERR_IO, EXIT_CONNECTION);
    return EXIT_FINE;
}

/* --- the program ---------------------------------------------------------- */

/* A descriptor that becomes readable with SIGINT and SIGTERM, which do nothing
 * else from now on. */
static int watch_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static enum exit_code talk(struct program *p)
{
    struct cat_session_setup setup = {
        .options = &p->options,
        .wire = &p->wire,
        .store = &p->store,
        .screen = &p->screen,
        .rnd = &p->rnd,
        .own = p->own,
        .peer = p->peer,
        .signal_fd = watch_signals(),
    };
    enum exit_code code;

    if (setup.signal_fd < 0)
        return complain(p, "signals", ERR_IO, EXIT_CONNECTION);
    code = cat_session_run(&setup);
    close(setup.signal_fd);
    return code;
}

/* The first file to be sent that cannot be read, or NULL. */
static const char *find_unreadable(const struct cat_options *o)
{
    for (size_t i = 0; i < o->n_items; i++) {
        const struct cat_options_item *item = &o->items[i];

        if (item->is_file && strcmp(item->arg, "-") != 0 &&
            access(item->arg, R_OK))
            return item->arg;
    }
    return NULL;
}

/* What can be wrong before anybody is called. */
static enum exit_code prepare(struct program *p)
{
    struct cat_options *o = &p->options;
    const char *unreadable = find_unreadable(o);
    int err = 0;

    if (unreadable)
        return complain(p, unreadable, ERR_IO, EXIT_USAGE);
    if (o->to)
        err = path_from_arg(&p->peer, o->to);
    if (err)
        return complain(p, o->to, err, EXIT_USAGE);
    if (o->user && !o->password)
        err = password_get(&o->password, o->password_file, o->user);
    if (err)
        return complain(p, o->password_file ? o->password_file : "password",
                        err, EXIT_USAGE);
    err = open_output(p);
    if (err)
        return complain(p, o->output_dir ? o->output_dir : o->output, err,
                        EXIT_USAGE);
    p->has_store = true;
    return EXIT_FINE;
}

static void program_fini(struct program *p)
{
    if (p->has_wire)
        wire_fini(&p->wire);
    if (p->has_store)
        store_fini(&p->store);
    free(p->own);
    free(p->peer);
    cat_options_free(&p->options);
    explicit_bzero(&p->rnd, sizeof p->rnd);
}

static enum exit_code run(struct program *p)
{
    enum exit_code code = prepare(p);

    if (!code)
        code = get_connected(p);
    return code ? code : talk(p);
}

int main(int argc, char **argv)
{
    struct program p = {0};
    char why[CMDLINE_WHY];
    enum exit_code code = EXIT_FINE;
    int err = cat_options_parse(&p.options, why, argc, argv);

    setvbuf(stderr, NULL, _IOLBF, 0); /* --verbose writes a lot */
    screen_init(&p.screen, stderr, p.options.quiet);
    if (err) {
        if (err == ERR_SYNTAX)
            screen_note(&p.screen, "%s (try 'msrpcat --help')", why);
        else
            screen_note(&p.screen, "%s", err_text(err));
        code = EXIT_USAGE;
    } else if (p.options.help) {
        cat_options_help(stdout);
    } else if (p.options.version) {
        printf("msrpcat %s\n", MSRP_VERSION);
    } else {
        signal(SIGPIPE, SIG_IGN);
        rnd_init(&p.rnd);
        code = run(&p);
    }
    program_fini(&p);
    return code;
}
