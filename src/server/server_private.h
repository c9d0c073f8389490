/* SPDX-License-Identifier: BSD-2-Clause */
/* server_private - what the files that make up the server share, and no other
 * file sees.
 *
 *     server.c            begins, runs, ends
 *     setup.c             what a configuration becomes before it is used
 *     reload.c            from one setup to the next, all or nothing
 *     listeners.c         MSRP listeners, and what they accept
 *     takeover.c          a new socket where an old one still listens
 *     control_listener.c  where the control socket is
 *     commands.c          what is done for the control socket
 *     http_endpoints.c    what is answered over HTTP, and where
 *     memory.c            what is done when memory is short
 *     lookups.c           who is asked about users
 *     status.c            /status.json and the status page
 *     status_sections.c   its sections; new ones go there
 *     logs.c              where the log and the accounts go
 *     shutdown.c          the soft end and the hard one
 *     anchoring.c         where SIP proxies ask, and what they are shown
 *     state_dump.c        everything to the log (USR2)
 */
#ifndef SERVER_PRIVATE_H
#define SERVER_PRIVATE_H

#include "address_count.h"
#include "anchor.h"
#include "asker.h"
#include "config.h"
#include "config_loaded.h"
#include "config_report.h"
#include "config_warnings.h"
#include "dialler.h"
#include "history.h"
#include "hop.h"
#include "http_server.h"
#include "list.h"
#include "listen_fault.h"
#include "listen_fds.h"
#include "log.h"
#include "lookup.h"
#include "loop.h"
#include "net.h"
#include "ng.h"
#include "notify.h"
#include "operator.h"
#include "policy.h"
#include "privileges.h"
#include "relay.h"
#include "server.h"
#include "server_stats.h"
#include "tls.h"
#include "tls_tickets.h"
#include "users.h"
#include "users_load.h"

struct control;
struct control_call;
struct control_listener;
struct listener;
struct server;

/* A listener: open as long as the configuration has its address. */
struct msrp_listener {
    struct list of_server;
    struct server *server;
    struct listener *listener;
    struct addr asked; /* as configured: its port may be 0 */
    struct hop_origin origin;
    uint64_t accepted; /* ever */
    bool is_new;       /* opened for a setup that is not in use yet */
    bool is_wanted;    /* by the setup that is being made */
};

/* All that a configuration becomes, whole before any of it is used. */
struct setup {
    struct config *config;      /* owned */
    struct tls_ctx *tls;        /* owned; NULL if no listener needs it */
    struct tls_ctx *tls_ws;     /* the same, for wss */
    struct tls_ctx *tls_client; /* the same as tls; to other relays */
    struct tls_ctx *tls_peer;   /* ... and to lone peers */
    struct tls_ctx *tls_any;    /* ... and to those known by a fingerprint */
    struct users *users;        /* owned */
    struct users_stamp users_stamp;
    struct config_warnings *warnings; /* owned; what `config` was warned of */
    struct secrets *secrets;          /* owned; NULL: none */
    struct words lookup;              /* auth.lookup.command; owned */
    struct policy *policy;            /* owned; points into config */
    struct msrp_listener **listeners; /* in the order of config->listen */
    struct http_server *http_server;  /* metrics.address; NULL: off */
    struct control_listener *control_listener; /* control.socket; the same */
    struct anchor_setup *anchor;   /* owned; NULL once it is in use */
    struct log_target *log;        /* until in use; NULL: it stays as it is */
    struct log_target *accounting; /* the same, but NULL is off ... */
    bool has_accounting;           /* ... if this is true */
};

/* What state_dump.c remembers between its steps. */
struct state_dump {
    struct hop_walk hops;
    struct relay_walk sessions;
    struct anchor_walk anchors;
    struct loop_defer next;
};

/* memory.c. */
struct memory {
    int statm; /* /proc/self/statm; < 0: resident memory is not known */
    struct alarm *look;
    uint64_t trimmed_ms;
    uint64_t most; /* things that memory is held for, since then at most */
};

enum server_state {
    SERVER_RUNNING,
    SERVER_DRAINING, /* no AUTH any more; sessions end in their own time */
    SERVER_ENDING,   /* nothing new; transfers finish until end_by_ms */
    SERVER_LEAVING,  /* gave the rest up; the last REPORTs leave */
};

