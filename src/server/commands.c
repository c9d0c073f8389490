/* SPDX-License-Identifier: BSD-2-Clause */
/* commands - answers the commands of the control socket. */
#include "commands_private.h"

#include <unistd.h>

#include "err.h"

enum { IDLE_MS = 30000 };

/* --- single answers --- */

static bool command_status(struct server *s, struct control_call *call)
{
    const struct server_stats *stats = &s->stats;
    struct relay_stats relay;
    struct process process;
    struct json j;

    relay_stats(s->relay, &relay);
    process_read(&process);
    control_row(call, &j);
    put_text(&j, "name", s->now.config->relay.name);
    put_text(&j, "version", MSRP_VERSION);
    json_u64(&j, "pid", (uint64_t)getpid());
    put_text(&j, "config", s->now.config->path);
    put_text(&j, "state", server_state_text(s->state));
    json_double(&j, "started_at", stats->started_s);
    json_double(&j, "reloaded_at", stats->last_reload_ok_s);
    json_bool(&j, "last_reload_failed", stats->last_reload_failed);
    if (s->now.tls)
        json_double(&j, "certificate_ends_at",
                    (double)tls_ctx_expires(s->now.tls));
    json_u64(&j, "connections", s->hops.count);
    json_u64(&j, "sessions", relay.sessions_now);
    json_u64(&j, "transactions", relay.transactions_now);
    json_u64(&j, "memory_octets", process.resident_octets);
    json_u64(&j, "descriptors", process.open_fds);
    put_text(&j, "log_level", log_level_name(log_level(s->log)));
    control_row_end(call, &j);
    return true;
}

static bool command_loglevel(struct server *s, struct control_call *call)
{
    enum log_level level;
    struct json j;

    if (log_level_from(&level, call->request.word) == 0)
        log_set_level(s->log, level);
    control_row(call, &j);
    put_text(&j, "log_level", log_level_name(log_level(s->log)));
    control_row_end(call, &j);
    return true;
}

/* A config_fault_fn; ctx is the call. */
static void tell_fault(void *ctx, struct config_place at, const char *what)
{
    struct json j;

    control_row(ctx, &j);
    put_text(&j, "file", at.file);
    json_u64(&j, "line", at.line);
    put_text(&j, "what", what);
    control_row_end(ctx, &j);
}

static bool command_reload(struct server *s, struct control_call *call)
{
    int err = server_reload(s, tell_fault, call);

    if (err == ERR_CONFIG)
        control_fail(call, "configuration rejected, nothing changed");
    else if (err == ERR_NOT_NOW)
        control_fail(call, "the relay is shutting down");
    else if (err)
        control_fail(call, err_text(err));
    return true;
}

static bool command_drain(struct server *s, struct control_call *call)
{
    struct relay_stats relay;
    struct json j;

    if (server_drain(s, !span_eq(call->request.word, SPAN("off")))) {
        control_fail(call, "the relay is shutting down");
        return true;
    }
    relay_stats(s->relay, &relay);
    control_row(call, &j);
    put_text(&j, "state", server_state_text(s->state));
    json_u64(&j, "sessions", relay.sessions_now);
    control_row_end(call, &j);
    return true;
}

static bool command_ping(struct server *s, struct control_call *call)
{
    (void)s;
    (void)call;
    return true;
}

static bool command_help(struct server *s, struct control_call *call)
{
    const struct control_command *c = &control_commands[call->steps];
    struct json j;

    (void)s;
    control_row(call, &j);
    put_text(&j, "command", c->name);
    put_text(&j, "arguments", c->arguments);
    put_text(&j, "help", c->help);
    control_row_end(call, &j);
    return call->steps + 1 == CONTROL_COMMANDS;
}

/* --- all of them --- */

static const command_fn functions[CONTROL_COMMANDS] = {
    [CONTROL_STATUS] = command_status,
    [CONTROL_SESSIONS] = command_sessions,
    [CONTROL_CONNECTIONS] = command_connections,
    [CONTROL_USERS] = command_users,
    [CONTROL_LISTENERS] = command_listeners,
    [CONTROL_LOOKUP] = command_lookup,
    [CONTROL_ANCHORS] = command_anchors,
    [CONTROL_KICK] = command_kick,
    [CONTROL_TRACE] = command_trace,
    [CONTROL_LOGLEVEL] = command_loglevel,
    [CONTROL_RELOAD] = command_reload,
    [CONTROL_DRAIN] = command_drain,
    [CONTROL_STATS] = command_stats,
    [CONTROL_SELFTEST] = command_selftest,
    [CONTROL_PING] = command_ping,
    [CONTROL_HELP] = command_help,
};

/* These only show something when they are asked for alone. */
static bool changes(const struct control_request *q)
{
    if (q->id == CONTROL_LOGLEVEL || q->id == CONTROL_TRACE)
        return q->word.n > 0;
    return control_commands[q->id].changes;
}

/* Commands that change something are logged, with the user. */
static void log_command(struct server *s, const struct control_call *call)
{
    const struct control_request *q = &call->request;
    struct span value = q->value;
    char text[64];

    /* Somebody may have pasted a whole token. */
    if (q->key == CONTROL_SESSION && value.n > SESSION_SHORT_ID_LEN)
        value.n = SESSION_SHORT_ID_LEN;
    if (changes(q))
        log_info(s->log, "control uid=%u command=%s word=\"%.*s\" value=%s",
                 (unsigned)call->uid, control_commands[q->id].name,
                 SPAN_ARG(q->word), log_escape(text, sizeof text, value));
}

static bool commands_on_step(void *ctx, struct control_call *call)
{
    struct server *s = ctx;

    if (call->steps == 0) {
        relay_clock(s->relay, loop_now_ms(s->loop));
        log_command(s, call);
    }
    return functions[call->request.id](s, call);
}

static void commands_on_end(void *ctx, struct control_call *call)
{
    struct server *s = ctx;

    if (s->users_call == call)
        s->users_call = NULL;
    explicit_bzero(&command_state_of(call)->login,
                   sizeof command_state_of(call)->login);
    command_lookup_end(&command_state_of(call)->lookup);
    hop_walk_end(&command_state_of(call)->hops);
    relay_walk_end(&command_state_of(call)->sessions);
    anchor_walk_end(&command_state_of(call)->anchors);
}

int commands_init(struct server *s)
{
    const struct control_setup setup = {
        .step = commands_on_step,
        .end = commands_on_end,
        .ctx = s,
        .state_size = sizeof(struct command_state),
        .idle_ms = IDLE_MS,
        .log = s->log,
    };

    return control_new(&s->control, s->loop, &setup);
}
