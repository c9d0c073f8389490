#include "ctl_args.h"

#include <getopt.h>

#include "err.h"

enum { OPT_JSON = 256, OPT_STDIN };

static const struct option names[] = {
    {"config", required_argument, NULL, 'c'},
    {"socket", required_argument, NULL, 's'},
    {"json", no_argument, NULL, OPT_JSON},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct option passwd_names[] = {
    {"config", required_argument, NULL, 'c'},
    {"file", required_argument, NULL, 'f'},
    {"realm", required_argument, NULL, 'r'},
    {"algorithm", required_argument, NULL, 'a'},
    {"delete", no_argument, NULL, 'd'},
    {"stdin", no_argument, NULL, OPT_STDIN},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

void ctl_args_help(FILE *to)
{
    fputs("usage: msrprelayctl [-c FILE] [-s SOCKET] [--json] COMMAND ...\n"
          "       msrprelayctl [-c FILE] passwd [-f USERSFILE] [-r REALM]\n"
          "                    [-a md5|sha-256|both] [--stdin] USER\n"
          "       msrprelayctl [-c FILE] passwd -d [-f USERSFILE] [-r REALM] "
          "USER\n"
          "\n",
          to);
    for (size_t i = 0; i < CONTROL_COMMANDS; i++) {
        const struct control_command *c = &control_commands[i];

        fprintf(to, "  %s%s%s\n      %s\n", c->name, *c->arguments ? " " : "",
                c->arguments, c->help);
    }
    fputs("  passwd USER\n"
          "      set a user's password in the users file, or take the user "
          "out (-d)\n"
          "\n"
          "  -c, --config FILE    take socket, users file and realm from this\n"
          "                       configuration\n"
          "  -s, --socket SOCKET  by default /run/msrprelayd/control.sock\n"
          "      --json           answer in JSON, for programs\n"
          "  -V, --version        print the version\n"
          "  -h, --help           print this\n",
          to);
}

static int wrong(char why[CTL_WHY], const char *what, const char *arg)
{
    snprintf(why, CTL_WHY, "%s%s%s", what, arg ? ": " : "", arg ? arg : "");
    return ERR_SYNTAX;
}

/* getopt's '?' and ':'. */
static int wrong_option(char why[CTL_WHY], int option, char **argv)
{
    return wrong(
        why, option == ':' ? "an argument is missing behind" : "unknown option",
        argv[optind - 1]);
}

/* --- options --- */

static int take_option(struct ctl_args *a, char why[CTL_WHY], int option,
                       char **argv)
{
    switch (option) {
    case 'c':
        a->config = optarg;
        return 0;
    case 's':
        a->socket = optarg;
        return 0;
    case OPT_JSON:
        a->json = true;
        return 0;
    case 'V':
        a->what = CTL_VERSION;
        return 0;
    case 'h':
        a->what = CTL_HELP;
        return 0;
    default:
        return wrong_option(why, option, argv);
    }
}

/* --- passwd --- */

static int take_algorithm(struct ctl_args *a, char why[CTL_WHY],
                          const char *name)
{
    bool both = strcmp(name, "both") == 0;
    enum digest_alg alg = DIGEST_MD5;

    if (!both && digest_alg_from(&alg, span_str(name)))
        return wrong(why, "no such algorithm", name);
    for (int i = 0; i < DIGEST_ALGS; i++)
        a->algs[i] = both || i == (int)alg;
    return 0;
}

static int take_passwd_option(struct ctl_args *a, char why[CTL_WHY], int option,
                              char **argv)
{
    switch (option) {
    case 'f':
        a->users_file = optarg;
        return 0;
    case 'r':
        a->realm = optarg;
        return 0;
    case 'a':
        return take_algorithm(a, why, optarg);
    case 'd':
        a->removes = true;
        return 0;
    case OPT_STDIN:
        a->from_stdin = true;
        return 0;
    default: /* as without `passwd` */
        return take_option(a, why, option, argv);
    }
}

/* What stands behind `passwd`, which is argv[0] here. */
static int take_passwd(struct ctl_args *a, char why[CTL_WHY], int argc,
                       char **argv)
{
    int option, err = 0;

    a->what = CTL_PASSWD;
    a->algs[DIGEST_MD5] = a->algs[DIGEST_SHA256] = true;
    optind = 0; /* anew */
    while (!err && (option = getopt_long(argc, argv, ":c:f:r:a:dh",
                                         passwd_names, NULL)) != -1)
        err = take_passwd_option(a, why, option, argv);
    if (err || a->what == CTL_HELP)
        return err;
    if (argc - optind != 1)
        return wrong(why, "passwd needs one user", NULL);
    a->user = argv[optind];
    return 0;
}

/* --- what the daemon is asked --- */

static int add_text(struct ctl_args *a, char why[CTL_WHY], const char *text)
{
    size_t n = strlen(a->line);

    if (span_copy(a->line + n, sizeof a->line - 1 - n, span_str(text)) <
        strlen(text))
        return wrong(why, "the request is too long", NULL);
    return 0;
}

/* ` key="value"`. */
static int add_value(struct ctl_args *a, char why[CTL_WHY], struct span key,
                     const char *value)
{
    char quoted[2 * CONTROL_VALUE_MAX + 4], word[sizeof quoted + 16];

    switch (control_request_quote(quoted, sizeof quoted, span_str(value))) {
    case 0:
        break;
    case ERR_LIMIT:
        return wrong(why, "a value has 1 to 255 octets", NULL);
    default:
        return wrong(why, "control character", NULL);
    }
    snprintf(word, sizeof word, " %.*s=%s", SPAN_ARG(key), quoted);
    return add_text(a, why, word);
}

/* `key=value`, or any of `--key=value` and `--key value`, of which *at is then
 * moved on; or a bare word. */
static int add_argument(struct ctl_args *a, char why[CTL_WHY], int *at,
                        int argc, char **argv)
{
    struct span value = span_str(argv[*at]), key;
    bool has_dashes = span_starts(value, SPAN("--"));

    if (has_dashes)
        value = span_from(value, 2);
    key = span_of(value.p, span_find(value, '='));
    if (has_dashes && span_eq(value, SPAN("json"))) {
        a->json = true;
        return 0;
    }
    if (control_key(key) && key.n < value.n)
        return add_value(a, why, key, key.p + key.n + 1);
    if (has_dashes && control_key(key) && *at + 1 < argc)
        return add_value(a, why, key, argv[++*at]);
    if (!control_command_takes(&control_commands[a->id], span_str(argv[*at])))
        return wrong(why, "no such argument of this command", argv[*at]);
    if (add_text(a, why, " "))
        return ERR_SYNTAX;
    return add_text(a, why, argv[*at]);
}

/* What is refused here need not be asked. */
static int check_request(struct ctl_args *a, char why[CTL_WHY])
{
    char copy[CONTROL_REQUEST_MAX];
    size_t n = span_copy(copy, sizeof copy, span_str(a->line));
    struct control_request q;
    const char *what;

    return control_request_parse(&q, &what, copy, n) ? wrong(why, what, NULL)
                                                     : 0;
}

static int take_request(struct ctl_args *a, char why[CTL_WHY], int argc,
                        char **argv)
{
    int err;

    if (control_command_find(&a->id, span_str(argv[0])))
        return wrong(why, "no such command", argv[0]);
    err = add_text(a, why, argv[0]);
    for (int i = 1; !err && i < argc; i++)
        err = add_argument(a, why, &i, argc, argv);
    if (!err)
        err = check_request(a, why);
    if (!err)
        err = add_text(a, why, "\n");
    return err;
}

/* --- all of it --- */

int ctl_args_parse(struct ctl_args *out, char why[CTL_WHY], int argc,
                   char **argv)
{
    int option, err = 0;

    *out = (struct ctl_args){.what = CTL_ASK};
    optind = 0;
    opterr = 0;
    while (!err &&
           (option = getopt_long(argc, argv, "+:c:s:Vh", names, NULL)) != -1)
        err = take_option(out, why, option, argv);
    if (err || out->what != CTL_ASK)
        return err;
    argc -= optind;
    argv += optind;
    if (argc == 0)
        return wrong(why, "which command?", NULL);
    if (strcmp(argv[0], "passwd") == 0)
        return take_passwd(out, why, argc, argv);
    return take_request(out, why, argc, argv);
}
