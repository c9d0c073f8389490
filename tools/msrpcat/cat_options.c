#include "cat_options.h"

#include <getopt.h>
#include <stdlib.h>

#include "err.h"
#include "password.h"
#include "str.h"
#include "uri.h"

enum { TIMEOUT_S = 30 };

/* Long options without a letter. */
enum {
    OPT_PASSWORD_FILE = 256,
    OPT_TYPE,
    OPT_REPORT,
    OPT_FAILURE_REPORT,
    OPT_CHUNK_SIZE,
    OPT_WINDOW,
    OPT_TIMEOUT,
    OPT_EXPIRES,
    OPT_KEEPALIVE,
    OPT_CA,
    OPT_NAME
};

static const char letters[] = ":r:u:c:l:t:m:f:o:O:n:p:kqvVh";

static const struct option names[] = {
    {"relay", required_argument, NULL, 'r'},
    {"user", required_argument, NULL, 'u'},
    {"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
    {"connect", required_argument, NULL, 'c'},
    {"listen", required_argument, NULL, 'l'},
    {"to", required_argument, NULL, 't'},
    {"message", required_argument, NULL, 'm'},
    {"file", required_argument, NULL, 'f'},
    {"type", required_argument, NULL, OPT_TYPE},
    {"output", required_argument, NULL, 'o'},
    {"output-dir", required_argument, NULL, 'O'},
    {"count", required_argument, NULL, 'n'},
    {"path-file", required_argument, NULL, 'p'},
    {"report", no_argument, NULL, OPT_REPORT},
    {"failure-report", required_argument, NULL, OPT_FAILURE_REPORT},
    {"chunk-size", required_argument, NULL, OPT_CHUNK_SIZE},
    {"window", required_argument, NULL, OPT_WINDOW},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"expires", required_argument, NULL, OPT_EXPIRES},
    {"keepalive", required_argument, NULL, OPT_KEEPALIVE},
    {"ca", required_argument, NULL, OPT_CA},
    {"name", required_argument, NULL, OPT_NAME},
    {"insecure", no_argument, NULL, 'k'},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0}};

void cat_options_help(FILE *to)
{
    fputs(
        "msrpcat: send and receive MSRP messages\n"
        "\n"
        "  msrpcat -r RELAY -u USER [-n COUNT] [-o FILE | -O DIR]    receive\n"
        "  msrpcat -r RELAY -u USER -t PATH -m TEXT | -f FILE ...    send\n"
        "  msrpcat -r RELAY -u USER -t PATH                          chat\n"
        "  msrpcat -t PATH ...           as a peer that has no relay\n"
        "  msrpcat -l [HOST:]PORT ...    wait for a peer, without TLS\n"
        "\n"
        "  -r, --relay URI          authenticate there (again for the next)\n"
        "  -u, --user NAME[:PASS]   asks for the password if there is none\n"
        "      --password-file FILE its first line is the password\n"
        "  -c, --connect HOST:PORT  connect there, whatever the URI says\n"
        "  -t, --to PATH|@FILE      the peer's path\n"
        "  -m, --message TEXT       send this\n"
        "  -f, --file FILE|-        send this; - is standard input\n"
        "      --type MIME          of the -m and -f that follow\n"
        "      --report             wait until the peer reports all octets\n"
        "      --failure-report yes|no|partial\n"
        "      --chunk-size N       cut into SENDs of N octets\n"
        "      --window N           at most N unanswered SENDs\n"
        "  -n, --count COUNT        exit after that many messages\n"
        "  -o, --output FILE|-      write contents there, one after another\n"
        "  -O, --output-dir DIR     write each message to a file of its own\n"
        "  -p, --path-file FILE|-   write the own path there\n"
        "      --ca FILE            trust these certificates\n"
        "      --name HOST          the certificate must be for HOST\n"
        "  -k, --insecure           any certificate will do\n"
        "      --expires SECONDS    how long to be reachable\n"
        "      --keepalive SECONDS  send a SEND without body when idle\n"
        "      --timeout SECONDS    to wait for any answer (30)\n"
        "  -v, --verbose            show every frame on stderr\n"
        "  -q, --quiet              errors only\n"
        "  -V, --version    -h, --help\n",
        to);
}

