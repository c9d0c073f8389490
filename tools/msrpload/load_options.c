#include "load_options.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>

#include "err.h"
#include "password.h"
#include "uri.h"

enum {
    OPT_PASSWORD_FILE = 256,
    OPT_USERS_FOR,
    OPT_CA,
    OPT_NAME,
    OPT_SESSIONS,
    OPT_STALL,
    OPT_DUPLEX,
    OPT_IDLE,
    OPT_WARM_UP,
    OPT_TIMEOUT,
    OPT_EXPIRES,
    OPT_FAILURE_REPORT,
    OPT_SUCCESS_REPORT,
    OPT_JSON
};

/* Digits go behind it. */
enum { NAME_MAX_OCTETS = LOAD_OPTIONS_NAME - 21 };

static const char letters[] = ":r:u:U:c:kp:s:C:w:R:n:d:qVh";

static const struct option names[] = {
    {"relay", required_argument, NULL, 'r'},
    {"user", required_argument, NULL, 'u'},
    {"users", required_argument, NULL, 'U'},
    {"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
    {"users-for", required_argument, NULL, OPT_USERS_FOR},
    {"connect", required_argument, NULL, 'c'},
    {"ca", required_argument, NULL, OPT_CA},
    {"name", required_argument, NULL, OPT_NAME},
    {"insecure", no_argument, NULL, 'k'},
    {"pairs", required_argument, NULL, 'p'},
    {"sessions-per-connection", required_argument, NULL, OPT_SESSIONS},
    {"stall", required_argument, NULL, OPT_STALL},
    {"duplex", no_argument, NULL, OPT_DUPLEX},
    {"idle", no_argument, NULL, OPT_IDLE},
    {"size", required_argument, NULL, 's'},
    {"chunk-size", required_argument, NULL, 'C'},
    {"window", required_argument, NULL, 'w'},
    {"rate", required_argument, NULL, 'R'},
    {"count", required_argument, NULL, 'n'},
    {"duration", required_argument, NULL, 'd'},
    {"warm-up", required_argument, NULL, OPT_WARM_UP},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"expires", required_argument, NULL, OPT_EXPIRES},
    {"failure-report", required_argument, NULL, OPT_FAILURE_REPORT},
    {"success-report", no_argument, NULL, OPT_SUCCESS_REPORT},
    {"json", no_argument, NULL, OPT_JSON},
    {"quiet", no_argument, NULL, 'q'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0}};

void load_options_help(FILE *to)
{
    fputs("msrpload: load an MSRP relay and measure what it does\n"
          "\n"
          "  msrpload -r RELAY -u USER[:PASS] [-U COUNT] [options]\n"
          "  msrpload -u USER:PASS -U COUNT --users-for REALM > FILE\n"
          "\n"
          "  -r, --relay URI          authenticate there\n"
          "  -u, --user NAME[:PASS]   asks for the password if there is none\n"
          "  -U, --users COUNT        as NAME1, NAME2 ... NAMECOUNT in turn\n"
          "      --password-file FILE its first line is the password\n"
          "      --users-for REALM    print a users file for these users\n"
          "  -c, --connect HOST:PORT  connect there, whatever the URI says\n"
          "      --ca FILE            trust these certificates\n"
          "      --name HOST          the certificate must be for HOST\n"
          "  -k, --insecure           any certificate will do\n"
          "\n"
          "  -p, --pairs N            senders, each with its receiver (1)\n"
          "      --sessions-per-connection N    (1)\n"
          "      --duplex             both of a pair send\n"
          "      --stall N            N receivers stop reading\n"
          "      --idle               authenticate, send nothing\n"
          "  -s, --size OCTETS        of a message (200)\n"
          "  -C, --chunk-size OCTETS  of a SEND; 0: the whole message (0)\n"
          "  -w, --window N           unanswered SENDs of a sender (32)\n"
          "      --failure-report yes|no|partial    (yes)\n"
          "      --success-report     ask for REPORTs, and send them\n"
          "\n"
          "  -R, --rate N             messages a second from each sender\n"
          "  -n, --count N            messages from each sender\n"
          "  -d, --duration SECONDS   (10, unless there is a count)\n"
          "      --warm-up SECONDS    not measured, before (1, or 0)\n"
          "      --timeout SECONDS    to wait for anything (30)\n"
          "      --expires SECONDS    to ask the relay for\n"
          "      --json               the result as JSON\n"
          "  -q, --quiet    -V, --version    -h, --help\n"
          "\n"
          "OCTETS may end in k, M or G.\n",
          to);
}