struct server {
    struct setup now;
    bool debug; /* -d: the log is stderr's, whatever is configured */
    enum server_state state;
    uint64_t end_by_ms; /* ENDING, LEAVING */
    struct server_stats stats;
    struct tls_tickets *tickets; /* their keys outlive all setups */
    struct privileges user;      /* until the server has become him */
    struct loop *loop;
    struct log *log;
    struct log *accounting; /* writes nowhere when that is off */
    struct net *net;
    struct dialler dialler;
    struct relay *relay;
    struct asker asker; /* lookups.c */
    struct lookup *lookup;
    struct hops hops;
    struct address_count addresses;
    struct list listeners; /* of struct msrp_listener */
    struct ng *ng;
    struct anchor *anchor;
    struct list ng_listeners; /* of struct ng_listener, in anchoring.c */
    struct control *control;
    const struct control_call *users_call; /* lists users now; or NULL */
    struct listen_fds inherited;
    struct notify notify;
    struct memory memory;
    struct alarm *tick;
    uint64_t slow_tick_ms;  /* the last one, about a second ago at most */
    struct alarm *watchdog; /* NULL: there is no watchdog */
    struct alarm *sampler;
    struct history history;
    uint64_t started_ms; /* of the loop's clock */
    struct log_limit refusal_log;
    struct state_dump state_dump;
    char advice[LISTEN_FAULT_MAX]; /* after ERR_PLACE */
};

/* "running", "draining" or "ending"; static. */
const char *server_state_text(enum server_state state);

/* May new clients be sent here? */
static inline bool server_is_ready(const struct server *s)
{
    return s->state == SERVER_RUNNING;
}

/* --- setup.c --- */

/* Makes all of a configuration, and opens what is new. It owns what `from`
 * points to, which is freed on failure, except users that are in use. 0; or an
 * error, after each fault was reported to r, and nothing has changed. */
int setup_make(struct setup *out, struct server *s,
               const struct config_loaded *from, struct config_report *r);
/* Frees what was made and closes what was opened. */
void setup_abandon(struct setup *setup, struct server *s);
/* Frees all of it but the sockets, which the server has. Copes with zeroes. */
void setup_free(struct setup *setup);

/* s->now holds from here on, for what begins afterwards; `old` is freed, but
 * for what both have. Cannot fail. */
void setup_use(struct server *s, struct setup *old);

/* --- memory.c --- */

/* Looks at the memory from now on, and tightens or loosens limits (S-15). 0 or
 * ERR_NOMEM. */
int memory_start(struct server *s);
/* Copes with one that was not started. */
void memory_stop(struct server *s);
/* Gives back what was freed; about once a second. */
void memory_tick(struct server *s);
/* limits.memory may have changed. */
void memory_configure(struct server *s);

static inline bool memory_is_short(const struct server *s)
{
    return s->stats.tightness >= RELAY_REFUSES;
}

/* --- listeners.c --- */

/* Takes the listeners that are open already into setup->listeners, in the order
 * of setup->config->listen, with NULL for those that are missing. 0 or
 * ERR_NOMEM. To be called before any socket is opened for this setup. */
int listeners_keep(struct setup *setup, struct server *s);
/* Opens those that are missing. 0, or an error after each that could not be
 * opened was reported to r. */
int listeners_open(struct setup *setup, struct server *s,
                   struct config_report *r);
/* Turns the error of listening at an address, of which errno tells more, into
 * ERR_PLACE with s->advice if nobody but the operator can mend it. Keeps errno.
 */
int listeners_refused(struct server *s, const char *key, const struct addr *at,
                      int err);
/* For struct hops: may a connection stay whose PROXY header told this address?
 */
bool listeners_on_proxied(void *ctx, const struct addr *peer,
                          const char *subject);
/* Closes those that were opened for it. */
void listeners_abandon(struct setup *setup);
/* Those of s->now are in use; what it does not ask for is closed. */
void listeners_commit(struct server *s);
/* Makes that user the owner of the sockets: a reload after the change of user
 * may then move them. */
void listeners_chown(struct server *s, uid_t uid, gid_t gid);
void listeners_close(struct server *s);
/* Logs what happens to a listener: "WHAT transport=... address=... port=...".
 */
void listeners_log(struct server *s, const char *what, const char *transport,
                   const struct listener *listener);

/* --- takeover.c --- */

/* Opens a socket that listens at `at`. When a socket in use that `setup` does
 * not keep is in the way, both are open until one of them is closed. All that
 * is kept must be in `setup` already. 0 or ERR_IO (errno is set). */
int takeover_listen(int *fd, const struct setup *setup, struct server *s,
                    const struct addr *at, const struct sock_opts *opts);

