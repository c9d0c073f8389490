/* SPDX-License-Identifier: BSD-2-Clause */
#include "control_commands.h"

#include "err.h"

const struct control_command control_commands[CONTROL_COMMANDS] = {
    [CONTROL_STATUS] =
        {
            .name = "status",
            .arguments = "",
            .help = "show version, state and totals",
            .words = "",
        },
    [CONTROL_SESSIONS] =
        {
            .name = "sessions",
            .arguments = "[user=NAME] [peer=ADDRESS]",
            .help = "list the sessions, oldest first",
            .answer = CONTROL_LIST,
            .words = "",
            .filters = CONTROL_USER | CONTROL_PEER,
        },
    [CONTROL_CONNECTIONS] =
        {
            .name = "connections",
            .arguments = "[user=NAME] [peer=ADDRESS] [idle=TIME]",
            .help = "list the connections, oldest first",
            .answer = CONTROL_LIST,
            .words = "",
            .filters = CONTROL_USER | CONTROL_PEER | CONTROL_IDLE,
        },
    [CONTROL_USERS] =
        {
            .name = "users",
            .arguments = "[user=NAME] [peer=ADDRESS]",
            .help = "list the users who have sessions",
            .answer = CONTROL_LIST,
            .words = "",
            .filters = CONTROL_USER | CONTROL_PEER,
        },
    [CONTROL_LISTENERS] =
        {
            .name = "listeners",
            .arguments = "",
            .help = "list the listeners",
            .answer = CONTROL_LIST,
            .words = "",
        },
    [CONTROL_LOOKUP] =
        {
            .name = "lookup",
            .arguments = "user=NAME",
            .help =
                "show who knows a user, NAME or NAME@REALM, and since when; "
                "user= may be omitted",
            .words = "",
            .keys = CONTROL_USER,
            .bare_key = CONTROL_USER,
            .needs_key = true,
        },
    [CONTROL_ANCHORS] =
        {
            .name = "anchors",
            .arguments = "",
            .help = "list the anchored sessions and the offers without answer",
            .answer = CONTROL_LIST,
            .words = "",
        },
    [CONTROL_KICK] =
        {
            .name = "kick",
            .arguments = "user=NAME | session=TOKEN | connection=NUMBER",
            .help = "end sessions or a connection",
            .words = "",
            .keys = CONTROL_USER | CONTROL_SESSION | CONTROL_CONNECTION,
            .needs_key = true,
            .changes = true,
        },
    [CONTROL_TRACE] =
        {
            .name = "trace",
            .arguments = "[on | off] [user=NAME | session=TOKEN]",
            .help = "log all heads of a user or session at any log level; "
                    "alone: list the traces",
            .answer = CONTROL_LIST,
            .words = "on off",
            .keys = CONTROL_USER | CONTROL_SESSION,
            .changes = true,
        },
    [CONTROL_LOGLEVEL] =
        {
            .name = "loglevel",
            .arguments = "[error | warn | info | debug]",
            .help = "show the log level, or set it until the next reload",
            .words = "error warn info debug",
            .changes = true,
        },
    [CONTROL_RELOAD] =
        {
            .name = "reload",
            .arguments = "",
            .help = "reload the configuration; on error nothing changes",
            .answer = CONTROL_FAULTS,
            .words = "",
            .changes = true,
        },
    [CONTROL_DRAIN] =
        {
            .name = "drain",
            .arguments = "[on | off]",
            .help = "stop granting sessions, for maintenance; off: resume",
            .words = "on off",
            .changes = true,
        },
    [CONTROL_STATS] =
        {
            .name = "stats",
            .arguments = "",
            .help = "list all metrics",
            .answer = CONTROL_LIST,
            .words = "",
        },
    [CONTROL_SELFTEST] =
        {
            .name = "selftest",
            .arguments = "",
            .help = "log in over each listener, and send a message to oneself",
            .answer = CONTROL_LIST,
            .words = "",
            .changes = true,
        },
    [CONTROL_PING] =
        {
            .name = "ping",
            .arguments = "",
            .help = "check that the relay responds",
            .words = "",
        },
    [CONTROL_HELP] =
        {
            .name = "help",
            .arguments = "",
            .help = "list the commands",
            .answer = CONTROL_LIST,
            .words = "",
        },
};

int control_command_find(enum control_id *out, struct span name)
{
    for (int id = 0; id < CONTROL_COMMANDS; id++) {
        if (!span_eq(name, span_str(control_commands[id].name)))
            continue;
        *out = (enum control_id)id;
        return 0;
    }
    return ERR_NOT_FOUND;
}

unsigned control_key(struct span name)
{
    static const struct {
        const char *name;
        unsigned bit;
    } keys[] = {
        {"user", CONTROL_USER},
        {"session", CONTROL_SESSION},
        {"connection", CONTROL_CONNECTION},
        {"peer", CONTROL_PEER},
        {"idle", CONTROL_IDLE},
    };

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (span_eq(name, span_str(keys[i].name)))
            return keys[i].bit;
    return 0;
}

bool control_command_takes(const struct control_command *c, struct span word)
{
    struct span rest = span_str(c->words);

    while (rest.n)
        if (span_eq(span_cut(&rest, ' '), word))
            return true;
    return false;
}
