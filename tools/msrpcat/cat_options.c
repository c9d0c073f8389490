/* SPDX-License-Identifier: BSD-2-Clause */
#include "cat_options.h"

#include <stdlib.h>

#include "err.h"
#include "password.h"
#include "str.h"
#include "uri.h"

/* --- what is more than a value -------------------------------------------- */

static int add_relay(void *values, char *argument, char why[CMDLINE_WHY])
{
    struct cat_options *o = values;
    struct uri uri;

    if (uri_parse(&uri, span_str(argument)))
        return cmdline_refuse(why, "not an MSRP URI: %s", argument);
    if (o->n_relays == CAT_OPTIONS_RELAYS)
        return cmdline_refuse(why, "more than %d relays", CAT_OPTIONS_RELAYS);
    o->relays[o->n_relays++] = argument;
    return 0;
}

static int set_user(void *values, char *argument, char why[CMDLINE_WHY])
{
    struct cat_options *o = values;
    int err;

    if (o->user)
        return cmdline_refuse(why, "--user is given more than once");
    err = password_split(&o->user, &o->password, argument);
    if (err == ERR_SYNTAX)
        return cmdline_refuse(why, "empty user name for --user");
    return err;
}

static int add_item(struct cat_options *o, bool is_file, const char *argument)
{
    const char *usual = is_file ? "application/octet-stream" : "text/plain";
    struct cat_options_item *items =
        realloc(o->items, (o->n_items + 1) * sizeof *items);

    if (!items)
        return ERR_NOMEM;
    o->items = items;
    items[o->n_items++] =
        (struct cat_options_item){is_file, argument, o->type ? o->type : usual};
    return 0;
}

static int add_message(void *values, char *argument, char why[CMDLINE_WHY])
{
    (void)why;
    return add_item(values, false, argument);
}

