/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl_args.h"

#include <stddef.h>

#include "err.h"

/* --- the tables --- */

static int set_algorithm(void *values, char *argument, char why[CMDLINE_WHY])
{
    struct ctl_args *a = values;
    bool both = strcmp(argument, "both") == 0;
    enum digest_alg alg = DIGEST_MD5;

    if (!both && digest_alg_from(&alg, span_str(argument)))
        return cmdline_refuse(why,
                              "invalid value \"%s\" for --algorithm (md5, "
                              "sha-256 or both)",
                              argument);
    for (int i = 0; i < DIGEST_ALGS; i++)
        a->algs[i] = both || i == (int)alg;
    return 0;
}

#define AT(member) .at = offsetof(struct ctl_args, member)
#define FLAG(member) .kind = CMDLINE_FLAG, AT(member)
#define TEXT(member) .kind = CMDLINE_TEXT, AT(member)
#define FILE_NAME(member) .kind = CMDLINE_FILE, AT(member)
#define HELP                                                                   \
    {                                                                          \
        .letter = 'h', .name = "help", FLAG(help), .help = "print this help"   \
    }

static const struct cmdline_option rows[] = {
    {.help = "Options:"},
    {.letter = 'c',
     .name = "config",
     .argument = "FILE",
     FILE_NAME(config),
     .help = "take the socket, the users file and the realm from this "
             "configuration"},
    {.letter = 's',
     .name = "socket",
     .argument = "SOCKET",
     FILE_NAME(socket),
     .help = "the control socket (default: that of the configuration, or "
             "/run/msrprelayd/control.sock)"},
    {.name = "json", FLAG(json), .help = "print the answer as JSON"},
    {.letter = 'V',
     .name = "version",
     FLAG(version),
     .help = "print the version"},
    HELP,
};

static const struct cmdline_option passwd_rows[] = {
    {.help = "Options of passwd:"},
    {.letter = 'c',
     .name = "config",
     .argument = "FILE",
     FILE_NAME(config),
     .help = "the configuration, for the users file and the realm (default: "
             "/etc/msrprelayd/msrprelayd.conf)"},
    {.letter = 'f',
     .name = "file",
     .argument = "USERSFILE",
     FILE_NAME(users_file),
     .help = "the users file (default: auth.users_file)"},
    {.letter = 'r',
     .name = "realm",
     .argument = "REALM",
     TEXT(realm),
     .help = "the realm (default: relay.realm)"},
    {.letter = 'a',
     .name = "algorithm",
     .argument = "md5|sha-256|both",
     .kind = CMDLINE_CALL,
     .take = set_algorithm,
     .help = "the hashes to write (default: both)"},
    {.letter = 'd', .name = "delete", FLAG(removes), .help = "remove the user"},
    {.name = "stdin",
     FLAG(from_stdin),
     .help = "read the password from standard input"},
    HELP,
};

static const struct cmdline_option selftest_rows[] = {
    {.help = "Options of selftest:"},
    {.name = "ca-file",
     .argument = "FILE",
     FILE_NAME(ca_file),
     .help = "trust these authorities instead of the system's"},
    {.name = "name",
     .argument = "NAME",
     TEXT(name),
     .help = "the host that certificates must name (default: relay.name)"},
    {.name = "json", FLAG(json), .help = "print the outcome as JSON"},
    HELP,
};

/* A command has arguments of its own. */
static const struct cmdline table = {rows, sizeof rows / sizeof *rows, true};
static const struct cmdline passwd_table = {
    passwd_rows, sizeof passwd_rows / sizeof *passwd_rows, false};

static const struct cmdline selftest_table = {
    selftest_rows, sizeof selftest_rows / sizeof *selftest_rows, false};

void ctl_args_help(FILE *to)
{
    fputs("usage: msrprelayctl [OPTION]... COMMAND [ARGUMENT]...\n"
          "       msrprelayctl [-c FILE] passwd [OPTION]... USER\n"
          "\n"
          "Commands:\n",
          to);
    for (size_t i = 0; i < CONTROL_COMMANDS; i++) {
        const struct control_command *c = &control_commands[i];

        fprintf(to, "  %s%s%s\n      %s\n", c->name, *c->arguments ? " " : "",
                c->arguments, c->help);
    }
    fputs("  top\n"
          "      show the busiest connections, over and over; q: end\n"
          "  check\n"
          "      check the configuration file in place, as msrprelayd -t does\n"
          "  passwd USER\n"
          "      set a user's password in the users file, or remove the user "
          "(-d)\n"
          "\n",
          to);
    cmdline_help(to, &table);
    fputc('\n', to);
    cmdline_help(to, &selftest_table);
    fputc('\n', to);
    cmdline_help(to, &passwd_table);
}

/* --- passwd --- */

