#include "options.h"

#include <getopt.h>

#include "err.h"

static const char default_path[] = "/etc/msrprelayd/msrprelayd.conf";

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"debug", no_argument, NULL, 'd'},
    {"test", no_argument, NULL, 't'},
    {"dump", no_argument, NULL, 'T'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

void options_usage(FILE *to)
{
    fputs("usage: msrprelayd [-c FILE] [-d] [-t] [-T] [-V] [-h]\n"
          "  -c, --config FILE  the configuration, by default\n"
          "                     /etc/msrprelayd/msrprelayd.conf\n"
          "  -d, --debug        log to stderr, with a line for each MSRP head\n"
          "  -t, --test         check the configuration and what it names\n"
          "  -T, --dump         print the effective configuration\n"
          "  -V, --version      print the version, and those of the libraries\n"
          "  -h, --help         print this\n",
          to);
}

static int options_refuse(FILE *err, const char *what, const char *argument)
{
    fprintf(err, "msrprelayd: %s%s%s\n", what, *argument ? " " : "", argument);
    options_usage(err);
    return ERR_SYNTAX;
}

/* One option; '?' and ':' are getopt's words for wrong ones. */
static int options_take(struct options *o, int option, char **argv, FILE *err)
{
    switch (option) {
    case 'c':
        o->path = optarg;
        return *optarg ? 0
                       : options_refuse(err, "the name of a file is empty", "");
    case 'd':
        o->debug = true;
        return 0;
    case 't':
        o->test = true;
        return 0;
    case 'T':
        o->dump = true;
        return 0;
    case 'V':
        o->version = true;
        return 0;
    case 'h':
        o->help = true;
        return 0;
    case ':':
        return options_refuse(err, "an argument is missing behind",
                              argv[optind - 1]);
    }
    /* Of letters behind one hyphen, optopt is the wrong one; the argument at
     * hand is not passed yet, unless it was the last letter. */
    if (optopt > 0 && optopt < 0x7f && !strchr("cdtTVh", optopt)) {
        const char letter[] = {'-', (char)optopt, '\0'};

        return options_refuse(err, "unknown option", letter);
    }
    return options_refuse(err, "wrong option", argv[optind - 1]);
}

int options_parse(struct options *out, int argc, char **argv, FILE *err)
{
    struct options o = {.path = default_path};
    int option;

    optind = 0; /* anew: GNU's way, and musl's */
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":c:dtTVh", long_options, NULL)) !=
           -1) {
        int wrong = options_take(&o, option, argv, err);

        if (wrong)
            return wrong;
    }
    if (optind < argc)
        return options_refuse(err, "unexpected argument", argv[optind]);
    *out = o;
    return 0;
}