/* --- logs.c --- */

/* Opens the targets of setup->config that are others than before. */
int logs_prepare(struct setup *setup, struct server *s,
                 struct config_report *r);
void logs_abandon(struct setup *setup);
/* Goes over to those of s->now. */
void logs_commit(struct server *s);
/* Files were rotated. */
void logs_reopen(struct server *s);

/* What is said about a place in the configuration: `name` is "fault" or
 * "warning". */
struct judgement {
    const char *event;
    const char *name;
    struct config_place at;
    const char *what;
};

void logs_judgement(struct server *s, enum log_level level,
                    const struct judgement *j);

/* --- http_endpoints.c --- */

/* As with listeners: keeps the HTTP server if it is where setup->config wants
 * it, else opens it there. */
void http_endpoints_keep(struct setup *setup, const struct server *s);
int http_endpoints_open(struct setup *setup, struct server *s,
                        struct config_report *r);
void http_endpoints_abandon(struct setup *setup, struct server *s);
void http_endpoints_commit(struct server *s, const struct setup *old);
void http_endpoints_chown(struct server *s, uid_t uid, gid_t gid);
void http_endpoints_close(struct server *s);
/* All figures, as they are now. */
struct metrics;
void http_endpoints_gather(struct metrics *m, const struct server *s);
/* The page of the metrics. */
void http_endpoints_metrics(struct server *s, struct text *body);

/* --- status.c --- */

/* Samples figures for the last 15 minutes, from now on: 0 or ERR_NOMEM. */
int status_start(struct server *s);
void status_stop(struct server *s);
/* /status.json, and the status page; errors are in `body`. */
void status_json(struct server *s, struct text *body);
void status_html(struct server *s, struct text *body);
/* --- anchoring.c --- */

/* Without sockets: 0 or ERR_NOMEM. */
int anchoring_init(struct server *s);
/* Once there is a relay: the same. */
int anchoring_start(struct server *s);
/* As with listeners: opens the sockets that are missing. */
int anchoring_open(const struct setup *setup, struct server *s,
                   struct config_report *r);
/* What is shown, which is ours as well: setup->policy is there. 0 or
 * ERR_NOMEM. */
int anchoring_make(struct setup *setup);
/* A number for the certificate that the context shows; 0 without one. */
uint64_t anchoring_shown(const struct tls_ctx *tls);
void anchoring_abandon(struct setup *setup, struct server *s);
void anchoring_commit(struct server *s);
/* About once a second. */
void anchoring_tick(struct server *s);
/* Nobody can ask any more. The calls end with s->anchor. */
void anchoring_stop(struct server *s);

/* --- control_listener.c --- */

/* The same for the control socket. */
int control_listener_prepare(struct setup *setup, struct server *s,
                             struct config_report *r);
void control_listener_abandon(struct setup *setup, struct server *s);
void control_listener_commit(struct server *s, const struct setup *old);
void control_listener_chown(struct server *s);
/* Ends all that was asked there, too. */
void control_listener_close(struct server *s);

/* --- commands.c --- */

/* s->control, which does what is asked for at the control socket: 0 or
 * ERR_NOMEM. */
int commands_init(struct server *s);

/* --- reload.c --- */

/* Reads the configuration again and switches to it, or changes nothing
 * (decisions 2.4). Faults are logged, and reported to `fault` unless it is
 * NULL. 0; ERR_CONFIG after faults; ERR_NOT_NOW when the relay is ending. */
int server_reload(struct server *s, config_fault_fn fault, void *ctx);

/* --- lookups.c --- */

/* s->asker and s->lookup, which ask nobody yet: 0 or ERR_NOMEM. */
int lookups_init(struct server *s);
/* Ends all helpers; the relay must have gone. */
void lookups_fini(struct server *s);
/* Asks whom s->now names. */
void lookups_use(struct server *s);

/* --- shutdown.c --- */

/* Drains for maintenance: no new sessions are granted, existing ones end in
 * their own time; or back to normal. ERR_NOT_NOW once it is ending. */
int server_drain(struct server *s, bool on);
/* As TERM: ends within timers.drain; the second time at once. */
void server_end(struct server *s);
/* Looks how far the end has come. */
void server_check_end(struct server *s);

/* --- state_dump.c --- */

void state_dump_init(struct server *s);
/* Stops what is under way. */
void state_dump_fini(struct server *s);
/* Everything there is, to the log: figures at once, then connections and
 * sessions, a few in each turn. */
void state_dump_begin(struct server *s);

#endif
