/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper_options.h"

#include <errno.h>

#include "err.h"
#include "links.h"
#include "password.h"

#define AT(member) .at = offsetof(struct helper_options, member)

static const struct cmdline_option common_rows[] = {
    {.help = "Connection:"},
    {.name = "secret-file",
     .argument = "FILE",
     .kind = CMDLINE_FILE,
     AT(secret_file),
     .help = "read the password for the store from the first line of FILE"},
    {.name = "timeout",
     .argument = "SECONDS",
     .kind = CMDLINE_THOUSANDTHS,
     AT(timeout_ms),
     .min = 10,
     .max = 60 * 1000,
     .initial = "2",
     .help = "answer with an error after this long"},
    {.name = "connections",
     .argument = "N",
     .kind = CMDLINE_COUNT,
     AT(connections),
     .min = 1,
     .max = LINKS_MAX,
     .initial = "4",
     .help = "use N connections"},
};

static const struct cmdline_option tls_rows[] = {
    {.name = "ca",
     .argument = "FILE",
     .kind = CMDLINE_FILE,
     AT(ca_file),
     .help = "trust these certificates, not the system's"},
    {.name = "insecure",
     .kind = CMDLINE_FLAG,
     AT(insecure),
     .help = "accept any certificate: for tests only"},
};

static const struct cmdline_option other_rows[] = {
    {.help = "Other:"},
    {.letter = 'V',
     .name = "version",
     .kind = CMDLINE_FLAG,
     AT(version),
     .help = "print the version"},
    {.letter = 'h',
     .name = "help",
     .kind = CMDLINE_FLAG,
     AT(help),
     .help = "print this help"},
};

/* One table out of several. */
struct joined {
    struct cmdline_option rows[CMDLINE_OPTIONS_MAX];
    size_t n;
};

static void join(struct joined *all, const struct cmdline_option *rows,
                 size_t n)
{
    for (size_t i = 0; i < n && all->n < CMDLINE_OPTIONS_MAX; i++)
        all->rows[all->n++] = rows[i];
}

#define JOIN(all, rows) join((all), (rows), sizeof(rows) / sizeof *(rows))

static struct cmdline make_table(struct joined *all,
                                 const struct helper_usage *u)
{
    all->n = 0;
    join(all, u->rows, u->n_rows);
    JOIN(all, common_rows);
    if (u->has & HELPER_HAS_TLS)
        JOIN(all, tls_rows);
    JOIN(all, other_rows);
    return (struct cmdline){all->rows, all->n, false};
}

static int read_secret(struct helper_options *o, char why[CMDLINE_WHY])
{
    int err;

    if (!o->secret_file)
        return 0;
    errno = 0;
    err = password_get(&o->secret, o->secret_file, "");
    if (err)
        cmdline_refuse(why, "%s: %s", o->secret_file, err_reason(err));
    return err;
}

int helper_options_parse(struct helper_options *o, char why[CMDLINE_WHY],
                         const struct helper_usage *u, int argc, char **argv)
{
    struct joined all;
    struct cmdline table = make_table(&all, u);
    int first, err = cmdline_parse(o, &first, why, &table, argc, argv);

    if (err || o->help || o->version)
        return err;
    if (argc - first != 1)
        return cmdline_refuse(why, "exactly one %s is required", u->operand);
    o->store = argv[first];
    return read_secret(o, why);
}

void helper_options_fini(struct helper_options *o)
{
    password_free(o->secret);
    o->secret = NULL;
}

void helper_options_help(FILE *to, const struct helper_usage *u)
{
    struct joined all;
    struct cmdline table = make_table(&all, u);

    fprintf(to, "usage: %s [OPTION]... %s\n\n", u->program, u->operand);
    cmdline_help(to, &table);
}
