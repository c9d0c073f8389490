/* SPDX-License-Identifier: BSD-2-Clause */
#include "load_options.h"

#include <inttypes.h>
#include <stdlib.h>

#include "err.h"
#include "password.h"
#include "uri.h"

enum { NAME_MAX_OCTETS = LOAD_OPTIONS_NAME - 21 }; /* digits are appended */

/* A --warm-up that was not given: the default depends on the others. */
#define NOT_GIVEN UINT64_MAX

/* --- what is more than a value -------------------------------------------- */

static int set_user(void *values, char *argument, char why[CMDLINE_WHY])
{
    struct load_options *o = values;
    int err;

    if (o->user)
        return cmdline_refuse(why, "--user is given more than once");
    if (strcspn(argument, ":") > NAME_MAX_OCTETS)
        return cmdline_refuse(why, "user name longer than %d octets",
                              NAME_MAX_OCTETS);
    err = password_split(&o->user, &o->password, argument);
    if (err == ERR_SYNTAX)
        return cmdline_refuse(why, "empty user name for --user");
    return err;
}

static int set_relay(void *values, char *argument, char why[CMDLINE_WHY])
{
    struct load_options *o = values;
    struct uri uri;

    if (o->relay)
        return cmdline_refuse(why, "--relay is given more than once");
    if (uri_parse(&uri, span_str(argument)))
        return cmdline_refuse(why, "not an MSRP URI: %s", argument);
    o->relay = argument;
    return 0;
}

/* --- the table ------------------------------------------------------------ */

static const char *const failure_reports[] = {
    [MSG_REPORT_NO] = "no",
    [MSG_REPORT_YES] = "yes",
    [MSG_REPORT_PARTIAL] = "partial",
    NULL,
};

#define AT(member) .at = offsetof(struct load_options, member)
#define FLAG(member) .kind = CMDLINE_FLAG, AT(member)
#define TEXT(member) .kind = CMDLINE_TEXT, AT(member)
#define FILE_NAME(member) .kind = CMDLINE_FILE, AT(member)
#define COUNT(member, most)                                                    \
    .kind = CMDLINE_COUNT, AT(member), .min = 1, .max = (most)
#define OCTETS(member, least)                                                  \
    .kind = CMDLINE_OCTETS, AT(member), .min = (least), .max = MSG_RANGE_MAX
#define THOUSANDTHS(member, least)                                             \
    .kind = CMDLINE_THOUSANDTHS, AT(member), .min = (least),                   \
    .max = UINT64_C(1000000000000)
#define CALL(function) .kind = CMDLINE_CALL, .take = (function)

