/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_world - what the parts of the simulator share with each other:
 *
 *     sim.c          the run: beginning, storm, calm, end
 *     sim_client.c   what clients do by themselves
 *     sim_inbox.c    what they do with what they are sent
 *     sim_conn.c     connections, and the relays' ends of them
 *     sim_ledger.c   what was sent and what became of it; the verdict
 *     sim_world.c    chance, and names of things
 *
 * Each calls only those below it. sim_world.c has the system's random source
 * too: where a test says `test-wraps: getrandom`, relays get their tokens and
 * ids from the seed of the run. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "dispatch.h"
#include "host_names.h"
#include "list.h"
#include "parser.h"
#include "policy.h"
#include "relay.h"
#include "sim.h"
#include "sim_pipe.h"
#include "users.h"

enum {
    SIM_TICK_MS = 5,
    SIM_TRANSACTION_MS = 6000,
    SIM_STALL_MS = 4000,
    SIM_CHUNK_MAX = 2048, /* of the relays: max_chunk_size */
    SIM_URI_MAX = 96,
    SIM_PATH_MAX = 512,
    SIM_CHUNKS_MAX = 32,    /* of one message, as it is sent */
    SIM_ACTIVE_MAX = 16384, /* messages that a client is in the middle of */
    SIM_OWED_MAX = 16384,   /* answers that a client has yet to write */
};

struct sim;
struct sim_client;
struct sim_relay;
struct sim_conn;

/* --- messages --- */

struct sim_message {
    unsigned number;
    unsigned from, from_life; /* its client, and which of its lives */
    unsigned to, to_life;
    unsigned relays; /* a bit for each on its way */
    enum msg_report failure_report;
    bool success_report;
    bool wants_give_up, wants_rude;
    uint32_t length;
    uint64_t began_ms;
    char to_path[SIM_PATH_MAX];
    /* As it is sent. */
    uint32_t sent;                   /* octets */
    unsigned chunks;                 /* chunks */
    uint8_t answers[SIM_CHUNKS_MAX]; /* to each */
    unsigned errors; /* chunks answered with something but 200 */
    bool all_sent, gave_up, stopped;
    unsigned reports, successes;
    /* As it arrives. */
    bool begun, whole, cut, has_gap;
    uint32_t got;
    uint16_t refuse; /* with this code, 0: it is not */
    bool silent, slow;
    bool refused; /* an answer with `refuse` was written */
    /* Excuses. */
    unsigned breaks;   /* of links between relays on its way */
    bool success_lost; /* a success REPORT was on its way, or not dialled for */
    bool report_lost;  /* a failure REPORT was on its way over one of these */
    bool hurt;         /* something happened to its receiver or the answers */
};

/* --- connections --- */

struct sim_end {
    struct sim_conn *conn;
    struct sim_relay *relay;   /* whose end it is, or NULL */
    struct sim_client *client; /* the same */
    struct parser parser;
    /* Of a relay. */
    struct link link;
    struct host_names *names;
    bool paused, full;
    bool left; /* relay_link_closed() was called */
    const char *why;
    uint64_t moved_ms; /* when its output moved last, or was empty */
    uint64_t moved_to; /* ... up to where */
};

enum sim_state { SIM_DIALLING, SIM_UP, SIM_OVER };

struct sim_conn {
    struct list of_sim;
    struct sim *sim;
    enum sim_state state;
    uint64_t up_ms;           /* DIALLING: when that ends */
    bool will_fail;           /* ... and how */
    bool is_internal;         /* between two relays */
    struct sim_end ends[2];   /* 0: opened it */
    struct sim_pipe pipes[2]; /* what each end sends */
};

struct sim_relay {
    struct sim *sim;
    unsigned number; /* 1.. */
    char name[24];
    char self[SIM_URI_MAX];
    struct policy policy;
    struct users *users;
    struct relay *relay;
    uint64_t links; /* that there ever were */
};

/* --- clients --- */

enum sim_login {
    SIM_OFFLINE,    /* until `back_ms` */
    SIM_CHALLENGED, /* an AUTH without credentials was sent */
    SIM_LOGGING_IN, /* one with them was sent */
    SIM_ONLINE,
};