static int wrong(char why[LOAD_OPTIONS_WHY], const char *what, const char *arg)
{
    snprintf(why, LOAD_OPTIONS_WHY, "%s%s%s", what, arg ? ": " : "",
             arg ? arg : "");
    return ERR_SYNTAX;
}

/* --- numbers -------------------------------------------------------------- */

static int read_number(uint64_t *out, struct span arg, uint64_t min,
                       uint64_t max)
{
    uint64_t n;

    if (span_u64(&n, arg, max) || n < min)
        return ERR_SYNTAX;
    *out = n;
    return 0;
}

/* Digits, and `k`, `M` or `G` for powers of 1024. */
static int read_octets(uint64_t *out, struct span arg, uint64_t min)
{
    unsigned shift = 0;
    uint64_t n;

    switch (arg.n > 0 ? char_lower(arg.p[arg.n - 1]) : 0) {
    case 'k':
        shift = 10;
        break;
    case 'm':
        shift = 20;
        break;
    case 'g':
        shift = 30;
        break;
    }
    if (shift)
        arg.n--;
    if (span_u64(&n, arg, MSG_RANGE_MAX >> shift) || n << shift < min)
        return ERR_SYNTAX;
    *out = n << shift;
    return 0;
}

/* Digits, and up to three behind a point, in thousandths. */
static int read_thousandths(uint64_t *out, struct span arg, uint64_t min)
{
    struct span whole = span_cut(&arg, '.');
    uint64_t n, fraction = 0, scale = 1000;

    if (arg.n > 3 || span_u64(&n, whole, 1000000000))
        return ERR_SYNTAX;
    if (arg.n > 0 && span_u64(&fraction, arg, 999))
        return ERR_SYNTAX;
    for (size_t i = 0; i < arg.n; i++)
        scale /= 10;
    n = n * 1000 + fraction * scale;
    if (n < min)
        return ERR_SYNTAX;
    *out = n;
    return 0;
}

static int take_number(struct load_options *o, int c, struct span arg)
{
    switch (c) {
    case 'U':
        return read_number(&o->users, arg, 1, 10000000);
    case 'p':
        return read_number(&o->pairs, arg, 1, LOAD_OPTIONS_PAIRS_MAX);
    case OPT_SESSIONS:
        return read_number(&o->sessions_per_connection, arg, 1,
                           LOAD_OPTIONS_PAIRS_MAX);
    case OPT_STALL:
        return read_number(&o->stall, arg, 1, LOAD_OPTIONS_PAIRS_MAX);
    case 's':
        return read_octets(&o->size, arg, 1);
    case 'C':
        return read_octets(&o->chunk, arg, 0);
    case 'w':
        return read_number(&o->window, arg, 1, UINT32_MAX);
    case 'R':
        return read_thousandths(&o->rate, arg, 1);
    case 'n':
        return read_number(&o->count, arg, 1, UINT32_MAX);
    case 'd':
        return read_thousandths(&o->duration_ms, arg, 1);
    case OPT_WARM_UP:
        return read_thousandths(&o->warm_up_ms, arg, 0);
    case OPT_TIMEOUT:
        return read_thousandths(&o->timeout_ms, arg, 1);
    default:
        return read_number(&o->expires_s, arg, 1, UINT32_MAX);
    }
}

/* --- strings -------------------------------------------------------------- */

static int set_user(struct load_options *o, char why[LOAD_OPTIONS_WHY],
                    char *arg)
{
    if (o->user || arg[0] == '\0' || arg[0] == ':')
        return wrong(why, "one user, with a name", NULL);
    if (strcspn(arg, ":") > NAME_MAX_OCTETS)
        return wrong(why, "the name is too long", NULL);
    return password_split(&o->user, &o->password, arg);
}

static int set_relay(struct load_options *o, char why[LOAD_OPTIONS_WHY],
                     char *arg)
{
    struct uri uri;

    if (o->relay)
        return wrong(why, "one relay", NULL);
    if (uri_parse(&uri, span_str(arg)))
        return wrong(why, "not an MSRP URI", arg);
    o->relay = arg;
    return 0;
}

static int set_failure_report(struct load_options *o,
                              char why[LOAD_OPTIONS_WHY], const char *arg)
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