static int add_file(void *values, char *argument, char why[CMDLINE_WHY])
{
    (void)why;
    return add_item(values, true, argument);
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

static int set_type(void *values, char *argument, char why[CMDLINE_WHY])
{
    struct cat_options *o = values;

    o->type = argument;
    return is_type(argument)
               ? 0
               : cmdline_refuse(why, "not a media type: %s", argument);
}

/* --- the table ------------------------------------------------------------ */

static const char *const failure_reports[] = {
    [MSG_REPORT_NO] = "no",
    [MSG_REPORT_YES] = "yes",
    [MSG_REPORT_PARTIAL] = "partial",
    NULL,
};

static const char *const setups[] = {
    [CAT_SETUP_AUTO] = "auto",       [CAT_SETUP_NONE] = "none",
    [CAT_SETUP_ACTIVE] = "active",   [CAT_SETUP_PASSIVE] = "passive",
    [CAT_SETUP_ACTPASS] = "actpass", NULL,
};

#define AT(member) .at = offsetof(struct cat_options, member)
#define FLAG(member) .kind = CMDLINE_FLAG, AT(member)
#define TEXT(member) .kind = CMDLINE_TEXT, AT(member)
#define FILE_NAME(member) .kind = CMDLINE_FILE, AT(member)
#define COUNT(member, most)                                                    \
    .kind = CMDLINE_COUNT, AT(member), .min = 1, .max = (most)
#define CALL(function) .kind = CMDLINE_CALL, .take = (function)

static const struct cmdline_option rows[] = {
    {.help = "Connection:"},
    {.letter = 'r',
     .name = "relay",
     .argument = "URI",
     CALL(add_relay),
     .help = "authenticate at this relay; given again: at the next one, "
             "through the first"},
    {.letter = 'u',
     .name = "user",
     .argument = "NAME[:PASS]",
     CALL(set_user),
     .help = "the user at the relay; asks for PASS if not given"},
    {.name = "password-file",
     .argument = "FILE",
     FILE_NAME(password_file),
     .help = "read the password from the first line of FILE"},
    {.letter = 'c',
     .name = "connect",
     .argument = "HOST:PORT",
     TEXT(connect),
     .help = "connect to this address, whatever the URI says"},
    {.letter = 'l',
     .name = "listen",
     .argument = "[HOST:]PORT",
     TEXT(listen),
     .help = "wait for a peer to connect; port 0 is any"},
    {.name = "tls", FLAG(tls), .help = "with --listen or as an offer: use TLS"},
    {.name = "cert",
     .argument = "FILE",
     FILE_NAME(cert_file),
     .help = "show this certificate; usually one made for the occasion, where "
             "one is needed"},
    {.name = "key",
     .argument = "FILE",
     FILE_NAME(key_file),
     .help = "its key, if that is not in the same file"},
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
    {.name = "expires",
     .argument = "SECONDS",
     COUNT(expires_s, UINT32_MAX),
     .help = "ask the relay for a URI valid for this long"},
    {.name = "keepalive",
     .argument = "SECONDS",
     COUNT(keepalive_s, 1000000),
     .help = "send an empty SEND after this long without sending"},
    {.name = "timeout",
     .argument = "SECONDS",
     COUNT(timeout_s, 1000000),
     .initial = "30",
     .help = "wait this long for a connection, response, REPORT"},

    {.help = "SDP, as in a call by SIP:"},
    {.letter = 's',
     .name = "sdp-file",
     .argument = "FILE",
     FILE_NAME(sdp_file),
     .help = "write this end's SDP to FILE; - is standard output; usually "
             "standard error"},
    {.letter = 'S',
     .name = "peer-sdp",
     .argument = "FILE",
     FILE_NAME(peer_sdp),
     .help = "read the peer's SDP from FILE, up to an empty line or the end; - "
             "is standard input"},
    {.letter = 'a',
     .name = "answer",
     FLAG(answer),
     .help = "the peer's SDP is an offer: read it first, then answer it"},
    {.name = "setup",
     .kind = CMDLINE_CHOICE,
     AT(setup),
     .choices = setups,
     .initial = "auto",
     .help = "the value of a=setup: who connects"},

    {.help = "Sending:"},
    {.letter = 't',
     .name = "to",
     .argument = "PATH|@FILE",
     TEXT(to),
     .help = "the peer's path, or a file that begins with it"},
    {.letter = 'm',
     .name = "message",
     .argument = "TEXT",
     CALL(add_message),
     .help = "send this text"},
    {.letter = 'f',
     .name = "file",
     .argument = "FILE",
     CALL(add_file),
     .help = "send this file; - is standard input"},
    {.name = "type",
     .argument = "MIME",
     CALL(set_type),
     .help = "the media type of each -m and -f that follows"},
    {.name = "report",
     FLAG(report),
     .help = "wait until the peer has reported all octets"},
    {.name = "failure-report",
     .kind = CMDLINE_CHOICE,
     AT(failure_report),
     .choices = failure_reports,
     .initial = "yes",
     .help = "the value of Failure-Report"},
    {.name = "chunk-size",
     .argument = "N",
     COUNT(chunk_size, MSG_RANGE_MAX),
     .help = "cut messages into SENDs of N octets"},
    {.name = "window",
     .argument = "N",
     COUNT(window, UINT32_MAX),
     .help = "allow at most N SENDs without a response"},

    {.help = "Receiving:"},
    {.letter = 'n',
     .name = "count",
     .argument = "COUNT",
     COUNT(count, UINT32_MAX),
     .help = "exit after COUNT messages"},
    {.letter = 'o',
     .name = "output",
     .argument = "FILE",
     FILE_NAME(output),
     .help = "write all messages to FILE; - is standard output"},
    {.letter = 'O',
     .name = "output-dir",
     .argument = "DIR",
     FILE_NAME(output_dir),
     .help = "write each message to a file of its own in DIR"},
    {.letter = 'p',
     .name = "path-file",
     .argument = "FILE",
     FILE_NAME(path_file),
     .help = "write this end's path to FILE; - is standard output"},

    {.help = "Other:"},
    {.letter = 'v',
     .name = "verbose",
     FLAG(verbose),
     .help = "show the head of every frame on stderr"},
    {.letter = 'q', .name = "quiet", FLAG(quiet), .help = "print errors only"},
    {.letter = 'V',
     .name = "version",
     FLAG(version),
     .help = "print the version"},
    {.letter = 'h', .name = "help", FLAG(help), .help = "print this help"},
};

static const struct cmdline table = {rows, sizeof rows / sizeof *rows, false};

void cat_options_help(FILE *to)
{
    fputs("usage: msrpcat -r RELAY -u USER [OPTION]...          "
          "        receive\n"
          "       msrpcat -r RELAY -u USER -t PATH -m TEXT|-f FILE ..."
          "  send\n"
          "       msrpcat -r RELAY -u USER -t PATH                  "
          "    chat\n"
          "       msrpcat -t PATH ...                               "
          "    without a relay\n"
          "       msrpcat -l [HOST:]PORT ...                        "
          "    wait for a peer\n"
          "       msrpcat [-l [HOST:]PORT] [-a] -S FILE [-s FILE] ..."
          "   exchange SDP\n"
          "\n",
          to);
    cmdline_help(to, &table);
}

/* --- all together --------------------------------------------------------- */

static size_t count_stdin(const struct cat_options *o)
{
    size_t n = 0;

    for (size_t i = 0; i < o->n_items; i++)
        n += o->items[i].is_file && strcmp(o->items[i].arg, "-") == 0;
    return n;
}

static int check_sdp(const struct cat_options *o, char why[CMDLINE_WHY])
{
    bool listens = o->setup == CAT_SETUP_PASSIVE ||
                   (o->setup == CAT_SETUP_ACTPASS && !o->answer);

    if (!o->peer_sdp) {
        if (o->sdp_file || o->answer || o->setup != CAT_SETUP_AUTO)
            return cmdline_refuse(
                why, "--sdp-file, --answer and --setup require --peer-sdp");
        return 0;
    }
    if (o->to || o->n_relays)
        return cmdline_refuse(why,
                              "--peer-sdp cannot be used with --to or --relay");
    if (o->answer && o->setup == CAT_SETUP_ACTPASS)
        return cmdline_refuse(why, "an answer cannot be actpass");
    if (listens && !o->listen)
        return cmdline_refuse(why, "--setup %s requires --listen",
                              setups[o->setup]);
    if (strcmp(o->peer_sdp, "-") == 0 && count_stdin(o) > 0)
        return cmdline_refuse(why, "standard input is the peer's SDP already");
    return 0;
}

static int check_tls(const struct cat_options *o, char why[CMDLINE_WHY])
{
    if (o->key_file && !o->cert_file)
        return cmdline_refuse(why, "--key requires --cert");
    if (o->tls && !o->listen && !o->peer_sdp)
        return cmdline_refuse(why,
                              "--tls requires --listen or --peer-sdp; with "
                              "--to and --relay the URI says it");
    return 0;
}

static int check(const struct cat_options *o, char why[CMDLINE_WHY])
{
    if (o->listen && (o->n_relays || (o->connect && !o->peer_sdp)))
        return cmdline_refuse(
            why, "--listen cannot be used with --relay or --connect");
    if (!o->listen && !o->n_relays && !o->to && !o->peer_sdp)
        return cmdline_refuse(
            why, "--relay, --to, --listen or --peer-sdp is required");
    if (o->n_relays && !o->user)
        return cmdline_refuse(why, "--relay requires --user");
    if (o->user && !o->n_relays)
        return cmdline_refuse(why, "--user requires --relay");
    if (o->password && o->password_file)
        return cmdline_refuse(why, "the password is given twice: in --user "
                                   "and by --password-file");
    if (o->n_items && !o->to && !o->peer_sdp)
        return cmdline_refuse(
            why, "--message and --file require --to or --peer-sdp");
    if (o->output && o->output_dir)
        return cmdline_refuse(
            why, "--output and --output-dir cannot be used together");
    if (count_stdin(o) > 1)
        return cmdline_refuse(why, "standard input can be sent only once");
    if (o->type &&
        (o->n_items == 0 || o->items[o->n_items - 1].type != o->type))
        return cmdline_refuse(why,
                              "--type must come before the -m or -f it is for");
    return 0;
}

int cat_options_parse(struct cat_options *o, char why[CMDLINE_WHY], int argc,
                      char **argv)
{
    int first, err;

    *o = (struct cat_options){0};
    err = cmdline_parse(o, &first, why, &table, argc, argv);
    if (err || o->help || o->version)
        return err;
    if (first < argc)
        return cmdline_refuse(why, "unexpected argument %s", argv[first]);
    err = check(o, why);
    if (!err)
        err = check_sdp(o, why);
    return err ? err : check_tls(o, why);
}

void cat_options_free(struct cat_options *o)
{
    password_free(o->user);
    password_free(o->password);
    free(o->items);
    o->user = o->password = NULL;
    o->items = NULL;
}