struct sim_owed {
    uint64_t due_ms;
    uint16_t code;
    char tid[20];
    char to[SIM_URI_MAX];
};

struct sim_client {
    struct sim *sim;
    unsigned number, life;
    char name[24];
    char uri[SIM_URI_MAX];           /* of this life */
    struct sim_relay *home, *second; /* NULL: it logs in to one */
    enum sim_login login;
    uint64_t back_ms;
    char use[2][SIM_URI_MAX]; /* what was issued to it, the nearest first */
    unsigned n_use;
    struct sim_conn *conn;
    /* Sending. */
    unsigned active[SIM_ACTIVE_MAX]; /* messages under way */
    unsigned n_active;
    /* Receiving. */
    uint64_t reads_ms; /* slow or not at all until then */
    size_t read_rate;  /* octets a tick until then */
    bool stalls;       /* ... until it is closed */
    struct sim_owed *owed;
    size_t n_owed;
    /* The frame that is being received. */
    enum msg_method method;
    struct sim_message *message; /* NULL: unknown, or no SEND */
    bool wrong;                  /* the SEND is not for this client */
    enum msg_report wants;
    char tid[20], answer_to[SIM_URI_MAX], report_to[SIM_PATH_MAX];
};

struct sim {
    struct sim_setup setup;
    struct sim_result *result;
    uint64_t now_ms;
    uint64_t random;
    bool calm; /* the storm is over: nothing goes wrong any more */
    struct list conns;
    struct sim_relay relays[SIM_RELAYS_MAX];
    struct sim_client clients[SIM_CLIENTS_MAX];
    struct sim_message **messages; /* they stay where they are */
    size_t n_messages, room;
};

/* --- sim_world.c --- */

uint32_t sim_below(struct sim *s, uint32_t limit); /* 0..limit-1 */
bool sim_hits(struct sim *s, unsigned permille);
/* From now on the system's random source follows this seed. */
void sim_seed_system(uint64_t seed);

/* --- sim_ledger.c --- */

void sim_fault(struct sim *s, enum sim_fault fault, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A new message. It lives as long as the run. */
struct sim_message *sim_message_new(struct sim *s);

/* The message with this Message-ID, or NULL. */
struct sim_message *sim_message_of(struct sim *s, struct span id);

/* The octet at a position of the message, counted from 1. */
char sim_message_octet(unsigned number, uint32_t at);

/* The sender reads an answer to one of its chunks, or a REPORT. */
void sim_ledger_answer(struct sim *s, struct sim_client *c,
                       const struct msg *m);
void sim_ledger_report(struct sim *s, struct sim_client *c,
                       const struct msg *m);

/* A link between these relays broke, with these octets on their way. */
void sim_ledger_break(struct sim *s, unsigned relays, struct span lost);

/* A dial failed that these octets waited for. Success REPORTs among them need
 * not arrive: nobody answers for them. */
void sim_ledger_not_dialled(struct sim *s, struct span lost);

/* Judges all messages, at the end. */
void sim_ledger_judge(struct sim *s);
void sim_ledger_free(struct sim *s);

/* --- sim_conn.c --- */

void sim_relay_start(struct sim *s, unsigned number);
/* Its links have to be gone; checks that it is empty. */
void sim_relay_stop(struct sim_relay *r);

struct sim_conn *sim_connect(struct sim_client *c);

/* The connection breaks: what is on its way is lost, both ends know at once. */
void sim_break(struct sim_conn *c);

/* What happens at this moment: did anything? */
bool sim_conns_step(struct sim *s);
void sim_conns_free(struct sim *s);

/* --- sim_inbox.c --- */

void sim_inbox_read(struct sim_client *c);
/* Writes the answers that are due. */
void sim_inbox_answer(struct sim_client *c);

/* --- sim_client.c --- */

void sim_client_init(struct sim *s, unsigned number);
void sim_client_step(struct sim_client *c);
/* Its connection has ended. */
void sim_client_lost(struct sim_client *c);
/* It logs in: an AUTH was answered. */
void sim_client_on_auth(struct sim_client *c, const struct msg *m);

#endif