static int wrong(char why[CAT_OPTIONS_WHY], const char *what, const char *arg)
{
    snprintf(why, CAT_OPTIONS_WHY, "%s%s%s", what, arg ? ": " : "",
             arg ? arg : "");
    return ERR_SYNTAX;
}

static int read_number(uint64_t *out, char why[CAT_OPTIONS_WHY],
                       const char *name, const char *arg, uint64_t max)
{
    uint64_t n;

    if (span_u64(&n, span_str(arg), max) || n == 0)
        return wrong(why, name, arg);
    *out = n;
    return 0;
}

/* --- single options ------------------------------------------------------- */

static int add_relay(struct cat_options *o, char why[CAT_OPTIONS_WHY],
                     char *arg)
{
    struct uri uri;

    if (uri_parse(&uri, span_str(arg)))
        return wrong(why, "not an MSRP URI", arg);
    if (o->n_relays == CAT_OPTIONS_RELAYS)
        return wrong(why, "too many relays", NULL);
    o->relays[o->n_relays++] = arg;
    return 0;
}

static int set_user(struct cat_options *o, char why[CAT_OPTIONS_WHY], char *arg)
{
    if (o->user || arg[0] == '\0' || arg[0] == ':')
        return wrong(why, "one user, with a name", NULL);
    return password_split(&o->user, &o->password, arg);
}

static int add_item(struct cat_options *o, bool is_file, const char *arg,
                    const char *type)
{
    struct cat_options_item *items =
        realloc(o->items, (o->n_items + 1) * sizeof *items);

    if (!items)
        return ERR_NOMEM;
    o->items = items;
    if (!type)
        type = is_file ? "application/octet-stream" : "text/plain";
    items[o->n_items++] = (struct cat_options_item){is_file, arg, type};
    return 0;
}

static int set_failure_report(struct cat_options *o, char why[CAT_OPTIONS_WHY],
                              const char *arg)
{
    if (strcmp(arg, "yes") == 0)
        o->failure_report = MSG_REPORT_YES;
    else if (strcmp(arg, "no") == 0)
        o->failure_report = MSG_REPORT_NO;
    else if (strcmp(arg, "partial") == 0)
        o->failure_report = MSG_REPORT_PARTIAL;
    else
        return wrong(why, "--failure-report", arg);
    return 0;
}

/* type "/" subtype and what may follow; no control octets in any case. */
static bool is_type(const char *s)
{
    const char *slash = strchr(s, '/');

    if (!slash || slash == s || slash[1] == '\0' || slash[1] == ';')
        return false;
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7f)
            return false;
    return true;
}

static int take_number(struct cat_options *o, char why[CAT_OPTIONS_WHY], int c,
                       const char *arg)
{
    switch (c) {
    case 'n':
        return read_number(&o->count, why, "--count", arg, UINT32_MAX);
    case OPT_CHUNK_SIZE:
        return read_number(&o->chunk_size, why, "--chunk-size", arg,
                           MSG_RANGE_MAX);
    case OPT_WINDOW:
        return read_number(&o->window, why, "--window", arg, UINT32_MAX);
    case OPT_TIMEOUT:
        return read_number(&o->timeout_s, why, "--timeout", arg, 1000000);
    case OPT_EXPIRES:
        return read_number(&o->expires_s, why, "--expires", arg, UINT32_MAX);
    default:
        return read_number(&o->keepalive_s, why, "--keepalive", arg, 1000000);
    }
}

static void take_flag(struct cat_options *o, int c)
{
    switch (c) {
    case 'k':
        o->insecure = true;
        break;
    case 'q':
        o->quiet = true;
        break;
    case 'v':
        o->verbose = true;
        break;
    case 'V':
        o->version = true;
        break;
    case 'h':
        o->help = true;
        break;
    default:
        o->report = true;
        break;
    }
}