/* What follows `passwd`, which is argv[0] here. */
static int take_passwd(struct ctl_args *a, char why[CMDLINE_WHY], int argc,
                       char **argv)
{
    int first, err;

    a->what = CTL_PASSWD;
    a->algs[DIGEST_MD5] = a->algs[DIGEST_SHA256] = true;
    err = cmdline_parse(a, &first, why, &passwd_table, argc, argv);
    if (err)
        return err;
    if (a->help) {
        a->what = CTL_HELP;
        return 0;
    }
    if (argc - first != 1)
        return cmdline_refuse(why, "passwd requires exactly one user");
    a->user = argv[first];
    return 0;
}

/* --- what the daemon is asked --- */

static int add_text(struct ctl_args *a, char why[CMDLINE_WHY], const char *text)
{
    size_t n = strlen(a->line);

    if (span_copy(a->line + n, sizeof a->line - 1 - n, span_str(text)) <
        strlen(text))
        return cmdline_refuse(why, "the request is too long");
    return 0;
}

/* ` key="value"`. */
static int add_value(struct ctl_args *a, char why[CMDLINE_WHY], struct span key,
                     const char *value)
{
    char quoted[2 * CONTROL_VALUE_MAX + 4], word[sizeof quoted + 16];

    switch (control_request_quote(quoted, sizeof quoted, span_str(value))) {
    case 0:
        break;
    case ERR_LIMIT:
        return cmdline_refuse(why, "a value has 1 to %d octets",
                              CONTROL_VALUE_MAX);
    default:
        return cmdline_refuse(why, "a value contains a control character");
    }
    snprintf(word, sizeof word, " %.*s=%s", SPAN_ARG(key), quoted);
    return add_text(a, why, word);
}

/* `key=value`, or any of `--key=value` and `--key value`, of which *at is then
 * moved on; or a bare word. */
static int add_argument(struct ctl_args *a, char why[CMDLINE_WHY], int *at,
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
    if (control_commands[a->id].bare_key == CONTROL_USER && !has_dashes)
        return add_value(a, why, SPAN("user"), argv[*at]);
    if (!control_command_takes(&control_commands[a->id], span_str(argv[*at])))
        return cmdline_refuse(why, "unknown argument for this command: %s",
                              argv[*at]);
    if (add_text(a, why, " "))
        return ERR_SYNTAX;
    return add_text(a, why, argv[*at]);
}

/* What is refused here is not sent. */
static int check_request(struct ctl_args *a, char why[CMDLINE_WHY])
{
    char copy[CONTROL_REQUEST_MAX];
    size_t n = span_copy(copy, sizeof copy, span_str(a->line));
    struct control_request q;
    const char *what;

    return control_request_parse(&q, &what, copy, n)
               ? cmdline_refuse(why, "%s", what)
               : 0;
}

static int take_request(struct ctl_args *a, char why[CMDLINE_WHY], int argc,
                        char **argv)
{
    int err;

    if (control_command_find(&a->id, span_str(argv[0])))
        return cmdline_refuse(why, "unknown command %s", argv[0]);
    err = add_text(a, why, argv[0]);
    for (int i = 1; !err && i < argc; i++)
        err = add_argument(a, why, &i, argc, argv);
    if (!err)
        err = check_request(a, why);
    if (!err)
        err = add_text(a, why, "\n");
    return err;
}

/* What follows `selftest`, which is argv[0] here. */
static int take_selftest(struct ctl_args *a, char why[CMDLINE_WHY], int argc,
                         char **argv)
{
    int first, err = cmdline_parse(a, &first, why, &selftest_table, argc, argv);

    a->what = a->help ? CTL_HELP : CTL_SELFTEST;
    if (err || a->help)
        return err;
    if (first < argc)
        return cmdline_refuse(why, "unknown argument for this command: %s",
                              argv[first]);
    return take_request(a, why, 1, argv);
}

/* What follows `top` or `check`. */
static int take_bare(struct ctl_args *a, char why[CMDLINE_WHY], int argc,
                     char **argv)
{
    a->what = strcmp(argv[0], "top") == 0 ? CTL_TOP : CTL_CHECK;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") != 0)
            return cmdline_refuse(why, "unknown argument for this command: %s",
                                  argv[i]);
        a->json = true;
    }
    return 0;
}

/* --- all of it --- */

int ctl_args_parse(struct ctl_args *out, char why[CMDLINE_WHY], int argc,
                   char **argv)
{
    int first, err;

    *out = (struct ctl_args){.what = CTL_ASK};
    err = cmdline_parse(out, &first, why, &table, argc, argv);
    if (err)
        return err;
    if (out->help || out->version) {
        out->what = out->help ? CTL_HELP : CTL_VERSION;
        return 0;
    }
    argc -= first;
    argv += first;
    if (argc == 0)
        return cmdline_refuse(why, "missing command");
    if (strcmp(argv[0], "passwd") == 0)
        return take_passwd(out, why, argc, argv);
    if (strcmp(argv[0], "selftest") == 0)
        return take_selftest(out, why, argc, argv);
    if (strcmp(argv[0], "top") == 0 || strcmp(argv[0], "check") == 0)
        return take_bare(out, why, argc, argv);
    return take_request(out, why, argc, argv);
}
