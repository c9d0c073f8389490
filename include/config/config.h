/* SPDX-License-Identifier: BSD-2-Clause */
/* config - what the operator asked for: a plain value, read-only once made.
 *
 * The fields mirror the tree of the file: `send.max_chunk_size` there is
 * config->send.max_chunk_size here, with the unit after the name where the type
 * cannot tell. Numbers are uint64_t, texts are never NULL ("" when empty). A
 * reload makes a new one whole; it never changes one that is in use. */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cidr.h"
#include "digest.h"
#include "ephemeral.h"
#include "log_format.h"
#include "log_level.h"
#include "net_transport.h"
#include "sock.h"

/* Where something was said. Line 0: nowhere, it is the default. */
struct config_place {
    const char *file;
    unsigned line;
};

enum config_tls_version {
    CONFIG_TLS12,
    CONFIG_TLS13,
};

struct config_listen {
    enum net_transport transport;
    bool tls_in_front;       /* TLS ends at whoever is in front of it */
    struct addr address;     /* with port 0 */
    uint64_t port;           /* 0: the kernel chooses */
    struct cidr_list proxy;  /* who begins with a PROXY header */
    uint64_t advertise;      /* the port in URIs; 0: the one it has */
    char *name;              /* the same, the host; "": relay.name */
    uint64_t max_chunk_size; /* 0: send.max_chunk_size */
    struct config_place place;
};

struct config_certificate {
    char *certificate;
    char *private_key;
    struct config_place place;
};

/* What an SDP that leads to the relay shows. */
struct config_interface {
    char *name;    /* "": none */
    char *address; /* numeric */
    char *host;    /* "": the address */
    enum net_transport transport;
    uint64_t port; /* 0: of the first listener of that transport */
    struct config_place place;
};

enum config_prefer {
    CONFIG_PASSIVE,
    CONFIG_ACTIVE,
};

