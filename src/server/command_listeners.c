/* SPDX-License-Identifier: BSD-2-Clause */
/* command_listeners - the listeners: listed, and told to whom tests them. */
#include "commands_private.h"
#include "err.h"
#include "listener.h"

/* The listener that this step is about, in the order of the configuration. */
static const struct msrp_listener *listener_at(const struct server *s,
                                               const struct control_call *call)
{
    return call->steps < s->now.config->listen.n ? s->now.listeners[call->steps]
                                                 : NULL;
}

static void put_listener(struct json *j, const struct msrp_listener *ml)
{
    const struct addr *at = listener_addr(ml->listener);
    char text[ADDR_TEXT_MAX];

    put_text(j, "transport", net_transport_text(ml->origin.transport));
    put_text(j, "address", addr_host_text(text, at));
    json_u64(j, "port", addr_port(at));
    json_u64(j, "uri_port", ml->origin.port);
    json_bool(j, "auth", ml->origin.may_auth);
    json_bool(j, "proxied", ml->origin.tls_in_front || ml->origin.proxy->n > 0);
}

/* A reload between two steps may change what is listed; all that is shown was
 * true when it was. */
bool command_listeners(struct server *s, struct control_call *call)
{
    const struct msrp_listener *ml = listener_at(s, call);
    struct json j;

    if (!ml)
        return true;
    control_row(call, &j);
    put_listener(&j, ml);
    json_u64(&j, "accepted", ml->accepted);
    control_row_end(call, &j);
    return false;
}

/* Where this host reaches the listener: one at the unspecified address is at
 * loopback. */
static const char *local_host(char text[ADDR_TEXT_MAX],
                              const struct msrp_listener *ml)
{
    addr_host_text(text, listener_addr(ml->listener));
    if (strcmp(text, "0.0.0.0") == 0)
        return "127.0.0.1";
    return strcmp(text, "::") == 0 ? "::1" : text;
}

/* How to connect there from this host: it comes from the address that it goes
 * to, which may count as a proxy. */
static void put_way(struct json *j, const struct msrp_listener *ml)
{
    char text[ADDR_TEXT_MAX];
    const char *host = local_host(text, ml);
    struct addr from;

    put_text(j, "host", host);
    json_bool(j, "proxy_header",
              addr_parse(&from, span_str(host), 0) == 0 &&
                  cidr_list_has(ml->origin.proxy, &from));
    json_bool(j, "tls_in_front", ml->origin.tls_in_front);
}

static const char *selftest_fault(int err)
{
    return err == ERR_FULL
               ? "too many self-tests at once, try again in a minute"
               : err_text(err);
}

/* The listeners, and in each row a user who may log in there. */
bool command_selftest(struct server *s, struct control_call *call)
{
    struct temporary_login *login = &command_state_of(call)->login;
    const struct msrp_listener *ml = listener_at(s, call);
    struct json j;
    int err = 0;

    if (call->steps == 0)
        err = relay_add_temporary_user(s->relay, login);
    if (err)
        control_fail(call, selftest_fault(err));
    if (err || !ml)
        return true;
    control_row(call, &j);
    put_listener(&j, ml);
    put_way(&j, ml);
    put_text(&j, "name", s->now.config->relay.name);
    json_str(&j, "user", span_of(login->name, sizeof login->name));
    json_str(&j, "password", span_of(login->password, sizeof login->password));
    control_row_end(call, &j);
    return false;
}
