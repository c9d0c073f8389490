#include "control_commands.h"

#include "err.h"

const struct control_command control_commands[CONTROL_COMMANDS] = {
    [CONTROL_STATUS] =
        {
            .name = "status",
            .arguments = "",
            .help = "what the relay is and how it is",
            .words = "",
        },
    [CONTROL_SESSIONS] =
        {
            .name = "sessions",
            .arguments = "[user=NAME]",
            .help = "the sessions, oldest first",
            .answer = CONTROL_LIST,
            .words = "",
            .keys = CONTROL_USER,
        },
    [CONTROL_CONNECTIONS] =
        {
            .name = "connections",
            .arguments = "",
            .help = "the connections, oldest first",
            .answer = CONTROL_LIST,
            .words = "",
        },
    [CONTROL_KICK] =
        {
            .name = "kick",
            .arguments = "user=NAME | session=TOKEN | connection=NUMBER",
            .help = "end sessions, or a connection",
            .words = "",
            .keys = CONTROL_USER | CONTROL_SESSION | CONTROL_CONNECTION,
            .needs_key = true,
            .changes = true,
        },
    [CONTROL_TRACE] =
        {
            .name = "trace",
            .arguments = "[on | off] [user=NAME | session=TOKEN]",
            .help = "log each head of a user or session, whatever the level; "
                    "alone: what is traced",
            .answer = CONTROL_LIST,
            .words = "on off",
            .keys = CONTROL_USER | CONTROL_SESSION,
            .changes = true,
        },
    [CONTROL_LOGLEVEL] =
        {
            .name = "loglevel",
            .arguments = "[error | warn | info | debug]",
            .help = "show the log's level, or change it until the next reload",
            .words = "error warn info debug",
            .changes = true,
        },
    [CONTROL_RELOAD] =
        {
            .name = "reload",
            .arguments = "",
            .help = "reload the configuration: all of it, or nothing",
            .answer = CONTROL_FAULTS,
            .words = "",
            .changes = true,
        },
    [CONTROL_DRAIN] =
        {
            .name = "drain",
            .arguments = "[on | off]",
            .help = "give no new sessions, for maintenance; or do so again",
            .words = "on off",
            .changes = true,
        },
    [CONTROL_STATS] =
        {
            .name = "stats",
            .arguments = "",
            .help = "all figures, as the metrics have them",
            .answer = CONTROL_LIST,
            .words = "",
        },
    [CONTROL_PING] =
        {
            .name = "ping",
            .arguments = "",
            .help = "whether the relay answers",
            .words = "",
        },
    [CONTROL_HELP] =
        {
            .name = "help",
            .arguments = "",
            .help = "these commands",
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
    if (span_eq(name, SPAN("user")))
        return CONTROL_USER;
    if (span_eq(name, SPAN("session")))
        return CONTROL_SESSION;
    return span_eq(name, SPAN("connection")) ? CONTROL_CONNECTION : 0;
}

bool control_command_takes(const struct control_command *c, struct span word)
{
    struct span rest = span_str(c->words);

    while (rest.n)
        if (span_eq(span_cut(&rest, ' '), word))
            return true;
    return false;
}