static int take_flag(struct load_options *o, int c)
{
    switch (c) {
    case 'k':
        o->insecure = true;
        break;
    case OPT_DUPLEX:
        o->duplex = true;
        break;
    case OPT_IDLE:
        o->idle = true;
        break;
    case OPT_SUCCESS_REPORT:
        o->success_report = true;
        break;
    case OPT_JSON:
        o->json = true;
        break;
    case 'q':
        o->quiet = true;
        break;
    case 'V':
        o->version = true;
        break;
    default:
        o->help = true;
        break;
    }
    return 0;
}

static int take(struct load_options *o, char why[LOAD_OPTIONS_WHY], int c,
                char *arg)
{
    if (!arg)
        return take_flag(o, c);
    switch (c) {
    case 'r':
        return set_relay(o, why, arg);
    case 'u':
        return set_user(o, why, arg);
    case OPT_FAILURE_REPORT:
        return set_failure_report(o, why, arg);
    case OPT_PASSWORD_FILE:
        o->password_file = arg;
        return 0;
    case OPT_USERS_FOR:
        o->users_for = arg;
        return 0;
    case 'c':
        o->connect = arg;
        return 0;
    case OPT_CA:
        o->ca_file = arg;
        return 0;
    case OPT_NAME:
        o->name = arg;
        return 0;
    default:
        return take_number(o, c, span_str(arg))
                   ? wrong(why, "not a number that makes sense", arg)
                   : 0;
    }
}

/* --- all together --------------------------------------------------------- */

static int check(const struct load_options *o, char why[LOAD_OPTIONS_WHY])
{
    if (!o->user)
        return wrong(why, "--user is needed", NULL);
    if (o->password && o->password_file)
        return wrong(why, "one password is enough", NULL);
    if (o->users_for)
        return 0;
    if (!o->relay)
        return wrong(why, "--relay is needed", NULL);
    if (o->stall > o->pairs)
        return wrong(why, "more stalled receivers than receivers", NULL);
    if (o->stall % o->sessions_per_connection != 0)
        return wrong(why, "a connection stalls with all its sessions", NULL);
    if (o->stall && o->duplex)
        return wrong(why, "either --stall or --duplex", NULL);
    if (o->stall && o->count && !o->duration_ms)
        return wrong(why, "--stall needs --duration", NULL);
    if (o->idle && (o->count || o->rate || o->stall))
        return wrong(why, "who is --idle sends nothing", NULL);
    return 0;
}

static void settle(struct load_options *o, bool warm_up_given)
{
    if (!o->chunk || o->chunk > o->size)
        o->chunk = o->size;
    if (!o->duration_ms && !o->count)
        o->duration_ms = 10000;
    if (!warm_up_given)
        o->warm_up_ms = o->count || o->idle ? 0 : 1000;
}

int load_options_parse(struct load_options *o, char why[LOAD_OPTIONS_WHY],
                       int argc, char **argv)
{
    bool warm_up_given = false;
    int c, err = 0;

    *o = (struct load_options){.pairs = 1,
                               .sessions_per_connection = 1,
                               .size = 200,
                               .window = 32,
                               .timeout_ms = 30000,
                               .failure_report = MSG_REPORT_YES};
    optind = 0; /* glibc: begin anew */
    while (!err && (c = getopt_long(argc, argv, letters, names, NULL)) != -1) {
        if (c == '?')
            return wrong(why, "no such option", argv[optind - 1]);
        if (c == ':')
            return wrong(why, "needs an argument", argv[optind - 1]);
        warm_up_given |= c == OPT_WARM_UP;
        err = take(o, why, c, optarg);
    }
    if (err || o->help || o->version)
        return err;
    if (optind < argc)
        return wrong(why, "what is that for", argv[optind]);
    settle(o, warm_up_given);
    return check(o, why);
}

void load_options_user(char name[LOAD_OPTIONS_NAME],
                       const struct load_options *o, uint64_t number)
{
    if (o->users)
        snprintf(name, LOAD_OPTIONS_NAME, "%s%" PRIu64, o->user,
                 number % o->users + 1);
    else
        snprintf(name, LOAD_OPTIONS_NAME, "%s", o->user);
}

void load_options_free(struct load_options *o)
{
    password_free(o->user);
    password_free(o->password);
    o->user = o->password = NULL;
}