/* Options with a string; *type is what --type last said. */
static int take_string(struct cat_options *o, char why[CAT_OPTIONS_WHY], int c,
                       char *arg, const char **type)
{
    switch (c) {
    case 'r':
        return add_relay(o, why, arg);
    case 'u':
        return set_user(o, why, arg);
    case 'm':
    case 'f':
        return add_item(o, c == 'f', arg, *type);
    case OPT_FAILURE_REPORT:
        return set_failure_report(o, why, arg);
    case OPT_TYPE:
        *type = arg;
        return is_type(arg) ? 0 : wrong(why, "not a media type", arg);
    case 'c':
        o->connect = arg;
        return 0;
    case 'l':
        o->listen = arg;
        return 0;
    case 't':
        o->to = arg;
        return 0;
    case 'o':
        o->output = arg;
        return 0;
    case 'O':
        o->output_dir = arg;
        return 0;
    case 'p':
        o->path_file = arg;
        return 0;
    case OPT_PASSWORD_FILE:
        o->password_file = arg;
        return 0;
    case OPT_CA:
        o->ca_file = arg;
        return 0;
    default:
        o->name = arg;
        return 0;
    }
}

static int take(struct cat_options *o, char why[CAT_OPTIONS_WHY], int c,
                char *arg, const char **type)
{
    switch (c) {
    case 'k':
    case 'q':
    case 'v':
    case 'V':
    case 'h':
    case OPT_REPORT:
        take_flag(o, c);
        return 0;
    case 'n':
    case OPT_CHUNK_SIZE:
    case OPT_WINDOW:
    case OPT_TIMEOUT:
    case OPT_EXPIRES:
    case OPT_KEEPALIVE:
        return take_number(o, why, c, arg);
    default:
        return take_string(o, why, c, arg, type);
    }
}

/* --- all together --------------------------------------------------------- */

static size_t count_stdin(const struct cat_options *o)
{
    size_t n = 0;

    for (size_t i = 0; i < o->n_items; i++)
        n += o->items[i].is_file && strcmp(o->items[i].arg, "-") == 0;
    return n;
}

static int check(const struct cat_options *o, char why[CAT_OPTIONS_WHY],
                 const char *type)
{
    if (o->listen && (o->n_relays || o->connect))
        return wrong(why, "--listen goes without --relay and --connect", NULL);
    if (!o->listen && !o->n_relays && !o->to)
        return wrong(why, "one of --relay, --to and --listen is needed", NULL);
    if (o->n_relays && !o->user)
        return wrong(why, "--relay needs --user", NULL);
    if (o->user && !o->n_relays)
        return wrong(why, "--user needs --relay", NULL);
    if (o->password && o->password_file)
        return wrong(why, "one password is enough", NULL);
    if (o->n_items && !o->to)
        return wrong(why, "--message and --file need --to", NULL);
    if (o->output && o->output_dir)
        return wrong(why, "either --output or --output-dir", NULL);
    if (count_stdin(o) > 1)
        return wrong(why, "standard input can be sent once", NULL);
    if (type && (o->n_items == 0 || o->items[o->n_items - 1].type != type))
        return wrong(why, "--type stands before what it is for", NULL);
    return 0;
}

int cat_options_parse(struct cat_options *o, char why[CAT_OPTIONS_WHY],
                      int argc, char **argv)
{
    const char *type = NULL;
    int c, err = 0;

    *o = (struct cat_options){.failure_report = MSG_REPORT_YES,
                              .timeout_s = TIMEOUT_S};
    optind = 0; /* glibc: begin anew */
    while (!err && (c = getopt_long(argc, argv, letters, names, NULL)) != -1) {
        if (c == '?')
            return wrong(why, "no such option", argv[optind - 1]);
        if (c == ':')
            return wrong(why, "needs an argument", argv[optind - 1]);
        err = take(o, why, c, optarg, &type);
    }
    if (err || o->help || o->version)
        return err;
    if (optind < argc)
        return wrong(why, "what is that for", argv[optind]);
    return check(o, why, type);
}

void cat_options_free(struct cat_options *o)
{
    password_free(o->user);
    password_free(o->password);
    free(o->items);
    o->user = o->password = NULL;
    o->items = NULL;
}