struct config {
    char *path; /* the file it was read from */
    struct {
        char *name;
        struct {
            char **items;
            size_t n;
        } aliases;
        char *realm;
        struct {
            char **items;
            size_t n;
        } realms;   /* besides realm */
        char *user; /* "": keep the user of the process */
        char *group;
    } relay;
    struct {
        struct config_listen *items;
        size_t n; /* >= 1 */
    } listen;
    struct {
        char *certificate;
        char *private_key;
        struct {
            struct config_certificate *items; /* besides that one */
            size_t n;
        } certificates;
        char *ca_file;
        enum config_tls_version min_version;
        char *ciphers;
        char *ciphersuites;
        bool tickets;
    } tls;
    struct {
        char *users_file;
        char *secret_file; /* "": none */
        enum ephemeral_hash secret_hash;
        struct {
            enum digest_alg *items;
            size_t n; /* >= 1, each once, in the order of the file */
        } algorithms;
        bool allow_tcp;
        uint64_t min_expires_s; /* min <= default <= max */
        uint64_t default_expires_s;
        uint64_t max_expires_s;
        uint64_t nonce_lifetime_ms;
        uint64_t max_failures;
        struct {
            char *command; /* "": nobody is asked */
            uint64_t processes;
            uint64_t timeout_ms;
            uint64_t cache_ms; /* 0: answers are not remembered */
            uint64_t cache_unknown_ms;
        } lookup;
    } auth;
    struct {
        uint64_t max_chunk_size;
        uint64_t high_water;
        uint64_t low_water; /* < high_water */
    } send;
    struct {
        uint64_t receive_buffer; /* fits an int */
        uint64_t send_buffer;
        bool nodelay;
        uint64_t keepalive_s;
        uint64_t dead_after_ms; /* 0: off */
        uint64_t dscp;
    } tcp;
    struct {
        uint64_t connections;
        uint64_t connections_per_address; /* 0: no limit */
        uint64_t sessions_per_connection; /* 0: no limit */
        uint64_t sessions_per_user;       /* 0: no limit */
        uint64_t sessions_per_relay;      /* 0: no limit */
        uint64_t rate_per_user;           /* 0: no limit */
        uint64_t head_size;
        uint64_t path_uris;
        uint64_t transactions_per_connection; /* 0: no limit */
        uint64_t requests_per_connection;     /* 0: no limit */
        uint64_t dials_per_connection;        /* 0: no limit */
        uint64_t rate;                        /* 0: no limit */
        uint64_t message_size;                /* 0: no limit */
        uint64_t memory;                      /* 0: half of what there is */
    } limits;
    struct {
        uint64_t transaction_ms;
        uint64_t probation_ms;
        uint64_t handshake_ms;
        uint64_t ping_ms; /* 0: none */
        uint64_t connect_ms;
        uint64_t idle_ms; /* the code that uses it keeps R4976-6.5's hour */
        uint64_t hold_ms;
        uint64_t stall_ms;
        uint64_t drain_ms;
    } timers;
    struct {
        struct {
            char **items;
            size_t n; /* 0: any name */
        } names;
        char *ca_file; /* "": tls.ca_file */
        struct cidr_list addresses;
        uint64_t max_chunk_size; /* 0: send.max_chunk_size */
    } relays;
    struct {
        bool allow_tcp;
        bool share_peers;
        struct cidr_list allow, deny;
        struct {
            struct addr *items; /* with port 0; one of each family at most */
            size_t n;
        } source;
        struct {
            struct addr *items; /* with their port */
            size_t n;           /* 0: the system's */
        } servers;
        bool verify;
    } dial;
    struct {
        struct {
            char **items; /* config_value_ng_place() reads them */
            size_t n;     /* 0: off */
        } listen;
        struct cidr_list allow;
        struct {
            struct config_interface *items;
            size_t n; /* 0: what the listeners show */
        } interfaces;
        uint64_t offer_timeout_ms;
        uint64_t idle_ms;
        uint64_t max_sessions;
        enum config_prefer prefer;
        bool trust_sdp;
    } anchor;
    struct {
        enum log_level level;
        enum log_format format;
        char *target;
        uint64_t rate;    /* lines a second, fits LOG_RATE_MAX; 0: no limit */
        char *accounting; /* "": off */
    } log;
    struct {
        char *address; /* numeric, or "": off */
        uint64_t port;
    } metrics;
    struct {
        char *socket; /* absolute path, or "": off */
    } control;

    /* Behind config_place() and the places above. */
    struct config_origin *origin;
};

/* One thing that is wrong, or a warning: a sentence without a full stop, and
 * where. Line 1 when it concerns the whole file. */
typedef void (*config_fault_fn)(void *ctx, struct config_place place,
                                const char *what);

/* NULL is harmless. */
void config_free(struct config *c);

/* Where `key`, such as "relay.name", was set, and whether it was. The place is
 * valid as long as c. This is for telling what is wrong: what the relay does
 * depends on values alone, or a dump would not mean the same. */
struct config_place config_place(const struct config *c, const char *key);
bool config_is_set(const struct config *c, const char *key);
/* Does it have the default of the table, by itself or because it was set so? */
bool config_is_default(const struct config *c, const char *key);

/* The same, or else the first line of the file. */
struct config_place config_place_or_top(const struct config *c,
                                        const char *key);

/* Writes the effective configuration, every key, in libconfig's syntax: read
 * again, it gives the same dump. 0 or ERR_IO. */
int config_dump(const struct config *c, FILE *to);

struct setting;

/* Has the setting one value in both? 0 or ERR_NOMEM. */
int config_same(bool *out, const struct setting *s, const struct config *a,
                const struct config *b);

/* Only a restart can change some keys: where they differ in `now`, calls
 * `changed` and has them keep the values of `old`, which gets the others. 0 or
 * ERR_NOMEM. */
typedef void (*config_changed_fn)(void *ctx, const char *key);
int config_keep_fixed(struct config *now, struct config *old,
                      config_changed_fn changed, void *ctx);

#endif
