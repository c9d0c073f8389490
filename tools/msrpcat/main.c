/* SPDX-License-Identifier: BSD-2-Clause */
/* msrpcat - send and receive MSRP messages from a shell: see msrpcat(1). */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cat_call.h"
#include "cat_options.h"
#include "cat_session.h"
#include "err.h"
#include "password.h"
#include "path.h"

/* What the program holds while it runs. */
struct program {
    struct cat_options options;
    struct screen screen;
    struct rnd rnd;
    struct store store;
    struct cat_call call;
    bool has_store;
};

static enum exit_code complain(struct program *p, const char *what, int err,
                               enum exit_code code)
{
    return cat_call_complain(&p->call, what, err, code);
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
        .wire = &p->call.wire,
        .store = &p->store,
        .screen = &p->screen,
        .rnd = &p->rnd,
        .own = p->call.own,
        .peer = p->call.peer,
        .is_passive = p->call.is_passive,
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
        err = path_from_arg(&p->call.peer, o->to);
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
    cat_call_fini(&p->call);
    if (p->has_store)
        store_fini(&p->store);
    cat_options_free(&p->options);
    explicit_bzero(&p->rnd, sizeof p->rnd);
}

static enum exit_code run(struct program *p)
{
    enum exit_code code = prepare(p);

    if (!code)
        code = cat_call_make(&p->call);
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
    p.call = (struct cat_call){
        .options = &p.options, .screen = &p.screen, .rnd = &p.rnd};
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