static const struct cmdline_option rows[] = {
    {.help = "Connection:"},
    {.letter = 'r',
     .name = "relay",
     .argument = "URI",
     CALL(set_relay),
     .help = "the relay; msrps is TLS, msrp is plain TCP"},
    {.letter = 'u',
     .name = "user",
     .argument = "NAME[:PASS]",
     CALL(set_user),
     .help = "authenticate as NAME; asks for PASS if not given"},
    {.letter = 'U',
     .name = "users",
     .argument = "COUNT",
     COUNT(users, 10000000),
     .help = "authenticate as NAME1, NAME2 ... NAMECOUNT in turn"},
    {.name = "password-file",
     .argument = "FILE",
     FILE_NAME(password_file),
     .help = "read the password from the first line of FILE"},
    {.name = "users-for",
     .argument = "REALM",
     TEXT(users_for),
     .help = "print a users file for these users, and exit"},
    {.letter = 'c',
     .name = "connect",
     .argument = "HOST:PORT",
     TEXT(connect),
     .help = "connect to this address, whatever the URI says"},
    {.name = "connect-receivers",
     .argument = "HOST:PORT",
     TEXT(connect_receivers),
     .help = "connect receivers to this address instead"},
    {.name = "ca",
     .argument = "FILE",
     FILE_NAME(ca_file),
     .help = "trust these certificates, not the system's"},
    {.name = "name",
     .argument = "HOST",
     TEXT(name),
     .help = "expect a certificate for HOST, not the URI's host"},
    {.letter = 'k',
     .name = "insecure",
     FLAG(insecure),
     .help = "accept any certificate"},

    {.help = "Clients:"},
    {.letter = 'p',
     .name = "pairs",
     .argument = "N",
     COUNT(pairs, LOAD_OPTIONS_PAIRS_MAX),
     .initial = "1",
     .help = "pairs of a sender and a receiver"},
    {.name = "sessions-per-connection",
     .argument = "N",
     COUNT(sessions_per_connection, LOAD_OPTIONS_PAIRS_MAX),
     .initial = "1",
     .help = "senders, or receivers, that share a connection"},
    {.name = "duplex", FLAG(duplex), .help = "let both clients of a pair send"},
    {.name = "stall",
     .argument = "N",
     COUNT(stall, LOAD_OPTIONS_PAIRS_MAX),
     .help = "let N receivers stop reading after one message"},
    {.name = "idle", FLAG(idle), .help = "authenticate, and send nothing"},

    {.help = "Messages (OCTETS may end in k, M or G):"},
    {.letter = 's',
     .name = "size",
     .argument = "OCTETS",
     OCTETS(size, 1),
     .initial = "200",
     .help = "the size of a message"},
    {.letter = 'C',
     .name = "chunk-size",
     .argument = "OCTETS",
     OCTETS(chunk, 0),
     .initial = "0",
     .help = "the size of a SEND; 0: of the message"},
    {.letter = 'w',
     .name = "window",
     .argument = "N",
     COUNT(window, UINT32_MAX),
     .initial = "32",
     .help = "SENDs that a sender may have unanswered"},
    {.name = "failure-report",
     .kind = CMDLINE_CHOICE,
     AT(failure_report),
     .choices = failure_reports,
     .initial = "yes",
     .help = "the value of Failure-Report"},
    {.name = "success-report",
     FLAG(success_report),
     .help = "ask for a REPORT for each message, and send them"},

    {.help = "Amount:"},
    {.letter = 'R',
     .name = "rate",
     .argument = "N",
     THOUSANDTHS(rate, 1),
     .help = "messages per second from each sender; without it, as many as "
             "the window allows"},
    {.letter = 'n',
     .name = "count",
     .argument = "N",
     COUNT(count, UINT32_MAX),
     .help = "messages from each sender"},
    {.letter = 'd',
     .name = "duration",
     .argument = "SECONDS",
     THOUSANDTHS(duration_ms, 1),
     .help = "measure for this long (default: 10, with --count as long as it "
             "takes)"},
    {.name = "warm-up",
     .argument = "SECONDS",
     THOUSANDTHS(warm_up_ms, 0),
     .help = "send for this long first (default: 1, with --count or --idle 0)"},
    {.name = "timeout",
     .argument = "SECONDS",
     THOUSANDTHS(timeout_ms, 1),
     .initial = "30",
     .help = "wait this long for a connection, and at the end for messages in "
             "flight"},
    {.name = "expires",
     .argument = "SECONDS",
     COUNT(expires_s, UINT32_MAX),
     .help = "ask the relay for URIs valid for this long"},

    {.help = "Output:"},
    {.name = "json", FLAG(json), .help = "print the result as JSON"},
    {.letter = 'q',
     .name = "quiet",
     FLAG(quiet),
     .help = "do not report when all clients are authenticated"},
    {.letter = 'V',
     .name = "version",
     FLAG(version),
     .help = "print the version"},
    {.letter = 'h', .name = "help", FLAG(help), .help = "print this help"},
};

static const struct cmdline table = {rows, sizeof rows / sizeof *rows, false};

void load_options_help(FILE *to)
{
    fputs("usage: msrpload -r RELAY -u USER[:PASS] [-U COUNT] [OPTION]...\n"
          "       msrpload -u USER[:PASS] [-U COUNT] --users-for REALM\n"
          "\n",
          to);
    cmdline_help(to, &table);
}

/* --- all together --------------------------------------------------------- */

static int check(const struct load_options *o, char why[CMDLINE_WHY])
{
    if (!o->user)
        return cmdline_refuse(why, "--user is required");
    if (o->password && o->password_file)
        return cmdline_refuse(why, "the password is given twice: in --user "
                                   "and by --password-file");
    if (o->users_for)
        return 0;
    if (!o->relay)
        return cmdline_refuse(why, "--relay is required");
    if (o->stall > o->pairs)
        return cmdline_refuse(why, "--stall is larger than --pairs");
    if (o->stall % o->sessions_per_connection != 0)
        return cmdline_refuse(why, "--stall must be a multiple of "
                                   "--sessions-per-connection");
    if (o->stall && o->duplex)
        return cmdline_refuse(why,
                              "--stall and --duplex cannot be used together");
    if (o->stall && o->count && !o->duration_ms)
        return cmdline_refuse(why, "--stall with --count requires --duration");
    if (o->idle && (o->count || o->rate || o->stall))
        return cmdline_refuse(why, "--idle cannot be used with --count, "
                                   "--rate or --stall");
    return 0;
}

static void settle(struct load_options *o)
{
    if (!o->chunk || o->chunk > o->size)
        o->chunk = o->size;
    if (!o->duration_ms && !o->count)
        o->duration_ms = 10000;
    if (o->warm_up_ms == NOT_GIVEN)
        o->warm_up_ms = o->count || o->idle ? 0 : 1000;
}

int load_options_parse(struct load_options *o, char why[CMDLINE_WHY], int argc,
                       char **argv)
{
    int first, err;

    *o = (struct load_options){.warm_up_ms = NOT_GIVEN};
    err = cmdline_parse(o, &first, why, &table, argc, argv);
    if (err || o->help || o->version)
        return err;
    if (first < argc)
        return cmdline_refuse(why, "unexpected argument %s", argv[first]);
    settle(o);
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
